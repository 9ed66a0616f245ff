from lending.foundation import business_day
from lending.loans import statements
from lending.loans.statements import Statement
from lending.repayments import service as repayments
from lending.repayments.model import What
from tests.loans.world import AMOUNT_FEN, World


def statement(world: World, loan_id: str) -> Statement:
    with world.database.unit_of_work() as tx:
        return statements.statement(tx, loan_id)


class TestAStatement:
    def test_of_a_loan_that_is_not_paid_out_owes_nothing_yet(self, world: World):
        _, loan_id = world.signed()
        seen = statement(world, loan_id)
        assert (seen.outstanding_principal_fen, seen.days_past_due) == (0, 0)
        assert len(seen.rows) == 12

    def test_says_what_comes_next(self, world: World):
        _, loan_id = world.paid()
        first = statement(world, loan_id).following
        assert first is not None
        repayments.pay(world.context, loan_id, What.NEXT, amount_fen=first.open().total_fen)
        seen = statement(world, loan_id)
        assert seen.following is not None
        assert seen.following.number == 2
        assert seen.outstanding_principal_fen == AMOUNT_FEN - first.principal_fen

    def test_counts_the_days_since_the_oldest_unpaid_due_date(self, world: World):
        _, loan_id = world.paid()
        for _ in range(33):
            with world.database.unit_of_work() as tx:
                business_day.close(tx)
        assert statement(world, loan_id).days_past_due == 3

    def test_lists_a_customers_loans_newest_first(self, world: World):
        _, first = world.paid("A-1")
        _, second = world.paid("A-2")
        with world.database.unit_of_work() as tx:
            found = statements.of_customers(tx, [world.customer_id])
        assert [each.loan.id for each in found] == [second, first]
