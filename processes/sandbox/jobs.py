"""What a sandbox's owner asked for, carried out: the clock moved day by day, a buyer played."""

import logging
import time
from collections.abc import Callable
from typing import Any

import requests
from sqlalchemy.exc import OperationalError

from gateway import delivery_store, sandbox, sandbox_store
from gateway.sandbox_store import Walk
from gateway.webhooks import FANNED_AT_ONCE
from lending.batch import end_of_day
from lending.foundation import events, sandbox_clock
from lending.foundation.context import Context
from lending.foundation.database import Tx
from lending.foundation.errors import Problem
from lending.repayments import day as repayment_day
from processes import workers
from processes.phone import Buyer, StuckAtPage
from processes.sandbox import store
from scenarios.mall_installment import servicing
from simulators.magic import somebody

REST_S_MAX = 30.0
"""What a date caused is waited for so long; then the next date comes all the same."""
ROUNDS_MAX = 6
"""A job that keeps putting itself off is waited for so many times."""
PAUSE_S = 0.02
BUYERS_KEPT_MAX = 200
REACHED = {
    "decide": ("choose", "cost", "contract", "sign", "paying", "done", "declined", "referred"),
    "sign": ("paying", "done"),
    "pay": ("done",),
    "repay": ("done",),
}
"""The pages at which a goal is reached."""

log = logging.getLogger(__name__)


def handlers(context: Context, installation: str) -> dict[str, Callable[..., Any]]:
    """The jobs of one sandbox by name."""
    buyers = Buyers(context, installation)
    return {
        "sandbox.advance": lambda partner_id: advance(context, partner_id),
        "sandbox.walk": buyers.walk,
    }


def advance(context: Context, partner_id: str) -> None:
    """Ends date after date until the clock is where it was asked to be; safe to run again.

    What cannot be ended stops the clock, and its owner is told why.
    """
    try:
        while True:
            end_of_day.catch_up(context)
            come_to_rest(context)
            if not _next_day(context, partner_id):
                break
    except OperationalError:
        raise  # the database is away: the job is run again
    except Exception as fault:
        log.exception("the clock stopped")
        with context.database.unit_of_work() as tx:
            sandbox_clock.stop(tx, f"{type(fault).__name__}: {fault}"[:500])
    _fan_out(context)


def _next_day(context: Context, partner_id: str) -> bool:
    """Moves the clock on by a day, or says that it is there; whether there was a day to go."""
    with context.database.unit_of_work() as tx:
        clock = sandbox_clock.read(tx, lock=True)
        if clock.days < clock.days_to:
            sandbox_clock.advance(tx)
            return True
        sandbox_clock.stop(tx)
        events.publish(
            tx,
            partner_id=partner_id,
            kind="sandbox.clock_ready",
            subject="sandbox",
            data={"object": sandbox.clock_view(tx, sandbox_clock.read(tx))},
        )
        return False


def come_to_rest(context: Context) -> None:
    """Lets what a date caused end: debits, what they cause, and what was put off within the day."""
    until = time.monotonic() + REST_S_MAX
    for _ in range(ROUNDS_MAX):
        while repayment_day.send_debits(context):
            pass
        while time.monotonic() < until:
            with context.database.unit_of_work() as tx:
                if not store.jobs_due(tx):
                    break
            time.sleep(PAUSE_S)
        with context.database.unit_of_work() as tx:
            if not store.bring_questions_near(tx):
                break
    for news in workers.relays(context):
        while news.step():
            pass


def _fan_out(context: Context) -> None:
    """Gives the news of the last date to the partner's endpoints.

    It does so itself: whoever stops this sandbox's worker waits for its clock, not for its loops.
    """
    fanned = FANNED_AT_ONCE
    while fanned == FANNED_AT_ONCE:
        with context.database.unit_of_work() as tx:
            fanned = delivery_store.fan_out(tx, FANNED_AT_ONCE)


class Buyers:
    """The buyers that are played in one sandbox, each kept signed in for the next walk."""

    def __init__(self, context: Context, installation: str) -> None:
        self._context = context
        self._installation = installation
        self._known: dict[str, Buyer] = {}

    def walk(self, walk_id: str) -> None:
        """Plays one as far as was asked for; how it went is on record."""
        with self._context.database.unit_of_work() as tx:
            found = sandbox_store.walk(tx, walk_id)
        if found is None or found.state != "walking":
            return
        try:
            self._play(found)
            state, problem = "done", ""
        except (StuckAtPage, Problem, requests.RequestException) as stuck:
            state, problem = "failed", str(stuck)[:500]
        with self._context.database.unit_of_work() as tx:
            sandbox_store.end_walk(tx, walk_id, state, problem)

    def _play(self, walk: Walk) -> None:
        def told(page: str) -> None:
            with self._context.database.unit_of_work() as tx:
                sandbox_store.set_step(tx, walk.id, page)
                failed = page == "paying" and self._order(tx, walk)["state"] == "payout_failed"
            if failed:
                raise StuckAtPage("the payout failed at every account of the merchant")

        buyer = self._buyer(walk)
        buyer.walk(REACHED[walk.goal], told, periods=walk.periods)
        if walk.goal == "repay":
            buyer.pay_first_instalment()
            self._until_received(walk.order_id)

    def _buyer(self, walk: Walk) -> Buyer:
        if walk.order_id not in self._known:
            with self._context.database.unit_of_work() as tx:
                order = self._order(tx, walk)
            if len(self._known) >= BUYERS_KEPT_MAX:
                self._known.clear()
            self._known[walk.order_id] = Buyer(
                self._context.settings,
                order["checkout_url"],
                somebody(walk.applicant, walk.card, of=walk.order_id),
                sandbox=self._installation,
            )
        return self._known[walk.order_id]

    def _order(self, tx: Tx, walk: Walk) -> dict[str, Any]:
        context = self._context
        return servicing.order(
            tx, context.keys, walk.partner_id, walk.order_id, context.settings.public_url
        )

    def _until_received(self, order_id: str) -> None:
        until = time.monotonic() + REST_S_MAX
        while time.monotonic() < until:
            with self._context.database.unit_of_work() as tx:
                if not store.repayments_under_way(tx, order_id):
                    return
            time.sleep(PAUSE_S)
        raise StuckAtPage("the repayment has not ended yet")
