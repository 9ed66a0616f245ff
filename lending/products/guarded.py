"""What needs two persons with products (T18), as kinds of proposals.

The subject is the product's code. A proposal is the draft of a version; the second person's word
publishes it.
"""

from collections.abc import Collection
from typing import Any

from lending.foundation.audit import Actor
from lending.foundation.database import Tx
from lending.products import form, publishing, rules, service
from lending.products.errors import ProductNotAllowed
from lending.products.model import Product
from lending.system.approvals import Kind, Payload, register
from lending.system.errors import PayloadWrong
from lending.system.model import Right


def kinds(grades: Collection[str]) -> dict[str, Kind]:
    """All kinds of this module; `grades` are those that borrowers are given."""

    def publish(tx: Tx, code: str, payload: Payload, actor: Actor) -> dict[str, Any]:
        return _publish(tx, form.read(_checked(code), payload, grades), actor)

    rights = (Right.PROPOSE_PRODUCTS, Right.APPROVE_PRODUCTS)
    return register(Kind("product.publish", "发布产品版本", *rights, publish))


def _checked(code: str) -> str:
    if not (code.isascii() and code.replace("-", "").isalnum() and len(code) <= 40):
        raise PayloadWrong(field="/code", mend="产品编号请用字母、数字和连字符,最多 40 个字符。")
    return code


def _publish(tx: Tx, new: Product, actor: Actor) -> dict[str, Any]:
    try:
        made = service.publish(tx, new, actor)
    except ProductNotAllowed as refused:
        field = form.FIELD_OF.get(refused.field or "", refused.field)
        raise ProductNotAllowed(refused.detail, field=field, mend=refused.mend) from None
    sample = rules.offer_of(made, made.amount_max_fen, made.periods[-1], publishing.SAMPLE_START)
    return {
        "version": made.version,
        "instalment_fen": sample.plan.instalments[0].total_fen,
        "cost_total_fen": sample.cost.total_fen,
        "rate_annual": f"{sample.cost.rate_annual:.6f}",
    }
