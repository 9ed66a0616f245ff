"""What needs two persons with partners and products (T18), as kinds of proposals.

The subject of an agreement is the product's code; of taking a partner on, its public id; of what
else there is, the partner's id.
"""

import json
import re
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from lending.channels import service
from lending.channels.errors import AppIdTaken, NoSuchPartner
from lending.channels.model import FUNCTIONS, Agreement, NewAccount, NewPartner, PartnerKind
from lending.foundation import business_day
from lending.foundation.audit import Actor
from lending.foundation.crypto import FieldKeys
from lending.foundation.database import Tx
from lending.products import service as products
from lending.products.errors import NoSuchProduct
from lending.system.approvals import Kind, Payload, register, whole_number, words
from lending.system.errors import PayloadWrong
from lending.system.model import Right
from lending.system.payloads import rate

DAYS_MAX = 30
NUMBER_CELL = "proposal.account_number"
"""The cell that an account's number is sealed for on its way through a proposal."""
_APP_ID = re.compile(r"app_[a-z0-9_]{2,40}")


def kinds(keys: FieldKeys, environment: str) -> dict[str, Kind]:
    """All kinds of this module, for an installation that is `test` or `live`."""
    rights = (Right.PROPOSE_PARTNERS, Right.APPROVE_PARTNERS)
    return register(
        Kind("partner.agree", "合作方产品协议", *rights, _agree),
        Kind("partner.take_on", "合作方建档", *rights, _taking_on(environment)),
        Kind("partner.add_account", "合作方结算账户", *rights, _adding_account(keys)),
        Kind("partner.add_key", "合作方公钥", *rights, _add_key),
    )


Action = Callable[[Tx, str, Payload, Actor], dict[str, Any]]


def _taking_on(environment: str) -> Action:
    def take_on(tx: Tx, app_id: str, payload: Payload, actor: Actor) -> dict[str, Any]:
        if not _APP_ID.fullmatch(app_id):
            raise PayloadWrong(
                field="/app_id", mend="请填写 app_ 开头的小写字母、数字或下划线,如 app_xiaoman。"
            )
        try:
            kind = PartnerKind(words(payload, "partner_kind"))
        except ValueError:
            raise PayloadWrong(field="/partner_kind", mend="请从列表中选择。") from None
        try:
            service.partner_by_app_id(tx, app_id)
        except NoSuchPartner:
            name = words(payload, "partner_name")
            new = NewPartner(app_id, environment, kind, name, FUNCTIONS[kind])
            return {"partner_id": service.register(tx, new, actor), "kind": kind.value}
        raise AppIdTaken

    return take_on


def _adding_account(keys: FieldKeys) -> Action:
    def add_account(tx: Tx, partner_id: str, payload: Payload, actor: Actor) -> dict[str, Any]:
        service.partner(tx, partner_id)
        sealed = bytes.fromhex(words(payload, "number_sealed", most=400))
        account = NewAccount(
            holder=words(payload, "holder"),
            bank_name=words(payload, "bank_name"),
            number=keys.open(sealed, at=NUMBER_CELL),
            priority=whole_number(payload, "priority", least=1),
        )
        if any(
            each.priority == account.priority
            for each in service.settlement_accounts(tx, partner_id)
        ):
            raise PayloadWrong(field="/priority", mend="该顺序已有账户,请换一个。")
        account_id = service.add_account(tx, keys, partner_id, account, actor)
        return {"account_id": account_id, "last4": account.number[-4:]}

    return add_account


def _add_key(tx: Tx, partner_id: str, payload: Payload, actor: Actor) -> dict[str, Any]:
    keyid = words(payload, "keyid")
    service.add_key(
        tx,
        partner_id=partner_id,
        keyid=keyid,
        algorithm=words(payload, "algorithm"),
        public_jwk=json.loads(words(payload, "public_jwk", most=2_000)),
        actor=actor,
    )
    return {"keyid": keyid}


def _agree(tx: Tx, product_code: str, payload: Payload, actor: Actor) -> dict[str, Any]:
    try:
        products.published(tx, product_code)
    except NoSuchProduct:
        raise PayloadWrong(field="/product_code", mend="该产品尚未发布,请先发布。") from None
    try:
        partner = service.partner(tx, words(payload, "partner_id"))
    except NoSuchPartner:
        raise PayloadWrong(field="/partner_id", mend="没有这个合作方,请从列表中选择。") from None
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
