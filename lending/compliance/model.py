"""Parameters of regulation, what gates answer, and what was shown to a borrower."""

import unicodedata
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from lending.compliance.errors import ParameterMissing


def plain(word: str) -> str:
    """A word as words are compared: in NFKC form, so that look-alikes are one, and small."""
    return unicodedata.normalize("NFKC", word).strip().casefold()


class Kind(StrEnum):
    """What the text of a parameter's value stands for."""

    RATE = "rate"
    """A decimal part of one, such as `0.24` for 24 %."""
    FACTOR = "factor"
    """A decimal multiple, such as `1.5`."""
    FEN = "fen"
    """Whole fen."""
    COUNT = "count"
    """A whole number: seconds, days, times."""
    WORDS = "words"
    """Words parted by commas, compared in their NFKC form without regard to case."""
    CHOICE = "choice"
    """One word out of a few."""
    SWITCH = "switch"
    """`on` or `off`."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One value of one parameter, in force from `valid_from` to `valid_to`, both included."""

    code: str
    value: str
    valid_from: date
    valid_to: date | None
    source: str
    confidence: str
    """V read in published text, S secondary, M memory, C convention (regulation list)."""


@dataclass(frozen=True, slots=True)
class Parameters:
    """What is in force on one day. Asking for what is not there is an error, never a default."""

    on: date
    values: dict[str, str]

    def text(self, code: str) -> str:
        """The value as it is written.

        Raises ParameterMissing.
        """
        try:
            return self.values[code]
        except KeyError:
            raise ParameterMissing(f"no value of {code} is in force on {self.on}") from None

    def number(self, code: str) -> Decimal:
        """A rate or factor.

        Raises ParameterMissing.
        """
        return Decimal(self.text(code))

    def whole(self, code: str) -> int:
        """Fen or a count.

        Raises ParameterMissing.
        """
        return int(self.text(code))

    def words(self, code: str) -> frozenset[str]:
        """A list of words, each as `plain` writes it.

        Raises ParameterMissing.
        """
        return frozenset(plain(word) for word in self.text(code).split(",") if word)

    def switched_on(self, code: str) -> bool:
        """A switch.

        Raises ParameterMissing.
        """
        return self.text(code) == "on"


@dataclass(frozen=True, slots=True)
class Notice:
    """A gate lets the act pass but somebody should know (WARN in the regulation list)."""

    rule: str
    text: str


class Act(StrEnum):
    """What binds a borrower, and so may happen on our own pages only (R-REDIRECT)."""

    SUITABILITY = "suitability"
    """Asking what a borrower can bear."""
    SIGNING = "signing"
    """Signing the contract."""
    PAYOUT = "payout"
    """Naming where the money goes."""


class Place(StrEnum):
    """Where an act happens."""

    OWN_PAGE = "own_page"
    """A page that we serve."""
    PARTNER_API = "partner_api"
    """The body of a partner's call."""


@dataclass(frozen=True, slots=True)
class Showing:
    """One time that a cost table was put before a borrower."""

    id: str
    application_id: str
    table: dict[str, Any]
    table_sha256: str
    shown_at: datetime
    scrolled_at: datetime | None
    confirmed_at: datetime | None


@dataclass(frozen=True, slots=True)
class JourneyStep:
    """One page that a borrower saw, in which version, and what was chosen on it (R-TRACE)."""

    seq: int
    page: str
    page_version: str
    choice: dict[str, Any]
    at: datetime
