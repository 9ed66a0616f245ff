"""From the application to the signed contract."""

from dataclasses import dataclass
from typing import Any

from lending.channels import service as channels
from lending.compliance import cost_showing, gates, parameters
from lending.customers import service as customers
from lending.customers.errors import CardNotYours, ConsentMissing
from lending.customers.model import ConsentScope
from lending.engine.plans import make_plan
from lending.foundation import audit, business_day, ids, jobs
from lending.foundation.audit import Actor
from lending.foundation.context import Context
from lending.foundation.crypto import FieldKeys, mask_identity_no, mask_mobile
from lending.foundation.database import Tx
from lending.foundation.files import FileStore, StoredFile
from lending.ledger import service as ledger
from lending.ledger.chart import Code
from lending.ledger.errors import LimitPassed
from lending.ledger.model import Account, Limits
from lending.loans import contract_pdf, rules, store
from lending.loans.contract_pdf import ContractFacts, Good
from lending.loans.errors import (
    AmountAboveDecision,
    BorrowerLimitReached,
    DecisionTooOld,
    NoAccountToPay,
    NoSuchLoan,
    PayoutUnderWay,
    TermsNotShown,
    WrongState,
)
from lending.loans.model import (
    Application,
    ApplicationState,
    Contract,
    Loan,
    LoanState,
    NewApplication,
    Signature,
)
from lending.loans.terms import Terms
from lending.products import rules as product_rules
from lending.products import service as products
from lending.products.model import Offer
from lending.risk import service as risk
from lending.risk.model import Decision, Device, Outcome, RiskRequest

OPEN_STATES = (
    ApplicationState.STARTED,
    ApplicationState.DECIDING,
    ApplicationState.REFERRED,
    ApplicationState.APPROVED,
)
_AFTER = {
    Outcome.APPROVE: ApplicationState.APPROVED,
    Outcome.REFER: ApplicationState.REFERRED,
    Outcome.DECLINE: ApplicationState.DECLINED,
}


def start(tx: Tx, new: NewApplication) -> str:
    """Takes an application in; its id. The borrower has still to apply."""
    return store.insert_application(tx, new)


def application(tx: Tx, application_id: str) -> Application:
    """One application.

    Raises NoSuchLoan.
    """
    found = store.application(tx, application_id)
    if found is None:
        raise NoSuchLoan
    return found


