"""What the platform earns: each bill recomputed from its events, then confirmed or disputed."""

from collections.abc import Callable

from cf_partner_sdk import BillState, CfError, Client, CommissionBill
from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue


def pages(cf: Client) -> Blueprint:
    """The pages of bills."""
    bills = Blueprint("bills", __name__)

    @bills.get("/bills")
    def listed() -> ResponseReturnValue:
        found = list(cf.commissions.list())
        wrong = {bill.id: _differences(cf, bill) for bill in found if bill.state == BillState.OPEN}
        return render_template("bills.html", bills=found, wrong=wrong)

    @bills.post("/bills/<bill_id>/confirm")
    def confirm(bill_id: str) -> ResponseReturnValue:
        payable_fen = int(request.form["payable_fen"])
        return _done(lambda: cf.commissions.confirm(bill_id, payable_fen=payable_fen))

    @bills.post("/bills/<bill_id>/dispute")
    def dispute(bill_id: str) -> ResponseReturnValue:
        reason = request.form["reason"].strip() or "请核对"
        return _done(lambda: cf.commissions.dispute(bill_id, reason=reason))

    return bills


def _differences(cf: Client, bill: CommissionBill) -> list[str]:
    events = cf.events.list(type="commission.accrued")
    return [
        f"{each.kind.value} {each.movement_id or each.field or ''}"
        for each in cf.commissions.recompute(bill.id, events=events)
    ]


def _done(act: Callable[[], CommissionBill]) -> ResponseReturnValue:
    try:
        act()
    except CfError as problem:
        return render_template("told.html", text=str(problem)), 502
    return redirect(url_for("bills.listed"), 303)
