"""Credit lines: find, look, freeze; what gives or takes limits is proposed to a second person."""

from collections.abc import Callable, Mapping
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from console import forms, proposing, session
from lending.credit_lines import desk, securities, service
from lending.credit_lines.errors import NoSuchSecurity
from lending.foundation.audit import Actor
from lending.foundation.context import Context
from lending.system import approvals
from lending.system import service as system
from lending.system.approvals import Kinds
from lending.system.model import Right


def _limits() -> dict[str, Any]:
    scenes = [name for name in request.form if name.startswith("scene-")]
    return {"limit_fen": forms.fen("limit")} | {
        f"{name.removeprefix('scene-')}_fen": forms.fen(name) for name in scenes
    }


FORMS: Mapping[str, Callable[[], dict[str, Any]]] = {
    "credit_line.raise": lambda: {
        "amount_fen": forms.fen("amount"),
        "last_day": forms.text("last_day"),
    },
    "credit_line.set_limit": _limits,
    "credit_line.review": dict,
    "credit_line.unfreeze": dict,
    "credit_line.close": dict,
    "security.register": lambda: {
        "security": forms.text("security"),
        "valued_fen": forms.fen("valued"),
        "registration_no": forms.text("registration_no"),
    },
    "security.release": lambda: {
        "security": forms.text("security"),
        "because": forms.text("because"),
    },
}
"""What the form of each kind carries."""


def add(console: Blueprint, context: Context, kinds: Kinds) -> None:
    """Adds these pages to the console."""

    @console.get("/lines")
    def lines() -> ResponseReturnValue:
        system.require(session.operator(), Right.SEE_LOANS)
        text = request.args.get("q", "").strip()
        with context.database.unit_of_work() as tx:
            found = desk.search(tx, context.keys, text)
        return render_template("console/lines.html", lines=found, text=text)

    @console.get("/lines/<line_id>")
    def line(line_id: str) -> ResponseReturnValue:
        system.require(session.operator(), Right.SEE_LOANS)
        with context.database.unit_of_work() as tx:
            found = desk.case(tx, context.keys, line_id)
            proposed = approvals.newest(tx, subject=line_id)
        return render_template("console/line.html", case=found, proposals=proposed, kinds=kinds)

    @console.post("/lines/<line_id>/propose")
    def propose_line(line_id: str) -> ResponseReturnValue:
        return proposing.propose(context, kinds, FORMS, line_id)

    @console.post("/lines/<line_id>/freeze")
    def freeze_line(line_id: str) -> ResponseReturnValue:
        operator = session.operator()
        system.require(operator, Right.FREEZE_LINES)
        with context.database.unit_of_work() as tx:
            actor = Actor("operator", operator.id)
            service.freeze(tx, line_id, because=forms.text("because"), actor=actor)
        return redirect(url_for("console.line", line_id=line_id), 303)

    @console.post("/lines/<line_id>/reject-security")
    def reject_security(line_id: str) -> ResponseReturnValue:
        operator, named = session.operator(), forms.text("security")
        system.require(operator, Right.FREEZE_LINES)
        with context.database.unit_of_work() as tx:
            if named not in [each.id for each in securities.of_line(tx, line_id)]:
                raise NoSuchSecurity
            actor = Actor("operator", operator.id)
            securities.reject(tx, named, because=forms.text("because"), actor=actor)
        return redirect(url_for("console.line", line_id=line_id), 303)
