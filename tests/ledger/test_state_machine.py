"""The ledger against a plain model written from its properties: dictionaries and lists."""

from collections import Counter
from collections.abc import Sequence
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from lending.foundation import business_day
from lending.foundation.database import Database, Tx
from lending.ledger import service
from lending.ledger.chart import Code
from lending.ledger.errors import HoldEnded, KeyUsedForAnotherEntry, LimitPassed
from lending.ledger.model import Account, Limits, funder_book, guarantor_book
from tests.ledger.entries import of, transfer, write

ACCOUNTS = [
    Account(Code.BANK_SETTLEMENT),
    Account(Code.LOAN_PRINCIPAL, "loan_1"),
    Account(Code.INTEREST_INCOME),
]
BOUNDED = Account(Code.MERCHANT_PAYABLE, "par_1")
DEBIT_LIMIT_FEN, CREDIT_LIMIT_FEN = 1_000, 400
RUNS = count()

account = st.sampled_from([*ACCOUNTS, BOUNDED, BOUNDED])
amount = st.integers(1, 700)
Move = tuple[Account, Account, int]
move = st.tuples(account, account, amount).filter(lambda drawn: drawn[0] != drawn[1])


def is_bounded(one: Account) -> bool:
    return (one.code, one.owner) == (BOUNDED.code, BOUNDED.owner)


class Model:
    """What a bookkeeper would have on paper."""

    def __init__(self) -> None:
        self.balances: Counter[Account] = Counter()
        self.held: dict[str, Move] = {}
        self.ended: list[str] = []
        self.entries: dict[str, tuple[str, list[Move]]] = {}
        self.reversible: list[str] = []
        self.closed: list[tuple[object, dict[Account, int]]] = []

    def fits(self, moves: Sequence[Move]) -> bool:
        """Whether the bounded accounts take them, all holds counted; each move in another book."""
        return all(self._fits(*moved) for moved in moves)

    def _fits(self, to: Account, by: Account, fen: int) -> bool:
        def held(bounded: Account, side: int) -> int:
            return sum(each[2] for each in self.held.values() if each[side] == bounded)

        if is_bounded(to):
            return self.balances[to] + held(to, 0) + fen <= DEBIT_LIMIT_FEN
        if is_bounded(by):
            return held(by, 1) + fen - self.balances[by] <= CREDIT_LIMIT_FEN
        return True

    def move(self, moves: Sequence[Move]) -> None:
        for to, by, fen in moves:
            self.balances[to] += fen
            self.balances[by] -= fen


def end(tx: Tx, hold_id: str, key: str | None) -> None:
    if key:
        service.post_hold(tx, hold_id, kind="x", key=key)
    else:
        service.void(tx, hold_id, "no")


