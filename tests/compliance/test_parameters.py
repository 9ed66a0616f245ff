import threading
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest

from lending.compliance import parameters
from lending.compliance.errors import (
    ParameterAlreadyChanged,
    ParameterMissing,
    ParameterValueInvalid,
)
from lending.compliance.model import Parameter
from lending.foundation.audit import Actor
from lending.foundation.database import Database

OPERATOR = Actor("operator", "op_1")


def lower_cap(value: str = "0.20", day: date = date(2027, 1, 1)) -> Parameter:
    return Parameter("cost.cap_rate", value, day, None, "a new notice", "V")


class TestSeed:
    def test_puts_every_default_in_force(self, database: Database) -> None:
        with database.unit_of_work() as tx:
            parameters.seed(tx)
            rules = parameters.today(tx)
        assert rules.number("cost.cap_rate") == Decimal("0.24")
        assert rules.whole("exposure.cap_fen") == 20_000_000
        assert rules.switched_on("redirect.required")
        assert {p.code for p in parameters.DEFAULTS} == set(rules.values)

    def test_twice_changes_nothing_and_keeps_what_an_operator_set(self, database: Database) -> None:
        with database.unit_of_work() as tx:
            parameters.seed(tx)
            parameters.set_from(tx, lower_cap(), OPERATOR)
            parameters.seed(tx)
            assert parameters.value(tx, "cost.cap_rate", date(2026, 12, 31)) == "0.24"
            assert parameters.value(tx, "cost.cap_rate", date(2027, 1, 1)) == "0.20"

    def test_has_one_value_a_day_for_every_parameter(self) -> None:
        for one in parameters.DEFAULTS:
            rivals = [
                other
                for other in parameters.DEFAULTS
                if other.code == one.code
                and other is not one
                and other.valid_from <= (one.valid_to or date.max)
                and one.valid_from <= (other.valid_to or date.max)
            ]
            assert rivals == []

    def test_names_a_source_and_how_sure_it_is(self) -> None:
        for parameter in parameters.DEFAULTS:
            parameters._CHECKS[parameters.kind(parameter.code)](parameter)
            assert parameter.source
            assert parameter.confidence in {"V", "S", "M", "C"}


class TestOnADay:
    def test_rules_change_with_the_day(self, database: Database) -> None:
        with database.unit_of_work() as tx:
            parameters.seed(tx)
            assert parameters.value(tx, "redirect.required", date(2026, 9, 29)) == "off"
            assert parameters.value(tx, "redirect.required", date(2026, 9, 30)) == "on"

    def test_what_is_not_in_force_is_an_error_and_never_a_default(self, database: Database) -> None:
        with database.unit_of_work() as tx:
            parameters.seed(tx)
            with pytest.raises(ParameterMissing):
                parameters.value(tx, "cost_table.required", date(2026, 7, 31))
            with pytest.raises(ParameterMissing):
                parameters.value(tx, "no.such", date(2026, 11, 23))


class TestSetting:
    def test_ends_the_value_before_on_the_day_before(self, database: Database) -> None:
        with database.unit_of_work() as tx:
            parameters.seed(tx)
            parameters.set_from(tx, lower_cap(), OPERATOR)
            past = parameters.history(tx, "cost.cap_rate")
            log = tx.one("SELECT actor, action, detail FROM audit_log")
        assert [(p.value, p.valid_to) for p in past][-2:] == [
            ("0.24", date(2026, 12, 31)),
            ("0.20", None),
        ]
        assert (log["actor"], log["action"]) == ("operator:op_1", "regulation.set")
        assert log["detail"] == {"from": "0.24", "to": "0.20", "valid_from": "2027-01-01"}

    @pytest.mark.parametrize("value", ["24", "-0.1", "NaN", "24%", "", "1e400", "Infinity"])
    def test_refuses_a_rate_that_is_none(self, database: Database, value: str) -> None:
        with database.unit_of_work() as tx:
            parameters.seed(tx)
            with pytest.raises(ParameterValueInvalid):
                parameters.set_from(tx, lower_cap(value), OPERATOR)

    @pytest.mark.parametrize(
        ("code", "value"),
        [
            ("exposure.cap_fen", "20_000"),
            ("exposure.cap_fen", "２００"),
            ("redirect.required", "yes"),
            ("cost.basis", "simple"),
            ("purpose.blocked", "house, car"),
            ("no.such", "1"),
            ("no.such_rate", "0.1"),
        ],
    )
    def test_refuses_values_that_do_not_fit(
        self, database: Database, code: str, value: str
    ) -> None:
        new = Parameter(code, value, date(2027, 1, 1), None, "notice", "V")
        with database.unit_of_work() as tx:
            parameters.seed(tx)
            with pytest.raises(ParameterValueInvalid):
                parameters.set_from(tx, new, OPERATOR)

    def test_refuses_to_rewrite_the_past(self, database: Database) -> None:
        with database.unit_of_work() as tx:
            parameters.seed(tx)
            with pytest.raises(ParameterAlreadyChanged):
                parameters.set_from(tx, lower_cap(day=date(2025, 10, 1)), OPERATOR)

    def test_two_at_once_leave_one_value_a_day(self, database: Database) -> None:
        with database.unit_of_work() as tx:
            parameters.seed(tx)
        refused = []

        def change(days: int) -> None:
            try:
                with database.unit_of_work() as tx:
                    day = date(2027, 1, 1) + timedelta(days=days)
                    parameters.set_from(tx, lower_cap(day=day), OPERATOR)
            except ParameterAlreadyChanged:
                refused.append(days)

        threads = [threading.Thread(target=change, args=(days % 3,)) for days in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        with database.unit_of_work() as tx:
            past = parameters.history(tx, "cost.cap_rate")
        assert refused
        for earlier, later in pairwise(past):
            assert earlier.valid_to == later.valid_from - timedelta(days=1)
        assert past[-1].valid_to is None
