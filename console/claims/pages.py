"""Guarantors: how much they stand behind, claims, and the money they send (ASSIST-6, R-GUAR-50)."""

from collections.abc import Callable, Mapping
from typing import Any

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from console import forms, proposing, session
from lending.channels import service as channels
from lending.channels.model import PartnerKind
from lending.claims import service
from lending.compliance import parameters
from lending.foundation.context import Context
from lending.guarantees import service as guarantees
from lending.statistics import thresholds
from lending.system import service as system
from lending.system.approvals import Kinds
from lending.system.model import Right

SHOWN_DAYS = 30
"""For so long a date on which too many loans had a guarantee stands on the page."""


def _arrival() -> dict[str, Any]:
    return {
        "amount_fen": forms.fen("amount"),
        "arrived_on": forms.text("arrived_on"),
        "reference": forms.text("reference"),
    }


AGREED = (
    *("product_code", "licence_kind", "licence_no", "licence_to", "fee_payer", "fee_rate"),
    *("covers_interest", "covers_penalty", "valid_from"),
)
FORMS: Mapping[str, Callable[[], dict[str, Any]]] = {
    "claim.receive": _arrival,
    "pool.top_up": _arrival,
    "claim.take_back": lambda: {"because": forms.text("because")},
    "guarantee.agree": lambda: {
        **{name: forms.text(name) for name in AGREED},
        "trigger_days": forms.whole("trigger_days"),
        **{f"{name}_fen": forms.fen(name) for name in ("quota", "claims_cap", "pool_min")},
    },
}
"""What the form of each kind carries."""


def add(console: Blueprint, context: Context, kinds: Kinds) -> None:
    """Adds these pages to the console."""

    @console.get("/guarantees")
    def guarantors() -> ResponseReturnValue:
        system.require(session.operator(), Right.SEE_LOANS)
        with context.database.unit_of_work() as tx:
            agreed = guarantees.all_in_force(tx)
            partners = channels.partners(tx)
            stands = {
                each.guarantor_id: guarantees.standing(tx, each.guarantor_id) for each in agreed
            }
            return render_template(
                "console/guarantees.html",
                agreements=agreed,
                names={each.id: each.name for each in partners},
                guarantors=[each for each in partners if each.kind is PartnerKind.GUARANTOR],
                stands=stands,
                ratio=guarantees.ratio(tx),
                most=parameters.today(tx).number("guarantee.balance_rate_max"),
                over=[
                    each for each in thresholds.over_since(tx, SHOWN_DAYS) if not each.partner_id
                ],
                claims=service.page(tx, None, state=None, before=None, limit=200)[0],
            )

    @console.get("/claims/<claim_id>")
    def claim(claim_id: str) -> ResponseReturnValue:
        system.require(session.operator(), Right.SEE_LOANS)
        with context.database.unit_of_work() as tx:
            found = service.get(tx, claim_id)
            guarantor = channels.partner(tx, found.guarantor_id)
        return render_template("console/claim.html", claim=found, guarantor=guarantor)

    @console.post("/claims/<subject>/propose")
    def propose_claim(subject: str) -> ResponseReturnValue:
        return proposing.propose(context, kinds, FORMS, subject)
