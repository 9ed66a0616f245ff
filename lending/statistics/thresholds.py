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
from lending.foundation.database import Tx
from lending.guarantees import service as guarantees
from lending.operations import service as tickets
from lending.statistics import channels as statistics
from lending.statistics import threshold_store as store
from lending.statistics.model import Channel, Measured

LOANS_MIN = 20
"""A platform's rates of fewer loans of a product say nothing."""
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
    for partner in channels.partners(tx):
        if partner.kind is PartnerKind.PLATFORM:
            for channel in statistics.of_partner(tx, partner.id, closing):
                of = (partner.id, channel.product_code)
                for code, value in _of_channel(channel, loans_min).items():
                    yield code, value, of


def _of_channel(channel: Channel, loans_min: int) -> dict[str, Decimal]:
    found = {"platform.month_lent_max_fen": Decimal(channel.lent_fen)}
    if sum(each.loans for each in channel.vintages) >= loans_min:
        found |= {
            "platform.growth_rate_max": max(channel.growth_rate or Decimal(0), Decimal(0)),
            "platform.concentration_rate_max": channel.concentration_rate,
            "platform.bad_rate_max": channel.quality.bad_rate,
            "platform.claim_rate_max": channel.claim_rate,
        }
    return found
