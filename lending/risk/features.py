"""The features: every input a rule may look at, with its kind and where it comes from.

A table may use a name only if it is in CATALOGUE, and only with cells of its kind. Functions here
turn facts into features and fetch nothing.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from enum import StrEnum

from lending.channels.model import Partner
from lending.customers.model import Profile
from lending.risk.model import NO_SCORE, BureauFacts, Feature, RiskRequest, Value
from lending.risk.score_card import mapping


class Kind(StrEnum):
    """What a feature's value is."""

    WHOLE = "whole"
    """A whole number."""
    TRUTH = "truth"
    """True or false."""
    WORD = "word"
    """One of a few words."""


APPLICATION, OWN, BUREAUS, CARD, PARTNER = "application", "own", "bureaus", "card", "partner"
"""Where a feature comes from: the request, our own records, bureaus, the score card, a partner."""

VELOCITY_KINDS = ("person", "device", "ip", "mobile")
VELOCITY_WINDOWS = ("1h", "24h", "30d")
BLACKLIST_KINDS = ("identity", "mobile", "device", "card")

CATALOGUE: dict[str, tuple[Kind, str]] = {
    "amount_fen": (Kind.WHOLE, APPLICATION),
    "amount_max_fen": (Kind.WHOLE, APPLICATION),
    "scenario": (Kind.WORD, APPLICATION),
    "environment": (Kind.WORD, OWN),
    "category": (Kind.WORD, APPLICATION),
    "duration_months": (Kind.WHOLE, APPLICATION),
    "age_years": (Kind.WHOLE, OWN),
    "birth_date_contradicts": (Kind.TRUTH, OWN),
    "region_known": (Kind.TRUTH, OWN),
    "device_known": (Kind.TRUTH, APPLICATION),
    "loans_open": (Kind.WHOLE, OWN),
    "loans_settled": (Kind.WHOLE, OWN),
    **{f"blacklist_{kind}": (Kind.TRUTH, OWN) for kind in BLACKLIST_KINDS},
    **{
        f"{kind}_applications_{window}": (Kind.WHOLE, OWN)
        for kind in VELOCITY_KINDS
        for window in VELOCITY_WINDOWS
    },
    "person_names": (Kind.WHOLE, OWN),
    "mobile_identities": (Kind.WHOLE, OWN),
    "card_identities": (Kind.WHOLE, OWN),
    "device_identities_30d": (Kind.WHOLE, OWN),
    "ip_identities_24h": (Kind.WHOLE, OWN),
    "bureaus_answered": (Kind.WHOLE, BUREAUS),
    "bureau_score_percent": (Kind.WHOLE, BUREAUS),
    "accounts_open": (Kind.WHOLE, BUREAUS),
    "months_on_file": (Kind.WHOLE, BUREAUS),
    "overdue_now": (Kind.WHOLE, BUREAUS),
    "overdue_24m": (Kind.WHOLE, BUREAUS),
    "inquiries_3m": (Kind.WHOLE, BUREAUS),
    "platforms_open": (Kind.WHOLE, BUREAUS),
    "debt_total_fen": (Kind.WHOLE, BUREAUS),
    "credit_history": (Kind.WORD, BUREAUS),
    "other_plans": (Kind.WORD, BUREAUS),
    "line_decision": (Kind.WORD, OWN),
    "draws_1h": (Kind.WHOLE, OWN),
    "draws_24h": (Kind.WHOLE, OWN),
    "draw_device_identities_24h": (Kind.WHOLE, OWN),
    "draw_percent": (Kind.WHOLE, OWN),
    "draw_distance_m": (Kind.WHOLE, APPLICATION),
    "draw_speed_kmh": (Kind.WHOLE, OWN),
    "draw_prepaid": (Kind.TRUTH, APPLICATION),
    "draw_device_refused_24h": (Kind.WHOLE, OWN),
    "till_draws_high_1h": (Kind.WHOLE, OWN),
    "till_draws_new_1h": (Kind.WHOLE, OWN),
    "till_refunds_24h": (Kind.WHOLE, OWN),
    "lead_platforms_30d": (Kind.WHOLE, OWN),
    "price_arm": (Kind.WORD, OWN),
    "store_distance_m": (Kind.WHOLE, APPLICATION),
    "visit_speed_kmh": (Kind.WHOLE, OWN),
    "store_applications_1h": (Kind.WHOLE, OWN),
    "device_visits_stale_24h": (Kind.WHOLE, OWN),
    "device_farthest_24h_m": (Kind.WHOLE, OWN),
    "position_twins_24h": (Kind.WHOLE, OWN),
    "staff_applications_1h": (Kind.WHOLE, OWN),
    "staff_applications_30d": (Kind.WHOLE, OWN),
    "staff_failed_percent_30d": (Kind.WHOLE, OWN),
    "score": (Kind.WHOLE, CARD),
    "grade": (Kind.WORD, CARD),
}
"""Every feature by name: its kind and its source."""

