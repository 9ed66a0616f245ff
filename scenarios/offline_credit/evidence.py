"""What a visit or a payment shows of fraud, as features of its decision (STORE-1).

Everything is counted from our own rows of the last hours, at the moment of the decision. What was
refused counts too: a photographed code or a phone elsewhere weighs on the device's next decision.
"""

from typing import Any

from lending.foundation.database import Tx
from lending.risk.model import Value
from scenarios.offline_credit import evidence_store, rules
from scenarios.offline_credit.model import Asked

UNKNOWN = -1
"""Instead of a distance or a speed that nobody can tell."""


def of_visit(tx: Tx, visit_id: str, customer_id: str) -> dict[str, Value]:
    """What an application in a store shows: where phone, customer and staff were seen lately.

    `position_twins_24h` counts other devices that told the very same position, to the millionth of
    a degree: that is what programs tell that make positions up.
    """
    seen = evidence_store.visit(tx, visit_id)
    here = (seen["latitude_e6"], seen["longitude_e6"])
    fingerprint = seen["fingerprint"]
    refused = evidence_store.refused_of_device(tx, fingerprint)
    staff = evidence_store.through_staff(tx, seen["staff_id"])
    return {
        "store_distance_m": UNKNOWN if seen["distance_m"] is None else seen["distance_m"],
        "visit_speed_kmh": _fastest(tx, here, evidence_store.visits(tx, customer_id, visit_id)),
        "store_applications_1h": evidence_store.applications_in_store(tx, seen["store_id"]),
        "device_visits_stale_24h": refused["stale"],
        "device_farthest_24h_m": UNKNOWN if refused["farthest"] is None else refused["farthest"],
        "position_twins_24h": evidence_store.twins(tx, seen["store_id"], here, fingerprint),
        "staff_applications_1h": staff["lately"],
        "staff_applications_30d": staff["whole"],
        "staff_failed_percent_30d": staff["failed"] * 100 // max(1, staff["whole"]),
    }


def of_payment(
    tx: Tx,
    payment: Asked,
    *,
    line_id: str,
    at: tuple[int, int] | None,
    device: dict[str, Any],
) -> dict[str, Value]:
    """What a payment shows: how far the phone is, how fast the line travelled, how the till takes.

    What the till did counts without this payment.
    """
    here = (payment.store.latitude_e6, payment.store.longitude_e6)
    refused = evidence_store.refused_of_device(tx, str(device.get("fingerprint") or ""))
    till = evidence_store.at_till(tx, payment.till_id, payment.id)
    return {
        "draw_distance_m": rules.metres_between(here, at) if at else UNKNOWN,
        "draw_speed_kmh": _fastest(tx, here, evidence_store.payments(tx, line_id)),
        "draw_prepaid": payment.release_parts is not None,
        "draw_device_refused_24h": refused["stale"] + refused["outside"],
        "till_draws_high_1h": till["high"],
        "till_draws_new_1h": till["new"],
        "till_refunds_24h": till["refunds"],
    }


def _fastest(tx: Tx, here: tuple[int, int], places: list[tuple[tuple[int, int], Any]]) -> int:
    """Kilometres an hour from each place to here, the highest; a minute is the least time."""
    speeds = [
        rules.metres_between(here, place)
        * 3600
        // (1000 * max(60, abs(int((tx.now - at).total_seconds()))))
        for place, at in places
    ]
    return max(speeds, default=UNKNOWN)


def refused(tx: Tx, limit: int) -> list[dict[str, Any]]:
    """What operators see: visits that were turned away or came from far, the newest first."""
    return [dict(row) for row in evidence_store.refused(tx, limit)]
