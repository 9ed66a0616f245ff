"""Decides payments on a credit line at the till: by our own records alone, in one unit of work.

The line was decided on with bureaus, card and tables; what is looked at here is whether this very
payment is the customer's and is like them (STORE-2, R-RISK-INDEP).
"""

from dataclasses import dataclass
from datetime import timedelta

from lending.channels import service as channels
from lending.customers import blacklist
from lending.customers import service as customers
from lending.foundation.crypto import FieldKeys
from lending.foundation.database import Tx
from lending.risk import rules, store
from lending.risk import service as risk
from lending.risk.features import (
    DRAW_SIGNALS_ABSENT,
    feature,
    of_application,
    of_partner,
    values_of,
)
from lending.risk.model import Decision, Feature, Outcome, RiskRequest, Value
from lending.risk.reasons import reason
from lending.risk.rules import RuleBook, Verdict

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Draw:
    """What is known of a payment beside its application."""

    line_id: str
    line_application_id: str
    """Whose decision gave the line."""
    limit_fen: int


def decide(
    tx: Tx, keys: FieldKeys, request: RiskRequest, draw: Draw, *, book: RuleBook | None = None
) -> Decision:
    """Approves or declines a payment on a line, and stores it; asking again gives the same.

    Raises NoOwnDecision when the line was not given by an approval of ours, RuleInputMissing.
    """
    book = book or rules.load()
    given = risk.require_own_decision(tx, draw.line_application_id)
    features = {
        **of_application(request, DRAW_SIGNALS_ABSENT),
        **of_partner(channels.partner(tx, request.partner_id)),
        **_observed(tx, keys, request, draw),
        "line_decision": feature("line_decision", given.id),
    }
    hits = book.tables["draw_filters"].ask(values_of(features))
    if rules.declines(hits):
        verdict = rules.declined_early(hits, features)
    else:
        verdict = Verdict(
            outcome=Outcome.APPROVE,
            score=given.score,
            limit_fen=draw.limit_fen,
            periods_max=min(given.periods_max, request.periods_max),
            reasons=(reason("ON_LINE"),),
            features=features,
        )
    return risk.keep(tx, request.application_id, verdict, book)


def _observed(tx: Tx, keys: FieldKeys, request: RiskRequest, draw: Draw) -> dict[str, Feature]:
    """Records the payment and counts it together with those of the line and of the device."""
    seen = {"draw": keys.index(draw.line_id, of="credit_line")}
    if request.device.fingerprint:
        seen["draw_device"] = keys.index(request.device.fingerprint, of="device")
    store.lock_values(tx, seen.values())
    store.insert_sightings(tx, request, seen)
    counted = store.seen_each(tx, seen, since=tx.now - _DAY)
    device = seen.get("draw_device")
    person = customers.profile(tx, keys, request.customer_id)
    listed = blacklist.listed(
        tx,
        {"identity_no": keys.index(person.identity_no, of="identity_no")}
        | ({"device": device} if device else {}),
    )
    values: dict[str, Value] = {
        "draws_1h": counted["draw"]["applications_1h"],
        "draws_24h": counted["draw"]["applications_24h"],
        "draw_device_identities_24h": counted["draw_device"]["identities"] if device else 0,
        "draw_percent": request.amount_fen * 100 // draw.limit_fen,
        "blacklist_identity": "identity_no" in listed,
        "blacklist_device": "device" in listed,
    }
    return {name: feature(name, value) for name, value in values.items()}
