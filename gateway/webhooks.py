"""Events on their way to partners: fanned out, signed, tried ten times over about three days.

Each endpoint has a queue of its own. Endpoints that fail or are slow are served by threads of
their own, one try at a time, and less often the longer they fail: they delay nobody else.
"""

import logging
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from datetime import datetime, timedelta

from gateway import delivery_store, webhook_store
from gateway import webhook_sending as sending
from gateway.context import GatewayContext
from gateway.delivery_store import TRIES_MAX
from gateway.webhook_sending import Outcome, Sender
from gateway.webhook_views import endpoint_view
from lending.foundation import events, ids
from lending.foundation.database import Row, Tx

FANNED_AT_ONCE = 500
LEASE = timedelta(seconds=60)
"""A delivery is taken for so long; a process that dies with it delays it by no more."""
WAITS_S = (5, 60, 300, 1800, 7200, 18000, 36000, 64800, 86400)
"""About how long after each failed try the next one follows: ten tries over about three days."""
FAILING_MAX = timedelta(seconds=sum(WAITS_S))
"""An endpoint that has taken nothing for so long, in ten tries or more, is disabled."""
SLOW_MS = 2000
RESTS_AFTER = 5
"""So many failures in a row, whatever the events, and the endpoint is given a rest."""
REST_S_MAX = 300
DISABLED = "endpoint.disabled"

log = logging.getLogger(__name__)


class Lane:
    """Threads for endpoints of one kind, and how many tries one endpoint may have at once."""

    def __init__(self, *, slow: bool, threads: int, each: int) -> None:
        self.slow, self.each = slow, each
        self._threads = threads
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="webhook")
        self._running: set[Future[None]] = set()

    @property
    def running(self) -> set[Future[None]]:
        """What is under way."""
        self._running = {each for each in self._running if not each.done()}
        return self._running

    @property
    def free(self) -> int:
        """How many more can be taken."""
        return self._threads - len(self.running)

    def start(self, act: Callable[[Row], None], leases: Sequence[Row]) -> None:
        """Begins to carry out what was taken."""
        self._running |= {self._pool.submit(act, lease) for lease in leases}


class Deliveries:
    """Delivers due events, many at once. Any number of processes may do so."""

    def __init__(self, context: GatewayContext) -> None:
        self._context = context
        self._sender = Sender(
            context.resolver, loopback_allowed=context.lending.settings.webhook_loopback
        )
        self._lanes = (
            Lane(slow=False, threads=24, each=8),
            Lane(slow=True, threads=8, each=1),
        )

    def step(self) -> bool:
        """Begins what is due and waits for the first of it to end; whether there may be more."""
        begun = self._begin()
        running = {each for lane in self._lanes for each in lane.running}
        wait(running, timeout=0.2, return_when=FIRST_COMPLETED)
        return begun

    def run_once(self) -> bool:
        """Delivers what is due now and waits for all of it; whether there was anything."""
        begun = self._begin()
        wait({each for lane in self._lanes for each in lane.running})
        return begun

    def _begin(self) -> bool:
        with self._context.lending.database.unit_of_work() as tx:
            fanned = delivery_store.fan_out(tx, FANNED_AT_ONCE)
            delivery_store.park_deadly(tx)
            taken = [
                delivery_store.lease_due(
                    tx,
                    slow=lane.slow,
                    each=lane.each,
                    limit=lane.free,
                    until=tx.machine_now + LEASE,
                )
                for lane in self._lanes
            ]
        for lane, leases in zip(self._lanes, taken, strict=True):
            lane.start(self._deliver, leases)
        return any(taken) or fanned == FANNED_AT_ONCE

    def _deliver(self, lease: Row) -> None:
        try:
            outcome = self._try(lease)
            with self._context.lending.database.unit_of_work() as tx:
                end(tx, lease, outcome)
        except Exception:
            log.exception("%s: its lease has to run out", lease["id"])

    def _try(self, lease: Row) -> Outcome:
        now = self._context.lending.database.clock.now()
        try:
            body = sending.body_of(sending.event_view(lease))
            headers = sending.signed(
                lease["url"],
                lease["id"],
                body,
                key=self._context.keys.event,
                now=int(now.timestamp()),
                secrets=self._secrets(lease, now),
            )
        except Exception as defect:  # such as a cell that does not open: parked in the end
            log.exception("%s cannot be signed", lease["id"])
            return Outcome(None, type(defect).__name__, 0, is_ours=True)
        return self._sender.send(lease["url"], headers, body)

    def _secrets(self, lease: Row, now: datetime) -> tuple[str, ...]:
        keys, endpoint_id = self._context.lending.keys, lease["endpoint_id"]
        found = sending.opened(keys, lease["secret_sealed"], sending.secret_cell(endpoint_id))
        until = lease["old_secret_until"]
        if until is None or until <= now:
            return found
        cell = sending.old_secret_cell(endpoint_id)
        return found + sending.opened(keys, lease["old_secret_sealed"], cell)


def end(tx: Tx, lease: Row, outcome: Outcome) -> None:
    """Writes down how a try went, and what follows from it for the event and the endpoint."""
    state, next_at = "parked", None
    if outcome.delivered:
        state = "delivered"
    elif outcome.status != 410 and lease["attempts"] <= len(WAITS_S):
        state, next_at = "waiting", next_try(tx.machine_now, lease["attempts"])
    delivery_store.end_attempt(
        tx,
        lease,
        outcome=outcome.note,
        status=outcome.status,
        duration_ms=outcome.duration_ms,
        next_at=next_at,
    )
    delivery_store.set_delivery(tx, lease, state, outcome=outcome.note, next_at=next_at)
    _judge(tx, lease["endpoint_id"], outcome)


def _judge(tx: Tx, endpoint_id: str, outcome: Outcome) -> None:
    if outcome.is_ours:
        return
    if outcome.delivered:
        webhook_store.took(tx, endpoint_id, is_slow=outcome.duration_ms > SLOW_MS)
    elif outcome.status == 410:
        _disable(tx, endpoint_id, "gone")
    else:
        health = webhook_store.failed(tx, endpoint_id)
        if health is None:
            return
        is_long = health["failing_since"] <= tx.machine_now - FAILING_MAX
        if is_long and health["failures"] >= TRIES_MAX:
            _disable(tx, endpoint_id, "failing")
        elif health["failures"] >= RESTS_AFTER:
            rest_s = min(REST_S_MAX, 2 ** min(health["failures"] - RESTS_AFTER, 16))
            webhook_store.rest(tx, endpoint_id, tx.machine_now + timedelta(seconds=rest_s))


def _disable(tx: Tx, endpoint_id: str, reason: str) -> None:
    """Ends an endpoint, and tells the partner's other endpoints."""
    partner_id = webhook_store.disable_endpoint(tx, endpoint_id, reason)
    ended = partner_id and webhook_store.endpoint(tx, partner_id, endpoint_id)
    if partner_id and ended:
        events.publish(
            tx,
            partner_id=partner_id,
            kind=DISABLED,
            subject=endpoint_id,
            data={"object": endpoint_view(ended)},
        )


def next_try(now: datetime, attempts: int) -> datetime:
    """When the next try follows: the wait of this attempt, spread by a quarter."""
    wait_s = WAITS_S[min(attempts, len(WAITS_S)) - 1]
    return now + timedelta(seconds=wait_s + ids.jitter(wait_s / 4))
