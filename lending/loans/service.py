"""From the application to the decision, and what ends it before money leaves."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from types import MappingProxyType

from lending.credit_lines import service as credit_lines
from lending.customers import service as customers
from lending.customers.errors import ConsentMissing
from lending.customers.model import ConsentScope
from lending.foundation import audit, business_day, jobs
from lending.foundation.audit import SYSTEM, Actor
from lending.foundation.context import Context
from lending.foundation.crypto import FieldKeys
from lending.foundation.database import Tx
from lending.foundation.files import FileStore, StoredFile
from lending.funding import service as funding
from lending.ledger import service as ledger
from lending.loans import fraud, payees, store
from lending.loans.errors import (
    BorrowerHeld,
    NoSuchLoan,
    PayoutUnderWay,
    WrongState,
)
from lending.loans.model import (
    Application,
    ApplicationState,
    Loan,
    LoanState,
    NewApplication,
)
from lending.operations import service as tickets
from lending.products import rules as product_rules
from lending.products import service as products
from lending.products.model import Product
from lending.risk import draws
from lending.risk import service as risk
from lending.risk.model import Decision, Device, Outcome, RiskRequest, Value

REVIEW_ANSWERED_IN = timedelta(days=15)
"""As the applicant is told on the page."""
REVIEW = "R-PI-MANUAL"
REVIEW_ASKED = "申请人不接受自动决策结果,请求人工复核"
REVIEW_WITHDRAWN = "申请已撤回,无需复核"
REVIEW_EXPIRED = "申请已过期,无需复核"
REVIEWED = {Outcome.APPROVE: "人工复核:通过", Outcome.DECLINE: "人工复核:拒绝"}
OPEN_STATES = (
    ApplicationState.STARTED,
    ApplicationState.DECIDING,
    ApplicationState.REFERRED,
    ApplicationState.FUNDING,
    ApplicationState.APPROVED,
)
_AFTER = {
    Outcome.APPROVE: ApplicationState.APPROVED,
    Outcome.REFER: ApplicationState.REFERRED,
    Outcome.DECLINE: ApplicationState.DECLINED,
}


@dataclass(frozen=True, slots=True)
class DrawCommand:
    """A payment on a credit line, as a scenario hands it in."""

    new: NewApplication
    line_id: str
    scene: str
    bank_card_id: str
    """The customer's own, from which the instalments are collected."""
    device: dict[str, str]
    signals: dict[str, Value] = field(default_factory=dict)
    """Features that the scenario adds to the decision."""


def start(tx: Tx, new: NewApplication) -> str:
    """Takes an application in; its id. The borrower has still to apply."""
    return store.insert_application(tx, new)


def is_funded_jointly(tx: Tx, application_id: str) -> bool:
    """Whether others are to fund what is applied for; False where there is no application yet."""
    found = store.application(tx, application_id)
    return (
        found is not None
        and products.version(tx, found.product_code, found.product_version).funding.is_joint
    )


def application(tx: Tx, application_id: str) -> Application:
    """One application.

    Raises NoSuchLoan.
    """
    found = store.application(tx, application_id)
    if found is None:
        raise NoSuchLoan
    return found


def submit(
    tx: Tx,
    application_id: str,
    *,
    customer_id: str,
    bank_card_id: str,
    device: dict[str, str],
    signals: Mapping[str, Value] = MappingProxyType({}),
    wallet_id: str | None = None,
) -> None:
    """Hands the application in and asks for the decision. Handing it in twice does it once.

    `signals` are what the scenario saw, as features of the decision. The loan is repaid from the
    card, and paid to it where its product pays borrowers and they name no wallet.

    Raises NoSuchLoan, WrongState, CardNotYours when the card is another customer's or no card,
    WalletNotYours, WalletNotOffered, and ConsentMissing without a live consent to process the
    customer's data (R-PI-CONSENT).
    """
    found = locked(tx, application_id)
    if found.state is ApplicationState.DECIDING and found.customer_id == customer_id:
        return
    if found.state is not ApplicationState.STARTED:
        raise WrongState(f"the application is {found.state.value}")
    customers.require_consent(tx, customer_id, ConsentScope.PERSONAL_INFO, application_id)
    if is_funded_jointly(tx, application_id):
        customers.require_consent(tx, customer_id, ConsentScope.FUNDERS, application_id)
    customers.require_own_card(tx, customer_id, bank_card_id)
    if wallet_id is not None:
        payees.require_wallet(tx, found.product_code, found.product_version, customer_id, wallet_id)
    store.submit_application(
        tx,
        application_id,
        customer_id=customer_id,
        bank_card_id=bank_card_id,
        wallet_id=wallet_id,
        device=device,
        signals=signals,
    )
    jobs.enqueue(
        tx,
        "loans.decide",
        queue=jobs.CORE,
        lock=application_id,
        application_id=application_id,
    )


