"""Products: every version of them, the next one proposed, and who may sell them (M3, M4)."""

from collections.abc import Callable, Mapping
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from console import forms, proposing, session
from lending.channels import service as channels
from lending.channels.model import PartnerKind
from lending.engine.day_count import DayCount
from lending.engine.due_dates import UNITS
from lending.engine.plans import Method
from lending.foundation.context import Context
from lending.foundation.errors import BadInput, Problem, Refused
from lending.foundation.money import ROUNDINGS
from lending.products import form
from lending.products import service as products
from lending.products.model import PayeeKind
from lending.system import approvals
from lending.system import service as system
from lending.system.approvals import Kinds
from lending.system.model import Right

FORMS: Mapping[str, Callable[[], dict[str, Any]]] = {
    "product.publish": lambda: {
        **{name: forms.text(name) for name in form.TEXTS},
        **{f"{name}_percent": forms.text(f"{name}_percent") for name in form.PERCENTS},
        **{
            name: forms.fen(name) if name.endswith("_fen") else forms.whole(name)
            for name in form.WHOLE
        },
    },
    "partner.agree": lambda: {
        **{name: forms.text(name) for name in ("partner_id", "merchant_fee_percent")},
        "settlement_days": forms.whole("settlement_days"),
    },
}
"""What the form of each kind carries."""
CHOICES = {
    "scenario": form.SCENARIOS,
    "payee": tuple(PayeeKind),
    "pays_wallets": form.YES_NO,
    "fallback_own": form.YES_NO,
    "unit": UNITS,
    "method": tuple(Method),
    "day_count": tuple(DayCount),
    "rounding": tuple(ROUNDINGS),
}
ASKED = {
    "product.publish": (*form.FIELDS, "reason"),
    "partner.agree": ("partner_id", "merchant_fee_percent", "settlement_days", "reason"),
}
"""The fields of each form, at which a refusal can be shown."""
SELLERS = (PartnerKind.MERCHANT, PartnerKind.STORE, PartnerKind.PLATFORM)


def add(console: Blueprint, context: Context, kinds: Kinds) -> None:
    """Adds these pages to the console."""

    @console.get("/products")
    def products_page() -> ResponseReturnValue:
        system.require(session.operator(), Right.SEE_LOANS)
        if code := request.args.get("code", "").strip():
            return redirect(url_for("console.product", code=code))
        with context.database.unit_of_work() as tx:
            found = products.all_published(tx)
        return render_template("console/products.html", found=found)

    @console.get("/products/<code>")
    def product(code: str) -> ResponseReturnValue:
        return _page(context, kinds, code)

    @console.post("/products/<code>/propose")
    def propose_product(code: str) -> ResponseReturnValue:
        try:
            return proposing.propose(context, kinds, FORMS, code)
        except (BadInput, Refused) as refused:
            if (refused.field or "").removeprefix("/") not in ASKED.get(forms.text("kind"), ()):
                raise
            return _page(context, kinds, code, refused), refused.status


def _page(context: Context, kinds: Kinds, code: str, refused: Problem | None = None) -> str:
    """A product; where a form was refused, with what was typed and why at its field."""
    system.require(session.operator(), Right.SEE_LOANS)
    with context.database.unit_of_work() as tx:
        versions = products.versions(tx, code)
        proposed = approvals.newest(tx, subject=code)
        sellers = [each for each in channels.partners(tx) if each.kind in SELLERS]
    return render_template(
        "console/product.html",
        code=code,
        versions=versions,
        filled=(form.shown(versions[0]) if versions else {}) | request.form.to_dict(),
        refused=refused,
        choices=CHOICES,
        sellers=sellers,
        proposals=proposed,
        kinds=kinds,
    )
