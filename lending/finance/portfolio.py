"""Warnings to funders when their loans together go bad or lean on one partner (JOINT-7).

Told when a threshold is crossed, and again only after it was undercut. Thresholds are ours, in
`compliance.parameters`; fewer than LOANS_MIN loans say nothing.
"""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from lending.compliance import parameters
from lending.finance import portfolio_store as store
from lending.foundation.database import Row, Tx
from lending.loans.service import tell
from lending.loans.shares import SCENARIO

LOANS_MIN = 20
THRESHOLDS = {
    "first_payment_default": "joint.warn_first_payment_rate",
    "m1": "joint.warn_m1_rate",
    "concentration": "joint.warn_concentration_rate",
}
"""Each warning and the parameter that bounds it."""


def warn(tx: Tx, closing: date, *, loans_min: int = LOANS_MIN) -> int:
    """News for each funder whose loans crossed a threshold; how many. Safe to run again."""
    rules = parameters.on(tx, closing)
    warned = 0
    for row in store.portfolios(tx, closing):
        rates = measured(row)
        for kind, code in THRESHOLDS.items():
            threshold = rules.number(code)
            if row["loans"] < loans_min or rates[kind] <= threshold:
                store.calm(tx, row["funder"], kind)
            elif store.warn_first(tx, row["funder"], kind):
                detail: dict[str, object] = {
                    "kind": kind,
                    "rate": f"{rates[kind]:.4f}",
                    "threshold": f"{threshold:.4f}",
                    "loans": row["loans"],
                    "principal_open_fen": row["open_fen"],
                    "business_date": closing.isoformat(),
                }
                tell(tx, SCENARIO, row["funder"], "portfolio", detail)
                warned += 1
    return warned


def measured(row: Row | Mapping[str, int]) -> dict[str, Decimal]:
    """The rates of one funder's loans: first payments not made, late up to 30 days, one partner."""
    return {
        "first_payment_default": _rate(row["first_missed"], row["first_due"]),
        "m1": _rate(row["m1_fen"], row["open_fen"]),
        "concentration": _rate(row["largest_fen"], row["open_fen"]),
    }


def _rate(part: int, whole: int) -> Decimal:
    return Decimal(part) / Decimal(whole) if whole else Decimal(0)
