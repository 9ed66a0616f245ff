"""Applications and loans: the queue of what a person must decide (M5)."""

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from console import forms, session
from lending.foundation.audit import Actor
from lending.foundation.context import Context
from lending.loans import desk, payouts
from lending.risk.model import Outcome
from lending.system import service as system
from lending.system.errors import PayloadWrong
from lending.system.model import Right

NOTE_MAX = 500
"""Characters of a reviewer's note."""
_OUTCOMES = {each.value: each for each in (Outcome.APPROVE, Outcome.DECLINE)}


def add(console: Blueprint, context: Context) -> None:
    """Adds these pages to the console."""

    @console.get("/")
    def applications() -> ResponseReturnValue:
        operator = session.operator()
        system.require(operator, Right.SEE_APPLICATIONS)
        state = request.args.get("state") or None
        with context.database.unit_of_work() as tx:
            found = desk.applications(tx, context.keys, state=state)
        return render_template("console/applications.html", applications=found, state=state)

    @console.get("/applications/<application_id>")
    def application(application_id: str) -> ResponseReturnValue:
        operator = session.operator()
        system.require(operator, Right.SEE_APPLICATIONS)
        with context.database.unit_of_work() as tx:
            found = desk.case(tx, context.keys, application_id)
        return render_template("console/application.html", case=found, application=found.shown)

    @console.post("/applications/<application_id>/decide")
    def decide(application_id: str) -> ResponseReturnValue:
        operator = session.operator()
        system.require(operator, Right.DECIDE_APPLICATIONS)
        outcome = forms.text("outcome")
        note = forms.text("note")
        if outcome not in _OUTCOMES:
            raise PayloadWrong(field="/outcome")
        if len(note) > NOTE_MAX:
            raise PayloadWrong(field="/note", mend=f"审核意见最多 {NOTE_MAX} 字。")
        with context.database.unit_of_work() as tx:
            desk.decide(tx, application_id, _OUTCOMES[outcome], operator_id=operator.id, note=note)
        return redirect(url_for("console.application", application_id=application_id), 303)

    @console.post("/loans/<loan_id>/retry-payout")
    def retry_payout(loan_id: str) -> ResponseReturnValue:
        operator = session.operator()
        system.require(operator, Right.RETRY_PAYOUTS)
        with context.database.unit_of_work() as tx:
            payouts.retry(tx, loan_id, Actor("operator", operator.id))
        return redirect(url_for("console.applications"), 303)
