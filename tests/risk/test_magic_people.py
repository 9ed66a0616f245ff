"""The sandbox's people meet their fate: the simulated bureaus, our connectors, our rules."""

from datetime import date

import pytest

from connectors.bureaus import BureauA, BureauB
from lending.foundation.crypto import FieldKeys
from lending.foundation.database import Database
from lending.foundation.ports import BureauReport
from lending.risk import service
from lending.risk.model import Device, Outcome
from simulators.bureaus import report_a, report_b
from simulators.magic import identity_no, somebody
from tests.risk.people import application, person


class Direct:
    """A bureau's connector, handed what the simulator says without a wire between."""

    def __init__(self, source: str) -> None:
        self.source = source

    def report(
        self, *, name: str, identity_no: str, mobile: str, consent_id: str, purpose: str
    ) -> BureauReport:
        if self.source == "bureau_a":
            return BureauA(None).read(report_a(identity_no))  # type: ignore[arg-type]
        return BureauB(None).read(report_b(identity_no))  # type: ignore[arg-type]


FATES = {"100": Outcome.APPROVE, "200": Outcome.DECLINE, "300": Outcome.REFER}
REASONS = {
    "declined_overdue": (Outcome.DECLINE, "OVERDUE_NOW"),
    "declined_overdue_often": (Outcome.DECLINE, "OVERDUE_OFTEN"),
    "declined_inquiries": (Outcome.DECLINE, "INQUIRIES_MANY"),
    "declined_platforms": (Outcome.DECLINE, "PLATFORMS_MANY"),
    "declined_score": (Outcome.DECLINE, "BUREAU_SCORE_LOW"),
    "referred": (Outcome.REFER, "THIN_FILE"),
    "referred_debt": (Outcome.REFER, "DEBT_HIGH"),
    "referred_platforms": (Outcome.REFER, "PLATFORMS_SOME"),
}


class TestMagicPeople:
    @pytest.mark.parametrize("environment", ["test", "live"])
    @pytest.mark.parametrize("born", [date(1990, 3, 7), date(2004, 12, 31), date(1968, 1, 2)])
    def test_meet_their_fate_at_any_age_and_term(
        self, database: Database, field_keys: FieldKeys, environment: str, born: date
    ) -> None:
        both = (Direct("bureau_a"), Direct("bureau_b"))
        for sequence, outcome in FATES.items():
            customer = person(
                database,
                field_keys,
                number=identity_no("110101", f"{born:%Y%m%d}", sequence),
                born=born,
                mobile=f"13800000{sequence}",
            )
            for periods_max in (12, 24):
                request = application(
                    database,
                    customer,
                    environment=environment,
                    periods_max=periods_max,
                    device=Device(f"fp-{sequence}", "203.0.113.9"),
                )
                made = service.decide(database, both, field_keys, request)
                assert made.outcome is outcome, (sequence, periods_max, made.reasons)

    def test_are_turned_away_for_the_reason_that_is_theirs(
        self, database: Database, field_keys: FieldKeys
    ) -> None:
        both = (Direct("bureau_a"), Direct("bureau_b"))
        for number, (fate, (outcome, reason)) in enumerate(REASONS.items()):
            who = somebody(fate)
            born = date.fromisoformat(who.identity_no[6:14])
            customer = person(
                database,
                field_keys,
                number=who.identity_no,
                born=born,
                mobile=who.mobile,
            )
            device = Device(f"fp-{fate}", f"203.0.113.{number}")
            request = application(database, customer, device=device)
            made = service.decide(database, both, field_keys, request)
            found = {each.code for each in made.reasons}
            assert (made.outcome, reason in found) == (outcome, True), (fate, found)
            others = {said for _, said in REASONS.values()} - {reason}
            assert not found & others, (fate, found)
