import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from simulators.bank import (
    CARD_OPENING_FEN,
    OUR_ACCOUNT,
    OUR_OPENING_FEN,
    SCHEMA,
    Bank,
    OtherContent,
    Payment,
)
from simulators.book import Book
from simulators.magic import MAGIC_CARDS

CARD = MAGIC_CARDS["works"]
MERCHANT = "6230580000000010012"


def payment(number: str, kind: str = "debit", account: str = CARD, fen: int = 100) -> Payment:
    return Payment(number, kind, account, "王小明", fen, "test")


@pytest.fixture
def bank(tmp_path: Path) -> Bank:
    return Bank(Book(tmp_path / "bank.sqlite", SCHEMA))


class TestTheBook:
    def test_moves_money_between_two_accounts_of_its_own(self, bank: Bank):
        bank.pay(payment("1", "payout", MERCHANT, 596_400))
        bank.pay(payment("2", "debit", CARD, 52_000))
        assert bank.balance(OUR_ACCOUNT) == OUR_OPENING_FEN - 596_400 + 52_000
        assert bank.balance(MERCHANT) == 596_400
        assert bank.balance(CARD) == CARD_OPENING_FEN - 52_000

    def test_outlives_its_process(self, tmp_path: Path):
        first = Bank(Book(tmp_path / "b.sqlite", SCHEMA)).pay(payment("1"))
        again = Bank(Book(tmp_path / "b.sqlite", SCHEMA))
        assert again.pay(payment("1")) == first
        assert again.totals()["debit_count"] == 1

    def test_lets_no_other_writer_in_between_a_read_and_its_write(self, tmp_path: Path):
        book = Book(tmp_path / "bank.sqlite", SCHEMA)
        other = sqlite3.connect(tmp_path / "bank.sqlite", timeout=0, isolation_level=None)
        with book.change() as change:
            change.execute("SELECT balance_fen FROM account").fetchall()
            with pytest.raises(sqlite3.OperationalError, match="locked"):
                other.execute("BEGIN IMMEDIATE")
        other.execute("BEGIN IMMEDIATE")
        other.close()

    def test_keeps_nothing_of_a_change_that_fails(self, tmp_path: Path):
        book = Book(tmp_path / "bank.sqlite", SCHEMA)

        def fail() -> None:
            with book.change() as change:
                change.execute("INSERT INTO account VALUES ('1', 'x', 0)")
                raise KeyError

        with pytest.raises(KeyError):
            fail()
        assert book.rows("SELECT * FROM account") == []

    def test_does_not_let_a_card_be_overdrawn_by_debits_at_once(self, bank: Bank):
        most = CARD_OPENING_FEN // 3 * 2
        start = threading.Barrier(8)

        def collect(number: int) -> object:
            start.wait()
            return bank.pay(payment(str(number), fen=most))["status"]

        with ThreadPoolExecutor(8) as pool:
            ends = sorted(map(str, pool.map(collect, range(8))))
        assert ends == ["failed"] * 7 + ["paid"]
        assert bank.balance(CARD) == CARD_OPENING_FEN - most

    def test_carries_out_one_number_once_when_it_comes_many_times_at_once(self, bank: Bank):
        start = threading.Barrier(8)

        def collect(_: int) -> object:
            start.wait()
            return bank.pay(payment("same"))["reference"]

        with ThreadPoolExecutor(8) as pool:
            assert len(set(pool.map(collect, range(8)))) == 1
        assert bank.totals()["debit_count"] == 1

    def test_does_not_pay_out_what_the_company_has_not_got(self, bank: Bank):
        refused = bank.pay(payment("1", "payout", MERCHANT, OUR_OPENING_FEN + 1))
        assert (refused["status"], refused["code"]) == ("failed", "INSUFFICIENT")
        assert bank.pay(payment("2", "payout", MERCHANT, OUR_OPENING_FEN))["status"] == "paid"
        assert bank.balance(OUR_ACCOUNT) == 0

    @pytest.mark.parametrize(
        "other",
        [
            payment("1", fen=101),
            payment("1", "payout"),
            payment("1", account=MERCHANT),
            Payment("1", "debit", CARD, "李四", 100, "test"),
            Payment("1", "debit", CARD, "王小明", 100, "another"),
        ],
    )
    def test_refuses_another_payment_under_a_number_that_is_taken(self, bank: Bank, other: Payment):
        bank.pay(payment("1"))
        with pytest.raises(OtherContent):
            bank.pay(other)
        assert bank.totals()["debit_fen"] == 100

    def test_notices_a_balance_that_was_tampered_with(self, tmp_path: Path):
        book = Book(tmp_path / "bank.sqlite", SCHEMA)
        bank = Bank(book)
        bank.pay(payment("1"))
        with book.change() as change:
            change.execute("UPDATE account SET balance_fen = balance_fen + 7 WHERE no = ?", (CARD,))
        assert bank.totals()["off_fen"] == 7

    @settings(
        max_examples=25,
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture],
    )
    @given(
        st.lists(
            st.tuples(
                st.integers(0, 12),
                st.sampled_from(["payout", "debit"]),
                st.sampled_from([CARD, MERCHANT, *MAGIC_CARDS.values()]),
                st.integers(1, CARD_OPENING_FEN),
                st.booleans(),
                st.sampled_from([None, 0.0, 3_600.0]),
            ),
            max_size=20,
        )
    )
    def test_balances_and_equals_its_payments_whatever_is_asked(
        self, tmp_path_factory: pytest.TempPathFactory, asked: list[tuple]
    ):
        bank = Bank(Book(tmp_path_factory.mktemp("bank") / "bank.sqlite", SCHEMA))
        for number, kind, account, fen, declined, later in asked:
            try:
                bank.pay(
                    payment(str(number), kind, account, fen),
                    declined=declined,
                    settle_after_s=later,
                )
            except OtherContent:
                continue
            totals = bank.totals()
            assert totals["off_fen"] == 0
            assert totals["our_balance_fen"] == (
                OUR_OPENING_FEN - totals["payout_fen"] + totals["debit_fen"]
            )


