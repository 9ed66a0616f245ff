"""What waits for a second person (T18)."""

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from console import forms, session
from lending.foundation.context import Context
from lending.system import approvals as service
from lending.system import service as system
from lending.system.approvals import Kinds
from lending.system.model import Right


def add(console: Blueprint, context: Context, kinds: Kinds) -> None:
    """Adds these pages to the console."""

    @console.get("/approvals")
    def approvals() -> ResponseReturnValue:
        system.require(session.operator(), Right.SEE_LOANS)
        is_all = request.args.get("all") == "1"
        with context.database.unit_of_work() as tx:
            found = service.newest(tx, only_open=not is_all)
        return render_template(
            "console/approvals.html", proposals=found, kinds=kinds, is_all=is_all
        )

    @console.get("/approvals/<proposal_id>")
    def approval(proposal_id: str) -> ResponseReturnValue:
        system.require(session.operator(), Right.SEE_LOANS)
        with context.database.unit_of_work() as tx:
            found = service.get(tx, proposal_id)
        return render_template("console/approval.html", proposal=found, kinds=kinds)

    @console.post("/approvals/<proposal_id>/approve")
    def approve(proposal_id: str) -> ResponseReturnValue:
        with context.database.unit_of_work() as tx:
            service.approve(
                tx,
                kinds,
                proposal_id,
                digest=forms.text("digest"),
                checker=session.operator(),
                note=forms.text("note"),
            )
        return redirect(url_for("console.approval", proposal_id=proposal_id), 303)

    @console.post("/approvals/<proposal_id>/refuse")
    def refuse(proposal_id: str) -> ResponseReturnValue:
        with context.database.unit_of_work() as tx:
            service.refuse(
                tx, kinds, proposal_id, checker=session.operator(), note=forms.text("note")
            )
        return redirect(url_for("console.approval", proposal_id=proposal_id), 303)