SIGNALS_ABSENT: dict[str, Value] = {
    "lead_platforms_30d": 0,
    "store_distance_m": -1,
    "visit_speed_kmh": -1,
    "store_applications_1h": 0,
    "device_visits_stale_24h": 0,
    "device_farthest_24h_m": -1,
    "position_twins_24h": 0,
    "staff_applications_1h": 0,
    "staff_applications_30d": 0,
    "staff_failed_percent_30d": 0,
}
"""What a scenario that does not see these says of them: -1 where there is nothing to tell."""

DRAW_SIGNALS_ABSENT: dict[str, Value] = {
    "draw_distance_m": -1,
    "draw_speed_kmh": -1,
    "draw_prepaid": False,
    "draw_device_refused_24h": 0,
    "till_draws_high_1h": 0,
    "till_draws_new_1h": 0,
    "till_refunds_24h": 0,
}
"""The same of a payment on a line."""

PROVINCES = frozenset(
    {11, 12, 13, 14, 15, 21, 22, 23, 31, 32, 33, 34, 35, 36, 37, 41, 42, 43, 44, 45, 46}
    | {50, 51, 52, 53, 54, 61, 62, 63, 64, 65, 71, 81, 82, 83}
)
"""The first two digits of an identity number (GB/T 2260; 83 is for residents from Taiwan)."""


def feature(name: str, value: Value | None) -> Feature:
    """A feature of the catalogue, its type checked."""
    kind, source = CATALOGUE[name]
    wanted = {Kind.WHOLE: int, Kind.TRUTH: bool, Kind.WORD: str}[kind]
    assert value is None or type(value) is wanted, (name, value)
    return Feature(value, source)


def of_application(
    request: RiskRequest, absent: Mapping[str, Value] = SIGNALS_ABSENT
) -> dict[str, Feature]:
    """What the application says, and what a partner adds under names that no rule can read.

    What the scenario saw stands instead of what is `absent` by default.
    """
    known: dict[str, Value] = {
        "amount_fen": request.amount_fen,
        "amount_max_fen": request.amount_max_fen,
        "scenario": request.scenario,
        "category": request.category,
        "duration_months": request.periods_max,
        "device_known": bool(request.device.fingerprint),
        "loans_open": request.loans_open,
        "loans_settled": request.loans_settled,
    }
    signals = {
        f"partner.{name}": Feature(value, PARTNER)
        for name, value in sorted(request.partner_signals.items())
    }
    own = {**absent, **known, **request.signals}
    return {name: feature(name, value) for name, value in own.items()} | signals


def of_profile(person: Profile, on: date) -> dict[str, Feature]:
    """What the identity number says, held against what is on file."""
    number = person.identity_no
    return {
        "age_years": feature("age_years", person.age(on)),
        "birth_date_contradicts": feature(
            "birth_date_contradicts", number[6:14] != f"{person.birth_date:%Y%m%d}"
        ),
        "region_known": feature("region_known", int(number[:2]) in PROVINCES),
    }


def of_partner(partner: Partner) -> dict[str, Feature]:
    """Whether this is for real: in the sandbox one tester plays many people on one device."""
    return {"environment": feature("environment", partner.environment)}


def of_bureaus(reports: Sequence[BureauFacts], *, loans_settled: int) -> dict[str, Feature]:
    """What the bureaus say together: of two answers always the worse.

    Each bureau sees a part of the market, and parts overlap: sums would count twice, a mean would
    hide what one knows. Only of a file's age the better counts, and a bureau without a score does
    not take the other's away. Without any answer every value is None, and no table may be asked.
    """
    values: dict[str, Value | None] = {"bureaus_answered": len(reports)}
    names = ("overdue_now", "overdue_24m", "inquiries_3m", "platforms_open", "debt_total_fen")
    for name in ("accounts_open", *names):
        values[name] = max((getattr(report, name) for report in reports), default=None)
    values["months_on_file"] = max((r.months_on_file for r in reports), default=None)
    scores = [r.score_percent for r in reports if r.score_percent != NO_SCORE]
    values["bureau_score_percent"] = min(scores, default=NO_SCORE if reports else None)
    values["credit_history"] = (
        mapping.credit_history(reports, loans_settled=loans_settled) if reports else None
    )
    values["other_plans"] = mapping.other_plans(reports) if reports else None
    return {name: feature(name, value) for name, value in values.items()}


def values_of(features: Mapping[str, Feature]) -> dict[str, Value | None]:
    """The values alone, as tables and card take them."""
    return {name: each.value for name, each in features.items()}
