"""A version of a product as its form carries it: the texts of a proposal, read and shown."""

from collections.abc import Callable, Collection
from decimal import Decimal, InvalidOperation
from typing import Any, TypeVar

from lending.engine.due_dates import UNITS
from lending.engine.plans import Method
from lending.foundation.money import ROUNDINGS
from lending.products.model import (
    Bands,
    FreeOffer,
    Funding,
    PayeeKind,
    Product,
    RiskPricing,
    SubsidyPayer,
    Tier,
)
from lending.system.approvals import Payload, whole_number, words
from lending.system.errors import PayloadWrong
from lending.system.payloads import choice

T = TypeVar("T")

PERCENTS = ("rate", "cap", "penalty", "fee_upfront", "prepayment_fee")
"""Rates of a version, as its form names them before `_percent`."""
SCENARIOS = ("mall_installment", "offline_credit", "assisted_lending")
YES_NO = ("no", "yes")
NUMBERS = ("every", "amount_min_fen", "amount_max_fen", "grace_days", "order_expires_minutes")
WHOLE = (*NUMBERS, "challenger_percent", "wait_minutes")
CHOSEN = ("scenario", "payee", "unit", "method", "day_count", "rounding")
TEXTS = (
    *(*CHOSEN, "pays_wallets", "product_name", "periods", "tiers", "free", "purposes"),
    *("risk_prices", "challenger_prices"),
    *("own_percent", "funders_percent", "own_max_percent", "fallback_own"),
)
FIELDS = (*TEXTS, *WHOLE, *(f"{name}_percent" for name in PERCENTS))
"""All that the form asks."""
FIELD_OF = {
    "/rate_annual": "/rate_percent",
    "/penalty_rate_annual": "/penalty_percent",
    "/fee_upfront_fen": "/fee_upfront_percent",
    "/risk_pricing/champion": "/risk_prices",
    "/risk_pricing/challenger": "/challenger_prices",
    "/funding/own_bp": "/own_percent",
    "/funding/funders_bp": "/funders_percent",
    "/funding/own_bp_max": "/own_max_percent",
    "/funding/wait_minutes": "/wait_minutes",
}
"""Where the form asks for what a version calls otherwise."""


def shown(product: Product) -> dict[str, str]:
    """A version as the form shows it; what it reads is the same version."""
    rates = {
        "rate": product.rate_annual,
        "cap": product.rate_annual_cap,
        "penalty": product.penalty_rate_annual,
        "fee_upfront": product.fee_upfront_rate,
        "prepayment_fee": product.prepayment_fee_rate,
    }
    prices, funding = product.risk_pricing, product.funding
    return {
        **{name: str(getattr(product, name)) for name in (*CHOSEN, *NUMBERS)},
        "product_name": product.name,
        **{f"{name}_percent": _percent(rate) for name, rate in rates.items()},
        "pays_wallets": YES_NO[product.pays_wallets],
        "periods": ",".join(map(str, product.periods)),
        "tiers": ",".join(f"{_yuan(t.amount_from_fen)}:{t.periods_max}" for t in product.tiers),
        "free": ",".join(f"{each.periods}:{each.payer}" for each in product.free),
        "purposes": ",".join(product.purposes),
        "amount_min_fen": _yuan(product.amount_min_fen),
        "amount_max_fen": _yuan(product.amount_max_fen),
        "risk_prices": _prices_shown(prices.champion if prices else None),
        "challenger_prices": _prices_shown(prices.challenger if prices else None),
        "challenger_percent": str(prices.challenger_percent if prices else 0),
        "own_percent": _share(funding.own_bp),
        "funders_percent": ",".join(map(_share, funding.funders_bp)),
        "own_max_percent": _share(funding.own_bp_max),
        "fallback_own": YES_NO[funding.fallback_own],
        "wait_minutes": str(funding.wait_minutes),
    }


