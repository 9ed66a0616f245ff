"""Running loans: what happened to them, and the forms that propose what two people do (M6, T18)."""

from collections.abc import Callable, Mapping
from typing import Any

from flask import Blueprint, Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from console import forms, proposing, session
from lending.foundation.audit import Actor
from lending.foundation.context import Context
from lending.loans import fraud, releases
from lending.loans import service as loans_service
from lending.loans.fraud import FraudKind
from lending.operations import service as tickets
from lending.repayments import desk, receipts
from lending.system import approvals
from lending.system import service as system
from lending.system.approvals import Kinds
from lending.system.model import Right
from scenarios.mall_installment import desk as mall_desk

FORMS: Mapping[str, Callable[[], dict[str, Any]]] = {
    "repayment.transfer": lambda: {
        "amount_fen": forms.fen("amount"),
        "arrived_on": forms.text("arrived_on"),
        "reference": forms.text("reference"),
        "what": forms.text("what"),
    },
    "repayment.reverse": lambda: {
        "repayment": forms.text("repayment"),
        "because": forms.text("because"),
    },
    "loan.waive": lambda: {
        "fee_fen": forms.fen("fee"),
        "penalty_fen": forms.fen("penalty"),
        "interest_fen": forms.fen("interest"),
    },
    "loan.move_due_dates": lambda: {"first_due": forms.text("first_due")},
    "loan.charge": lambda: {"name": forms.text("name"), "amount_fen": forms.fen("amount")},
    "loan.write_off": dict,
    "credit.refund": lambda: {"amount_fen": forms.fen("amount")},
    "release.let_go": dict,
    "loan.lift_fraud": dict,
}
"""What the form of each kind carries."""


def add(console: Blueprint, context: Context, kinds: Kinds) -> None:
    """Adds these pages to the console."""

    @console.get("/loans")
    def loans() -> ResponseReturnValue:
        system.require(session.operator(), Right.SEE_LOANS)
        text = request.args.get("q", "").strip()
        with context.database.unit_of_work() as tx:
            subjects = mall_desk.order_ids(tx, text) if text else []
            found = desk.search(tx, context.keys, text, subjects=subjects)
        return render_template("console/loans.html", loans=found, text=text)

    @console.get("/loans/<loan_id>")
    def loan(loan_id: str) -> ResponseReturnValue:
        system.require(session.operator(), Right.SEE_LOANS)
        with context.database.unit_of_work() as tx:
            found = desk.case(tx, context.keys, loan_id)
            proposed = approvals.newest(tx, subject=loan_id)
            parts = releases.of_loan(tx, loan_id)
            held_for = fraud.standing(tx, found.statement.loan.customer_id)
            about = found.statement.loan.subject
            raised = tickets.of_subject(tx, about) + tickets.of_subject(tx, loan_id)
            disputed = tickets.undecided_dispute(tx, about)
        return render_template(
            "console/loan.html",
            case=found,
            proposals=proposed,
            kinds=kinds,
            parts=parts,
            tickets=raised,
            disputed=disputed,
            fraud=held_for,
            fraud_kinds=FraudKind,
        )

    @console.post("/loans/<loan_id>/flag-fraud")
    def flag_fraud(loan_id: str) -> ResponseReturnValue:
        operator = session.operator()
        system.require(operator, Right.FLAG_FRAUD)
        with context.database.unit_of_work() as tx:
            fraud.flag(
                tx,
                context.keys,
                loans_service.loan(tx, loan_id).customer_id,
                forms.one_of("fraud_kind", FraudKind),
                because=forms.needed("because"),
                actor=Actor("operator", operator.id),
            )
        return redirect(url_for("console.loan", loan_id=loan_id), 303)

    @console.post("/loans/<loan_id>/hold-release")
    def hold_release(loan_id: str) -> ResponseReturnValue:
        operator = session.operator()
        system.require(operator, Right.HOLD_RELEASES)
        with context.database.unit_of_work() as tx:
            actor = Actor("operator", operator.id)
            releases.hold(tx, loan_id, because=forms.text("because"), actor=actor)
        return redirect(url_for("console.loan", loan_id=loan_id), 303)

    @console.post("/loans/<loan_id>/retry-release")
    def retry_release(loan_id: str) -> ResponseReturnValue:
        operator = session.operator()
        system.require(operator, Right.RETRY_PAYOUTS)
        with context.database.unit_of_work() as tx:
            releases.retry(tx, loan_id, forms.whole("part"), Actor("operator", operator.id))
        return redirect(url_for("console.loan", loan_id=loan_id), 303)

    @console.get("/repayments/<repayment_id>/receipt.pdf")
    def receipt(repayment_id: str) -> ResponseReturnValue:
        system.require(session.operator(), Right.SEE_LOANS)
        with context.database.unit_of_work() as tx:
            content = receipts.pdf(tx, context.keys, repayment_id, is_masked=True)
        return Response(content, mimetype="application/pdf")

    @console.post("/loans/<loan_id>/propose")
    def propose(loan_id: str) -> ResponseReturnValue:
        return proposing.propose(context, kinds, FORMS, loan_id)
