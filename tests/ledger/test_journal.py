from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from sqlalchemy.exc import DBAPIError

from lending.foundation import business_day
from lending.foundation.database import Database, Tx
from lending.ledger import proof, service
from lending.ledger.chart import Code
from lending.ledger.errors import (
    AlreadyReversed,
    EntryDoesNotBalance,
    HoldEnded,
    KeyUsedForAnotherEntry,
    LimitPassed,
)
from lending.ledger.model import Account, Entry, Leg, Limits, credit, debit
from tests.conftest import TODAY

BANK = Account(Code.BANK_SETTLEMENT)
LOAN = Account(Code.LOAN_PRINCIPAL, "loan_1")
EXPOSURE = Account(Code.EXPOSURE, "cus_1")
CONTRA = Account(Code.EXPOSURE_CONTRA)
LIMIT_FEN = 20_000_000


def lent(amount_fen: int, key: str = "k1") -> Entry:
    return Entry(
        kind="loan.paid_out",
        subject="loan_1",
        memo="",
        legs=(debit(LOAN, amount_fen), credit(BANK, amount_fen)),
        key=key,
    )


def exposed(amount_fen: int, key: str) -> Entry:
    legs = (debit(EXPOSURE, amount_fen), credit(CONTRA, amount_fen))
    return Entry(kind="exposure", subject="cus_1", memo="", legs=legs, key=key)


def limited(tx: Tx) -> None:
    service.open_account(tx, EXPOSURE, Limits(debit_fen=LIMIT_FEN))


class TestPosting:
    def test_moves_the_amount_between_accounts(self, database: Database):
        with database.unit_of_work() as tx:
            service.post(tx, lent(600_000))
            assert service.balance(tx, LOAN) == 600_000
            assert service.balance(tx, BANK) == -600_000

    @pytest.mark.parametrize(
        "legs",
        [
            (debit(LOAN, 5), credit(BANK, 4)),
            (debit(LOAN, -5), credit(BANK, -5)),
            (debit(LOAN, 0), credit(BANK, 0)),
            (Leg(LOAN, 5, 5), Leg(BANK, 5, 5)),
            (debit(LOAN, 2**63), credit(BANK, 2**63)),
        ],
    )
    def test_l1_refuses_what_does_not_balance(self, database: Database, legs: tuple[Leg, ...]):
        entry = Entry(kind="x", subject="x", memo="", legs=legs, key="k")
        with pytest.raises(EntryDoesNotBalance), database.unit_of_work() as tx:
            service.post(tx, entry)
        with database.unit_of_work() as tx:
            assert tx.scalar("SELECT count(*) FROM journal_entry") == 0

    def test_l5_same_key_and_content_is_the_same_entry(self, database: Database):
        with database.unit_of_work() as tx:
            first = service.post(tx, lent(600_000))
        with database.unit_of_work() as tx:
            assert service.post(tx, lent(600_000)) == first
            assert service.balance(tx, LOAN) == 600_000

    def test_l5_same_key_with_other_content_is_refused(self, database: Database):
        with database.unit_of_work() as tx:
            service.post(tx, lent(600_000))
        with pytest.raises(KeyUsedForAnotherEntry), database.unit_of_work() as tx:
            service.post(tx, lent(600_001))
        with database.unit_of_work() as tx:
            assert service.balance(tx, LOAN) == 600_000

    def test_l5_twenty_at_once_with_one_key_write_one_entry(self, database: Database):
        def one(_: int) -> str:
            with database.unit_of_work() as tx:
                return service.post(tx, lent(600_000))

        with ThreadPoolExecutor(8) as pool:
            assert len(set(pool.map(one, range(20)))) == 1
        with database.unit_of_work() as tx:
            assert service.balance(tx, LOAN) == 600_000

    def test_l10_books_on_the_open_date_and_keeps_when_it_happened(self, database: Database):
        with database.unit_of_work() as tx:
            service.post(tx, lent(1))
            business_day.close(tx)
            late = Entry(
                kind="late",
                subject="loan_1",
                memo="",
                legs=(debit(LOAN, 7), credit(BANK, 7)),
                key="late",
                effective_date=TODAY,
            )
            service.post(tx, late)
            row = tx.one("SELECT effective_date, booked_date FROM journal_entry WHERE key = 'late'")
            assert row["effective_date"] == TODAY
            assert row["booked_date"] > TODAY

    def test_l13_a_balance_as_of_a_closed_date_never_changes(self, database: Database):
        with database.unit_of_work() as tx:
            service.post(tx, lent(100, "a"))
            business_day.close(tx)
            service.post(tx, lent(900, "b"))
            assert service.balance(tx, LOAN, on=TODAY) == 100
            assert service.balance(tx, LOAN) == 1000


class TestReversing:
    def test_l8_gives_every_balance_back(self, database: Database):
        with database.unit_of_work() as tx:
            entry_id = service.post(tx, lent(600_000))
            service.reverse(tx, entry_id, because="wrong loan")
            assert service.balance(tx, LOAN) == 0
            assert service.balance(tx, BANK) == 0

    def test_l3_happens_at_most_once_and_not_to_a_reversal(self, database: Database):
        with database.unit_of_work() as tx:
            entry_id = service.post(tx, lent(600_000))
            reversal = service.reverse(tx, entry_id, because="wrong loan")
            for ended in (entry_id, reversal):
                with pytest.raises(AlreadyReversed):
                    service.reverse(tx, ended, because="again")


