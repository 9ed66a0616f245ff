"""Checks of receivers: good and bad events are sent, and how they are received is written down."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

from gateway import webhook_sending as sending
from gateway import webhook_store
from gateway.context import GatewayContext
from gateway.webhook_cases import CASES, Material
from gateway.webhook_sending import Sender
from lending.foundation.database import Row

AT_ONCE = 4
LEASE = timedelta(seconds=180)


class Checks:
    """Carries out the checks that partners have asked for. Any number of processes may do so."""

    def __init__(self, context: GatewayContext) -> None:
        self._context = context
        self._sender = Sender(
            context.resolver, loopback_allowed=context.lending.settings.webhook_loopback
        )
        self._threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="check")

    def run_once(self) -> bool:
        """Carries out what was asked for; whether there was anything."""
        with self._context.lending.database.unit_of_work() as tx:
            leases = webhook_store.lease_checks(tx, limit=AT_ONCE, until=tx.machine_now + LEASE)
        list(self._threads.map(self._check, leases))
        return bool(leases)

    def _check(self, lease: Row) -> None:
        results = self._results(self._material(lease))
        with self._context.lending.database.unit_of_work() as tx:
            webhook_store.end_check(tx, lease["check_id"], results)

    def _material(self, lease: Row) -> Material:
        lending = self._context.lending
        cell = sending.secret_cell(lease["endpoint_id"])
        return Material(
            lease["url"],
            sending.event_view(lease),
            self._context.keys.event,
            int(lending.database.clock.now().timestamp()),
            sending.opened(lending.keys, lease["secret_sealed"], cell),
        )

    def _results(self, material: Material) -> list[dict[str, Any]]:
        """Sends one after another; nothing more once the good event was not taken."""
        good, is_taken, results = material.signed(), True, []
        for case in CASES:
            outcome = None
            if is_taken:
                posted = case.make(material) if case.make else good
                outcome = self._sender.send(material.url, posted.headers, posted.body)
            if case is CASES[0]:
                is_taken = outcome is not None and outcome.delivered
            results.append(case.result(outcome))
        return results
