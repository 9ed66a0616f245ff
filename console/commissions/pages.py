"""Monthly commission bills: look, answer a dispute with a second person, pay again (ASSIST-8)."""

from collections.abc import Callable, Mapping
from typing import Any

from flask import Blueprint, Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from console import forms, proposing, session
from lending.channels import service as channels
from lending.channels.model import PartnerKind
from lending.commissions import service
from lending.commissions.model import BillState
from lending.foundation.audit import Actor
from lending.foundation.context import Context
from lending.system import approvals
from lending.system import service as system
from lending.system.approvals import Kinds
from lending.system.model import Right

AGREED = (
    *("product_code", "basis", "rate", "cap_rate", "clawback_rate"),
    *("valid_from", "tier_by", "tiers"),
)
FORMS: Mapping[str, Callable[[], dict[str, Any]]] = {
    "commission.answer": lambda: {
        "answer": forms.text("answer"),
        "adjustment_fen": forms.fen("more") - forms.fen("less"),
    },
    "commission.agree": lambda: {
        **{name: forms.text(name) for name in AGREED},
        "per_loan_fen": forms.fen("per_loan"),
        "clawback_days": forms.whole("clawback_days"),
    },
}
"""What the form of each kind carries."""


def add(console: Blueprint, context: Context, kinds: Kinds) -> None:
    """Adds these pages to the console."""

    @console.get("/commissions")
    def commissions() -> ResponseReturnValue:
        system.require(session.operator(), Right.SEE_LOANS)
        asked = request.args.get("state", "")
        state = asked if asked in {each.value for each in BillState} else None
        with context.database.unit_of_work() as tx:
            found, _ = service.page(tx, None, state=state, limit=200)
            partners = channels.partners(tx)
        return render_template(
            "console/commissions.html",
            bills=found,
            names={each.id: each.name for each in partners},
            platforms=[each for each in partners if each.kind is PartnerKind.PLATFORM],
            state=state,
        )

    @console.get("/commissions/<bill_id>")
    def commission(bill_id: str) -> ResponseReturnValue:
        system.require(session.operator(), Right.SEE_LOANS)
        with context.database.unit_of_work() as tx:
            found = service.get(tx, bill_id)
            platform = channels.partner(tx, found.platform_id)
            proposed = approvals.newest(tx, subject=bill_id)
        return render_template(
            "console/commission.html",
            bill=found,
            platform=platform,
            proposals=proposed,
            kinds=kinds,
        )

    @console.get("/commissions/<bill_id>/bill.pdf")
    def commission_pdf(bill_id: str) -> ResponseReturnValue:
        system.require(session.operator(), Right.SEE_LOANS)
        with context.database.unit_of_work() as tx:
            found = service.get(tx, bill_id)
        content = service.pdf_part(context.files, found, 0, found.pdf_size_bytes)
        return Response(content, mimetype="application/pdf")

    @console.post("/commissions/<subject>/propose")
    def propose_commission(subject: str) -> ResponseReturnValue:
        return proposing.propose(context, kinds, FORMS, subject)

    @console.post("/commissions/<bill_id>/retry")
    def retry_commission(bill_id: str) -> ResponseReturnValue:
        operator = session.operator()
        system.require(operator, Right.RETRY_PAYOUTS)
        with context.database.unit_of_work() as tx:
            service.retry(tx, bill_id, Actor("operator", operator.id))
        return redirect(url_for("console.commission", bill_id=bill_id), 303)
