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
from simulators.magic import identity_no
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
