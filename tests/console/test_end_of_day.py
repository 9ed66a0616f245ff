from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from lending.batch import end_of_day
from lending.batch.errors import LoansFailed
from lending.foundation.clock import FixedClock
from lending.foundation.crypto import FieldKeys
from lending.foundation.files import FileStore
from lending.system.model import Role
from tests.batch.portfolio import Lent, lend
from tests.console.test_loans_and_approvals import Desk
from tests.console.test_sign_in import composed
from tests.loans.world import World, make
from tests.today import TODAY


@pytest.fixture
def world(
    database_url: str, clock: FixedClock, field_keys: FieldKeys, files: FileStore
) -> Iterator[World]:
    made = make(database_url, clock, field_keys, files)
    with made.database.unit_of_work() as tx:
        lend(tx, made, Lent(principal_fen=123_456))
    made.clock.advance(timedelta(days=1))
    yield made
    made.database.close()


@pytest.fixture
def desk(world: World, tmp_path: Path) -> Desk:
    return Desk(composed(world, tmp_path), world, "finance", "财务甲", Role.FINANCE)


class TestThePageOfTheEndsOfDay:
    def test_shows_the_open_date_the_closed_ones_and_the_portfolio(self, world: World, desk: Desk):
        assert "暂无" in desk.get("/end-of-day")[1]
        end_of_day.catch_up(world.context)
        page = desk.get("/end-of-day")[1]
        assert f'id="open-date">{TODAY + timedelta(days=1)}' in page
        assert f"<td>{TODAY}</td>" in page
        assert "1,234.56" in page
        assert "正常" in page

    def test_names_the_loans_that_failed_and_why(self, world: World, desk: Desk):
        with world.database.unit_of_work() as tx:
            tx.run("UPDATE loan_standing SET course_until = course_from + 60")
            tx.run("UPDATE loan_standing SET course_from = course_until")
        with pytest.raises(LoansFailed):
            end_of_day.run(world.context, TODAY)
        page = desk.get("/end-of-day")[1]
        (row,) = world.rows("SELECT loan_id FROM loan_standing")
        assert row["loan_id"] in page
        assert "division by zero" in page
