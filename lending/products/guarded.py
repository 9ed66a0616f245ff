"""What needs two persons with products (T18), as kinds of proposals.

The subject is the product's code. A proposal is the draft of a version; the second person's word
publishes it.
"""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal, InvalidOperation
from typing import Any, TypeVar

from lending.engine.due_dates import UNITS
from lending.engine.plans import Method
from lending.foundation.audit import Actor
from lending.foundation.database import Tx
from lending.foundation.money import ROUNDINGS
from lending.products import rules, service
from lending.products.errors import NoSuchProduct
from lending.products.model import FreeOffer, PayeeKind, Product, SubsidyPayer, Tier
from lending.system.approvals import Kind, Payload, register, whole_number, words
from lending.system.errors import PayloadWrong
from lending.system.model import Right
from lending.system.payloads import choice

T = TypeVar("T")

PERCENTS = ("rate", "cap", "penalty", "fee_upfront", "prepayment_fee")
"""Rates of a version, as its form names them before `_percent`."""
SCENARIOS = ("mall_installment", "offline_credit", "assisted_lending")
YES_NO = ("no", "yes")
WHOLE = ("every", "amount_min_fen", "amount_max_fen", "grace_days", "order_expires_minutes")
CHOSEN = ("scenario", "payee", "unit", "method", "day_count", "rounding")
TEXTS = (*CHOSEN, "pays_wallets", "product_name", "periods", "tiers", "free", "purposes")


def kinds() -> dict[str, Kind]:
    """All kinds of this module."""
    rights = (Right.PROPOSE_PRODUCTS, Right.APPROVE_PRODUCTS)
    return register(Kind("product.publish", "发布产品版本", *rights, _publish))


def shown(product: Product) -> dict[str, str]:
    """A version as the form shows it; what it reads is the same version."""
    rates = {
        "rate": product.rate_annual,
        "cap": product.rate_annual_cap,
        "penalty": product.penalty_rate_annual,
        "fee_upfront": product.fee_upfront_rate,
        "prepayment_fee": product.prepayment_fee_rate,
    }
    return {
        **{name: str(getattr(product, name)) for name in (*CHOSEN, *WHOLE)},
        "product_name": product.name,
        **{f"{name}_percent": f"{(rate * 100).normalize():f}" for name, rate in rates.items()},
        "pays_wallets": YES_NO[product.pays_wallets],
        "periods": ",".join(map(str, product.periods)),
        "tiers": ",".join(f"{_yuan(t.amount_from_fen)}:{t.periods_max}" for t in product.tiers),
        "free": ",".join(f"{each.periods}:{each.payer}" for each in product.free),
        "purposes": ",".join(product.purposes),
        "amount_min_fen": _yuan(product.amount_min_fen),
        "amount_max_fen": _yuan(product.amount_max_fen),
    }


def _publish(tx: Tx, code: str, payload: Payload, actor: Actor) -> dict[str, Any]:
    if not (code.isascii() and code.replace("-", "").isalnum() and len(code) <= 40):
        raise PayloadWrong(field="/code", mend="产品编号请用字母、数字和连字符,最多 40 个字符。")
    new = _read(code, payload)
    with_kept = _with_kept(tx, new)
    made = service.publish(tx, with_kept, actor)
    sample = rules.offer_of(made, made.amount_max_fen, made.periods[-1], rules.SAMPLE_START)
    return {
        "version": made.version,
        "instalment_fen": sample.plan.instalments[0].total_fen,
        "cost_total_fen": sample.cost.total_fen,
        "rate_annual": f"{sample.cost.rate_annual:.6f}",
    }


def _with_kept(tx: Tx, new: Product) -> Product:
    """With what the form does not ask: prices by risk and whose money it is, as they were."""
    try:
        before = service.published(tx, new.code)
    except NoSuchProduct:
        return new
    return replace(new, risk_pricing=before.risk_pricing, funding=before.funding)


def _read(code: str, payload: Payload) -> Product:
    rates = {name: _parsed(payload, f"{name}_percent", _rate) for name in PERCENTS}
    numbers: dict[str, Any] = {name: whole_number(payload, name) for name in WHOLE}
    return Product(
        code=code,
        version=0,
        name=words(payload, "product_name"),
        scenario=_one_of(payload, "scenario", SCENARIOS),
        payee=choice(payload, "payee", PayeeKind),
        pays_wallets=_one_of(payload, "pays_wallets", YES_NO) == "yes",
        rate_annual=rates["rate"],
        rate_annual_cap=rates["cap"],
        penalty_rate_annual=rates["penalty"],
        fee_upfront_rate=rates["fee_upfront"],
        prepayment_fee_rate=rates["prepayment_fee"],
        unit=_one_of(payload, "unit", UNITS),
        method=_one_of(payload, "method", tuple(Method)),
        day_count=words(payload, "day_count"),
        rounding=_one_of(payload, "rounding", tuple(ROUNDINGS)),
        periods=_parsed(payload, "periods", lambda text: tuple(map(_whole, _split(text)))),
        tiers=_listed(payload, "tiers", lambda a, b: Tier(_fen(a), _whole(b))),
        free=_listed(payload, "free", lambda a, b: FreeOffer(_whole(a), SubsidyPayer(b))),
        purposes=tuple(_split(words(payload, "purposes", most=500))),
        **numbers,
    )


def _listed(payload: Payload, name: str, read: Callable[[str, str], T]) -> tuple[T, ...]:
    """Pairs such as `0:6,1000:12`; none where nothing is filled in."""
    if not payload.get(name):
        return ()

    def pairs(text: str) -> tuple[T, ...]:
        found = [each.split(":") for each in _split(text)]
        return tuple(read(first, second) for first, second in found)

    return _parsed(payload, name, pairs)


def _parsed(payload: Payload, name: str, read: Callable[[str], T]) -> T:
    try:
        return read(words(payload, name, most=500))
    except (ValueError, InvalidOperation):
        raise PayloadWrong(field=f"/{name}", mend="请按示例填写。") from None


def _one_of(payload: Payload, name: str, members: tuple[str, ...]) -> str:
    if (word := words(payload, name)) not in members:
        raise PayloadWrong(field=f"/{name}", mend=f"请从 {', '.join(members)} 中选择。")
    return str(word)


def _split(text: str) -> list[str]:
    return [each.strip() for each in text.replace("\uff0c", ",").split(",")]


def _whole(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise ValueError(text)
    return int(text)


def _rate(text: str) -> Decimal:
    """A percentage as a rate, whole to a millionth."""
    rate = Decimal(text) / 100
    if not (rate.is_finite() and 0 <= rate <= 1 and rate == round(rate, 6)):
        raise ValueError(text)
    return rate


def _fen(text: str) -> int:
    amount = Decimal(text) * 100
    if not (amount.is_finite() and 0 <= amount < 10**15 and amount == int(amount)):
        raise ValueError(text)
    return int(amount)


def _yuan(amount_fen: int) -> str:
    """An amount as a form takes it: `1000` or `1000.5`."""
    return f"{Decimal(amount_fen) / 100:f}"