class Ledger(RuleBasedStateMachine):
    """Every run keeps legal books of its own, so that runs do not meet."""

    database: Database

    def __init__(self) -> None:
        super().__init__()
        self.model = Model()
        self.run = next(RUNS)
        self.books = (funder_book(f"run_{self.run}"), guarantor_book(f"run_{self.run}"))
        self.keys = count()
        with self.database.unit_of_work() as tx:
            limits = Limits(DEBIT_LIMIT_FEN, CREDIT_LIMIT_FEN)
            for book in self.books:
                service.open_account(tx, of(book, BOUNDED), limits)

    def key(self) -> str:
        return f"{self.run}.{next(self.keys)}"

    def in_books(self, first: Move, second: Move | None) -> list[Move]:
        """One move in each book; the second may have none."""
        return [
            (of(book, moved[0]), of(book, moved[1]), moved[2])
            for book, moved in zip(self.books, (first, second), strict=True)
            if moved
        ]

    def post_(self, key: str, moves: Sequence[Move]) -> str:
        with self.database.unit_of_work() as tx:
            return write(tx, *(leg for moved in moves for leg in transfer(*moved)), key=key)

    @rule(first=move, second=st.none() | move)
    def post(self, first: Move, second: Move | None) -> None:
        key, moves = self.key(), self.in_books(first, second)
        if not self.model.fits(moves):
            with pytest.raises(LimitPassed):
                self.post_(key, moves)
            return
        self.model.entries[key] = (self.post_(key, moves), moves)
        self.model.reversible.append(key)
        self.model.move(moves)

    @rule(pick=st.integers(0), other=st.booleans())
    def post_again(self, pick: int, *, other: bool) -> None:
        if not self.model.entries:
            return
        key = sorted(self.model.entries)[pick % len(self.model.entries)]
        entry_id, moves = self.model.entries[key]
        if other:
            to, by, fen = moves[-1]
            with pytest.raises(KeyUsedForAnotherEntry):
                self.post_(key, [*moves[:-1], (to, by, fen + 701)])
        else:
            assert self.post_(key, moves) == entry_id

    @rule(drawn=move, book=st.integers(0, 1))
    def hold(self, drawn: Move, book: int) -> None:
        (moved,) = self.in_books(drawn, None)
        to, by, fen = of(self.books[book], moved[0]), of(self.books[book], moved[1]), moved[2]

        def held() -> str:
            with self.database.unit_of_work() as tx:
                return service.hold(tx, debit=to, credit=by, amount_fen=fen, subject="x", memo="")

        if self.model.fits([(to, by, fen)]):
            self.model.held[held()] = (to, by, fen)
        else:
            with pytest.raises(LimitPassed):
                held()

    @rule(pick=st.integers(0), posts=st.booleans())
    def end_hold(self, pick: int, *, posts: bool) -> None:
        if not self.model.held:
            return
        hold_id = sorted(self.model.held)[pick % len(self.model.held)]
        moved = self.model.held.pop(hold_id)
        self.model.ended.append(hold_id)
        with self.database.unit_of_work() as tx:
            end(tx, hold_id, self.key() if posts else None)
        if posts:
            self.model.move([moved])

    @rule(pick=st.integers(0), posts=st.booleans())
    def end_hold_again(self, pick: int, *, posts: bool) -> None:
        if not self.model.ended:
            return
        hold_id = self.model.ended[pick % len(self.model.ended)]
        with self.database.unit_of_work() as tx, pytest.raises(HoldEnded):
            end(tx, hold_id, self.key() if posts else None)

    @rule(pick=st.integers(0))
    def reverse(self, pick: int) -> None:
        if not self.model.reversible:
            return
        key = self.model.reversible[pick % len(self.model.reversible)]
        entry_id, moves = self.model.entries[key]
        back = [(by, to, fen) for to, by, fen in moves]
        if self.model.fits(back):
            with self.database.unit_of_work() as tx:
                service.reverse(tx, entry_id, "mistake")
            self.model.move(back)
            self.model.reversible.remove(key)
        else:
            with pytest.raises(LimitPassed), self.database.unit_of_work() as tx:
                service.reverse(tx, entry_id, "mistake")

    @rule()
    def close_the_day(self) -> None:
        with self.database.unit_of_work() as tx:
            closed = business_day.today(tx)
            business_day.close(tx)
        self.model.closed.append((closed, dict(self.model.balances)))

    @rule()
    def seal(self) -> None:
        with self.database.unit_of_work() as tx:
            service.seal(tx)

    @invariant()
    def every_balance_is_the_models(self) -> None:
        with self.database.unit_of_work() as tx:
            for book in self.books:
                for one in (of(book, each) for each in [*ACCOUNTS, BOUNDED]):
                    assert service.balance(tx, one) == self.model.balances[one]
                rows = service.trial_balance(tx, book=book)
                assert sum(row.balance_fen for row in rows) == 0
                control = {row.code: row.balance_fen for row in rows}
                parts = service.sub_ledger(tx, Code.LOAN_PRINCIPAL, book=book)
                assert control.get(Code.LOAN_PRINCIPAL, 0) == sum(p.balance_fen for p in parts)
            for closed, balances in self.model.closed[-2:]:
                for one in (of(book, each) for book in self.books for each in ACCOUNTS):
                    assert service.balance(tx, one, on=closed) == balances.get(one, 0)

    def teardown(self) -> None:
        with self.database.unit_of_work() as tx:
            assert service.verify(tx) == []


def test_l1_to_l15_the_ledger_does_what_the_model_does(database: Database):
    run_state_machine_as_test(
        type("Run", (Ledger,), {"database": database}),
        settings=settings(
            max_examples=25,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


@given(
    moves=st.lists(move, min_size=2, max_size=6),
    order=st.randoms(use_true_random=False),
)
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_l7_entries_that_commute_give_the_same_balances_in_any_order(
    database: Database, moves: list[Move], order
):
    shuffled = list(moves)
    order.shuffle(shuffled)
    found = []
    for sequence in (moves, shuffled):
        book = funder_book(f"run_{next(RUNS)}")
        with database.unit_of_work() as tx:
            for number, (to, by, fen) in enumerate(sequence):
                write(tx, *transfer(of(book, to), of(book, by), fen), key=f"{book}.{number}")
            found.append([service.balance(tx, of(book, one)) for one in [*ACCOUNTS, BOUNDED]])
    assert found[0] == found[1]
