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
from lending.foundation.money import ROUNDINGS
from lending.products import guarded
from lending.products import service as products
from lending.products.model import PayeeKind
from lending.system import approvals
from lending.system import service as system
from lending.system.approvals import Kinds
from lending.system.model import Right

FORMS: Mapping[str, Callable[[], dict[str, Any]]] = {
    "product.publish": lambda: {
        **{name: forms.text(name) for name in guarded.TEXTS},
        **{f"{name}_percent": forms.text(f"{name}_percent") for name in guarded.PERCENTS},
        **{
            name: forms.fen(name) if name.endswith("_fen") else forms.whole(name)
            for name in guarded.WHOLE
        },
    },
    "partner.agree": lambda: {
        **{name: forms.text(name) for name in ("partner_id", "merchant_fee_percent")},
        "settlement_days": forms.whole("settlement_days"),
    },
}
"""What the form of each kind carries."""
CHOICES = {
    "scenario": guarded.SCENARIOS,
    "payee": tuple(PayeeKind),
    "pays_wallets": guarded.YES_NO,
    "unit": UNITS,
    "method": tuple(Method),
    "day_count": tuple(DayCount),
    "rounding": tuple(ROUNDINGS),
}
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
        system.require(session.operator(), Right.SEE_LOANS)
        with context.database.unit_of_work() as tx:
            versions = products.versions(tx, code)
            proposed = approvals.newest(tx, subject=code)
            sellers = [each for each in channels.partners(tx) if each.kind in SELLERS]
        return render_template(
            "console/product.html",
            code=code,
            versions=versions,
            filled=guarded.shown(versions[0]) if versions else {},
            choices=CHOICES,
            sellers=sellers,
            proposals=proposed,
            kinds=kinds,
        )

    @console.post("/products/<code>/propose")
    def propose_product(code: str) -> ResponseReturnValue:
        return proposing.propose(context, kinds, FORMS, code)
