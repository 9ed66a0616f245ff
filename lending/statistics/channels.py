"""What came of each channel and product, for a month and to date (M4, 金规〔2025〕9号)."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from lending.foundation import business_day
from lending.foundation.database import Tx
from lending.statistics import store
from lending.statistics.model import Channel, Earned, Funnel, Money, Quality, Vintage

CURRENT = "M0"


def of_partner(tx: Tx, partner_id: str, month: date | None = None) -> list[Channel]:
    """A partner's figures by product; for the open business date's month where none is named."""
    today = business_day.today(tx)
    first = (month or today).replace(day=1)
    all_open = store.open_fen(tx)
    return [
        _channel(tx, partner_id, product, first, (today, all_open))
        for product in store.products(tx, partner_id)
    ]


def asked(tx: Tx, partner_id: str, month: date) -> int:
    """How many people a platform asked about in a month before it sent anybody."""
    return store.asked(tx, partner_id, month.replace(day=1), _last(month))


def view(channel: Channel) -> dict[str, Any]:
    """A platform's figures as it may see them: what the lender earns is not among them."""
    growth = channel.growth_rate
    return {
        "product_code": channel.product_code,
        "month": f"{channel.month:%Y-%m}",
        "leads": channel.funnel.leads,
        "submitted": channel.funnel.submitted,
        "approved": channel.funnel.approved,
        "signed": channel.funnel.signed,
        "paid": channel.funnel.paid,
        "lent_fen": channel.lent_fen,
        "growth_rate": None if growth is None else _text(growth),
        "open_fen": channel.quality.open_fen,
        "overdue_rate": _text(channel.quality.overdue_rate),
        "bad_rate": _text(channel.quality.bad_rate),
        "first_default_rate": _text(channel.quality.first_default_rate),
        "claim_rate": _text(channel.claim_rate),
        "commission_fen": channel.money.commission_fen,
        "income_fen": channel.earned.earned_fen,
        "cost_fen": channel.earned.given_back_fen,
        "profit_fen": channel.earned.kept_fen,
        "stages": [{"stage": stage, "open_fen": fen} for stage, fen in channel.quality.stages],
        "vintages": [
            {
                "month": f"{each.month:%Y-%m}",
                "loans": each.loans,
                "lent_fen": each.lent_fen,
                "late_rate": _text(each.late_rate),
            }
            for each in channel.vintages
        ],
    }


def _channel(tx: Tx, partner_id: str, product: str, first: date, now: tuple[date, int]) -> Channel:
    today, all_open = now
    last, before_last = _last(first), first - timedelta(days=1)
    lent = store.lent(
        tx, partner_id, product, (first, last, before_last.replace(day=1), before_last)
    )
    return Channel(
        partner_id=partner_id,
        product_code=product,
        month=first,
        funnel=Funnel(**store.funnel(tx, partner_id, product, first, last)),
        quality=_quality(tx, partner_id, product, today),
        earned=Earned(**store.earned(tx, partner_id, product, first, last)),
        money=Money(**store.money(tx, partner_id, product)),
        vintages=tuple(Vintage(**row) for row in store.vintages(tx, partner_id, product)),
        all_open_fen=all_open,
        **lent,
    )


def _quality(tx: Tx, partner_id: str, product: str, today: date) -> Quality:
    rows = store.stages(tx, partner_id, product)
    return Quality(
        open_fen=sum(row["fen"] for row in rows),
        stages=tuple((row["stage"], row["fen"]) for row in rows if row["stage"] != CURRENT),
        bad_fen=sum(row["bad_fen"] for row in rows),
        **store.first_payments(tx, partner_id, product, today),
    )


def _last(month: date) -> date:
    return (month.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)


def _text(rate: Decimal) -> str:
    return f"{rate:.6f}"