def submit(
    tx: Tx, application_id: str, *, customer_id: str, bank_card_id: str, device: dict[str, str]
) -> None:
    """Hands the application in and asks for the decision. Handing it in twice does it once.

    Raises NoSuchLoan, WrongState, CardNotYours when the card is another customer's, and
    ConsentMissing without a live consent to process the customer's data (R-PI-CONSENT).
    """
    found = _locked(tx, application_id)
    if found.state is ApplicationState.DECIDING and found.customer_id == customer_id:
        return
    if found.state is not ApplicationState.STARTED:
        raise WrongState(f"the application is {found.state.value}")
    customers.require_consent(tx, customer_id, ConsentScope.PERSONAL_INFO, application_id)
    if customers.card(tx, bank_card_id).customer_id != customer_id:
        raise CardNotYours
    store.submit_application(
        tx,
        application_id,
        customer_id=customer_id,
        bank_card_id=bank_card_id,
        device=device,
    )
    jobs.enqueue(
        tx,
        "loans.decide",
        queue=jobs.CORE,
        lock=application_id,
        application_id=application_id,
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
        if _locked(tx, application_id).state is ApplicationState.DECIDING:
            _decided(tx, found, decision)


def decide_by_person(
    tx: Tx, application_id: str, outcome: Outcome, *, operator_id: str, note: str
) -> Decision:
    """A person's decision on a referred application, or on one whose applicant asked for a person.

    Raises NoSuchLoan, WrongState when it is not referred, NothingToDecide.
    """
    found = _locked(tx, application_id)
    if found.state is not ApplicationState.REFERRED:
        raise WrongState(f"the application is {found.state.value}")
    decision = risk.decide_by_person(
        tx,
        application_id,
        outcome,
        operator_id=operator_id,
        note=note,
        review_asked=store.review_asked(tx, application_id),
    )
    _decided(tx, found, decision)
    return decision


def decision(tx: Tx, application_id: str) -> Decision | None:
    """The decision that stands: a person's where there is one, else the rules'."""
    found = application(tx, application_id)
    return risk.get(tx, found.decision_id) if found.decision_id else None


def ask_for_review(tx: Tx, application_id: str) -> None:
    """An applicant whom the rules declined asks for a person, who then decides (R-PI-MANUAL).

    Asking twice asks once. What a person has declined stays declined.

    Raises NoSuchLoan, WrongState.
    """
    found = _locked(tx, application_id)
    asked = store.review_asked(tx, application_id)
    if asked and found.state is ApplicationState.REFERRED:
        return
    if asked or found.state is not ApplicationState.DECLINED:
        raise WrongState(f"the application is {found.state.value}")
    store.set_review_asked(tx, application_id)
    store.set_application_state(tx, application_id, ApplicationState.REFERRED)
    tell(tx, found.scenario, found.subject, "referred", {"reason": "review_asked"})
    audit.record(tx, Actor("customer", found.customer_id or ""), "loan.ask_review", application_id)


@dataclass(frozen=True, slots=True)
class SignCommand:
    """All that a signature is put under."""

    application_id: str
    offer: Offer
    terms: Terms
    table: dict[str, Any]
    """The cost table that was shown."""
    signature: Signature
    goods: tuple[Good, ...]
    merchant_name: str


def sign(tx: Tx, keys: FieldKeys, files: FileStore, command: SignCommand) -> str:
    """Makes the contract and the loan, and asks for the payout; the loan's id.

    Every gate on the way to money is here: own decision within its limit, term and time; partner
    listed; purpose; all-in cost and penalty; cost table shown, read and confirmed, and the same as
    the terms; entrusted payee; the borrower's exposure over all products, held under its lock.

    Signing twice under the same confirmed table signs once.

    Raises WrongState, DecisionTooOld, AmountAboveDecision, TermsNotShown, BorrowerLimitReached,
    NoAccountToPay, and what the gates raise. Nothing is left behind then.
    """
    found = _locked(tx, command.application_id)
    if found.state is ApplicationState.SIGNED:
        return _signed_before(tx, found.id, command.signature)
    if found.state is not ApplicationState.APPROVED or found.customer_id is None:
        raise WrongState(f"the application is {found.state.value}")
    if found.decided_at is None or tx.now - found.decided_at > rules.DECISION_GOOD_FOR:
        raise DecisionTooOld
    _require_gates(tx, found, command)
    loan_id = ids.new("loan")
    made = Loan(
        id=loan_id,
        application_id=found.id,
        partner_id=found.partner_id,
        customer_id=found.customer_id,
        bank_card_id=found.bank_card_id or "",
        scenario=found.scenario,
        product_code=found.product_code,
        subject=found.subject,
        principal_fen=found.amount_fen,
        terms=command.terms,
        state=LoanState.SIGNED,
        signed_at=tx.now,
        start_date=None,
        plan_version=1,
        contract_version=1,
        exposure_hold=_hold_exposure(tx, found.customer_id, loan_id, found.amount_fen),
    )
    store.insert_loan(tx, made)
    today = business_day.today(tx)
    plan = make_plan(rules.plan_input(made.principal_fen, made.terms, today))
    store.insert_instalments(tx, loan_id, 1, rules.opened(plan))
    _write_contract(tx, keys, files, made, command)
    store.set_application_state(tx, found.id, ApplicationState.SIGNED)
    tell(tx, made.scenario, made.subject, "signed", {"loan_id": loan_id})
    audit.record(tx, Actor("customer", made.customer_id), "loan.sign", loan_id)
    jobs.enqueue(tx, "loans.pay_out", queue=jobs.CORE, lock=loan_id, loan_id=loan_id)
    return loan_id


def cancel(tx: Tx, application_id: str, actor: Actor) -> None:
    """Ends an application, or a loan no money has left for. Cancelling twice does it once.

    Raises NoSuchLoan, PayoutUnderWay, WrongState when it is paid out, declined or expired.
    """
    found = _locked(tx, application_id)
    if found.state is ApplicationState.CANCELLED:
        return
    if found.state in OPEN_STATES:
        store.set_application_state(tx, found.id, ApplicationState.CANCELLED)
    elif found.state is ApplicationState.SIGNED:
        if not _cancel_loan(tx, application_id):
            return
    else:
        raise WrongState(f"the application is {found.state.value}")
    tell(tx, found.scenario, found.subject, "cancelled", {})
    audit.record(tx, actor, "loan.cancel", application_id)


def expire(tx: Tx, application_id: str) -> None:
    """Ends an application that was not signed in time; any other stays as it is."""
    found = _locked(tx, application_id)
    if found.state in OPEN_STATES:
        store.set_application_state(tx, found.id, ApplicationState.EXPIRED)
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
    store.insert_news(tx, scenario=scenario, subject=subject, kind=kind, detail=detail)


def _locked(tx: Tx, application_id: str) -> Application:
    found = store.application(tx, application_id, lock=True)
    if found is None:
        raise NoSuchLoan
    return found


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
        periods_max=max(product_rules.periods_allowed(product, found.amount_fen)),
        bank_card_id=found.bank_card_id,
        device=Device.of(found.device),
        loans_open=counts["open"],
        loans_settled=counts["settled"],
    )


