"""What came of a channel: whom it sent, what was lent, how it is repaid, what it earned."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

WORDS = {
    "guarantee.balance_rate_max": "担保增信贷款余额占比",
    "platform.month_lent_max_fen": "平台当月放款额",
    "platform.growth_rate_max": "平台放款环比增长",
    "platform.concentration_rate_max": "平台余额集中度",
    "platform.bad_rate_max": "平台不良率",
    "platform.claim_rate_max": "平台代偿率",
}
"""What each bound is of, for whom reads the ticket."""


@dataclass(frozen=True, slots=True)
class Funnel:
    """How many of a month's applicants came how far."""

    leads: int
    submitted: int
    approved: int
    signed: int
    paid: int


@dataclass(frozen=True, slots=True)
class Quality:
    """How the channel's loans stand, fen of open principal."""

    open_fen: int
    stages: tuple[tuple[str, int], ...]
    """By bucket, such as `("M1", 120_000)`; what is not overdue is in none."""
    bad_fen: int
    """More than 90 days past due, or written off."""
    first_due: int
    """Loans whose first instalment fell due more than 30 days ago."""
    first_defaulted: int
    """Of these, those that have not paid it."""

    @property
    def overdue_rate(self) -> Decimal:
        """The part of open principal that is overdue."""
        return ratio(sum(fen for _, fen in self.stages), self.open_fen)

    @property
    def bad_rate(self) -> Decimal:
        """The part of open principal that is bad (不良率)."""
        return ratio(self.bad_fen, self.open_fen)

    @property
    def first_default_rate(self) -> Decimal:
        """Of loans whose first instalment is long due, those that did not pay it (首逾率)."""
        return ratio(self.first_defaulted, self.first_due)


@dataclass(frozen=True, slots=True)
class Money:
    """What the channel's loans brought in and cost, to date, fen."""

    income_fen: int
    """Interest, fees and penalty that lenders received."""
    commission_fen: int
    guarantee_cost_fen: int
    lost_fen: int
    """Principal written off and not recovered."""
    claimed_fen: int
    """Paid by guarantors."""

    @property
    def profit_fen(self) -> int:
        """What is left before funding and running costs."""
        return self.income_fen - self.commission_fen - self.guarantee_cost_fen - self.lost_fen


@dataclass(frozen=True, slots=True)
class Earned:
    """What the channel itself earned of its loans in the month, before the month's tier, fen."""

    earned_fen: int
    given_back_fen: int

    @property
    def kept_fen(self) -> int:
        """What is left."""
        return self.earned_fen - self.given_back_fen


@dataclass(frozen=True, slots=True)
class Vintage:
    """The loans that began in a month, and how they stand now."""

    month: date
    loans: int
    lent_fen: int
    late_fen: int
    """Open principal more than 30 days past due, claimed or written off."""

    @property
    def late_rate(self) -> Decimal:
        """The part of what was lent that is late."""
        return ratio(self.late_fen, self.lent_fen)


@dataclass(frozen=True, slots=True)
class Channel:
    """A partner's figures for one product (金规〔2025〕9号: by platform and by product)."""

    partner_id: str
    product_code: str
    month: date
    funnel: Funnel
    lent_fen: int
    """In the month."""
    lent_before_fen: int
    """In the month before."""
    quality: Quality
    money: Money
    earned: Earned
    vintages: tuple[Vintage, ...]
    lent_in_all_fen: int
    all_open_fen: int
    """Open principal of all channels together."""

    @property
    def growth_rate(self) -> Decimal | None:
        """How much more was lent than in the month before; None where that was nothing."""
        if not self.lent_before_fen:
            return None
        return Decimal(self.lent_fen - self.lent_before_fen) / self.lent_before_fen

    @property
    def concentration_rate(self) -> Decimal:
        """The channel's part of all open principal."""
        return ratio(self.quality.open_fen, self.all_open_fen)

    @property
    def claim_rate(self) -> Decimal:
        """What guarantors paid, as a part of all that was lent (代偿率)."""
        return ratio(self.money.claimed_fen, self.lent_in_all_fen)


@dataclass(frozen=True, slots=True)
class Measured:
    """One figure on a date, beside its bound."""

    code: str
    measured: Decimal
    most: Decimal
    partner_id: str = ""
    product_code: str = ""
    business_date: date | None = None

    @property
    def is_over(self) -> bool:
        """Whether it is more than it may be."""
        return self.measured > self.most

    @property
    def words(self) -> str:
        """What it is of."""
        return WORDS[self.code]


def ratio(part: int, whole: int) -> Decimal:
    """A part of a whole; 0 of nothing."""
    return Decimal(part) / whole if whole else Decimal(0)
