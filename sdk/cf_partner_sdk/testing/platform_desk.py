"""The fake lender's word on its platform: on the list or not, its quotas, what came of it."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from cf_partner_sdk import LeadState, ListState, PlatformInfo, PlatformStatistics, ProductFigures

from .asking import Asked, answered, route
from .wire import Answer, Problem

if TYPE_CHECKING:
    from .clock import FakeClock
    from .lead_book import LeadBook

PRODUCT = "cash-standard"
SUBMITTED = (LeadState.DECIDING, LeadState.REFERRED, LeadState.APPROVED, LeadState.REFUSED)
_REFUSALS = {
    ListState.STOPPED: (
        "partner.stopped",
        "The lender has stopped this partner for the time being",
        "Ask your account manager; nothing new is taken until it is lifted.",
    ),
    ListState.NOT_IN_FORCE: (
        "partner.contract_not_in_force",
        "The contract is not in force today",
        "Ask your account manager about the contract's dates.",
    ),
    ListState.REMOVED: (
        "partner.not_listed",
        "The partner is not on the lender's list today",
        "Ask your account manager about the list state and the contract dates.",
    ),
}


class PlatformDesk:
    """What is agreed with the platform, and how much of each day's quotas is used."""

    def __init__(self, clock: FakeClock) -> None:
        self._clock = clock
        self._used: Counter[tuple[str, date]] = Counter()
        today = clock.business_date()
        self._info = PlatformInfo(
            name="小满优选",
            legal_name="小满优选科技有限公司",
            list_state=ListState.LISTED,
            contract_no="HT-1",
            contract_from=today,
            contract_to=today + timedelta(days=365),
            tier="B",
            sites=("platform.example",),
            prechecks_per_day=5_000,
            prechecks_used=0,
            leads_per_day=1_000,
            leads_used=0,
            products=(PRODUCT,),
            service="互联网引流",
            published_at=clock.now(),
        )

    # What a test has happen.

    def change(self, **told: Any) -> PlatformInfo:
        """Agree on something else: `tier`, `leads_per_day`, `list_state`, …"""
        self._info = replace(self._info, **told)
        return self.info()

    # What the platform asks for.

    def info(self) -> PlatformInfo:
        """Return what is agreed, and what of it is used today."""
        today = self._clock.business_date()
        return replace(
            self._info,
            prechecks_used=self._used["prechecks", today],
            leads_used=self._used["leads", today],
        )

    def today(self) -> date:
        """Return the business date."""
        return self._clock.business_date()

    def require(self) -> None:
        """Take nothing new from a platform that is not on the list. Raises Problem."""
        if self._info.list_state != ListState.LISTED:
            code, title, mend = _REFUSALS[self._info.list_state]
            raise Problem(422, code, title, mend=mend)

    def take(self, what: str, count: int = 1) -> None:
        """Count `prechecks` or `leads` against the quota of the day. Raises Problem."""
        self.require()
        most: int = getattr(self._info, f"{what}_per_day")
        of_day = (what, self._clock.business_date())
        if self._used[of_day] + count > most:
            code = {"prechecks": "precheck.quota_spent", "leads": "lead.quota_spent"}[what]
            title = f"The {what.replace('prechecks', 'pre-checks')} of the day are used up"
            raise Problem(429, code, title, mend="Go on tomorrow.")
        self._used[of_day] += count

    def asked_in(self, month: str) -> int:
        """Return how many pre-checks a month had."""
        return sum(
            count
            for (what, day), count in self._used.items()
            if what == "prechecks" and f"{day:%Y-%m}" == month
        )


def _own(asked: Asked) -> Answer:
    return answered(asked.book.platform.info())


def _statistics(asked: Asked) -> Answer:
    month = asked.query.get("month") or f"{asked.book.platform.today():%Y-%m}"
    products = sorted({lead.product_code or PRODUCT for lead in asked.leads.leads.values()})
    told = PlatformStatistics(
        month=month,
        prechecks=asked.book.platform.asked_in(month),
        products=tuple(_figures(asked.leads, month, each) for each in products),
    )
    return answered(told)


def _figures(book: LeadBook, month: str, product_code: str) -> ProductFigures:
    mine = [lead for lead in book.leads.values() if lead.product_code == product_code]
    came = [lead for lead in mine if book.month_of(lead) == month]
    reached = [book.reached[lead.id] for lead in came]
    open_fen = sum(book.open_fen(lead) for lead in mine)
    late_fen = sum(book.open_fen(lead) for lead in mine if book.late.get(lead.id))
    income_fen, cost_fen = book.moved_fen(mine, month)
    earned_fen, given_back_fen = book.moved_fen(mine)
    return ProductFigures(
        product_code=product_code,
        month=month,
        leads=len(came),
        submitted=sum(not each.isdisjoint(SUBMITTED) for each in reached),
        approved=sum(LeadState.APPROVED in each for each in reached),
        signed=sum(LeadState.SIGNED in each for each in reached),
        paid=sum(LeadState.PAID in each for each in reached),
        lent_fen=sum(lead.paid_fen for lead in came),
        open_fen=open_fen,
        overdue_rate=_part(late_fen, open_fen),
        bad_rate=Decimal(0),
        first_default_rate=Decimal(0),
        claim_rate=Decimal(0),
        commission_fen=earned_fen - given_back_fen,
        income_fen=income_fen,
        cost_fen=cost_fen,
        profit_fen=income_fen - cost_fen,
    )


def _part(of_fen: int, whole_fen: int) -> Decimal:
    return (Decimal(of_fen) / whole_fen).quantize(Decimal("0.000001")) if whole_fen else Decimal(0)


ROUTES = (
    route("GET", "/v1/platform", _own),
    route("GET", "/v1/platform/statistics", _statistics, query=("month",)),
)
