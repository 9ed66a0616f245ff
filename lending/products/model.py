"""Products: versioned; a loan keeps the version that it was made under."""

from dataclasses import asdict, dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any

from lending.engine.cost import CostTable
from lending.engine.plans import Plan


class SubsidyPayer(StrEnum):
    """Who bears the cost of an interest-free offer."""

    NONE = "none"
    """The borrower pays interest: there is no subsidy."""
    MERCHANT = "merchant"
    """The merchant (商户贴息), withheld from its payout."""
    LENDER = "lender"
    """We do."""


@dataclass(frozen=True, slots=True)
class Tier:
    """From this amount on, plans may be this long (MALL-1: dearer goods may take longer)."""

    amount_from_fen: int
    periods_max: int


@dataclass(frozen=True, slots=True)
class FreeOffer:
    """A number of periods that costs the borrower nothing, and who pays for it (MALL-3)."""

    periods: int
    payer: SubsidyPayer


class PayeeKind(StrEnum):
    """Whom loans of a product are paid to."""

    PARTNER = "partner"
    """The merchant, by entrusted payment (MALL-2)."""
    BORROWER = "borrower"
    """The borrower, to an account of their own (ASSIST-5)."""


@dataclass(frozen=True, slots=True)
class Bands:
    """What a loan costs a year by the borrower's grade, as `(("A", 0.09), ("B", 0.14))`."""

    rates: tuple[tuple[str, Decimal], ...]

    def rate(self, grade: str) -> Decimal | None:
        """The annual rate of a grade; None where it has no band."""
        return dict(self.rates).get(grade)


@dataclass(frozen=True, slots=True)
class RiskPricing:
    """Prices by risk, and other prices that some applications get to compare them with."""

    champion: Bands
    challenger: Bands | None = None
    challenger_percent: int = 0
    """How many of a hundred applications the challenger prices."""

    def bands(self, arm: str) -> Bands:
        """The prices of an arm."""
        return self.challenger if arm == "challenger" and self.challenger else self.champion

    def to_json(self) -> dict[str, Any]:
        """As stored; rates as decimal strings."""
        arms = {"champion": self.champion, "challenger": self.challenger}
        stored: dict[str, Any] = {
            name: {grade: str(rate) for grade, rate in arm.rates} if arm else None
            for name, arm in arms.items()
        }
        return stored | {"challenger_percent": self.challenger_percent}

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> "RiskPricing":
        """As it was stored."""
        champion, challenger = (
            Bands(tuple((grade, Decimal(rate)) for grade, rate in stored[name].items()))
            if stored[name]
            else None
            for name in ("champion", "challenger")
        )
        assert champion is not None
        return cls(champion, challenger, stored["challenger_percent"])


@dataclass(frozen=True, slots=True)
class Funding:
    """Whose money a product lends (JOINT-1): our own, or jointly with one or two funders.

    Shares are in basis points of each loan.
    """

    own_bp: int = 10_000
    """Our share, as it is meant to be."""
    funders_bp: tuple[int, ...] = ()
    """The share that each funder is to have; none: all of it is our own money."""
    own_bp_max: int = 10_000
    """How far our share may grow where funders take less than they were asked to."""
    fallback_own: bool = False
    """Whether a loan that finds no funder is made from our own money; else it is not made."""
    wait_minutes: int = 60
    """How long an application waits for funders in all."""

    @property
    def is_joint(self) -> bool:
        """Whether others fund these loans with us."""
        return bool(self.funders_bp)


