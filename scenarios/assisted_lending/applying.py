"""What a person who was sent does on our own pages, step by step (R-REDIRECT).

open_page   the page behind the link that handed the person over
suit        what the person can bear, asked by us alone
submit      identified, with a card: the decision follows in about a second
sign        the contract; the money goes to the person's own card or wallet
another_card, another_wallet   where the first account has refused
"""

from dataclasses import dataclass
from typing import Any

from lending.channels import service as channels
from lending.compliance import gates, parameters
from lending.foundation import audit, business_day
from lending.foundation.audit import Actor
from lending.foundation.crypto import FieldKeys
from lending.foundation.database import Tx
from lending.foundation.files import FileStore
from lending.loans import payouts, signing
from lending.loans import rules as loan_rules
from lending.loans import service as loans
from lending.loans.errors import WrongState
from lending.loans.model import Signature
from lending.loans.signing import SignCommand
from lending.products import rules as product_rules
from lending.products.errors import PeriodsNotOffered
from lending.products.model import Offer, Product
from lending.risk.model import Decision, Value
from scenarios.assisted_lending import backing, leads, rules
from scenarios.assisted_lending import leads_store as store
from scenarios.assisted_lending.errors import LeadEnded, NotSuitable
from scenarios.assisted_lending.model import PURPOSES, Applicant, Lead
from scenarios.assisted_lending.terms import compile_terms

OPEN = ("received", "handed_over")
"""Nothing is handed in yet."""
ENDED = ("cancelled", "expired")


@dataclass(frozen=True, slots=True)
class LeadPage:
    """A lead as the person sees it."""

    lead: Lead
    platform: str
    applicant: Applicant | None

    @property
    def purpose(self) -> str:
        """What the loan is for, in words."""
        return PURPOSES.get(self.lead.purpose, self.lead.purpose)


@dataclass(frozen=True, slots=True)
class Suitability:
    """What a person answered before applying."""

    purpose_confirmed: bool
    """The money is for what was named, and not for a house, securities, or other loans."""
    risk_understood: bool
    income_monthly_fen: int
    instalments_elsewhere_fen: int
    """What is repaid elsewhere each month."""
    student: bool
    second_source: bool
    """Somebody, such as parents, will repay if the student cannot, and has confirmed it."""


def open_page(tx: Tx, keys: FieldKeys, token: str) -> LeadPage:
    """The lead behind a page's secret.

    Raises LeadEnded when there is none.
    """
    lead = store.lead_by_token(tx, token)
    if lead is None:
        raise LeadEnded
    platform = channels.partner(tx, lead.partner_id)
    return LeadPage(lead, platform.name, leads.applicant(keys, lead))


def suit(tx: Tx, lead: Lead, answers: Suitability) -> None:
    """Keeps what the person answered; refuses a loan that would not suit them.

    Raises StudentWithoutSecondSource (R-STUDENT), NotSuitable, WrongState for an application that
    is handed in.
    """
    if lead.state not in OPEN:
        raise WrongState(f"the lead is {lead.state}")
    gates.require_student_second_source(
        student=answers.student,
        second_source_confirmed=answers.second_source,
        rules=parameters.today(tx),
    )
    if answers.instalments_elsewhere_fen >= answers.income_monthly_fen:
        raise NotSuitable
    store.set_suitability(
        tx,
        lead.id,
        {
            "purpose_confirmed": answers.purpose_confirmed,
            "risk_understood": answers.risk_understood,
            "income_monthly_fen": answers.income_monthly_fen,
            "instalments_elsewhere_fen": answers.instalments_elsewhere_fen,
            "student": answers.student,
            "second_source": answers.second_source,
        },
    )


def submit(
    tx: Tx,
    keys: FieldKeys,
    lead: Lead,
    *,
    customer_id: str,
    bank_card_id: str,
    device: dict[str, str],
    wallet_id: str | None = None,
) -> None:
    """Hands the application in; the decision follows in about a second.

    The money goes to the card, or to the wallet where one is named (ASSIST-5).

    Raises LeadEnded, WrongState, also before the suitability was asked, CardNotYours,
    WalletNotYours, WalletNotOffered, ConsentMissing.
    """
    if lead.state in ENDED or lead.expires_at <= tx.now:
        raise LeadEnded
    if lead.suitability is None:
        raise WrongState("the suitability was not asked")
    loans.submit(
        tx,
        lead.application_id,
        customer_id=customer_id,
        bank_card_id=bank_card_id,
        device=device,
        signals=_seen(tx, keys, lead),
        wallet_id=wallet_id,
    )


def decision(tx: Tx, lead: Lead) -> Decision | None:
    """The decision on the application, once there is one."""
    return loans.decision(tx, lead.application_id)


