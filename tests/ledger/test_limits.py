from concurrent.futures import ThreadPoolExecutor

import pytest

from lending.foundation.database import Database
from lending.ledger import claims, service
from lending.ledger.chart import Code
from lending.ledger.errors import LimitComesWithOpening, LimitPassed
from lending.ledger.model import Account, credit
from tests.ledger.entries import (
    BANK,
    CONTRA,
    EXPOSURE,
    LIMIT_FEN,
    LOAN,
    entries,
    expose,
    hold,
    lend,
    transfer,
    write,
)

CLAIM = claims.account("par_1")
SMALL = Account(Code.BORROWER_CREDIT, "cus_9")


class TestALimit:
    def test_takes_the_last_fen_and_refuses_the_next(self, database: Database):
        with database.unit_of_work() as tx:
            expose(tx, LIMIT_FEN, "all")
        with pytest.raises(LimitPassed) as refused, database.unit_of_work() as tx:
            expose(tx, 1, "more")
        assert refused.value.would_be_fen == LIMIT_FEN + 1
        assert refused.value.limit_fen == LIMIT_FEN
        assert entries(database) == 1

    def test_cannot_be_forgotten_where_the_chart_names_it(self, database: Database):
        with pytest.raises(LimitPassed), database.unit_of_work() as tx:
            expose(tx, LIMIT_FEN + 1)

    def test_counts_both_sides_apart(self, database: Database):
        with database.unit_of_work() as tx:
            service.open_account(tx, SMALL, debit_limit_fen=10, credit_limit_fen=3)
            service.hold(tx, debit=SMALL, credit=BANK, amount_fen=10, subject="x", memo="")
            service.hold(tx, debit=BANK, credit=SMALL, amount_fen=3, subject="x", memo="")
            for legs in (transfer(SMALL, BANK, 1), transfer(BANK, SMALL, 1)):
                with pytest.raises(LimitPassed):
                    write(tx, *legs)

    def test_is_raised_and_never_lowered(self, database: Database):
        with database.unit_of_work() as tx:
            service.open_account(tx, SMALL, debit_limit_fen=10)
            service.open_account(tx, SMALL, debit_limit_fen=999)
            assert service.available(tx, SMALL) == 10
            service.raise_limit(tx, SMALL, debit_limit_fen=5)
            assert service.available(tx, SMALL) == 10
            service.raise_limit(tx, SMALL, debit_limit_fen=15)
            assert service.available(tx, SMALL) == 15

    def test_comes_with_the_opening_of_an_account(self, database: Database):
        with database.unit_of_work() as tx:
            lend(tx, 5)
            with pytest.raises(LimitComesWithOpening):
                service.open_account(tx, LOAN, debit_limit_fen=10)

    def test_lets_everything_through_that_relieves(self, database: Database):
        with database.unit_of_work() as tx:
            expose(tx, LIMIT_FEN, "all")
            write(tx, *transfer(CONTRA, EXPOSURE, LIMIT_FEN), key="back")
            assert service.available(tx, EXPOSURE) == LIMIT_FEN

    def test_is_seen_even_where_the_account_was_opened_by_another_at_the_same_time(
        self, database: Database
    ):
        with ThreadPoolExecutor(1) as pool:

            def post() -> None:
                with database.unit_of_work() as tx:
                    write(tx, *transfer(SMALL, BANK, 11))

            with database.unit_of_work() as tx:
                service.open_account(tx, SMALL, debit_limit_fen=10)
                posting = pool.submit(post)
                with pytest.raises(TimeoutError):
                    posting.result(timeout=0.3)
            with pytest.raises(LimitPassed):
                posting.result(timeout=10)

    def test_l15_holds_under_any_interleaving_and_refuses_no_free_fen(self, database: Database):
        part = LIMIT_FEN // 10

        def one(number: int) -> bool:
            try:
                with database.unit_of_work() as tx:
                    if number % 2:
                        expose(tx, part, f"k{number}")
                    else:
                        hold(tx, part)
            except LimitPassed:
                return False
            return True

        with ThreadPoolExecutor(8) as pool:
            taken = sum(pool.map(one, range(32)))
        assert taken == 10
        with database.unit_of_work() as tx:
            assert service.available(tx, EXPOSURE) == 0
            assert service.verify(tx) == []

    def test_t21_stands_while_eight_threads_take_and_give_back_at_the_edge(
        self, database: Database
    ):
        def one(thread: int) -> None:
            for round_ in range(8):
                key = f"{thread}.{round_}"
                try:
                    with database.unit_of_work() as tx:
                        amount_fen = LIMIT_FEN // 3 + thread
                        if round_ % 2:
                            held = hold(tx, amount_fen)
                        else:
                            entry_id = expose(tx, amount_fen, key)
                except LimitPassed:
                    continue
                with database.unit_of_work() as tx:
                    used = tx.one("SELECT posted_fen + held_debit_fen AS fen FROM ledger_limit")
                    assert used["fen"] <= LIMIT_FEN
                with database.unit_of_work() as tx:
                    if round_ % 2 == 0:
                        service.reverse(tx, entry_id, "given back")
                    elif thread % 2:
                        service.void(tx, held, "given back")
                    else:
                        posted = service.post_hold(tx, held, kind="x", key=key)
                        service.reverse(tx, posted, "given back")

        with ThreadPoolExecutor(8) as pool:
            list(pool.map(one, range(8)))
        with database.unit_of_work() as tx:
            assert service.available(tx, EXPOSURE) == LIMIT_FEN
            expose(tx, LIMIT_FEN, "every free fen at rest")
            assert service.verify(tx) == []

    def test_does_not_make_others_wait_on_busy_accounts(self, database: Database):
        with ThreadPoolExecutor(1) as pool:

            def another() -> str:
                with database.unit_of_work() as tx:
                    return lend(tx, 5, "other")

            with database.unit_of_work() as tx:
                lend(tx, 4, "opens the accounts")
            with database.unit_of_work() as tx:
                lend(tx, 6, "mine")
                assert pool.submit(another).result(timeout=10)
                assert service.balance(tx, BANK) == -15


