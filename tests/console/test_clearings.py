"""What operators see of clearing with funders."""

from datetime import timedelta
from pathlib import Path

from lending.batch import end_of_day
from lending.engine.events import Paid
from lending.system.model import Role
from tests.console.test_loans_and_approvals import Desk
from tests.console.test_sign_in import composed
from tests.finance.funders import funder, happen, lent, shared_with
from tests.loans.world import World
from tests.today import TODAY


class TestThePageOfClearings:
    def test_shows_what_each_funder_gets_and_of_what(self, world: World, tmp_path: Path):
        loan_id = lent(world, shared_with(funder(world)))
        happen(world, loan_id, Paid(TODAY, 50_000, until=1), "rep-1")
        world.clock.advance(timedelta(days=1))
        end_of_day.catch_up(world.context)
        desk = Desk(composed(world, tmp_path), world, "finance", "财务甲", Role.FINANCE)
        page = desk.get("/clearings")[1]
        (cleared,) = world.rows("SELECT id, amount_fen FROM clearing")
        for text in ("甲银行", "付款中", cleared["id"], f"{cleared['amount_fen'] / 100:.2f}"):
            assert text in page
        assert "2,228.80" in page  # our part counts against both limits
        detail = desk.get(f"/clearings/{cleared['id']}")[1]
        assert loan_id in detail
        assert "rep-1" in detail

    def test_says_where_there_is_nothing(self, world: World, tmp_path: Path):
        desk = Desk(composed(world, tmp_path), world, "finance", "财务甲", Role.FINANCE)
        assert "暂无" in desk.get("/clearings")[1]
        assert desk.get("/clearings/none")[0] == 404