def draw(tx: Tx, keys: FieldKeys, command: DrawCommand) -> Application:
    """Takes in a payment on a credit line and decides it at once; the application it became.

    Approved, it is signed like any other: the customer sees the cost table first.

    Raises NoSuchLine, LineNotOpen, LineFrozen, ReviewDue, SceneNotAllowed, LineTooSmall,
    ConsentMissing, CardNotYours.
    """
    line = credit_lines.require_available(
        tx, command.line_id, command.scene, command.new.amount_fen
    )
    customers.require_own_card(tx, line.customer_id, command.bank_card_id)
    customers.require_consent(tx, line.customer_id, ConsentScope.PERSONAL_INFO, line.application_id)
    found = store.insert_draw(
        tx,
        command.new,
        customer_id=line.customer_id,
        bank_card_id=command.bank_card_id,
        device=command.device,
        signals=command.signals,
    )
    decision = draws.decide(
        tx,
        keys,
        _risk_request(tx, found),
        draws.Draw(
            line_id=line.id,
            line_application_id=line.application_id,
            limit_fen=line.limit_on(business_day.today(tx)),
        ),
    )
    _decided(tx, found, decision)
    return replace(
        found, state=_AFTER[decision.outcome], decision_id=decision.id, decided_at=tx.now
    )


def decide(context: Context, application_id: str) -> None:
    """Has risk decide an application and moves it on; safe to run again.

    Whoever has withdrawn the consent that it needs meanwhile has withdrawn the application.

    Raises what `risk.decide` raises besides.
    """
    with context.database.unit_of_work() as tx:
        found = application(tx, application_id)
        if found.state is not ApplicationState.DECIDING:
            return
        request = _risk_request(tx, found)
    try:
        decision = risk.decide(context.database, context.bureaus, context.keys, request)
    except ConsentMissing:
        with context.database.unit_of_work() as tx:
            cancel(tx, application_id, Actor("customer", request.customer_id))
        return
    with context.database.unit_of_work() as tx:
        if locked(tx, application_id).state is ApplicationState.DECIDING:
            _decided(tx, found, decision)


def decide_by_person(
    tx: Tx, application_id: str, outcome: Outcome, *, operator_id: str, note: str
) -> Decision:
    """A person's decision on a referred application, or on one whose applicant asked for a person.

    Raises NoSuchLoan, WrongState when it is not referred, NothingToDecide, BorrowerHeld.
    """
    found = locked(tx, application_id)
    if found.state is not ApplicationState.REFERRED:
        raise WrongState(f"the application is {found.state.value}")
    if outcome is Outcome.APPROVE and fraud.is_held(tx, found.customer_id or ""):
        raise BorrowerHeld
    decision = risk.decide_by_person(
        tx,
        application_id,
        outcome,
        operator_id=operator_id,
        note=note,
        review_asked=store.review_asked(tx, application_id),
    )
    _decided(tx, found, decision)
    text = REVIEWED[outcome]
    tickets.settle(tx, application_id, text, Actor("operator", operator_id), rule=REVIEW)
    return decision


def decision(tx: Tx, application_id: str) -> Decision | None:
    """The decision that stands: a person's where there is one, else the rules'."""
    found = application(tx, application_id)
    return risk.get(tx, found.decision_id) if found.decision_id else None


def is_review_asked(tx: Tx, application_id: str) -> bool:
    """Whether the applicant has asked for a person's look at the decision (R-PI-MANUAL)."""
    return store.review_asked(tx, application_id)