def offers(tx: Tx, lead: Lead) -> list[dict[str, Any]]:
    """What may be chosen, at the price of the decision."""
    product = _product(tx, lead)
    start = business_day.today(tx)
    periods = product_rules.periods_allowed(
        product, lead.amount_fen, months_max=_months_max(tx, lead)
    )
    fee = backing.guarantee_fee(tx, lead, product)
    made = [
        product_rules.offer(product, lead.amount_fen, each, start, guarantee_fee=fee)
        for each in periods
    ]
    return [loan_rules.offer_view(product, each) for each in made]


def cost_table(tx: Tx, lead: Lead, periods: int) -> dict[str, Any]:
    """The cost table of one offer, as it is shown and digested (R-COST-TABLE).

    Raises PeriodsNotOffered.
    """
    product = _product(tx, lead)
    return loan_rules.cost_table(product, _offer(tx, lead, product, periods))


def sign(
    tx: Tx,
    keys: FieldKeys,
    files: FileStore,
    *,
    page: LeadPage,
    periods: int,
    signature: Signature,
) -> str:
    """Signs with these periods; the loan's id.

    Raises LeadEnded, PeriodsNotOffered and what `signing.sign` raises.
    """
    lead = page.lead
    if lead.state in ENDED or lead.expires_at <= tx.now:
        raise LeadEnded
    product = _product(tx, lead)
    offer = _offer(tx, lead, product, periods)
    table = loan_rules.cost_table(product, offer)
    agreement = channels.agreement(tx, lead.partner_id, lead.product_code)
    return signing.sign(
        tx,
        keys,
        files,
        SignCommand(
            application_id=lead.application_id,
            offer=offer,
            terms=backing.with_partners(
                tx, lead, product, compile_terms(product, agreement, offer, table)
            ),
            table=table,
            signature=signature,
            goods=(),
            merchant_name=page.platform,
            purpose=page.purpose,
        ),
    )


def another_card(tx: Tx, lead: Lead, card_id: str) -> None:
    """Pays to another card of the person's after the bank has refused the first (ASSIST-5).

    Raises LeadEnded before there is a loan, CardNotYours, WrongState.
    """
    if lead.loan_id is None:
        raise LeadEnded
    payouts.replace_card(tx, lead.loan_id, card_id)


def another_wallet(tx: Tx, lead: Lead, wallet_id: str) -> None:
    """Pays to a wallet of the person's after the first account has refused (ASSIST-5).

    Raises LeadEnded before there is a loan, WalletNotOffered, WalletNotYours, WrongState.
    """
    if lead.loan_id is None:
        raise LeadEnded
    payouts.replace_by_wallet(tx, lead.loan_id, wallet_id)


def pays_wallets(tx: Tx, lead: Lead) -> bool:
    """Whether the money may go to a wallet of the person's."""
    return _product(tx, lead).pays_wallets


def withdraw(tx: Tx, lead: Lead) -> None:
    """The person does not want to go on, or is not who was sent.

    Raises WrongState, PayoutUnderWay.
    """
    loans.cancel(tx, lead.application_id, Actor("applicant", lead.id))
    store.forget(tx, lead.id)


def expire(tx: Tx, lead_id: str) -> None:
    """Ends a lead that was not signed in time; of a person who never applied nothing stays."""
    lead = store.lead_by_id(tx, lead_id, lock=True)
    assert lead is not None, lead_id
    loans.expire(tx, lead.application_id)
    if loans.application(tx, lead.application_id).customer_id is None:
        store.forget(tx, lead.id)
        audit.record(tx, audit.SYSTEM, "lead.forget", lead.id)


def return_url(lead: Lead) -> str:
    """Where the person goes back to. The platform asks for the state itself; this is no proof."""
    joint = "&" if "?" in lead.return_url else "?"
    return f"{lead.return_url}{joint}lead_no={lead.lead_no}&lead_id={lead.id}"


def _seen(tx: Tx, keys: FieldKeys, lead: Lead) -> dict[str, Value]:
    """What the scenario saw, as features of the decision."""
    person = leads.applicant(keys, lead)
    assert person is not None
    index = keys.index(person.identity_no, of="identity_no")
    return {
        "lead_platforms_30d": store.platforms_of(tx, index, tx.now - rules.PLATFORMS_FOR),
        "price_arm": product_rules.arm(_product(tx, lead), lead.application_id),
    }


def _product(tx: Tx, lead: Lead) -> Product:
    return loans.priced_product(tx, loans.application(tx, lead.application_id))


def _offer(tx: Tx, lead: Lead, product: Product, periods: int) -> Offer:
    longest = _months_max(tx, lead)
    if longest and product_rules.term_months(product, periods) > longest:
        raise PeriodsNotOffered("审批期限不支持所选期数", mend="请选择其他期数。")
    return product_rules.offer(
        product,
        lead.amount_fen,
        periods,
        business_day.today(tx),
        guarantee_fee=backing.guarantee_fee(tx, lead, product),
    )


def _months_max(tx: Tx, lead: Lead) -> int | None:
    """The longest term that the decision leaves; None as long as it leaves all."""
    decided = loans.decision(tx, lead.application_id)
    return (decided.periods_max or None) if decided else None
