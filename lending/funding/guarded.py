"""What needs two persons with funders (T18), as kinds of proposals.

The subject of each is a partner's id. What only protects us, such as stopping a funder, one does
alone.
"""

import json
from datetime import time
from typing import Any

from lending.channels import service as channels
from lending.foundation.audit import Actor
from lending.foundation.database import Tx
from lending.funding import funders
from lending.funding.errors import AgreementNotPossible
from lending.funding.model import FunderAgreement, LicenceKind, NewFunder
from lending.system.approvals import Kind, Payload, register, whole_number, words
from lending.system.errors import PayloadWrong
from lending.system.model import Right
from lending.system.payloads import choice, day, rate

KEY_MAX = 2_000
WHOLE = (
    *("decide_minutes", "fund_minutes", "quota_day_fen", "quota_total_fen", "amount_min_fen"),
    *("amount_max_fen", "periods_max", "age_min", "age_max", "score_min"),
)
"""The whole numbers of an agreement, as its form names them."""


def kinds() -> dict[str, Kind]:
    """All kinds of this module."""
    rights = (Right.PROPOSE_PARTNERS, Right.APPROVE_PARTNERS)
    return register(
        Kind("funder.take_on", "资金方准入", *rights, _take_on),
        Kind("funder.agree", "资金方协议", *rights, _agree),
        Kind("funder.resume", "恢复资金方", *rights, _resume),
    )


def _take_on(tx: Tx, partner_id: str, payload: Payload, actor: Actor) -> dict[str, Any]:
    accounts = channels.settlement_accounts(tx, partner_id)
    if not accounts:
        raise AgreementNotPossible(
            "账户未登记", field="/account", mend="请先登记资金方的清算账户。"
        )
    regions = str(payload.get("regions", ""))
    funders.take_on(
        tx,
        NewFunder(
            partner_id=partner_id,
            licence_kind=choice(payload, "licence_kind", LicenceKind),
            licence_no=words(payload, "licence_no"),
            licence_regions=tuple(each.strip() for each in regions.split(",") if each.strip()),
            licence_from=day(payload, "licence_from"),
            licence_to=day(payload, "licence_to"),
            clearing_account_id=accounts[0].id,
            encryption_jwk=_jwk(payload),
            group_code=str(payload.get("group_code", "")).strip(),
        ),
        actor,
    )
    return {"state": funders.get(tx, partner_id).state.value, "account": accounts[0].last4}


def _agree(tx: Tx, partner_id: str, payload: Payload, actor: Actor) -> dict[str, Any]:
    share_min_bp, share_max_bp = (_share_bp(payload, name) for name in ("share_min", "share_max"))
    numbers: dict[str, Any] = {name: whole_number(payload, name) for name in WHOLE}
    agreement_id = funders.agree(
        tx,
        FunderAgreement(
            funder_id=partner_id,
            product_code=words(payload, "product_code"),
            share_min_bp=share_min_bp,
            share_max_bp=share_max_bp,
            price_rate=rate(payload, "price_percent") / 100,
            service_fee_rate=rate(payload, "service_fee_percent") / 100,
            income_rate=rate(payload, "income_percent") / 100,
            cut_off=_time(payload, "cut_off"),
            is_prefunded=payload.get("is_prefunded") == "yes",
            valid_from=day(payload, "valid_from"),
            **numbers,
        ),
        actor,
    )
    return {"agreement": agreement_id, "share_min_bp": share_min_bp, "share_max_bp": share_max_bp}


def _resume(tx: Tx, partner_id: str, _payload: Payload, actor: Actor) -> dict[str, Any]:
    funders.let_go_on(tx, partner_id, actor)
    return {"state": funders.get(tx, partner_id).state.value}


def _jwk(payload: Payload) -> dict[str, Any]:
    try:
        jwk = json.loads(words(payload, "encryption_jwk", most=KEY_MAX))
    except ValueError:
        jwk = None
    if not isinstance(jwk, dict):
        raise PayloadWrong(field="/encryption_jwk", mend="请粘贴 JWK 公钥。")
    return jwk


def _share_bp(payload: Payload, name: str) -> int:
    """A share in percent, in basis points."""
    share = rate(payload, name) * 100
    if share != int(share):
        raise PayloadWrong(field=f"/{name}", mend="请填写百分数,最多两位小数,如 33.33。")
    return int(share)


def _time(payload: Payload, name: str) -> time:
    try:
        return time.fromisoformat(words(payload, name))
    except ValueError:
        raise PayloadWrong(field=f"/{name}", mend="请按 时:分 填写,如 17:00。") from None
