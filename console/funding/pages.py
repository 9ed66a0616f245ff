"""Funders: licence and agreements, which two persons put there; searches for lenders, and why."""

from collections.abc import Callable, Mapping
from typing import Any

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from console import forms, partner_pages, proposing, session
from lending.channels import service as channels
from lending.channels.model import PartnerKind
from lending.engine.shares import percent_bp
from lending.foundation.context import Context
from lending.foundation.database import Tx
from lending.funding import desk, funders
from lending.funding.guarded import WHOLE
from lending.funding.model import LicenceKind
from lending.system import approvals
from lending.system import service as system
from lending.system.approvals import Kinds
from lending.system.model import Right

LICENCE = (
    *("licence_kind", "licence_no", "regions", "licence_from", "licence_to", "encryption_jwk"),
    "group_code",
)
AGREEMENT = (
    *("product_code", "share_min", "share_max", "price_percent", "service_fee_percent"),
    "income_percent",
    *("cut_off", "is_prefunded", "valid_from"),
)
FORMS: Mapping[str, Callable[[], dict[str, Any]]] = {
    "funder.take_on": lambda: {name: forms.text(name) for name in LICENCE},
    "funder.agree": lambda: {
        **{name: forms.text(name) for name in AGREEMENT},
        **{name: forms.fen(name) if name.endswith("_fen") else forms.whole(name) for name in WHOLE},
    },
    "funder.resume": dict,
}
"""What the form of each kind carries."""


def add(console: Blueprint, context: Context, kinds: Kinds) -> None:
    """Adds these pages to the console."""

    @console.get("/funders")
    def funders_page() -> ResponseReturnValue:
        system.require(session.operator(), Right.SEE_LOANS)
        with context.database.unit_of_work() as tx:
            found = desk.positions(tx)
            fresh = partner_pages.fresh(tx, PartnerKind.FUNDER, {each.id for each, _ in found})
        return render_template("console/funders.html", found=found, fresh=fresh)

    @console.get("/funders/<partner_id>")
    def funder(partner_id: str) -> ResponseReturnValue:
        system.require(session.operator(), Right.SEE_LOANS)
        with context.database.unit_of_work() as tx:
            partner = channels.partner(tx, partner_id)
            found = next((each for each in funders.every(tx) if each.id == partner_id), None)
            agreements = desk.agreements(tx, partner_id) if found else []
            proposed = approvals.newest(tx, subject=partner_id)
        return render_template(
            "console/funder.html",
            partner=partner,
            found=found,
            agreements=agreements,
            proposals=proposed,
            kinds=kinds,
            percent_bp=percent_bp,
            licences=LicenceKind,
        )

    @console.get("/funding")
    def funding_requests() -> ResponseReturnValue:
        system.require(session.operator(), Right.SEE_LOANS)
        with context.database.unit_of_work() as tx:
            found = desk.newest(tx, state=request.args.get("state") or None)
            names = _names(tx)
        return render_template(
            "console/funding.html", found=found, names=names, percent_bp=percent_bp
        )

    @console.post("/funders/<partner_id>/propose")
    def propose_funder(partner_id: str) -> ResponseReturnValue:
        return proposing.propose(context, kinds, FORMS, partner_id)

    @console.post("/funders/<partner_id>/stop")
    def stop_funder(partner_id: str) -> ResponseReturnValue:
        return partner_pages.stop(context, partner_id, funders.stop, "console.funder")


def _names(tx: Tx) -> dict[str, str]:
    return {each.id: each.name for each in funders.every(tx)}
