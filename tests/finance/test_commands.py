import argparse
from collections.abc import Callable
from types import SimpleNamespace

import psycopg
import pytest

from lending.foundation.database import Database
from lending.foundation.ports import ChannelTransaction
from lending.ledger import service as ledger
from lending.ledger.chart import Code
from lending.ledger.errors import BookNotKept, DateToCome, NoSuchAccount
from lending.ledger.model import Account, Entry, credit, debit
from processes import ledger_commands

Run = Callable[..., int]


@pytest.fixture
def cf(database: Database) -> Run:
    """Runs a command as `cf` does, on the test's database, with what the bank's file holds."""

    def run(*words: str, bank: tuple[ChannelTransaction, ...] = ()) -> int:
        parser = argparse.ArgumentParser()
        ledger_commands.add_commands(parser.add_subparsers())
        args = parser.parse_args(words)
        channel = SimpleNamespace(daily_file=lambda _: list(bank))
        args.context = lambda: SimpleNamespace(database=database, channel=channel)
        return int(args.func(args))

    return run


@pytest.fixture(autouse=True)
def _entry(database: Database) -> None:
    with database.unit_of_work() as tx:
        legs = (
            debit(Account(Code.LOAN_PRINCIPAL, "loan_1"), 123_456),
            credit(Account(Code.INTEREST_INCOME), 123_456),
        )
        theirs = (
            debit(Account(Code.BANK_SETTLEMENT, book="funder:par_2"), 700),
            credit(Account(Code.LOAN_PRINCIPAL, "loan_1", "funder:par_2"), 700),
        )
        ledger.post(tx, Entry(kind="x", subject="x", memo="", legs=(*legs, *theirs), key="k"))


class TestLedgerVerify:
    def test_prints_a_head_that_a_later_run_can_be_given(
        self, cf: Run, database_url: str, capsys: pytest.CaptureFixture[str]
    ):
        assert cf("ledger", "verify") == 0
        head = capsys.readouterr().out.splitlines()[0].split()[-1]
        assert cf("ledger", "verify", "--head", head) == 0
        with psycopg.connect(database_url) as intruder:
            intruder.execute("SET session_replication_role = replica")
            for table in ("journal_seal", "journal_line", "journal_entry"):
                intruder.execute(f"DELETE FROM {table}")
        assert cf("ledger", "verify", "--head", head) == 1
        assert "was kept elsewhere" in capsys.readouterr().out

    def test_fails_where_something_was_changed(
        self, cf: Run, database_url: str, capsys: pytest.CaptureFixture[str]
    ):
        with psycopg.connect(database_url) as intruder:
            intruder.execute("SET session_replication_role = replica")
            intruder.execute("UPDATE journal_line SET debit_fen = 1 WHERE debit_fen > 0")
        assert cf("ledger", "verify") == 1
        assert "is not what was written" in capsys.readouterr().out


class TestLedgerTrialBalance:
    def test_prints_accounts_and_their_sum(self, cf: Run, capsys: pytest.CaptureFixture[str]):
        assert cf("ledger", "trial-balance") == 0
        first, second, total = capsys.readouterr().out.splitlines()
        assert first.split() == ["130301", "1,234.56", "0.00", "贷款-本金"]
        assert second.split() == ["601101", "0.00", "1,234.56", "利息收入"]
        assert total.split() == ["total", "1,234.56", "1,234.56"]

    def test_of_an_earlier_date_is_empty(self, cf: Run, capsys: pytest.CaptureFixture[str]):
        assert cf("ledger", "trial-balance", "--date", "2026-11-22") == 0
        assert capsys.readouterr().out.split() == ["total", "0.00", "0.00"]

    def test_of_a_book_that_nobody_has_is_refused_with_those_there_are(self, cf: Run):
        for words in (("trial-balance",), ("balance", "130301"), ("balance", "130301", "loan_1")):
            with pytest.raises(BookNotKept) as refused:
                cf("ledger", *words, "--book", "funder:par_1")
            assert "own" in refused.value.mend

    def test_of_a_date_to_come_is_refused_with_the_open_one(self, cf: Run):
        for words in (
            ("ledger", "trial-balance"),
            ("ledger", "balance", "130301"),
            ("ledger", "balance", "130301", "loan_1"),
            ("reconcile",),
        ):
            with pytest.raises(DateToCome) as refused:
                cf(*words, "--date", "2026-11-24")
            assert "2026-11-23" in refused.value.mend


class TestLedgerBalance:
    def test_of_a_control_account_lists_its_sub_accounts_with_their_age(
        self, cf: Run, capsys: pytest.CaptureFixture[str]
    ):
        assert cf("ledger", "balance", "130301") == 0
        row, total = capsys.readouterr().out.splitlines()
        assert row.split() == ["loan_1", "1,234.56", "since", "2026-11-23"]
        assert total.split() == ["贷款-本金", "1,234.56"]

    @pytest.mark.parametrize(
        ("words", "balance"),
        [
            (("601101",), "-1,234.56"),
            (("130301", "loan_1"), "1,234.56"),
            (("601102",), "0.00"),
            (("130301", "loan_1", "--date", "2026-11-23"), "1,234.56"),
            (("130301", "loan_1", "--date", "2026-11-22"), "0.00"),
            (("130301", "loan_1", "--book", "funder:par_2"), "-7.00"),
        ],
    )
    def test_is_of_any_account_at_any_date_in_any_book(
        self, cf: Run, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], balance: str
    ):
        assert cf("ledger", "balance", *words) == 0
        assert capsys.readouterr().out.strip() == balance

    @pytest.mark.parametrize("words", [("130301", "loan_2"), ("601101", "loan_1")])
    def test_of_an_account_that_was_never_used_is_refused(self, cf: Run, words: tuple[str, ...]):
        with pytest.raises(NoSuchAccount):
            cf("ledger", "balance", *words)

    @pytest.mark.parametrize(
        ("words", "named"),
        [
            (("balance", "999999"), "130301 贷款-本金"),
            (("balance", "601101", "--date", "20261123"), "2026-11-23"),
            (("trial-balance", "--date", "2026-02-30"), "2026-02-30"),
            (("verify", "--head", "last"), "cf ledger verify"),
            (("trial-balance", "--book", "funder_1"), "funder:<partner id>"),
        ],
    )
    def test_and_every_other_question_name_what_they_cannot_read(
        self, cf: Run, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], named: str
    ):
        with pytest.raises(SystemExit) as left:
            cf("ledger", *words)
        assert left.value.code == 2
        assert named in capsys.readouterr().err


class TestReconcile:
    def test_fails_and_names_what_differs(self, cf: Run, capsys: pytest.CaptureFixture[str]):
        bank = (ChannelTransaction("co_9", "payout", 5, "paid", "BK9"),)
        assert cf("reconcile", "--date", "2026-11-23", bank=bank) == 1
        out = capsys.readouterr().out
        assert "co_9  missing_here" in out
        assert "loan_1  loan_principal: ledger 1,234.56, expected 0.00" in out
        assert "2 differences" in out

    def test_succeeds_where_all_agree(self, cf: Run, database: Database):
        with database.unit_of_work() as tx:
            ledger.reverse(tx, tx.scalar("SELECT id FROM journal_entry"), "mistake")
        assert cf("reconcile") == 0
