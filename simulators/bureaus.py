"""Two credit bureaus that know the same people and tell of them in different words.

A person's facts follow from the digest of the identity number, so that they never change.
"""

import hashlib
from dataclasses import dataclass

from simulators.magic import fate_of_person


@dataclass(frozen=True)
class Person:
    """What is known of somebody."""

    quality: int
    """0 the worst to 99 the best."""
    thin: bool
    """Hardly anything is known."""
    digest: bytes


def person(identity_no: str, *, bad: bool = False) -> Person:
    """The same person for the same number, for ever; `bad` turns anybody into a bad debtor."""
    digest = hashlib.sha256(identity_no.encode()).digest()
    fate = "declined" if bad else fate_of_person(identity_no)
    quality = {"approved": 92, "declined": 6, "referred": 55}.get(fate or "", 45 + digest[0] % 55)
    return Person(quality, fate == "referred", digest)


def report_a(identity_no: str, *, bad: bool = False) -> dict[str, object]:
    """The first bureau: a score of 300 to 850, plain words."""
    known = person(identity_no, bad=bad)
    marks = (100 - known.quality) // 10
    return {
        "report_id": f"A{known.digest.hex()[:16]}",
        "score": None if known.thin else 300 + known.quality * 550 // 99,
        "accounts": {"open": 0 if known.thin else 1 + known.digest[1] % 4},
        "overdue": {"now": int(known.quality < 20), "last_24_months": max(0, marks - 4)},
        "inquiries_3m": known.digest[2] % 3 + (8 if known.quality < 20 else 0),
        "debt_fen": 0 if known.thin else (known.digest[3] % 40 + marks * 10) * 100_000,
        "lending_platforms_open": known.digest[4] % 2 + (7 if known.quality < 20 else 0),
        "months_on_file": 2 if known.thin else 24 + known.digest[5] % 96,
    }


def report_b(identity_no: str, *, bad: bool = False) -> dict[str, object]:
    """The second bureau: a score of 0 to 1000, its own names, yuan instead of fen."""
    known = person(identity_no, bad=bad)
    marks = (100 - known.quality) // 10
    return {
        "serialNo": f"B{known.digest.hex()[16:32]}",
        "creditScore": -1 if known.thin else known.quality * 1000 // 99,
        "loanCount": 0 if known.thin else 1 + known.digest[1] % 4,
        "currentOverdueFlag": "Y" if known.quality < 20 else "N",
        "overdueTimes24": max(0, marks - 4),
        "queryTimes3": known.digest[6] % 3 + (9 if known.quality < 20 else 0),
        "totalDebtYuan": 0 if known.thin else (known.digest[3] % 40 + marks * 10) * 1_000,
        "platformCount": known.digest[4] % 2 + (6 if known.quality < 20 else 0),
        "historyMonths": 2 if known.thin else 24 + known.digest[5] % 96,
    }
