"""What a decision is made of, and what it says."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

Value = int | bool | str
"""What a feature may be; money in fen, so that no rule sees a float."""

NO_SCORE = -1
"""Instead of a bureau's score in percent: it has no history of the person."""
SYSTEM = "system"
"""Who decided, when the rules did."""


class Outcome(StrEnum):
    """What is to become of an application."""

    APPROVE = "approve"
    """Lend, up to the limit and the longest term that the decision names."""
    REFER = "refer"
    """A person decides: the rules do not know enough."""
    DECLINE = "decline"
    """Do not lend. The applicant may ask why, and for a person (R-PI-MANUAL)."""


@dataclass(frozen=True, slots=True)
class Device:
    """What a borrower's page told of its device. Empty where nothing was told.

    Refusing to tell never declines anybody by itself (R-PI-MIN).
    """

    fingerprint: str = ""
    ip: str = ""
    user_agent: str = ""

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> "Device":
        """The device as an application stores it: any key may be missing."""
        return cls(
            fingerprint=str(stored.get("fingerprint") or ""),
            ip=str(stored.get("ip") or ""),
            user_agent=str(stored.get("user_agent") or ""),
        )


@dataclass(frozen=True, slots=True)
class RiskRequest:
    """An application as risk needs to know it."""

    application_id: str
    customer_id: str
    partner_id: str
    scenario: str
    amount_fen: int
    category: str
    """What is bought, as the product's purposes name it."""
    amount_max_fen: int
    """The most that the product lends."""
    periods_max: int
    """The longest term on offer for this amount, in months."""
    bank_card_id: str | None = None
    device: Device = Device()
    loans_open: int = 0
    """Loans of this customer with us that are not settled."""
    loans_settled: int = 0
    """Loans with us that were paid back in full."""
    less_is_of_use: bool = False
    """Whether a limit below the amount is an approval, as for a credit line."""
    signals: Mapping[str, Value] = field(default_factory=dict)
    """What the scenario saw, under names of the catalogue."""
    partner_signals: Mapping[str, Value] = field(default_factory=dict)
    """What a partner says of the applicant: kept with the decision, read by no rule (ASSIST-3)."""


@dataclass(frozen=True, slots=True)
class BureauFacts:
    """What one bureau reports, in the words that all bureaus share here."""

    source: str
    score_percent: int
    """Where its score stands on its own scale: 0 the worst, 100 the best; or NO_SCORE."""
    accounts_open: int
    overdue_now: int
    overdue_24m: int
    inquiries_3m: int
    platforms_open: int
    debt_total_fen: int
    months_on_file: int


@dataclass(frozen=True, slots=True)
class Feature:
    """One input of a decision and where it came from."""

    value: Value | None
    """None: its source did not answer."""
    source: str


@dataclass(frozen=True, slots=True)
class Reason:
    """Why, for us and (in Chinese) for the applicant."""

    code: str
    text: str
    text_zh: str


@dataclass(frozen=True, slots=True)
class Decision:
    """One decision on one application. None is ever changed; a person's comes after the rules'."""

    id: str
    application_id: str
    outcome: Outcome
    score: int | None
    """Of the score card; None when it was not reached."""
    limit_fen: int
    """The most that may be lent on it; 0 when declined. A referral carries what it would be."""
    periods_max: int
    reasons: tuple[Reason, ...]
    features: Mapping[str, Feature]
    versions: Mapping[str, str]
    """Card, tables and code that decided, each by name and digest."""
    decided_by: str
    """`system`, or `operator:` and the person's id."""
    decided_at: datetime
    note: str = ""
    """A person's reason in words, for colleagues."""
