"""The signature: every gate on the way to money, then contract, terms, plan and hold together."""

from dataclasses import dataclass, replace
from typing import Any

from lending.channels import service as channels
from lending.compliance import cost_showing, gates, parameters
from lending.compliance.model import Parameters
from lending.credit_lines import exposure
from lending.credit_lines import service as credit_lines
from lending.credit_lines.errors import LineTooSmall, NoSuchLine
from lending.customers import service as customers
from lending.engine.plans import make_plan
from lending.foundation import audit, business_day, ids, jobs
from lending.foundation.audit import Actor
from lending.foundation.crypto import FieldKeys, mask_identity_no, mask_mobile
from lending.foundation.database import Tx
from lending.foundation.files import FileStore
from lending.foundation.lender import LENDER_ZH
from lending.funding import money_in
from lending.funding import service as funding
from lending.funding.model import AgreedShare
from lending.guarantees import service as guarantees
from lending.ledger import service as ledger
from lending.ledger.errors import LimitPassed
from lending.loans import (
    contract_pdf,
    joint_limits,
    payees,
    rules,
    service,
    share_rules,
    store,
)
from lending.loans.contract_pdf import ContractFacts, Good
from lending.loans.errors import (
    AmountAboveDecision,
    BorrowerLimitReached,
    DecisionTooOld,
    NoAccountToPay,
    TermsNotShown,
    WrongState,
)
from lending.loans.model import (
    Application,
    ApplicationState,
    Contract,
    Loan,
    LoanState,
    Signature,
)
from lending.loans.terms import CreditLine, Share, Terms
from lending.products.model import Offer, PayeeKind, Product
from lending.risk import service as risk


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
    shown_under: str = ""
    """The id that the table was shown under beforehand, for amounts up to its own; empty: it was
    shown for this very application."""
    purpose: str = ""
    """What the borrower spends it on, in words, where there are no goods."""


def sign(tx: Tx, keys: FieldKeys, files: FileStore, command: SignCommand) -> str:
    """Makes the contract and the loan, and asks for the payout; the loan's id.

    Every gate on the way to money is here: own decision within its limit, term and time; partner
    listed; purpose; all-in cost and penalty; cost table shown, read and confirmed, and the same as
    the terms; entrusted payee; the borrower's exposure over all products, held under its lock.

    Signing twice under the same confirmed table signs once.

    A joint loan carries its lenders' shares, and their money is called for before it is paid out.

    Raises WrongState, DecisionTooOld, SharesNotAgreed, AmountAboveDecision, TermsNotShown,
    BorrowerLimitReached, NoAccountToPay, and what the gates raise. Nothing is left behind then.
    """
    found = service.locked(tx, command.application_id)
    if found.state is ApplicationState.SIGNED:
        return _signed_before(tx, found.id, command.signature)
    if found.state is not ApplicationState.APPROVED or found.customer_id is None:
        raise WrongState(f"the application is {found.state.value}")
    if found.decided_at is None or tx.now - found.decided_at > rules.DECISION_GOOD_FOR:
        raise DecisionTooOld
    _require_gates(tx, found, command)
    lenders = funding.agreed(tx, found.id)
    if lenders:
        shares = tuple(
            Share(
                each.funder,
                each.weight,
                income_weight=each.income_weight,
                service_fee_rate=each.service_fee_rate,
                prefunded=each.is_prefunded,
            )
            for each in lenders
        )
        command = replace(command, terms=replace(command.terms, shares=shares))
    loan_id = ids.new("loan")
    made = Loan(
        id=loan_id,
        application_id=found.id,
        partner_id=found.partner_id,
        customer_id=found.customer_id,
        bank_card_id=found.bank_card_id or "",
        wallet_id=found.wallet_id,
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
        exposure_holds=(
            *_hold_exposures(tx, found, loan_id, command.terms),
            *_hold_guarantee(tx, found, loan_id, command.terms),
        ),
    )
    store.insert_loan(tx, made)
    today = business_day.today(tx)
    plan = make_plan(rules.plan_input(made.principal_fen, made.terms, today))
    store.insert_instalments(tx, loan_id, 1, rules.opened(plan, made.terms))
    _write_contract(tx, keys, files, made, command, lenders=lenders)
    store.set_application_state(tx, found.id, ApplicationState.SIGNED)
    service.tell(tx, made.scenario, made.subject, "signed", {"loan_id": loan_id})
    audit.record(tx, Actor("customer", made.customer_id), "loan.sign", loan_id)
    if lenders:
        money_in.call(tx, found.id, loan_id)
    else:
        jobs.enqueue(tx, "loans.pay_out", queue=jobs.CORE, lock=loan_id, loan_id=loan_id)
    return loan_id


