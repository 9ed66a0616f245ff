"""Figures that are bounded, each date: loans with a guarantee, and each platform's by product.

Where a figure is over its bound a rule opens a ticket, one until that is answered. Loans with a
guarantee are also stopped at the draw (R-GUAR-50); a platform is stopped by a person. Indicators of
the lender's own by platform and product: 金规〔2025〕9号.
"""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from lending.channels import service as channels
from lending.channels.model import PartnerKind
from lending.compliance import complaints, parameters
from lending.compliance.model import Parameters
from lending.foundation.database import Row, Tx
from lending.guarantees import service as guarantees
from lending.operations import service as tickets
from lending.statistics import store as statistics_store
from lending.statistics import threshold_store as store
from lending.statistics.model import Measured, ratio

LOANS_MIN = 20
"""A platform's rates of fewer loans of a product say nothing."""
BAD_DAYS = 90
"""A loan that is later than so many days is bad (不良)."""
GUARANTEED = "guarantee.balance_rate_max"


def measure(tx: Tx, closing: date, *, loans_min: int = LOANS_MIN) -> int:
    """Keeps each bounded figure at the end of a date; how many are over. Safe to run again."""
    rules = parameters.on(tx, closing)
    found = [
        Measured(code, value, rules.number(code), *of)
        for code, value, of in _figures(tx, closing, rules, loans_min)
    ]
    store.save(tx, closing, found)
    over = [each for each in found if each.is_over]
    for each in over:
        subject = f"{each.code}:{each.partner_id}:{each.product_code}".strip(":")
        text = f"{each.words} {each.measured:.4f},上限 {each.most:.4f}({closing})"
        answer_by = complaints.answer_by(tx)
        tickets.by_rule(tx, each.code, subject=subject, text=text, answer_by=answer_by)
    return len(over)


def newest(tx: Tx) -> list[Measured]:
    """The figures of the last date that was measured, those that are over first."""
    return [Measured(**row) for row in store.newest(tx)]


def over_since(tx: Tx, days: int) -> list[Measured]:
    """What was over in the last so many measured dates, the newest first."""
    return [Measured(**row) for row in store.over(tx, days)]


def _figures(
    tx: Tx, closing: date, rules: Parameters, loans_min: int
) -> Iterator[tuple[str, Decimal, tuple[str, str]]]:
    yield GUARANTEED, guarantees.measured(guarantees.ratio(tx), rules), ("", "")
    platforms = [each.id for each in channels.partners(tx) if each.kind is PartnerKind.PLATFORM]
    if not platforms:
        return
    all_open_fen = statistics_store.open_fen(tx)
    for row in store.platforms(tx, platforms, closing, bad_days=BAD_DAYS):
        for code, value in _of_platform(row, all_open_fen, loans_min).items():
            yield code, value, (row["partner_id"], row["product_code"])


def _of_platform(row: Row, all_open_fen: int, loans_min: int) -> dict[str, Decimal]:
    found = {"platform.month_lent_max_fen": Decimal(row["month_fen"])}
    if row["loans"] >= loans_min:
        more_fen = max(0, row["month_fen"] - row["before_fen"])
        found |= {
            "platform.growth_rate_max": ratio(more_fen, row["before_fen"]),
            "platform.concentration_rate_max": ratio(row["open_fen"], all_open_fen),
            "platform.bad_rate_max": ratio(row["bad_fen"], row["open_fen"]),
            "platform.claim_rate_max": ratio(row["claimed_fen"], row["in_all_fen"]),
        }
    return found
