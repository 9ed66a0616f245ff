from datetime import timedelta
from typing import Any

import pytest

from lending.compliance import cost_showing, journey, parameters
from lending.compliance.errors import (
    CostTableChanged,
    CostTableIncomplete,
    CostTableNotConfirmed,
    FeeNotAllowed,
    NoSuchShowing,
    NotScrolled,
    ReadTooShort,
)
from lending.foundation.clock import FixedClock
from lending.foundation.database import Database
from tests.compliance.test_gates import table


@pytest.fixture(autouse=True)
def seeded(database: Database) -> None:
    with database.unit_of_work() as tx:
        parameters.seed(tx)


def shown(database: Database, content: dict[str, Any] | None = None) -> str:
    with database.unit_of_work() as tx:
        return cost_showing.show(tx, "app_1", content or table())


def scroll(database: Database, showing_id: str) -> None:
    with database.unit_of_work() as tx:
        cost_showing.scrolled(tx, showing_id)


def confirm(database: Database, showing_id: str) -> cost_showing.Showing:
    with database.unit_of_work() as tx:
        return cost_showing.confirm(tx, showing_id, read_seconds_min=10)


class TestConfirming:
    def test_counts_once_read_to_the_end_for_long_enough(
        self, database: Database, clock: FixedClock
    ) -> None:
        showing_id = shown(database)
        scroll(database, showing_id)
        clock.advance(timedelta(seconds=10))
        found = confirm(database, showing_id)
        assert found.confirmed_at == clock.now()
        with database.unit_of_work() as tx:
            kept = cost_showing.require_confirmed(
                tx,
                showing_id,
                application_id="app_1",
                sha256=cost_showing.table_sha256(table()),
            )
        assert kept.table == table()

    def test_is_refused_before_the_end_was_in_view(
        self, database: Database, clock: FixedClock
    ) -> None:
        showing_id = shown(database)
        clock.advance(timedelta(minutes=5))
        with pytest.raises(NotScrolled):
            confirm(database, showing_id)

    def test_is_refused_a_moment_too_early_and_says_how_long_to_wait(
        self, database: Database, clock: FixedClock
    ) -> None:
        showing_id = shown(database)
        scroll(database, showing_id)
        clock.advance(timedelta(seconds=7, milliseconds=500))
        with pytest.raises(ReadTooShort) as caught:
            confirm(database, showing_id)
        assert "3 秒" in caught.value.mend

    def test_again_keeps_the_first_instant(self, database: Database, clock: FixedClock) -> None:
        showing_id = shown(database)
        scroll(database, showing_id)
        clock.advance(timedelta(seconds=10))
        first = confirm(database, showing_id)
        clock.advance(timedelta(seconds=60))
        assert confirm(database, showing_id) == first

    def test_of_a_table_never_shown_is_refused(self, database: Database) -> None:
        with pytest.raises(NoSuchShowing):
            confirm(database, "cts_none")
        with pytest.raises(NoSuchShowing):
            scroll(database, "cts_none")

    def test_a_new_showing_starts_the_time_again(
        self, database: Database, clock: FixedClock
    ) -> None:
        shown(database)
        clock.advance(timedelta(minutes=5))
        again = shown(database)
        scroll(database, again)
        with pytest.raises(ReadTooShort):
            confirm(database, again)


class TestSigningNeedsIt:
    def test_refuses_an_unconfirmed_table(self, database: Database) -> None:
        showing_id = shown(database)
        with database.unit_of_work() as tx, pytest.raises(CostTableNotConfirmed):
            cost_showing.require_confirmed(
                tx, showing_id, application_id="app_1", sha256=cost_showing.table_sha256(table())
            )

    def test_refuses_another_table_and_another_application(
        self, database: Database, clock: FixedClock
    ) -> None:
        showing_id = shown(database)
        scroll(database, showing_id)
        clock.advance(timedelta(seconds=10))
        confirm(database, showing_id)
        dearer = cost_showing.table_sha256(table(cost_total_fen=48_001))
        with database.unit_of_work() as tx:
            with pytest.raises(CostTableChanged):
                cost_showing.require_confirmed(
                    tx, showing_id, application_id="app_1", sha256=dearer
                )
            with pytest.raises(NoSuchShowing):
                cost_showing.require_confirmed(
                    tx,
                    showing_id,
                    application_id="app_2",
                    sha256=cost_showing.table_sha256(table()),
                )

    def test_an_incomplete_table_is_not_even_shown(self, database: Database) -> None:
        with database.unit_of_work() as tx, pytest.raises(CostTableIncomplete):
            cost_showing.show(tx, "app_1", table(nothing_else=""))

    def test_a_table_with_a_charge_that_may_not_exist_is_not_shown(
        self, database: Database
    ) -> None:
        hidden = table()
        hidden["items"].append(hidden["items"][0] | {"name": "vip_fee", "label": "会员费"})
        with database.unit_of_work() as tx, pytest.raises(FeeNotAllowed):
            cost_showing.show(tx, "app_1", hidden)

    def test_the_digest_does_not_depend_on_the_order_of_keys(self) -> None:
        backwards = dict(reversed(list(table().items())))
        assert cost_showing.table_sha256(backwards) == cost_showing.table_sha256(table())


class TestJourney:
    def test_keeps_pages_versions_and_choices_in_order(self, database: Database) -> None:
        for page, choice in (("identify", {"consents": ["personal_info"]}), ("offer", {"n": 12})):
            with database.unit_of_work() as tx:
                journey.step(tx, "app_1", page=page, page_version="3", choice=choice)
        with database.unit_of_work() as tx:
            steps = journey.steps(tx, "app_1")
        assert [(s.page, s.page_version, s.choice) for s in steps] == [
            ("identify", "3", {"consents": ["personal_info"]}),
            ("offer", "3", {"n": 12}),
        ]
