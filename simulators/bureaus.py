"""Two credit bureaus that know the same people and tell of them in different words.

A person's facts follow from the digest of the identity number, so that they never change.
"""

import hashlib
from dataclasses import dataclass, replace

from simulators.magic import fate_of_person


@dataclass(frozen=True)
class Person:
    """What is known of somebody."""

    quality: int
    """0 the worst to 99 the best."""
    thin: bool
    """Hardly anything is known."""
    digest: bytes
    overdue_now: int
    overdue_24m: int
    inquiries_3m: int
    platforms: int
    debt_fen: int

    @property
    def accounts(self) -> int:
        """Loans that are open elsewhere."""
        return 0 if self.thin else 1 + self.digest[1] % 4

    @property
    def months(self) -> int:
        """For how long the bureaus have known the person."""
        return 2 if self.thin else 24 + self.digest[5] % 96


_GOOD = 92
_ONE_FLAW: dict[str, dict[str, int]] = {
    "declined_overdue": {"overdue_now": 1},
    "declined_overdue_often": {"overdue_24m": 7},
    "declined_inquiries": {"inquiries_3m": 18},
    "declined_platforms": {"platforms": 9},
    "declined_score": {"quality": 12},
    "referred_debt": {"debt_fen": 60_000_000},
    "referred_platforms": {"platforms": 6},
}
"""People who would be approved but for one thing."""
_QUALITY = {
    **dict.fromkeys(("approved", "one_bureau_down", "face_mismatch"), _GOOD),
    "declined": 6,
    "referred": 55,
}


def person(identity_no: str, *, bad: bool = False) -> Person:
    """The same person for the same number, for ever; `bad` turns anybody into a bad debtor."""
    digest = hashlib.sha256(identity_no.encode()).digest()
    fate = "declined" if bad else fate_of_person(identity_no) or ""
    other = _GOOD if fate in _ONE_FLAW else 45 + digest[0] % 55
    quality, thin = _QUALITY.get(fate, other), fate == "referred"
    marks, is_bad = (100 - quality) // 10, quality < 20
    known = Person(
        quality=quality,
        thin=thin,
        digest=digest,
        overdue_now=int(is_bad),
        overdue_24m=max(0, marks - 4),
        inquiries_3m=digest[2] % 3 + (8 if is_bad else 0),
        platforms=digest[4] % 2 + (7 if is_bad else 0),
        debt_fen=0 if thin else (digest[3] % 40 + marks * 10) * 100_000,
    )
    return replace(known, **_ONE_FLAW.get(fate, {}))


def report_a(identity_no: str, *, bad: bool = False) -> dict[str, object]:
    """The first bureau: a score of 300 to 850, plain words."""
    known = person(identity_no, bad=bad)
    return {
        "report_id": f"A{known.digest.hex()[:16]}",
        "score": None if known.thin else 300 + known.quality * 550 // 99,
        "accounts": {"open": known.accounts},
        "overdue": {"now": known.overdue_now, "last_24_months": known.overdue_24m},
        "inquiries_3m": known.inquiries_3m,
        "debt_fen": known.debt_fen,
        "lending_platforms_open": known.platforms,
        "months_on_file": known.months,
    }


def report_b(identity_no: str, *, bad: bool = False) -> dict[str, object]:
    """The second bureau: a score of 0 to 1000, its own names, yuan instead of fen."""
    known = person(identity_no, bad=bad)
    return {
        "serialNo": f"B{known.digest.hex()[16:32]}",
        "creditScore": -1 if known.thin else known.quality * 1000 // 99,
        "loanCount": known.accounts,
        "currentOverdueFlag": "Y" if known.overdue_now else "N",
        "overdueTimes24": known.overdue_24m,
        "queryTimes3": known.inquiries_3m,
        "totalDebtYuan": known.debt_fen // 100,
        "platformCount": known.platforms,
        "historyMonths": known.months,
    }