def ask_for_review(tx: Tx, application_id: str) -> None:
    """An applicant whom the rules declined asks for a person, who then decides (R-PI-MANUAL).

    A ticket keeps the time in which the answer is owed. Asking twice asks once. What a person has
    declined stays declined.

    Raises NoSuchLoan, WrongState.
    """
    found = locked(tx, application_id)
    asked = store.review_asked(tx, application_id)
    if asked and found.state is ApplicationState.REFERRED:
        return
    if asked or found.state is not ApplicationState.DECLINED:
        raise WrongState(f"the application is {found.state.value}")
    if found.decision_id and risk.get(tx, found.decision_id).outcome is Outcome.APPROVE:
        raise WrongState("no other lender was found for the application")
    store.set_review_asked(tx, application_id)
    store.set_application_state(tx, application_id, ApplicationState.REFERRED)
    tell(tx, found.scenario, found.subject, "referred", {"reason": "review_asked"})
    audit.record(tx, Actor("customer", found.customer_id or ""), "loan.ask_review", application_id)
    answer_by = business_day.today(tx) + REVIEW_ANSWERED_IN
    tickets.by_rule(tx, REVIEW, subject=application_id, text=REVIEW_ASKED, answer_by=answer_by)


def close_as_signed(tx: Tx, application_id: str) -> None:
    """An application became something else than a loan, such as a credit line.

    Raises NoSuchLoan, WrongState.
    """
    found = locked(tx, application_id)
    if found.state is not ApplicationState.APPROVED:
        raise WrongState(f"the application is {found.state.value}")
    store.set_application_state(tx, found.id, ApplicationState.SIGNED)
    tell(tx, found.scenario, found.subject, "signed", {})


def cancel(tx: Tx, application_id: str, actor: Actor) -> None:
    """Ends an application, or a loan no money has left for. Cancelling twice does it once.

    Raises NoSuchLoan, PayoutUnderWay, WrongState when it is paid out, declined or expired.
    """
    found = locked(tx, application_id)
    if found.state is ApplicationState.CANCELLED:
        return
    if found.state in OPEN_STATES:
        store.set_application_state(tx, found.id, ApplicationState.CANCELLED)
        funding.withdraw(tx, found.id)
        if found.state is ApplicationState.REFERRED:
            tickets.settle(tx, application_id, REVIEW_WITHDRAWN, actor, rule=REVIEW)
    elif found.state is ApplicationState.SIGNED:
        if not _cancel_loan(tx, application_id):
            return
    else:
        raise WrongState(f"the application is {found.state.value}")
    tell(tx, found.scenario, found.subject, "cancelled", {})
    audit.record(tx, actor, "loan.cancel", application_id)


def expire(tx: Tx, application_id: str) -> None:
    """Ends an application that was not signed in time; any other stays as it is."""
    found = locked(tx, application_id)
    if found.state in OPEN_STATES:
        store.set_application_state(tx, found.id, ApplicationState.EXPIRED)
        funding.withdraw(tx, found.id)
        if found.state is ApplicationState.REFERRED:
            tickets.settle(tx, application_id, REVIEW_EXPIRED, SYSTEM, rule=REVIEW)
        tell(tx, found.scenario, found.subject, "expired", {})


def loan(tx: Tx, loan_id: str) -> Loan:
    """One loan.

    Raises NoSuchLoan.
    """
    found = store.loan(tx, loan_id)
    if found is None:
        raise NoSuchLoan
    return found


def loan_of(tx: Tx, application_id: str) -> Loan | None:
    """The loan that an application became."""
    return store.loan_of_application(tx, application_id)


def contract_file(tx: Tx, files: FileStore, loan_id: str) -> bytes:
    """The signed contract, its digest checked.

    Raises NoSuchLoan, FileChanged.
    """
    found = store.contract(tx, loan_id)
    if found is None:
        raise NoSuchLoan
    return files.get(StoredFile(found.document_name, found.document_sha256))


def tell(tx: Tx, scenario: str, subject: str, kind: str, detail: dict[str, object]) -> None:
    """Writes news for the scenario, which commits with what it tells of."""
    store.insert_news(tx, [(scenario, subject, kind, detail)])


def locked(tx: Tx, application_id: str) -> Application:
    """The application under its lock.

    Raises NoSuchLoan.
    """
    found = store.application(tx, application_id, lock=True)
    if found is None:
        raise NoSuchLoan
    return found


def priced_product(tx: Tx, found: Application) -> Product:
    """The product version of an application, at the price of the decision.

    Before a decision, and where nothing is priced by risk, at its plain rate.

    Raises NoSuchProduct.
    """
    product = products.version(tx, found.product_code, found.product_version)
    decided = risk.get(tx, found.decision_id) if found.decision_id else None
    grade = decided.features.get("grade") if decided else None
    if grade is None or grade.value is None:
        return product
    arm = product_rules.arm(product, found.id)
    return product_rules.priced(product, grade=str(grade.value), arm=arm)