class TestAPaymentThatTakesTime:
    def test_moves_no_money_while_it_is_processing(self, bank: Bank):
        answer = bank.pay(payment("1"), settle_after_s=3_600)
        assert (answer["status"], answer["finished_at"]) == ("processing", None)
        assert bank.pay(payment("1"))["status"] == "processing"
        assert bank.totals()["debit_fen"] == 0
        assert bank.totals()["processing_count"] == 1
        assert bank.balance(CARD) is None

    def test_is_not_in_the_daily_file_until_it_has_ended(self, bank: Bank):
        answer = bank.pay(payment("1"), settle_after_s=3_600)
        bank.pay(payment("2"))
        day = str(bank.find("debit", "2")["finished_at"])  # type: ignore[index]
        files = bank.daily_file(day[:10]) + bank.daily_file("2000-01-01")
        assert str(answer["reference"]) not in files

    def test_ends_and_is_told_of_once(self, tmp_path: Path):
        told: list[dict[str, object]] = []
        ended = threading.Event()

        def settled(answer: dict[str, object]) -> None:
            told.append(answer)
            ended.set()

        bank = Bank(Book(tmp_path / "bank.sqlite", SCHEMA), settled)
        assert bank.pay(payment("1"), settle_after_s=0.05)["status"] == "processing"
        assert ended.wait(30)
        found = bank.find("debit", "1")
        assert found is not None
        assert found["status"] == "paid"
        assert told == [found]

    def test_ends_although_the_bank_was_restarted_meanwhile(self, tmp_path: Path):
        book = Book(tmp_path / "bank.sqlite", SCHEMA)
        Bank(book).pay(payment("1"), settle_after_s=3_600)
        with book.change() as change:  # an hour goes by
            change.execute("UPDATE payment SET settle_at = '2026-01-01T00:00:00.000Z'")
        told: list[dict[str, object]] = []
        again = Bank(Book(tmp_path / "bank.sqlite", SCHEMA), told.append)
        assert [answer["status"] for answer in told] == ["paid"]
        assert again.totals()["debit_fen"] == 100