def _require_gates(tx: Tx, found: Application, command: SignCommand) -> None:
    decided = risk.require_own_decision(tx, found.id)
    terms, offer = command.terms, command.offer
    if terms.credit_line:
        _require_line(tx, found, terms.credit_line)
    if found.amount_fen > decided.limit_fen or terms.pricing.term_months > decided.periods_max:
        raise AmountAboveDecision
    day = parameters.today(tx)
    channels.require_listed(tx, found.partner_id)
    product = service.priced_product(tx, found)
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
    if command.shown_under:
        gates.require_within_table(rules.cost_table(product, offer), command.table)
    if cost_showing.table_sha256(command.table) != terms.cost_table_sha256:
        raise TermsNotShown
    cost_showing.require_confirmed(
        tx,
        command.signature.showing_id,
        application_id=command.shown_under or found.id,
        sha256=terms.cost_table_sha256,
    )
    _require_payee(tx, found, command, product, day)


def _require_payee(
    tx: Tx, found: Application, command: SignCommand, product: Product, day: Parameters
) -> None:
    payee = command.terms.payee
    if payee.kind is PayeeKind.BORROWER:
        gates.require_self_payment(
            holder_id=customers.card(tx, found.wallet_id or found.bank_card_id or "").customer_id,
            borrower_id=found.customer_id or "",
            product_pays_borrower=product.payee is PayeeKind.BORROWER,
            rules=day,
        )
        return
    gates.require_entrusted_payment(
        gates.EntrustedPayment(
            payee_partner_id=payee.partner_id,
            order_partner_id=found.partner_id,
            gross_fen=command.offer.plan.principal_fen,
            order_fen=found.amount_fen,
            refunded_fen=0,
        ),
        day,
    )


def _require_line(tx: Tx, found: Application, drawn: CreditLine) -> None:
    line = credit_lines.require_drawable(tx, drawn.line_id, drawn.scene)
    if line.customer_id != found.customer_id:
        raise NoSuchLine


def _hold_exposures(tx: Tx, found: Application, loan_id: str, terms: Terms) -> tuple[str, ...]:
    """Holds the loan against what the borrower may owe in all, or against the line it is drawn on.

    STORE-2, STORE-3, R-CAP-20W. A joint one weighs on what may be joint, too (R-JOINT-25, -50).
    """
    assert found.customer_id is not None
    if terms.credit_line is None:
        exposure.opened(tx, found.customer_id)
    try:
        holds = tuple(
            ledger.hold(
                tx,
                debit=limited,
                credit=contra,
                amount_fen=found.amount_fen,
                subject=loan_id,
                memo="signed",
            )
            for limited, contra in rules.exposures(found.customer_id, terms)
        )
    except LimitPassed as passed:
        raise (BorrowerLimitReached if terms.credit_line is None else LineTooSmall) from passed
    return (*holds, *joint_limits.hold(tx, loan_id, terms, found.amount_fen))


def _hold_guarantee(tx: Tx, found: Application, loan_id: str, terms: Terms) -> tuple[str, ...]:
    """Holds our part against what may be guaranteed in all, and by this guarantor (R-GUAR-50)."""
    if terms.guarantee is None:
        return ()
    parts = zip(terms.shares, share_rules.lent(terms, found.amount_fen), strict=True)
    held = guarantees.hold(
        tx,
        agreement_id=terms.guarantee.agreement_id,
        loan_id=loan_id,
        amount_fen=sum(fen for share, fen in parts if share.is_own),
        rules_of_day=parameters.today(tx),
    )
    return (held,)


def _signed_before(tx: Tx, application_id: str, signature: Signature) -> str:
    """The loan that this very signature made; any other comes too late."""
    made = store.loan_of_application(tx, application_id)
    assert made is not None
    if store.showing_signed(tx, made.id) != signature.showing_id:
        raise WrongState("the application is signed")
    return made.id


def _write_contract(
    tx: Tx,
    keys: FieldKeys,
    files: FileStore,
    made: Loan,
    command: SignCommand,
    *,
    lenders: tuple[AgreedShare, ...] | None,
) -> None:
    today = business_day.today(tx)
    person = customers.profile(tx, keys, made.customer_id)
    card = customers.card(tx, made.bank_card_id)
    accounts = payees.account_ids(tx, made)
    if not accounts:
        raise NoAccountToPay
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
            lender=LENDER_ZH,
            lenders=rules.lenders_shown(lenders),
            borrower_name=person.name,
            borrower_identity_no=mask_identity_no(person.identity_no),
            borrower_mobile=mask_mobile(person.mobile),
            merchant=command.merchant_name,
            goods=command.goods,
            principal_fen=made.principal_fen,
            plan=make_plan(rules.plan_input(made.principal_fen, made.terms, today)),
            cost_table=command.table,
            payee=payees.named(tx, keys, made, accounts[0]).told,
            pays_borrower=made.terms.payee.kind is PayeeKind.BORROWER,
            purpose=command.purpose,
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