class TestAMerchantsClaim:
    def test_is_what_was_refunded_and_not_taken_back(self, database: Database):
        with database.unit_of_work() as tx:
            assert claims.open_claim_fen(tx, "par_1") == 0
            assert claims.take_offset(tx, "par_1", 100, subject="pay_1") == 0
            write(tx, *transfer(CLAIM, LOAN, 70))
            assert claims.open_claim_fen(tx, "par_1") == 70

    def test_is_taken_back_as_far_as_a_payout_reaches(self, database: Database):
        with database.unit_of_work() as tx:
            write(tx, *transfer(CLAIM, LOAN, 70))
            assert claims.take_offset(tx, "par_1", 50, subject="pay_1") == 50
            assert claims.take_offset(tx, "par_1", 50, subject="pay_2") == 20
            assert claims.take_offset(tx, "par_1", 50, subject="pay_3") == 0

    def test_is_reserved_once_however_often_a_payout_asks(self, database: Database):
        with database.unit_of_work() as tx:
            write(tx, *transfer(CLAIM, LOAN, 70))
            for _ in range(2):
                assert claims.take_offset(tx, "par_1", 50, subject="pay_1") == 50
            assert claims.open_claim_fen(tx, "par_1") == 20

    def test_is_free_again_when_the_payout_failed(self, database: Database):
        with database.unit_of_work() as tx:
            write(tx, *transfer(CLAIM, LOAN, 70))
            claims.take_offset(tx, "par_1", 50, subject="pay_1")
            claims.release_offset(tx, "par_1", subject="pay_1")
            claims.release_offset(tx, "par_1", subject="pay_1")
            assert claims.open_claim_fen(tx, "par_1") == 70

    def test_is_settled_when_the_payout_was_paid(self, database: Database):
        with database.unit_of_work() as tx:
            write(tx, *transfer(CLAIM, LOAN, 70))
            claims.take_offset(tx, "par_1", 50, subject="pay_1")
        with database.unit_of_work() as tx:
            claims.release_offset(tx, "par_1", subject="pay_1")
            write(tx, *transfer(LOAN, BANK, 600), key="out")
            write(tx, *transfer(LOAN, CLAIM, 50), key="offset")
            assert service.balance(tx, CLAIM) == 20
            assert claims.open_claim_fen(tx, "par_1") == 20

    def test_l15_never_falls_below_0(self, database: Database):
        with database.unit_of_work() as tx:
            write(tx, *transfer(CLAIM, LOAN, 70))
            claims.take_offset(tx, "par_1", 50, subject="pay_1")
            with pytest.raises(LimitPassed):
                write(tx, *transfer(LOAN, CLAIM, 21), key="too much")

    def test_is_never_taken_twice_by_payouts_at_once(self, database: Database):
        with database.unit_of_work() as tx:
            write(tx, *transfer(CLAIM, LOAN, 100))

        def one(number: int) -> int:
            with database.unit_of_work() as tx:
                return claims.take_offset(tx, "par_1", 30, subject=f"pay_{number}")

        with ThreadPoolExecutor(8) as pool:
            taken = list(pool.map(one, range(8)))
        assert sorted(taken) == [0, 0, 0, 0, 10, 30, 30, 30]

    def test_of_nothing_keeps_no_payout_waiting(self, database: Database):
        with database.unit_of_work() as tx:
            write(tx, *transfer(CLAIM, LOAN, 10))
            write(
                tx,
                *transfer(BANK, LOAN, 1),
                credit(CLAIM, 10),
                *transfer(LOAN, BANK, 10)[:1],
                key="b",
            )
        with ThreadPoolExecutor(1) as pool:

            def ask() -> int:
                with database.unit_of_work() as tx:
                    return claims.take_offset(tx, "par_1", 5, subject="pay_2")

            with database.unit_of_work() as tx:
                assert claims.take_offset(tx, "par_1", 5, subject="pay_1") == 0
                assert pool.submit(ask).result(timeout=10) == 0