def read(code: str, payload: Payload, grades: Collection[str]) -> Product:
    """The version that a payload describes, not yet numbered; `grades` are those there are.

    Raises PayloadWrong, naming the field of the form.
    """
    rates = {name: _parsed(payload, f"{name}_percent", _rate) for name in PERCENTS}
    numbers: dict[str, Any] = {name: whole_number(payload, name) for name in NUMBERS}
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
        tiers=_pairs(payload, "tiers", lambda a, b: Tier(_fen(a), _whole(b))),
        free=_pairs(payload, "free", lambda a, b: FreeOffer(_whole(a), SubsidyPayer(b))),
        purposes=tuple(_split(words(payload, "purposes", most=500))),
        risk_pricing=_risk_pricing(payload, grades),
        funding=_funding(payload),
        **numbers,
    )


def _risk_pricing(payload: Payload, grades: Collection[str]) -> RiskPricing | None:
    champion, challenger = (
        _prices(payload, name, grades) for name in ("risk_prices", "challenger_prices")
    )
    percent = whole_number(payload, "challenger_percent")
    if champion is None:
        if challenger or percent:
            raise PayloadWrong(
                field="/risk_prices",
                mend="请先填写风险定价;不按风险定价时,对照定价留空、占比填 0。",
            )
        return None
    return RiskPricing(champion, challenger, percent)


def _prices(payload: Payload, name: str, grades: Collection[str]) -> Bands | None:
    rates = _pairs(payload, name, lambda grade, rate: (grade, _rate(rate)))
    named = [grade for grade, _ in rates]
    if not set(named) <= set(grades) or len(set(named)) < len(named):
        raise PayloadWrong(
            field=f"/{name}", mend=f"等级请从 {'、'.join(sorted(grades))} 中选择,每级只填一次。"
        )
    return Bands(rates) if rates else None


def _funding(payload: Payload) -> Funding:
    return Funding(
        own_bp=_parsed(payload, "own_percent", _bp),
        funders_bp=_listed(payload, "funders_percent", _bp),
        own_bp_max=_parsed(payload, "own_max_percent", _bp),
        fallback_own=_one_of(payload, "fallback_own", YES_NO) == "yes",
        wait_minutes=whole_number(payload, "wait_minutes"),
    )


def _listed(payload: Payload, name: str, read_one: Callable[[str], T]) -> tuple[T, ...]:
    """What is filled in between commas; none where nothing is."""
    if not payload.get(name):
        return ()
    return _parsed(payload, name, lambda text: tuple(map(read_one, _split(text))))


def _pairs(payload: Payload, name: str, read_one: Callable[[str, str], T]) -> tuple[T, ...]:
    """Pairs such as `0:6,1000:12`; none where nothing is filled in."""

    def pair(text: str) -> T:
        first, second = text.replace("\uff1a", ":").split(":")
        return read_one(first.strip(), second.strip())

    return _listed(payload, name, pair)


def _parsed(payload: Payload, name: str, read_one: Callable[[str], T]) -> T:
    try:
        return read_one(words(payload, name, most=500))
    except (ValueError, InvalidOperation):
        raise PayloadWrong(field=f"/{name}", mend="请按示例填写。") from None


def _one_of(payload: Payload, name: str, members: tuple[str, ...]) -> str:
    if (word := words(payload, name)) not in members:
        raise PayloadWrong(field=f"/{name}", mend="请从列表中选择。")
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


def _bp(text: str) -> int:
    """A percentage as basis points, whole."""
    share = Decimal(text) * 100
    if not (share.is_finite() and 0 <= share <= 10_000 and share == int(share)):
        raise ValueError(text)
    return int(share)


def _fen(text: str) -> int:
    amount = Decimal(text) * 100
    if not (amount.is_finite() and 0 <= amount < 10**15 and amount == int(amount)):
        raise ValueError(text)
    return int(amount)


def _percent(rate: Decimal) -> str:
    return f"{(rate * 100).normalize():f}"


def _prices_shown(bands: Bands | None) -> str:
    return ",".join(f"{grade}:{_percent(rate)}" for grade, rate in bands.rates) if bands else ""


def _share(share_bp: int) -> str:
    return _percent(Decimal(share_bp) / 10_000)


def _yuan(amount_fen: int) -> str:
    """An amount as a form takes it: `1000` or `1000.5`."""
    return f"{Decimal(amount_fen) / 100:f}"
