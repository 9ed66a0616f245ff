"""Funders: taken on with licence, account and key; agreed with; stopped and let go on."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from lending.channels import service as channels
from lending.channels.model import PartnerKind
from lending.foundation import audit, business_day
from lending.foundation.audit import Actor
from lending.foundation.database import Tx
from lending.funding import funders_store as store
from lending.funding import rules
from lending.funding.errors import (
    AgreementNotPossible,
    FunderNotLicensed,
    NoSuchFunder,
    NotPrepared,
)
from lending.funding.model import (
    Funder,
    FunderAgreement,
    FunderState,
    FundingShare,
    NewFunder,
)

RSA_BITS_MIN = 2048


def get(tx: Tx, funder_id: str) -> Funder:
    """One funder.

    Raises NoSuchFunder.
    """
    found = store.funder(tx, funder_id, business_day.today(tx))
    if found is None:
        raise NoSuchFunder
    return found


def every(tx: Tx) -> list[Funder]:
    """All funders, by name."""
    return store.funders(tx, business_day.today(tx))


def groups(tx: Tx, funder_ids: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Funders by what they are counted with their affiliates under (R-JOINT-25).

    A funder that only a loan names, such as one that was taken over, is counted alone.
    """
    codes = store.group_codes(tx)
    found: dict[str, tuple[str, ...]] = {}
    for each in sorted(set(funder_ids)):
        group = codes.get(each) or each
        found[group] = (*found.get(group, ()), each)
    return found


def take_on(tx: Tx, new: NewFunder, actor: Actor) -> None:
    """Makes a partner a funder, or renews its licence, account and key (R-JOINT-LICENSE).

    Raises NoSuchFunder for a partner of another kind, FunderNotLicensed, AgreementNotPossible for
    an account that is not its own or a key that nothing can be encrypted to.
    """
    if channels.partner(tx, new.partner_id).kind is not PartnerKind.FUNDER:
        raise NoSuchFunder("the partner is no funder")
    rules.check_licence(new, business_day.today(tx))
    own = [a.id for a in channels.settlement_accounts(tx, new.partner_id)]
    if new.clearing_account_id not in own:
        raise AgreementNotPossible(
            "清算账户不属于该资金方",
            field="/clearing_account_id",
            mend="请先为该资金方登记此账户。",
        )
    _require_key(new.encryption_jwk)
    store.insert(tx, new)
    audit.record(tx, actor, "funder.take_on", new.partner_id, {"licence_no": new.licence_no})


def agree(tx: Tx, new: FunderAgreement, actor: Actor) -> str:
    """Puts an agreement in force; the one before for the same product ends the day before; its id.

    Raises NoSuchFunder, ShareTooSmall (R-JOINT-30), AgreementNotPossible.
    """
    get(tx, new.funder_id)
    rules.check_agreement(new)
    agreement_id = store.insert_agreement(tx, new)
    if agreement_id is None:
        raise AgreementNotPossible(
            "该产品已有自此日或更晚生效的协议", field="/valid_from", mend="请填写更晚的生效日。"
        )
    audit.record(tx, actor, "funder.agree", new.funder_id, {"product": new.product_code})
    return agreement_id


def stop(tx: Tx, funder_id: str, because: str, actor: Actor) -> None:
    """Asks a funder for nothing new from now on; what it has goes on.

    Raises NoSuchFunder.
    """
    get(tx, funder_id)
    store.set_state(tx, funder_id, FunderState.STOPPED, because)
    audit.record(tx, actor, "funder.stop", funder_id, {"because": because})


def let_go_on(tx: Tx, funder_id: str, actor: Actor) -> None:
    """Asks a stopped funder again.

    Raises NoSuchFunder.
    """
    get(tx, funder_id)
    store.set_state(tx, funder_id, FunderState.ACTIVE, "")
    audit.record(tx, actor, "funder.let_go_on", funder_id)


def agreement(tx: Tx, agreement_id: str) -> FunderAgreement:
    """One agreement, in force or not."""
    return store.agreement(tx, agreement_id)


def agreements(
    tx: Tx, *, product_code: str | None = None, funder_id: str | None = None
) -> Sequence[FunderAgreement]:
    """Agreements that are in force today."""
    today = business_day.today(tx)
    return store.agreements(tx, today, product_code=product_code, funder_id=funder_id)


def require_licensed(tx: Tx, funder_id: str, region: str) -> Funder:
    """The funder, when it may lend to a borrower of a region today (R-JOINT-LICENSE).

    Raises NoSuchFunder, FunderNotLicensed.
    """
    found = get(tx, funder_id)
    if not found.is_listed or not rules.licensed(found, region, business_day.today(tx)):
        raise FunderNotLicensed
    return found


def require_own_decision(share: FundingShare) -> None:
    """R-JOINT-INDEP: the funder's own decision is on record, with its reference and time.

    Raises NotPrepared.
    """
    if not share.decision_reference or share.decision_at is None:
        raise NotPrepared(f"share {share.id}")


def _require_key(jwk: Mapping[str, Any]) -> None:
    modulus = jwk.get("n", "")
    if jwk.get("kty") != "RSA" or not isinstance(modulus, str) or len(modulus) * 6 < RSA_BITS_MIN:
        raise AgreementNotPossible(
            "借款人信息须以 2048 位以上的 RSA 公钥加密",
            field="/encryption_jwk",
            mend="请粘贴资金方的 RSA 公钥(JWK)。",
        )
