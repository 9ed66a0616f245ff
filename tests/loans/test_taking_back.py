"""Taking an event back: rows and books as if it had never been (P10)."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from lending.engine.events import Event, Paid, PaidOff, PartPrepaid
from lending.foundation.money import ROUNDINGS
from lending.ledger.chart import Code
from lending.ledger.errors import LimitPassed
from lending.loans import life, life_store, service, store
from lending.loans.model import LoanState
from tests.batch.portfolio import Lent, lend
from tests.loans.world import World
from tests.today import TODAY

CAP_FEN = 20_000_000
FEE = Decimal("0.0275")


def record(world: World, loan_id: str, event: Event, source_id: str) -> None:
    with world.database.unit_of_work() as tx:
        life.record(tx, life.locked(tx, loan_id), event, source_id=source_id, kind="loan.repaid")


def take_back(world: World, loan_id: str, source_id: str) -> None:
    with world.database.unit_of_work() as tx:
        life.take_back(tx, life.locked(tx, loan_id), source_id, "the bank took it back")


def books(world: World) -> dict[tuple[str, str], int]:
    rows = world.rows(
        "SELECT a.code, a.owner, sum(l.debit_fen - l.credit_fen)::bigint AS fen"
        " FROM journal_line l JOIN ledger_account a ON a.id = l.account_id"
        " GROUP BY a.code, a.owner HAVING sum(l.debit_fen - l.credit_fen) <> 0"
    )
    return {(row["code"], row["owner"]): row["fen"] for row in rows}


class TestAPayment:
    def test_p10_leaves_books_and_plan_as_they_were(self, world: World):
        _, loan_id = world.paid()
        with world.database.unit_of_work() as tx:
            plan = store.instalments(tx, loan_id, 1)
        before = books(world)
        record(world, loan_id, Paid(TODAY, 60_000, until=1), "rep-1")
        take_back(world, loan_id, "rep-1")
        assert books(world) == before
        with world.database.unit_of_work() as tx:
            loan = service.loan(tx, loan_id)
            assert store.instalments(tx, loan_id, loan.plan_version) == plan

    @pytest.mark.parametrize("rounding", ROUNDINGS)
    def test_p10_backdated_and_before_others_is_as_if_it_had_never_been(
        self, world: World, rounding: str
    ):
        agreed = Lent(rounding=rounding, period=(14, "day", "act/365"), prepayment_fee_rate=FEE)
        began = TODAY - timedelta(days=31)
        with world.database.unit_of_work() as tx:
            both, alone = (lend(tx, world, agreed, since=began) for _ in range(2))
        later = PartPrepaid(TODAY - timedelta(days=3), 150_505, shorter=False)
        record(world, both, later, "rep-1")
        record(world, both, PartPrepaid(began + timedelta(days=5), 70_707, shorter=True), "rep-2")
        take_back(world, both, "rep-2")
        record(world, alone, later, "rep-3")
        with world.database.unit_of_work() as tx:
            one, other = (
                life.position(tx, service.loan(tx, each), TODAY) for each in (both, alone)
            )
            standings = life_store.standings(tx, [both, alone])
        assert one == other
        same = {"loan_id": "", "product_code": ""}
        assert replace(standings[both], **same) == replace(standings[alone], **same)
        for code in (Code.LOAN_PRINCIPAL, Code.INTEREST_RECEIVABLE):
            assert world.balance(code, both) == world.balance(code, alone)

    def test_p10_that_closed_the_loan_opens_it_again(self, world: World):
        _, loan_id = world.paid()
        record(world, loan_id, PaidOff(TODAY, 599_900), "rep-1")
        assert world.count("SELECT count(*) FROM loan_standing") == 0
        take_back(world, loan_id, "rep-1")
        with world.database.unit_of_work() as tx:
            assert service.loan(tx, loan_id).state is LoanState.ACTIVE
        assert world.count("SELECT count(*) FROM loan_standing") == 1
        assert world.balance(Code.LOAN_PRINCIPAL, loan_id) == 599_900

    def test_p10_before_others_leaves_what_they_would_have_done_alone(self, world: World):
        _, both = world.paid("A-1")
        world.another_buyer(1)
        _, alone = world.paid("A-2")
        record(world, both, Paid(TODAY, 30_000, until=1), "first")
        record(world, both, Paid(TODAY, 70_000, until=2), "second")
        take_back(world, both, "first")
        record(world, alone, Paid(TODAY, 70_000, until=2), "only")
        with world.database.unit_of_work() as tx:
            loans = [service.loan(tx, each) for each in (both, alone)]
            rows = [store.instalments(tx, each.id, each.plan_version) for each in loans]
        assert rows[0] == rows[1]
        assert world.trial_balance() == 0

    def test_may_take_the_borrower_beyond_the_limit_of_new_lending(self, world: World):
        with world.database.unit_of_work() as tx:
            first = lend(tx, world, Lent(principal_fen=15_000_000))
        record(world, first, Paid(TODAY, 6_000_000, until=12), "rep-1")
        free = CAP_FEN - world.exposure()
        with world.database.unit_of_work() as tx:
            lend(tx, world, Lent(principal_fen=free))
        take_back(world, first, "rep-1")
        assert world.exposure() == 15_000_000 + free > CAP_FEN
        with pytest.raises(LimitPassed), world.database.unit_of_work() as tx:
            lend(tx, world, Lent(principal_fen=1_000))