def _risk_request(tx: Tx, found: Application) -> RiskRequest:
    product = products.version(tx, found.product_code, found.product_version)
    assert found.customer_id is not None
    counts = store.loans_of_customer(tx, found.customer_id)
    return RiskRequest(
        application_id=found.id,
        customer_id=found.customer_id,
        partner_id=found.partner_id,
        scenario=found.scenario,
        amount_fen=found.amount_fen,
        category=found.purpose,
        amount_max_fen=product.amount_max_fen,
        periods_max=product_rules.term_months(
            product, max(product_rules.periods_allowed(product, found.amount_fen))
        ),
        bank_card_id=found.bank_card_id,
        device=Device.of(found.device),
        loans_open=counts["open"],
        loans_settled=counts["settled"],
        signals=found.signals,
        partner_signals=found.partner_signals,
        less_is_of_use=found.is_for_line,
    )


def seek_funds(tx: Tx, keys: FieldKeys, application_id: str) -> None:
    """Looks for the other lenders of an application that is to be funded jointly (JOINT-2).

    Whoever has withdrawn the consent that it needs meanwhile has withdrawn the application.
    """
    found = locked(tx, application_id)
    if found.state is not ApplicationState.FUNDING:
        return
    assert found.customer_id is not None
    try:
        funding.seek(
            tx,
            keys,
            funding.Seek(
                application_id=found.id,
                customer_id=found.customer_id,
                product=priced_product(tx, found),
                amount_fen=found.amount_fen,
                purpose=found.purpose,
                decision=risk.require_own_decision(tx, found.id),
            ),
        )
    except ConsentMissing:
        cancel(tx, application_id, Actor("customer", found.customer_id))


def funds_found(tx: Tx, application_id: str) -> None:
    """All lenders have agreed: the borrower may sign, within the time that decisions are good for.

    An application that ended meanwhile stays as it is.
    """
    found = locked(tx, application_id)
    if found.state is not ApplicationState.FUNDING:
        return
    state = ApplicationState.APPROVED
    store.set_application_state(tx, found.id, state, decision_id=found.decision_id)
    tell(tx, found.scenario, found.subject, state.value, {"reason": ""})


def no_funds(tx: Tx, application_id: str) -> None:
    """No lender was found, or its money did not come: the loan is not made (JOINT-2)."""
    found = locked(tx, application_id)
    if found.state is ApplicationState.FUNDING:
        store.set_application_state(tx, found.id, ApplicationState.DECLINED)
        tell(tx, found.scenario, found.subject, "declined", {"reason": "NO_FUNDER"})
    elif found.state is ApplicationState.SIGNED:
        stop(tx, application_id)


def stop(tx: Tx, application_id: str) -> None:
    """We do not make a loan that was agreed; one that is paid out, or may be, stays as it is."""
    with suppress(PayoutUnderWay, WrongState):
        cancel(tx, application_id, SYSTEM)


def _decided(tx: Tx, found: Application, decision: Decision) -> None:
    if found.customer_id:
        fraud.flag_by_rules(tx, found.customer_id, decision)
    state = _AFTER[decision.outcome]
    if state is ApplicationState.APPROVED:
        product = products.version(tx, found.product_code, found.product_version)
        if product.funding.is_joint:
            state = ApplicationState.FUNDING
    store.set_application_state(tx, found.id, state, decision_id=decision.id)
    if state is ApplicationState.FUNDING:
        jobs.enqueue(
            tx,
            "loans.seek_funds",
            queue=jobs.CORE,
            lock=found.id,
            application_id=found.id,
        )
        return
    reason = decision.reasons[0].code if decision.reasons else ""
    tell(tx, found.scenario, found.subject, state.value, {"reason": reason})


def _cancel_loan(tx: Tx, application_id: str) -> bool:
    found = store.loan_of_application(tx, application_id, lock=True)
    assert found is not None
    if found.state is LoanState.CANCELLED:
        return False
    if found.state is LoanState.PAYING:
        raise PayoutUnderWay
    if found.state not in (LoanState.SIGNED, LoanState.PAYOUT_FAILED):
        raise WrongState(
            f"the loan is {found.state.value}", mend="Refund the order: its loan is paid out."
        )
    for hold_id in found.exposure_holds:
        ledger.void(tx, hold_id, because="cancelled before payout")
    funding.withdraw(tx, application_id)
    store.set_loan_state(tx, found.id, LoanState.CANCELLED)
    return True
