"""The ledger against a plain model written from its properties: dictionaries and lists."""

from collections import Counter
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
from lending.ledger.model import Account, Limits
from tests.ledger.entries import transfer, write

ACCOUNTS = [
    Account(Code.BANK_SETTLEMENT),
    Account(Code.LOAN_PRINCIPAL, "loan_1"),
    Account(Code.INTEREST_INCOME),
]
BOUNDED = Account(Code.MERCHANT_PAYABLE, "par_1")
DEBIT_LIMIT_FEN, CREDIT_LIMIT_FEN = 1_000, 400
BOOKS = count()

account = st.sampled_from([*ACCOUNTS, BOUNDED, BOUNDED])
amount = st.integers(1, 700)


class Model:
    """What a bookkeeper would have on paper."""

    def __init__(self) -> None:
        self.balances: Counter[Account] = Counter()
        self.held: dict[str, tuple[Account, Account, int]] = {}
        self.ended: list[str] = []
        self.entries: dict[str, tuple[str, Account, Account, int]] = {}
        self.reversible: list[str] = []
        self.closed: list[tuple[object, dict[Account, int]]] = []

    def fits(self, to: Account, by: Account, fen: int, *, without: str = "") -> bool:
        """Whether the bounded account takes one more amount, all holds counted against it."""
        others = [held for hold_id, held in self.held.items() if hold_id != without]
        standing = self.balances[BOUNDED]
        debits = sum(held_fen for held_to, _, held_fen in others if held_to == BOUNDED)
        credits_ = sum(held_fen for _, held_by, held_fen in others if held_by == BOUNDED)
        if to == BOUNDED:
            return standing + debits + fen <= DEBIT_LIMIT_FEN
        if by == BOUNDED:
            return credits_ + fen - standing <= CREDIT_LIMIT_FEN
        return True

    def move(self, to: Account, by: Account, fen: int) -> None:
        self.balances[to] += fen
        self.balances[by] -= fen


def end(tx: Tx, hold_id: str, key: str | None) -> None:
    if key:
        service.post_hold(tx, hold_id, kind="x", key=key)
    else:
        service.void(tx, hold_id, "no")


class Ledger(RuleBasedStateMachine):
    """Every run keeps a legal book of its own, so that runs do not meet."""

    database: Database

    def __init__(self) -> None:
        super().__init__()
        self.model = Model()
        self.book = f"book_{next(BOOKS)}"
        self.keys = count()
        with self.database.unit_of_work() as tx:
            limits = Limits(DEBIT_LIMIT_FEN, CREDIT_LIMIT_FEN)
            service.open_account(tx, BOUNDED, limits, book=self.book)

    def key(self) -> str:
        return f"{self.book}.{next(self.keys)}"

    def post_(self, key: str, to: Account, by: Account, fen: int) -> str:
        with self.database.unit_of_work() as tx:
            return write(tx, *transfer(to, by, fen), key=key, book=self.book)

    @rule(to=account, by=account, fen=amount)
    def post(self, to: Account, by: Account, fen: int) -> None:
        if to == by:
            return
        key = self.key()
        if not self.model.fits(to, by, fen):
            with pytest.raises(LimitPassed):
                self.post_(key, to, by, fen)
            return
        self.model.entries[key] = (self.post_(key, to, by, fen), to, by, fen)
        self.model.reversible.append(key)
        self.model.move(to, by, fen)

    @rule(pick=st.integers(0), other=st.booleans())
    def post_again(self, pick: int, *, other: bool) -> None:
        if not self.model.entries:
            return
        key = sorted(self.model.entries)[pick % len(self.model.entries)]
        entry_id, to, by, fen = self.model.entries[key]
        if other:
            with pytest.raises(KeyUsedForAnotherEntry):
                self.post_(key, to, by, fen + 701)
        else:
            assert self.post_(key, to, by, fen) == entry_id

    @rule(to=account, by=account, fen=amount)
    def hold(self, to: Account, by: Account, fen: int) -> None:
        if to == by:
            return

        def held() -> str:
            with self.database.unit_of_work() as tx:
                return service.hold(
                    tx,
                    debit=to,
                    credit=by,
                    amount_fen=fen,
                    subject="x",
                    memo="",
                    book=self.book,
                )

        if self.model.fits(to, by, fen):
            self.model.held[held()] = (to, by, fen)
        else:
            with pytest.raises(LimitPassed):
                held()

    @rule(pick=st.integers(0), posts=st.booleans())
    def end_hold(self, pick: int, *, posts: bool) -> None:
        if not self.model.held:
            return
        hold_id = sorted(self.model.held)[pick % len(self.model.held)]
        to, by, fen = self.model.held.pop(hold_id)
        self.model.ended.append(hold_id)
        with self.database.unit_of_work() as tx:
            end(tx, hold_id, self.key() if posts else None)
        if posts:
            self.model.move(to, by, fen)

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
        entry_id, to, by, fen = self.model.entries[key]
        if self.model.fits(by, to, fen):
            with self.database.unit_of_work() as tx:
                service.reverse(tx, entry_id, "mistake")
            self.model.move(by, to, fen)
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
            for one in [*ACCOUNTS, BOUNDED]:
                found = service.balance(tx, one, book=self.book)
                assert found == self.model.balances[one]
            rows = service.trial_balance(tx, book=self.book)
            assert sum(row.balance_fen for row in rows) == 0
            for closed, balances in self.model.closed[-2:]:
                for one in ACCOUNTS:
                    found = service.balance(tx, one, on=closed, book=self.book)
                    assert found == balances.get(one, 0)

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
    moves=st.lists(st.tuples(account, account, amount), min_size=2, max_size=6),
    order=st.randoms(use_true_random=False),
)
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_l7_entries_that_commute_give_the_same_balances_in_any_order(
    database: Database, moves: list[tuple[Account, Account, int]], order
):
    shuffled = list(moves)
    order.shuffle(shuffled)
    found = []
    for sequence in (moves, shuffled):
        book = f"book_{next(BOOKS)}"
        with database.unit_of_work() as tx:
            for number, (to, by, fen) in enumerate(sequence):
                if to != by:
                    write(tx, *transfer(to, by, fen), key=f"{book}.{number}", book=book)
            found.append([service.balance(tx, one, book=book) for one in [*ACCOUNTS, BOUNDED]])
    assert found[0] == found[1]
