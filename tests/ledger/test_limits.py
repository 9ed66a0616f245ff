from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lending.foundation.database import Database
from lending.ledger import claims, service
from lending.ledger.chart import Code
from lending.ledger.errors import LimitComesWithOpening, LimitPassed
from lending.ledger.model import Account, Balances, Limits
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

_serial = count()
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

    def test_of_one_account_leaves_the_others_of_the_entry_where_they_were(
        self, database: Database
    ):
        with database.unit_of_work() as tx:
            hold(tx, 10)
            service.open_account(tx, SMALL, Limits(debit_fen=5))
            with pytest.raises(LimitPassed) as refused:
                write(tx, *transfer(EXPOSURE, CONTRA, 7), *transfer(SMALL, BANK, 6))
            assert (refused.value.account, refused.value.would_be_fen) == (str(SMALL), 6)
            assert service.balances(tx, [EXPOSURE, SMALL]) == {
                EXPOSURE: Balances(0, 10, 0),
                SMALL: Balances(),
            }
            assert service.verify(tx) == []

    def test_takes_all_lines_of_an_entry_on_one_account_together(self, database: Database):
        with database.unit_of_work() as tx:
            service.open_account(tx, SMALL, Limits(debit_fen=5))
            write(tx, *transfer(SMALL, BANK, 9), *transfer(BANK, SMALL, 4))
            assert service.available(tx, SMALL) == 0

    def test_cannot_be_forgotten_where_the_chart_names_it(self, database: Database):
        with pytest.raises(LimitPassed), database.unit_of_work() as tx:
            expose(tx, LIMIT_FEN + 1)

    def test_counts_both_sides_apart(self, database: Database):
        with database.unit_of_work() as tx:
            service.open_account(tx, SMALL, Limits(debit_fen=10, credit_fen=3))
            service.hold(tx, debit=SMALL, credit=BANK, amount_fen=10, subject="x", memo="")
            service.hold(tx, debit=BANK, credit=SMALL, amount_fen=3, subject="x", memo="")
            for legs in (transfer(SMALL, BANK, 1), transfer(BANK, SMALL, 1)):
                with pytest.raises(LimitPassed):
                    write(tx, *legs)

    def test_is_what_it_was_set_to_last(self, database: Database):
        with database.unit_of_work() as tx:
            for limit_fen in (10, 10, 15, 4):
                service.open_account(tx, SMALL, Limits(debit_fen=limit_fen))
                assert service.available(tx, SMALL) == limit_fen

    def test_that_is_lowered_below_what_stands_lets_through_only_what_relieves(
        self, database: Database
    ):
        with database.unit_of_work() as tx:
            expose(tx, 600, "a")
            service.open_account(tx, EXPOSURE, Limits(debit_fen=500))
            assert service.available(tx, EXPOSURE) == 0
            with pytest.raises(LimitPassed):
                expose(tx, 1, "b")
            write(tx, *transfer(CONTRA, EXPOSURE, 50), key="c")
            with pytest.raises(LimitPassed):
                expose(tx, 1, "d")

    def test_leaves_room_on_the_side_that_it_bounds(self, database: Database):
        with database.unit_of_work() as tx:
            assert service.available(tx, EXPOSURE) == LIMIT_FEN
            assert service.available(tx, CLAIM) == 0
            assert service.available(tx, BANK) is None
            service.open_account(tx, SMALL, Limits(credit_fen=10))
            service.hold(tx, debit=BANK, credit=SMALL, amount_fen=4, subject="x", memo="")
            write(tx, *transfer(BANK, SMALL, 5))
            assert service.available(tx, SMALL) == 1

    def test_comes_with_the_opening_of_an_account(self, database: Database):
        with database.unit_of_work() as tx:
            lend(tx, 5)
            with pytest.raises(LimitComesWithOpening):
                service.open_account(tx, LOAN, Limits(debit_fen=10))

    def test_is_seen_even_where_the_account_was_opened_by_another_at_the_same_time(
        self, database: Database
    ):
        with ThreadPoolExecutor(1) as pool:

            def post() -> None:
                with database.unit_of_work() as tx:
                    write(tx, *transfer(SMALL, BANK, 11))

            with database.unit_of_work() as tx:
                service.open_account(tx, SMALL, Limits(debit_fen=10))
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


class TestALine:
    @settings(max_examples=40, deadline=None, suppress_health_check=[*HealthCheck])
    @given(st.lists(st.tuples(st.sampled_from(["draw", "hold", "post", "void", "relieve"]),
                              st.integers(1, LIMIT_FEN)), max_size=12))  # fmt: skip
    def test_p12_used_held_and_available_are_the_limit(
        self, database: Database, acts: list[tuple[str, int]]
    ):
        owner = Account(Code.EXPOSURE, f"cus_{next(_serial)}")
        used, holds = 0, dict[str, int]()
        for act, amount in acts:
            with (
                database.unit_of_work() as tx,
                suppress(LimitPassed, StopIteration),
                tx.savepoint(),
            ):
                if act == "draw":
                    write(tx, *transfer(owner, CONTRA, amount), key=f"k{next(_serial)}")
                    used += amount
                elif act == "hold":
                    held = service.hold(
                        tx, debit=owner, credit=CONTRA, amount_fen=amount, subject="x", memo=""
                    )
                    holds[held] = amount
                elif act == "relieve" and used:
                    back = min(used, amount)
                    write(tx, *transfer(CONTRA, owner, back), key=f"k{next(_serial)}")
                    used -= back
                elif act in ("post", "void"):
                    held = next(iter(holds))
                    if act == "post":
                        service.post_hold(tx, held, kind="x", key=f"k{next(_serial)}")
                        used += holds[held]
                    else:
                        service.void(tx, held, "x")
                    del holds[held]
            with database.unit_of_work() as tx:
                available = service.available(tx, owner)
                assert service.balance(tx, owner) == used
            assert available is not None
            assert min(used, available) >= 0
            assert used + sum(holds.values()) + available == LIMIT_FEN


class TestAMerchantsClaim:
    def test_is_what_was_refunded_and_not_taken_back(self, database: Database):
        with database.unit_of_work() as tx:
            assert claims.open_claim_fen(tx, "par_1") == 0
            write(tx, *transfer(CLAIM, LOAN, 70))
            write(tx, *transfer(LOAN, CLAIM, 50), key="offset")
            assert claims.open_claim_fen(tx, "par_1") == 20

    def test_l15_never_falls_below_0(self, database: Database):
        with database.unit_of_work() as tx:
            write(tx, *transfer(CLAIM, LOAN, 70))
            with pytest.raises(LimitPassed):
                write(tx, *transfer(LOAN, CLAIM, 71), key="too much")

    def test_is_looked_at_by_one_payout_after_the_other(self, database: Database):
        with database.unit_of_work() as tx:
            write(tx, *transfer(CLAIM, LOAN, 70))

        def offset(number: int) -> int:
            with database.unit_of_work() as tx:
                claims.lock(tx, "par_1")
                amount_fen = min(30, claims.open_claim_fen(tx, "par_1"))
                if amount_fen:
                    write(tx, *transfer(LOAN, CLAIM, amount_fen), key=f"offset{number}")
                return amount_fen

        with ThreadPoolExecutor(6) as pool:
            assert sorted(pool.map(offset, range(6))) == [0, 0, 0, 10, 30, 30]
