"""The whole house against the bank's own book: orders are signed, paid out, repaid, returned."""

from dataclasses import replace
from datetime import timedelta

from lending.finance import reconciliation
from lending.finance.model import CheckKind, ClaimPosition, Differences, SubLedgerDifference
from lending.finance.model import DifferenceKind as Kind
from lending.foundation.ports import ChannelState, ChannelTransaction
from lending.ledger import service as ledger
from lending.ledger.chart import Code
from lending.ledger.model import Account, Entry, credit, debit
from lending.loans import reductions
from lending.repayments import service as repayments
from lending.repayments.model import What
from tests.loans.world import AMOUNT_FEN, World
from tests.today import TODAY


def bank_file(world: World) -> list[ChannelTransaction]:
    """The bank's own book, as its daily file would list it."""
    return [
        ChannelTransaction(number, booked.kind, booked.amount_fen, booked.state.value, "ref")
        for number, booked in world.bank.book.items()
    ]


def compared(world: World, bank: list[ChannelTransaction] | None = None) -> Differences:
    with world.database.unit_of_work() as tx:
        return reconciliation.three_way(tx, bank_file(world) if bank is None else bank)


def details(world: World) -> list[SubLedgerDifference]:
    with world.database.unit_of_work() as tx:
        return reconciliation.sub_ledger_check(tx)


def repay(world: World, loan_id: str, what: What = What.NEXT) -> None:
    with world.database.unit_of_work() as tx:
        amount_fen = repayments.quote(tx, loan_id, what).amount_fen
    repayments.pay(world.context, loan_id, what, amount_fen=amount_fen)
    world.work_until_quiet()


def give_back(world: World, loan_id: str, amount_fen: int) -> None:
    with world.database.unit_of_work() as tx:
        reductions.reduce(
            tx, loan_id, refund_id="ref_1", amount_fen=amount_fen, refundable_fen=AMOUNT_FEN
        )
    world.work_until_quiet()


def kinds(found: Differences) -> list[Kind]:
    return [item.kind for item in found.items]


class TestThreeWay:
    def test_x3_agrees_after_payout_repayments_returned_goods_and_payoff(self, world: World):
        _, loan_id = world.paid()
        repay(world, loan_id)
        give_back(world, loan_id, 100_000)
        _, other = world.paid("A-2")
        repay(world, other, What.PAYOFF)
        found = compared(world)
        assert found.agree
        assert found.in_flight == ()
        assert found.bank_fen == found.rows_fen == found.ledger_fen
        with world.database.unit_of_work() as tx:
            bank = Account(Code.BANK_SETTLEMENT)
            assert ledger.balance(tx, bank) == found.bank_fen
        assert details(world) == []

    def test_x3_agrees_after_money_came_back_to_the_borrower(self, world: World):
        _, loan_id = world.paid()
        repay(world, loan_id, What.PAYOFF)
        give_back(world, loan_id, AMOUNT_FEN)
        found = compared(world)
        assert len(world.bank.paid("payout")) == 2
        assert found.agree
        assert details(world) == []

    def test_agrees_on_an_attempt_that_failed_and_the_one_after_it(self, world: World):
        world.bank.refuse.add("6230580000000010012")
        world.paid()
        assert [line.state for line in bank_file(world)] == ["failed", "paid"]
        assert compared(world).agree
        assert details(world) == []

    def test_a_payment_without_an_answer_is_on_its_way_until_the_bank_lists_it(self, world: World):
        world.bank.lose_answers = world.bank.silent_queries = 99
        world.signed()
        world.work()
        (number,) = world.bank.book
        found = compared(world, [])
        assert found.agree
        assert found.in_flight == (number,)
        assert kinds(compared(world)) == [Kind.STATE_DIFFERS]
        assert details(world) == []
        world.bank.heal()
        world.work_until_quiet()
        assert compared(world).agree
        assert details(world) == []

    def test_finds_each_way_in_which_the_bank_can_disagree(self, world: World):
        world.paid()
        (line,) = bank_file(world)
        for bank, kind in (
            ([], Kind.MISSING_IN_BANK),
            ([replace(line, amount_fen=line.amount_fen + 1)], Kind.AMOUNT_DIFFERS),
            ([replace(line, state=ChannelState.FAILED.value)], Kind.STATE_DIFFERS),
            ([line, line], Kind.TWICE_IN_BANK),
            ([line, replace(line, channel_order_no="co_unknown")], Kind.MISSING_HERE),
        ):
            assert kinds(compared(world, bank)) == [kind]

    def test_finds_an_entry_that_no_order_explains(self, world: World):
        world.paid()
        with world.database.unit_of_work() as tx:
            legs = (
                debit(Account(Code.BANK_SETTLEMENT), 1),
                credit(Account(Code.SUSPENSE, "co_unknown"), 1),
            )
            entry_id = ledger.post(
                tx, Entry(kind="manual", subject="?", memo="", legs=legs, key="manual")
            )
        (item,) = compared(world).items
        assert (item.kind, item.channel_order_no) == (Kind.LEDGER_ALONE, entry_id)
        assert [(item.kind, item.owner) for item in details(world)] == [
            (CheckKind.SUSPENSE, "co_unknown")
        ]
        with world.database.unit_of_work() as tx:
            ledger.reverse(tx, entry_id, "found out")
        assert compared(world).agree
        assert details(world) == []

    def test_x2_finds_an_entry_that_was_reversed_though_the_money_moved(self, world: World):
        world.paid()
        with world.database.unit_of_work() as tx:
            entry_id = tx.scalar("SELECT id FROM journal_entry WHERE kind = 'loan.paid_out'")
            ledger.reverse(tx, entry_id, "by mistake")
        assert kinds(compared(world)) == [Kind.LEDGER_DIFFERS]
        assert [item.kind for item in details(world)] == [CheckKind.LOAN_PRINCIPAL]

    def test_of_one_day_looks_at_that_day(self, world: World):
        _, loan_id = world.paid()
        first = bank_file(world)
        world.clock.advance(timedelta(days=1))
        repay(world, loan_id)
        second = [line for line in bank_file(world) if line not in first]
        with world.database.unit_of_work() as tx:
            for day, bank in enumerate((first, second)):
                on = TODAY + timedelta(days=day)
                assert reconciliation.three_way(tx, bank, on=on).agree
                missing = reconciliation.three_way(tx, [], on=on)
                assert kinds(missing) == [Kind.MISSING_IN_BANK]