class TestHolding:
    def test_counts_against_the_limit_at_once_but_not_in_the_balance(self, database: Database):
        with database.unit_of_work() as tx:
            limited(tx)
            service.hold(
                tx, debit=EXPOSURE, credit=CONTRA, amount_fen=600, subject="loan_1", memo=""
            )
            assert service.room(tx, EXPOSURE) == LIMIT_FEN - 600
            assert service.balance(tx, EXPOSURE) == 0

    def test_posting_it_turns_it_into_an_entry(self, database: Database):
        with database.unit_of_work() as tx:
            limited(tx)
            held = service.hold(
                tx, debit=EXPOSURE, credit=CONTRA, amount_fen=600, subject="loan_1", memo=""
            )
            service.post_hold(tx, held, kind="exposure", key="k")
            assert service.balance(tx, EXPOSURE) == 600
            assert service.room(tx, EXPOSURE) == LIMIT_FEN - 600

    def test_voiding_it_leaves_nothing(self, database: Database):
        with database.unit_of_work() as tx:
            limited(tx)
            held = service.hold(
                tx, debit=EXPOSURE, credit=CONTRA, amount_fen=600, subject="loan_1", memo=""
            )
            service.void(tx, held, because="declined")
            assert service.room(tx, EXPOSURE) == LIMIT_FEN
            assert tx.scalar("SELECT count(*) FROM journal_entry") == 0

    def test_ends_once(self, database: Database):
        with database.unit_of_work() as tx:
            held = service.hold(
                tx, debit=EXPOSURE, credit=CONTRA, amount_fen=600, subject="loan_1", memo=""
            )
            service.void(tx, held, because="declined")
            with pytest.raises(HoldEnded):
                service.post_hold(tx, held, kind="exposure", key="k")


class TestALimit:
    def test_takes_the_last_fen_and_refuses_the_next(self, database: Database):
        with database.unit_of_work() as tx:
            limited(tx)
            service.post(tx, exposed(LIMIT_FEN, "all"))
        with pytest.raises(LimitPassed) as refused, database.unit_of_work() as tx:
            service.post(tx, exposed(1, "more"))
        assert refused.value.would_be_fen == LIMIT_FEN + 1
        with database.unit_of_work() as tx:
            assert service.balance(tx, EXPOSURE) == LIMIT_FEN

    def test_l15_holds_under_any_interleaving_and_refuses_no_free_fen(self, database: Database):
        with database.unit_of_work() as tx:
            limited(tx)
        part = LIMIT_FEN // 10

        def one(number: int) -> bool:
            try:
                with database.unit_of_work() as tx:
                    if number % 2:
                        service.post(tx, exposed(part, f"k{number}"))
                    else:
                        service.hold(
                            tx,
                            debit=EXPOSURE,
                            credit=CONTRA,
                            amount_fen=part,
                            subject="x",
                            memo="",
                        )
            except LimitPassed:
                return False
            return True

        with ThreadPoolExecutor(8) as pool:
            taken = sum(pool.map(one, range(32)))
        assert taken == 10
        with database.unit_of_work() as tx:
            assert service.room(tx, EXPOSURE) == 0
            assert proof.verify(tx) == []


class TestTheProof:
    def test_l3_the_database_itself_refuses_to_change_what_was_written(self, database: Database):
        with database.unit_of_work() as tx:
            service.post(tx, lent(600_000))
        for statement in (
            "UPDATE journal_line SET debit_fen = debit_fen + 1",
            "DELETE FROM journal_entry",
            "TRUNCATE journal_seal",
        ):
            with pytest.raises(DBAPIError, match="only grows"), database.unit_of_work() as tx:
                tx.run(statement)

    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE journal_line SET credit_fen = credit_fen + 1 WHERE credit_fen > 0",
            "UPDATE journal_entry SET memo = 'changed'",
            "UPDATE journal_entry SET content_sha256 = '\\x00'",
            "UPDATE journal_entry SET booked_date = booked_date - 1",
            "UPDATE journal_line SET booked_date = booked_date - 1",
            "UPDATE ledger_account SET owner = 'loan_2' WHERE owner = 'loan_1'",
            "DELETE FROM journal_seal WHERE number = 1",
        ],
    )
    def test_l9_finds_any_change_made_behind_its_back(
        self, database: Database, database_url: str, statement: str
    ):
        with database.unit_of_work() as tx:
            service.post(tx, lent(100, "a"))
            service.post(tx, lent(200, "b"))
            assert proof.seal(tx) == 2
            assert proof.verify(tx) == []
        with psycopg.connect(database_url) as intruder:
            intruder.execute("SET session_replication_role = replica")
            intruder.execute(statement)
        with database.unit_of_work() as tx:
            assert proof.verify(tx) != []

    def test_l9_seals_have_no_gap_however_many_seal(self, database: Database):
        def one(number: int) -> None:
            with database.unit_of_work() as tx:
                service.post(tx, lent(1, f"k{number}"))
            with database.unit_of_work() as tx:
                proof.seal(tx)

        with ThreadPoolExecutor(6) as pool:
            list(pool.map(one, range(24)))
        with database.unit_of_work() as tx:
            numbers = [row["number"] for row in tx.all("SELECT number FROM journal_seal ORDER BY 1")]
            assert numbers == list(range(1, 25))
            assert proof.verify(tx) == []
