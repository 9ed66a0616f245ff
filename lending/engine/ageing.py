"""How late a loan is, and what that makes of it."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from enum import StrEnum

from lending.foundation.money import HALF_UP, ROUNDINGS


class Grade(StrEnum):
    """The five grades (商业银行金融资产风险分类办法, 2023 no. 1; R-CLASS-5)."""

    NORMAL = "normal"
    """正常: nothing overdue."""
    SPECIAL_MENTION = "special_mention"
    """关注: 1 to 90 days."""
    SUBSTANDARD = "substandard"
    """次级: 91 to 270 days."""
    DOUBTFUL = "doubtful"
    """可疑: 271 to 360 days."""
    LOSS = "loss"
    """损失: more than 360 days."""


GRADE_UP_TO = (
    (0, Grade.NORMAL),
    (90, Grade.SPECIAL_MENTION),
    (270, Grade.SUBSTANDARD),
    (360, Grade.DOUBTFUL),
)
"""The most days past due of each grade; beyond the last is loss."""


BUCKET_DAYS, BUCKETS = 30, 6
"""M1 to M6 are 30 days each; beyond them is M6+ (R-BUCKET-M)."""


def days_past_due(unpaid_due_dates: Iterable[date], on: date) -> int:
    """Days since the oldest unpaid due date; 0 when nothing is overdue (P13)."""
    oldest = min(unpaid_due_dates, default=on)
    return max(0, (on - oldest).days)


def bucket(days: int) -> str:
    """M0 current, M1 1-30, M2 31-60 … M6 151-180, then M6+ (R-BUCKET-M)."""
    if days > BUCKET_DAYS * BUCKETS:
        return f"M{BUCKETS}+"
    return f"M{(days + BUCKET_DAYS - 1) // BUCKET_DAYS}"


def grade(days: int) -> Grade:
    """The grade by days past due alone (R-CLASS-5)."""
    for limit, found in GRADE_UP_TO:
        if days <= limit:
            return found
    return Grade.LOSS


def penalty_fen(
    overdue_principal_fen: int, days: int, rate_annual: Decimal, rounding: str = HALF_UP
) -> int:
    """Penalty interest on overdue principal alone, actual days over 360 (R-PENALTY-BASE, P23)."""
    return ROUNDINGS[rounding](overdue_principal_fen * days * rate_annual / 360)
