"""Terms: what a contract carries for life. A closed list of plain frozen types."""

from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any

from lending.engine.due_dates import term_months
from lending.loans.partner_terms import (
    Commission,
    Guarantee,
    commission_from_json,
    guarantee_from_json,
)
from lending.products.model import PayeeKind

FORMAT = 4
"""The version terms are stored under. A new field means a new format, and a reader for each."""
OWN_FUNDER = "own"
"""The name of our own funds among the funders of a loan."""


@dataclass(frozen=True, slots=True)
class Pricing:
    """What the borrower pays, and how it is computed."""

    rate_annual: Decimal
    method: str
    day_count: str
    rounding: str
    periods: int
    fee_upfront_fen: int
    penalty_rate_annual: Decimal
    cost_rate_annual: Decimal
    """The all-in cost that was shown and signed."""
    grace_days: int
    """Days after a due date within which paying costs no penalty."""
    prepayment_fee_rate: Decimal
    """Of principal paid before it is due."""
    every: int = 1
    unit: str = "month"
    """An instalment falls due every so many days, weeks or months."""

    @property
    def term_months(self) -> int:
        """The months that all instalments take, a begun one counted whole."""
        return term_months(self.periods, self.every, self.unit)


@dataclass(frozen=True, slots=True)
class Payee:
    """Whom the money goes to, and nobody else."""

    partner_id: str
    """Whose settlement account it is (MALL-2); empty where the borrower is paid."""
    kind: PayeeKind = PayeeKind.PARTNER


@dataclass(frozen=True, slots=True)
class Settlement:
    """What the merchant is charged, withheld from its payout, and when it is paid (MALL-6)."""

    merchant_fee_fen: int
    days: int = 0
    """On which working day after the signature; 0: at once."""


@dataclass(frozen=True, slots=True)
class Subsidy:
    """Who bears the interest that the borrower is spared, and how much (MALL-3)."""

    payer: str
    merchant_fen: int


@dataclass(frozen=True, slots=True)
class Share:
    """One funder's part of the loan; own funds are one funder with the whole.

    Principal, and so losses, go by weight, in basis points of the loan (JOINT-3, JOINT-5).
    """

    funder: str
    """`own`, or the partner id of the funder."""
    weight: int
    income_weight: int | None = None
    """Interest, fees, penalty and subsidy go by it; None: by `weight`, too (JOINT-4)."""
    service_fee_rate: Decimal = Decimal(0)
    """Of the interest that the funder gets, what it pays the leader for serving the loan."""
    prefunded: bool = False
    """Whether the leader lends the funder's part, which is then settled at the next clearing."""

    @property
    def is_own(self) -> bool:
        """Whether it is our own part."""
        return self.funder == OWN_FUNDER

    @property
    def income(self) -> int:
        """The weight that income goes by."""
        return self.weight if self.income_weight is None else self.income_weight


@dataclass(frozen=True, slots=True)
class Release:
    """A service paid ahead: the merchant gets the money in parts, the first at once (STORE-6)."""

    parts: int
    every_months: int = 1


@dataclass(frozen=True, slots=True)
class CreditLine:
    """The line that the loan is drawn on: it weighs there until it is repaid (STORE-2)."""

    line_id: str
    scene: str
    """The kind of consumption, whose sub-limit it takes as well."""


@dataclass(frozen=True, slots=True)
class Terms:
    """All that the core needs to carry a loan out."""

    pricing: Pricing
    payee: Payee
    settlement: Settlement
    subsidy: Subsidy
    shares: tuple[Share, ...]
    cost_table_sha256: str
    credit_line: CreditLine | None = None
    """None: the loan weighs on what the borrower may owe in all (STORE-3)."""
    release: Release | None = None
    """None: the merchant gets all of it at once."""
    commission: Commission | None = None
    """None: no platform brought it."""
    guarantee: Guarantee | None = None
    """None: nobody stands behind it."""

    def to_json(self) -> dict[str, Any]:
        """As stored; rates as decimal strings."""
        stored = asdict(self)
        stored["pricing"] = _plain(stored["pricing"])
        stored["shares"] = [_plain(share) for share in stored["shares"]]
        for name in ("commission", "guarantee"):
            stored[name] = _plain(stored[name]) if stored[name] else None
        return stored

    @property
    def is_joint(self) -> bool:
        """Whether others fund the loan with us."""
        return len(self.shares) > 1

    @classmethod
    def from_json(cls, stored: dict[str, Any], form: int) -> "Terms":
        """As they were signed.

        Raises ValueError for a format that this version does not know.
        """
        if form not in (1, 2, 3, FORMAT):
            raise ValueError(f"terms of format {form} cannot be read")
        pricing = dict(stored["pricing"])
        for name in (
            "rate_annual",
            "penalty_rate_annual",
            "cost_rate_annual",
            "prepayment_fee_rate",
        ):
            pricing[name] = Decimal(pricing[name])
        return cls(
            pricing=Pricing(**pricing),
            payee=Payee(
                stored["payee"]["partner_id"],
                PayeeKind(stored["payee"].get("kind", PayeeKind.PARTNER)),
            ),
            settlement=Settlement(**stored["settlement"]),
            subsidy=Subsidy(**stored["subsidy"]),
            shares=tuple(_share(share) for share in stored["shares"]),
            cost_table_sha256=stored["cost_table_sha256"],
            credit_line=CreditLine(**line) if (line := stored.get("credit_line")) else None,
            release=Release(**parts) if (parts := stored.get("release")) else None,
            commission=commission_from_json(pay) if (pay := stored.get("commission")) else None,
            guarantee=guarantee_from_json(by) if (by := stored.get("guarantee")) else None,
        )


def _plain(values: dict[str, Any]) -> dict[str, Any]:
    return {
        name: str(value) if isinstance(value, Decimal) else value for name, value in values.items()
    }


def _share(stored: dict[str, Any]) -> Share:
    return Share(**{**stored, "service_fee_rate": Decimal(stored.get("service_fee_rate", 0))})


OWN_FUNDS = (Share(OWN_FUNDER, 1),)
