"""Guarantees: who may stand behind a loan, for how much, and at what price (ASSIST-6)."""

from lending.channels import service as channels
from lending.channels.model import PartnerKind
from lending.compliance.model import Parameters
from lending.foundation import audit, business_day
from lending.foundation.audit import Actor
from lending.foundation.database import Tx
from lending.foundation.errors import Refused
from lending.guarantees import rules, store
from lending.guarantees.errors import AgreementRefused, GuarantorNotAllowed
from lending.guarantees.model import Agreement, NewAgreement, Standing
from lending.ledger import service as ledger
from lending.ledger.chart import Code
from lending.ledger.model import Account
from lending.products.model import GuaranteeFee, Product

ratio = store.ratio
lock = store.lock
measured = rules.measured


def agree(tx: Tx, new: NewAgreement, actor: Actor) -> Agreement:
    """Puts an agreement with a guarantor on record.

    Raises AgreementRefused, NoSuchPartner.
    """
    rules.check(new)
    if channels.partner(tx, new.guarantor_id).kind is not PartnerKind.GUARANTOR:
        raise AgreementRefused(field="/guarantor_id", mend="请选择增信机构。")
    agreement_id = store.insert_agreement(tx, new)
    audit.record(tx, actor, "guarantee.agree", new.guarantor_id, {"agreement": agreement_id})
    return get(tx, agreement_id)


def get(tx: Tx, agreement_id: str) -> Agreement:
    """One agreement.

    Raises GuarantorNotAllowed where there is none.
    """
    found = store.agreement(tx, agreement_id)
    if found is None:
        raise GuarantorNotAllowed
    return found


def of_product(tx: Tx, product_code: str) -> Agreement | None:
    """The agreement under which loans of a product are guaranteed today; None without one.

    A guarantor that is not on the list, or whose licence has ended, has none (R-ENH-LICENSE).
    """
    today = business_day.today(tx)
    for found in store.agreements(tx, today, product_code):
        if found.in_force(today) and _is_listed(tx, found.guarantor_id):
            return found
    return None


def fee(tx: Tx, agreement: Agreement, product: Product, principal_fen: int) -> GuaranteeFee | None:
    """What the borrower pays for a guarantee, and who collects it; None where we pay."""
    period_fen = rules.fee_period_fen(agreement, product, principal_fen)
    name = channels.partner(tx, agreement.guarantor_id).name
    return GuaranteeFee(name, period_fen) if period_fen else None


def all_in_force(tx: Tx) -> list[Agreement]:
    """All agreements that hold today."""
    today = business_day.today(tx)
    return [each for each in store.agreements(tx, today) if each.in_force(today)]


def standing(tx: Tx, guarantor_id: str) -> Standing:
    """What a guarantor stands behind, has deposited, and was asked for."""
    return store.standing(tx, guarantor_id)


def account(guarantor_id: str) -> Account:
    """Where the principal that a guarantor stands behind is counted."""
    return Account(Code.GUARANTEED, guarantor_id)


def hold(
    tx: Tx, *, agreement_id: str, loan_id: str, amount_fen: int, rules_of_day: Parameters
) -> str:
    """Reserves our part of a loan that is signed with a guarantee; the hold's id.

    Whoever signs another one waits until this commits, so that no two pass the limits together.

    Raises GuarantorNotAllowed, PartnerNotListed, GuaranteedTooMuch, QuotaUsedUp, PoolTooSmall.
    """
    found = get(tx, agreement_id)
    if not found.in_force(business_day.today(tx)):
        raise GuarantorNotAllowed
    channels.require_listed(tx, found.guarantor_id)
    store.lock(tx)
    rules.require_ratio(store.ratio(tx), amount_fen, rules_of_day)
    rules.require_room(found, store.standing(tx, found.guarantor_id), amount_fen)
    return ledger.hold(
        tx,
        debit=account(found.guarantor_id),
        credit=Account(Code.GUARANTEED_CONTRA),
        amount_fen=amount_fen,
        subject=loan_id,
        memo="signed with a guarantee",
    )


def _is_listed(tx: Tx, guarantor_id: str) -> bool:
    try:
        channels.require_listed(tx, guarantor_id)
    except Refused:
        return False
    return True