@dataclass(frozen=True, slots=True)
class Product:
    """One version of one product."""

    code: str
    version: int
    name: str
    scenario: str
    rate_annual: Decimal
    rate_annual_cap: Decimal
    """R-COST-24: the all-in cost of no offer may pass it."""
    method: str
    day_count: str
    rounding: str
    """By which the plan, and all that happens to the loan, is rounded: half-up or half-even."""
    periods: tuple[int, ...]
    """Numbers of instalments on offer, rising."""
    amount_min_fen: int
    amount_max_fen: int
    tiers: tuple[Tier, ...]
    free: tuple[FreeOffer, ...]
    purposes: tuple[str, ...]
    """Categories of goods that may be bought with it."""
    penalty_rate_annual: Decimal
    """On overdue principal only; at most 1.5 times the rate and the cap (R-PENALTY-50)."""
    fee_upfront_rate: Decimal
    order_expires_minutes: int
    grace_days: int = 0
    """Days after a due date within which paying costs no penalty."""
    prepayment_fee_rate: Decimal = Decimal(0)
    """Of principal paid before it is due (R-PREPAY: only as the cost table discloses it)."""
    payee: PayeeKind = PayeeKind.PARTNER
    pays_wallets: bool = False
    """Whether borrowers may have it paid to a wallet of theirs instead of to a card (ASSIST-5)."""
    risk_pricing: RiskPricing | None = None
    """None: everybody pays `rate_annual`."""
    funding: Funding = Funding()
    every: int = 1
    unit: str = "month"
    """An instalment falls due every so many days, weeks or months."""

    def to_json(self) -> dict[str, Any]:
        """What is stored of a version beside its code and number."""
        return {
            "name": self.name,
            "scenario": self.scenario,
            "rate_annual": str(self.rate_annual),
            "rate_annual_cap": str(self.rate_annual_cap),
            "method": self.method,
            "day_count": self.day_count,
            "rounding": self.rounding,
            "every": self.every,
            "unit": self.unit,
            "periods": list(self.periods),
            "amount_min_fen": self.amount_min_fen,
            "amount_max_fen": self.amount_max_fen,
            "tiers": [
                {"amount_from_fen": t.amount_from_fen, "periods_max": t.periods_max}
                for t in self.tiers
            ],
            "free": [{"periods": f.periods, "payer": f.payer.value} for f in self.free],
            "purposes": list(self.purposes),
            "penalty_rate_annual": str(self.penalty_rate_annual),
            "fee_upfront_rate": str(self.fee_upfront_rate),
            "order_expires_minutes": self.order_expires_minutes,
            "grace_days": self.grace_days,
            "prepayment_fee_rate": str(self.prepayment_fee_rate),
            "payee": self.payee.value,
            "pays_wallets": self.pays_wallets,
            "risk_pricing": self.risk_pricing.to_json() if self.risk_pricing else None,
            "funding": asdict(self.funding) | {"funders_bp": list(self.funding.funders_bp)},
        }

    @classmethod
    def from_json(cls, code: str, version: int, stored: dict[str, Any]) -> "Product":
        """The version that was stored."""
        return cls(
            code=code,
            version=version,
            name=stored["name"],
            scenario=stored["scenario"],
            rate_annual=Decimal(stored["rate_annual"]),
            rate_annual_cap=Decimal(stored["rate_annual_cap"]),
            method=stored["method"],
            day_count=stored["day_count"],
            rounding=stored["rounding"],
            every=stored["every"],
            unit=stored["unit"],
            periods=tuple(stored["periods"]),
            amount_min_fen=stored["amount_min_fen"],
            amount_max_fen=stored["amount_max_fen"],
            tiers=tuple(Tier(**tier) for tier in stored["tiers"]),
            free=tuple(FreeOffer(f["periods"], SubsidyPayer(f["payer"])) for f in stored["free"]),
            purposes=tuple(stored["purposes"]),
            penalty_rate_annual=Decimal(stored["penalty_rate_annual"]),
            fee_upfront_rate=Decimal(stored["fee_upfront_rate"]),
            order_expires_minutes=stored["order_expires_minutes"],
            grace_days=stored["grace_days"],
            prepayment_fee_rate=Decimal(stored["prepayment_fee_rate"]),
            payee=PayeeKind(stored["payee"]),
            pays_wallets=stored["pays_wallets"],
            risk_pricing=RiskPricing.from_json(prices)
            if (prices := stored["risk_pricing"])
            else None,
            funding=Funding(
                **{**stored["funding"], "funders_bp": tuple(stored["funding"]["funders_bp"])}
            ),
        )


@dataclass(frozen=True, slots=True)
class GuaranteeFee:
    """What a borrower pays for a guarantee, and to whom (ASSIST-7)."""

    collector: str
    """The guarantor's legal name, as the cost table says it."""
    period_fen: int
    """With each instalment."""


@dataclass(frozen=True, slots=True)
class Offer:
    """One way to repay an amount, with everything that it costs."""

    periods: int
    plan: Plan
    cost: CostTable
    subsidy_payer: SubsidyPayer
    merchant_subsidy_fen: int
    """What the merchant bears instead of the borrower's interest; 0 unless it is the payer."""
    guarantee_fee: GuaranteeFee | None = None
    """None: the borrower pays for no guarantee."""
