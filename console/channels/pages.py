"""Platforms: who is on the list, under which contract (名单制); two persons put them there."""

from collections.abc import Callable, Mapping
from typing import Any

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from console import forms, partner_pages, proposing, session
from lending.channels import listings
from lending.channels import service as channels
from lending.channels.model import PartnerKind
from lending.foundation.context import Context
from lending.statistics import thresholds
from lending.system import approvals
from lending.system import service as system
from lending.system.approvals import Kinds
from lending.system.model import Right
from scenarios.assisted_lending import platforms

SHOWN_DAYS = 30
"""For so long an indicator that was over its bound stands on the list."""
TEXTS = (
    *("legal_name", "credit_code", "service", "contract_no", "contract_from", "contract_to"),
    *("tier", "sites", "mandate_no", "promises", "charges"),
)
FORMS: Mapping[str, Callable[[], dict[str, Any]]] = {
    "platform.agree": lambda: {
        **{name: forms.text(name) for name in TEXTS},
        **{name: forms.whole(name) for name in ("prechecks_per_day", "leads_per_day")},
    },
    "platform.resume": dict,
}
"""What the form of each kind carries."""


def add(console: Blueprint, context: Context, kinds: Kinds) -> None:
    """Adds these pages to the console."""

    @console.get("/platforms")
    def platforms_page() -> ResponseReturnValue:
        system.require(session.operator(), Right.SEE_LOANS)
        with context.database.unit_of_work() as tx:
            found = platforms.of_all(tx)
            known = {each.partner_id for each, _, _ in found}
            fresh = partner_pages.fresh(tx, PartnerKind.PLATFORM, known)
            measured = thresholds.newest(tx)
            over = thresholds.over_since(tx, SHOWN_DAYS)
        return render_template(
            "console/platforms.html",
            platforms=found,
            fresh=fresh,
            measured=[each for each in measured if each.partner_id],
            over=[each for each in over if each.partner_id],
            names={each.partner_id: each.name for each, _, _ in found},
        )

    @console.get("/platforms/<partner_id>")
    def platform(partner_id: str) -> ResponseReturnValue:
        system.require(session.operator(), Right.SEE_LOANS)
        with context.database.unit_of_work() as tx:
            partner = channels.partner(tx, partner_id)
            listed = platforms.of_all(tx)
            found = next((each for each in listed if each[1].partner_id == partner_id), None)
            proposed = approvals.newest(tx, subject=partner_id)
        return render_template(
            "console/platform.html", partner=partner, found=found, proposals=proposed, kinds=kinds
        )

    @console.post("/platforms/<partner_id>/propose")
    def propose_platform(partner_id: str) -> ResponseReturnValue:
        return proposing.propose(context, kinds, FORMS, partner_id)

    @console.post("/platforms/<partner_id>/stop")
    def stop_platform(partner_id: str) -> ResponseReturnValue:
        return partner_pages.stop(context, partner_id, listings.stop, "console.platform")