class TestTheSubLedgers:
    def test_find_principal_and_exposure_that_are_not_the_plans(self, world: World):
        _, loan_id = world.paid()
        assert details(world) == []
        with world.database.unit_of_work() as tx:
            tx.run("UPDATE instalment SET principal_paid_fen = 7 WHERE number = 1")
        assert details(world) == [
            SubLedgerDifference(CheckKind.LOAN_PRINCIPAL, loan_id, AMOUNT_FEN, AMOUNT_FEN - 7),
            SubLedgerDifference(CheckKind.EXPOSURE, world.customer_id, AMOUNT_FEN, AMOUNT_FEN - 7),
        ]

    def test_find_a_hold_that_no_loan_waits_for(self, world: World):
        _, loan_id = world.signed()
        assert details(world) == []
        with world.database.unit_of_work() as tx:
            hold_id = tx.scalar("SELECT exposure_holds[1] FROM loan WHERE id = :id", id=loan_id)
            ledger.void(tx, hold_id, "by mistake")
        assert details(world) == [
            SubLedgerDifference(CheckKind.EXPOSURE_HELD, world.customer_id, 0, AMOUNT_FEN)
        ]


class TestAMerchantsClaims:
    def test_are_open_until_the_next_payout_takes_them_back(self, world: World):
        def position() -> ClaimPosition:
            with world.database.unit_of_work() as tx:
                return reconciliation.merchant_claims(tx, world.partner_id)

        _, loan_id = world.paid()
        give_back(world, loan_id, 100_000)
        assert position() == ClaimPosition(open_fen=100_000, on_the_way_fen=0)
        world.bank.lose_answers = world.bank.silent_queries = 99
        world.signed("A-2")
        world.work()
        assert position() == ClaimPosition(open_fen=100_000, on_the_way_fen=100_000)
        world.bank.heal()
        world.work_until_quiet()
        assert position() == ClaimPosition(open_fen=0, on_the_way_fen=0)
        assert compared(world).agree


class TestTheBanksFiles:
    def test_are_fetched_for_every_day_since_the_first_order(self, world: World):
        asked = []

        class Channel:
            def daily_file(self, day):
                asked.append(day)
                return [line for line in bank_file(world) if day == TODAY]

        assert reconciliation.bank_file(world.database, Channel()) == []
        world.paid()
        world.clock.advance(timedelta(days=2))
        assert reconciliation.bank_file(world.database, Channel()) == bank_file(world)
        assert asked == [TODAY + timedelta(days=number) for number in range(3)]
        assert reconciliation.bank_file(world.database, Channel(), on=TODAY) == bank_file(world)
