"""What needs two persons with partners and products (T18), as kinds of proposals.

The subject is the product's code.
"""

from dataclasses import asdict
from typing import Any

from lending.channels import service
from lending.channels.model import Agreement
from lending.foundation import business_day
from lending.foundation.audit import Actor
from lending.foundation.database import Tx
from lending.products import service as products
from lending.system.approvals import Kind, Payload, register, whole_number, words
from lending.system.errors import PayloadWrong
from lending.system.model import Right
from lending.system.payloads import rate

DAYS_MAX = 30


def kinds() -> dict[str, Kind]:
    """All kinds of this module."""
    rights = (Right.PROPOSE_PARTNERS, Right.APPROVE_PARTNERS)
    return register(Kind("partner.agree", "合作方产品协议", *rights, _agree))


def _agree(tx: Tx, product_code: str, payload: Payload, actor: Actor) -> dict[str, Any]:
    products.published(tx, product_code)
    partner = service.partner(tx, words(payload, "partner_id"))
    fee_percent = rate(payload, "merchant_fee_percent")
    if not (fee_percent.is_finite() and 0 <= fee_percent <= 100):
        raise PayloadWrong(field="/merchant_fee_percent", mend="请填写 0 至 100 的百分数。")
    if any(each.product_code == product_code for each in service.agreements(tx, partner.id)):
        raise PayloadWrong(field="/partner_id", mend="该合作方已有此产品的协议。")
    days = whole_number(payload, "settlement_days")
    if days > DAYS_MAX:
        raise PayloadWrong(field="/settlement_days", mend=f"请填写 0 至 {DAYS_MAX} 的整数。")
    agreed = Agreement(
        partner_id=partner.id,
        product_code=product_code,
        merchant_fee_rate=fee_percent / 100,
        valid_from=business_day.today(tx),
        valid_to=None,
        settlement_days=days,
    )
    service.agree(tx, agreed, actor)
    told = asdict(agreed)
    return {name: str(told[name]) for name in ("partner_id", "merchant_fee_rate", "valid_from")}