def _decided(tx: Tx, found: Application, decision: Decision) -> None:
    state = _AFTER[decision.outcome]
    store.set_application_state(tx, found.id, state, decision_id=decision.id)
    reason = decision.reasons[0].code if decision.reasons else ""
    tell(tx, found.scenario, found.subject, state.value, {"reason": reason})


def _require_gates(tx: Tx, found: Application, command: SignCommand) -> None:
    decided = risk.require_own_decision(tx, found.id)
    terms, offer = command.terms, command.offer
    if found.amount_fen > decided.limit_fen or terms.pricing.periods > decided.periods_max:
        raise AmountAboveDecision
    day = parameters.today(tx)
    partner = channels.require_listed(tx, found.partner_id)
    product = products.version(tx, found.product_code, found.product_version)
    gates.require_purpose(found.purpose, allowed=product.purposes, rules=day)
    gates.require_scene(found.purpose, day)
    gates.require_cost(
        gates.CostRates(
            nominal=offer.cost.rate_annual,
            items_sum=offer.cost.rate_gate,
            effective=offer.cost.rate_effective,
        ),
        day,
    )
    gates.require_penalty(
        rate_contract=product.rate_annual,
        rate_penalty=terms.pricing.penalty_rate_annual,
        rules=day,
    )
    gates.require_charges_in_table([item.code for item in offer.cost.items], command.table)
    if cost_showing.table_sha256(command.table) != terms.cost_table_sha256:
        raise TermsNotShown
    cost_showing.require_confirmed(
        tx,
        command.signature.showing_id,
        application_id=found.id,
        sha256=terms.cost_table_sha256,
    )
    gates.require_entrusted_payment(
        gates.EntrustedPayment(
            payee_partner_id=terms.payee.partner_id,
            order_partner_id=partner.id,
            gross_fen=offer.plan.principal_fen,
            order_fen=found.amount_fen,
            refunded_fen=0,
        ),
        day,
    )


def _hold_exposure(tx: Tx, customer_id: str, loan_id: str, amount_fen: int) -> str:
    """Holds the loan against the borrower's limit over all products (STORE-3, R-CAP-20W)."""
    account = Account(Code.EXPOSURE, customer_id)
    cap_fen = parameters.today(tx).whole("exposure.cap_fen")
    ledger.open_account(tx, account, Limits(debit_fen=cap_fen))
    try:
        return ledger.hold(
            tx,
            debit=account,
            credit=Account(Code.EXPOSURE_CONTRA),
            amount_fen=amount_fen,
            subject=loan_id,
            memo="signed",
        )
    except LimitPassed as passed:
        raise BorrowerLimitReached from passed


def _signed_before(tx: Tx, application_id: str, signature: Signature) -> str:
    """The loan that this very signature made; any other comes too late."""
    made = store.loan_of_application(tx, application_id)
    assert made is not None
    if store.showing_signed(tx, made.id) != signature.showing_id:
        raise WrongState("the application is signed")
    return made.id


def _write_contract(
    tx: Tx, keys: FieldKeys, files: FileStore, made: Loan, command: SignCommand
) -> None:
    today = business_day.today(tx)
    person = customers.profile(tx, keys, made.customer_id)
    card = customers.card(tx, made.bank_card_id)
    accounts = channels.settlement_accounts(tx, made.terms.payee.partner_id)
    if not accounts:
        raise NoAccountToPay
    payee = accounts[0]
    number = f"AX{today:%Y%m%d}{made.id[-10:].upper()}"
    evidence = {
        **command.signature.evidence,
        "method": command.signature.method,
        "signed_at": tx.now.isoformat(),
        "cost_table_sha256": made.terms.cost_table_sha256,
        "cost_showing_id": command.signature.showing_id,
    }
    document = contract_pdf.render(
        ContractFacts(
            number=number,
            signed_on=today,
            lender=rules.LENDER_ZH,
            borrower_name=person.name,
            borrower_identity_no=mask_identity_no(person.identity_no),
            borrower_mobile=mask_mobile(person.mobile),
            merchant=command.merchant_name,
            goods=command.goods,
            principal_fen=made.principal_fen,
            plan=make_plan(rules.plan_input(made.principal_fen, made.terms, today)),
            cost_table=command.table,
            payee=f"{payee.holder} {payee.bank_name} 尾号 {payee.last4}",
            card=f"{card.bank_name} 尾号 {card.last4}",
            evidence=evidence,
        )
    )
    stored = files.put("contract", ".pdf", document)
    store.insert_contract(
        tx,
        Contract(made.id, number, stored.name, stored.sha256, tx.now),
        showing_id=command.signature.showing_id,
        evidence=evidence,
    )


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
    assert found.exposure_hold is not None
    ledger.void(tx, found.exposure_hold, because="cancelled before payout")
    store.set_loan_state(tx, found.id, LoanState.CANCELLED)
    return True
