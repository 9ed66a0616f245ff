from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace

import psycopg
import pytest
from sqlalchemy.exc import DBAPIError

from lending.foundation import business_day
from lending.foundation.database import Database, Tx
from lending.ledger import jobs, proof, rules, service
from lending.ledger.chart import Code
from lending.ledger.model import Account, Entry, Limits, credit, debit
from tests.ledger.entries import (
    BANK,
    CONTRA,
    EXPOSURE,
    FUNDER,
    LOAN,
    expose,
    hold,
    lend,
    of,
    transfer,
    write,
)

LINE = Account(Code.CREDIT_LINE, "lin_1")
TABLES = (
    "journal_entry",
    "journal_line",
    "journal_date",
    "journal_seal",
    "journal_gap",
    "ledger_account",
    "ledger_hold",
    "ledger_limit",
    "ledger_limit_change",
    "ledger_day",
    "ledger_proof",
)
OF_NO_WORTH = {("ledger_account", "opened_at")}
"""What nothing says."""
OTHER = {
    "bigint": "coalesce({0}, 0) + 1000000",
    "numeric": "{0} + 1",
    "boolean": "NOT {0}",
    "smallint": "{0} + 100",
    "text": "coalesce({0}, '') || 'x'",
    "date": "coalesce({0}, date '2020-01-01') + 30",
    "bytea": "set_byte({0}, 0, (get_byte({0}, 0) + 1) % 256)",
    "timestamp with time zone": "coalesce({0}, now()) + interval '1 microsecond'",
}


def filled(database: Database) -> None:
    with database.unit_of_work() as tx:
        entry_id = lend(tx, 100, "a")
        never(tx)
        write(tx, *transfer(LOAN, BANK, 7), key="b", effective_date=tx.now.date())
        expose(tx, 200, "c")
        hold(tx, 50)
        service.void(tx, hold(tx, 30), "declined")
        for limit_fen in (500, 400):
            service.open_account(tx, LINE, Limits(debit_fen=limit_fen))
        service.reverse(tx, entry_id, "wrong")
        assert service.seal(tx) == 4
        close(tx)
        lend(tx, 3, "not sealed yet")


def never(tx: Tx) -> None:
    """Takes the number of an entry that is undone."""
    tx.run("SAVEPOINT entry")
    lend(tx, 1, "never")
    tx.run("ROLLBACK TO SAVEPOINT entry")


def close(tx: Tx) -> None:
    """Closes the open date and opens the next."""
    day = business_day.today(tx)
    business_day.close(tx)
    assert service.close_day(tx, day) == []


def many(database: Database, number: int) -> int:
    """Entries as a mass import writes them; how many lines."""
    legs = [
        (
            *transfer(replace(LOAN, owner=f"loan_{n % 50}"), BANK, 5),
            *transfer(replace(EXPOSURE, owner=f"cus_{n % 50}"), CONTRA, 5),
        )
        for n in range(number)
    ]
    with database.unit_of_work() as tx:
        service.post_many(
            tx,
            [
                Entry(kind="test", subject="x", memo="", legs=each, key=f"k{n}")
                for n, each in enumerate(legs)
            ],
        )
    with database.unit_of_work() as tx:
        service.seal(tx)
    return sum(map(len, legs))


def rows_read(database: Database) -> int:
    """Rows and index entries that statements have read so far, whichever way they took."""
    with database.unit_of_work() as tx:
        tx.scalar("SELECT pg_stat_force_next_flush()")
    with database.unit_of_work() as tx:
        return tx.scalar(
            "SELECT CAST((SELECT sum(seq_tup_read) FROM pg_stat_user_tables)"
            " + (SELECT sum(idx_tup_read) FROM pg_stat_user_indexes) AS bigint)"
        )


def intrude(database_url: str, statement: str) -> int:
    with psycopg.connect(database_url) as intruder:
        intruder.execute("SET session_replication_role = replica")  # triggers and keys are silent
        return intruder.execute(statement).rowcount


@contextmanager
def undone(database: Database) -> Iterator[Tx]:
    """A unit of work that is rolled back at its end."""
    with database.unit_of_work() as tx:
        yield tx
        tx.driver.rollback()


def unguard(tx: Tx, table: str) -> None:
    """Lets this unit of work write what it likes: neither triggers nor checks nor keys object."""
    tx.run("SET LOCAL session_replication_role = replica")
    for row in tx.all(
        "SELECT conname FROM pg_constraint WHERE conrelid = CAST(:table AS regclass)"
        " AND contype = 'c'",
        table=table,
    ):
        tx.run(f"ALTER TABLE {table} DROP CONSTRAINT {row['conname']}")
    for row in tx.all(
        "SELECT attname FROM pg_attribute WHERE attrelid = CAST(:table AS regclass)"
        " AND attidentity <> ''",
        table=table,
    ):
        tx.run(f"ALTER TABLE {table} ALTER COLUMN {row['attname']} DROP IDENTITY")


class TestTheDatabase:
    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE journal_line SET debit_fen = debit_fen + 1",
            "UPDATE journal_entry SET memo = 'changed'",
            "UPDATE ledger_account SET owner = 'loan_2' WHERE owner = 'loan_1'",
            "UPDATE ledger_hold SET amount_fen = 1",
            "DELETE FROM journal_line",
            "DELETE FROM journal_entry",
            "DELETE FROM journal_seal",
            "DELETE FROM ledger_hold",
            "UPDATE ledger_limit_change SET debit_limit_fen = 0",
            "TRUNCATE journal_seal",
            "TRUNCATE journal_entry CASCADE",
        ],
    )
    def test_l3_itself_refuses_to_change_what_was_written(self, database: Database, statement: str):
        filled(database)
        with pytest.raises(DBAPIError, match="only grows"), database.unit_of_work() as tx:
            tx.run(statement)


class TestVerifying:
    def test_finds_nothing_where_nothing_is_wrong(self, database: Database):
        filled(database)
        with database.unit_of_work() as tx:
            assert service.verify(tx) == []

    def test_reads_each_line_a_few_times_though_nothing_is_known_yet_of_how_many_there_are(
        self, database: Database
    ):
        lines = many(database, 400)
        before = rows_read(database)
        with database.unit_of_work() as tx:
            assert service.verify(tx) == []
        assert rows_read(database) - before < 20 * lines

    def test_l9_finds_every_column_that_is_changed_behind_its_back(self, database: Database):
        filled(database)
        with database.unit_of_work() as tx:
            columns = tx.all(
                "SELECT table_name, column_name, data_type FROM information_schema.columns"
                " WHERE table_schema = 'public' AND table_name = ANY (:tables)",
                tables=list(TABLES),
            )
        unseen, tried = [], 0
        for column in columns:
            table, name = column["table_name"], column["column_name"]
            if (table, name) in OF_NO_WORTH:
                continue
            changed = OTHER[column["data_type"]].format(name)
            with undone(database) as tx:
                unguard(tx, table)
                assert tx.touched(
                    f"UPDATE {table} SET {name} = {changed}"
                    f" WHERE ctid = (SELECT ctid FROM {table} ORDER BY ctid LIMIT 1)"
                )
                tried += 1
                if service.verify(tx) == []:
                    unseen.append((table, name))
        assert unseen == []
        assert tried > 38

    @pytest.mark.parametrize(
        "statement",
        [
            "DELETE FROM journal_line WHERE number = 2",
            "DELETE FROM journal_line",
            "DELETE FROM journal_entry WHERE key = 'b'",
            "DELETE FROM journal_seal WHERE number = 2",
            "DELETE FROM journal_seal WHERE number = 4",
            "INSERT INTO journal_gap VALUES (1)",
            "DELETE FROM journal_date",
            "DELETE FROM journal_date WHERE first_seq = 1",
            "DELETE FROM ledger_account WHERE owner = 'loan_1'",
            "DELETE FROM ledger_hold",
            "DELETE FROM ledger_limit",
            "DELETE FROM ledger_limit_change",
            "DELETE FROM ledger_limit_change WHERE number = 1",
            "DELETE FROM ledger_limit_change WHERE number = 2",
            "UPDATE ledger_limit SET debit_limit_fen = 900 WHERE debit_limit_fen = 400",
            "UPDATE ledger_limit SET debit_limit_fen = NULL WHERE debit_limit_fen = 400",
            "UPDATE ledger_hold SET state = 'voided', ended_at = held_at WHERE state = 'held'",
            "UPDATE ledger_hold SET subject = 'loan_2'",
            "UPDATE ledger_hold SET ended_because = '' WHERE state = 'voided'",
            "UPDATE journal_line SET debit_fen = credit_fen, credit_fen = debit_fen",
            "UPDATE journal_line SET account_id = account_id % 2 + 1",
            "UPDATE ledger_account SET book = 'funder:par_9' WHERE owner = 'loan_1'",
            "INSERT INTO journal_line VALUES (1, 3, 1, 1, 0, '2026-11-23')",
        ],
    )
    def test_l9_finds_what_is_missing_or_added(
        self, database: Database, database_url: str, statement: str
    ):
        filled(database)
        assert intrude(database_url, statement)
        with database.unit_of_work() as tx:
            assert service.verify(tx) != []

    def test_l9_finds_a_whole_tail_cut_off_where_its_head_was_kept(
        self, database: Database, database_url: str
    ):
        filled(database)
        with database.unit_of_work() as tx:
            proof.seal(tx)
            head = proof.head(tx)
            assert proof.verify(tx, anchor=head) == []
        for table in ("journal_line", "journal_seal"):
            intrude(database_url, f"DELETE FROM {table} WHERE entry_seq = 6")
        intrude(database_url, "DELETE FROM journal_entry WHERE seq = 6")
        with database.unit_of_work() as tx:
            assert proof.verify(tx) == []
            assert proof.verify(tx, anchor=head) != []

    def test_l9_finds_a_chain_that_was_made_anew(self, database: Database):
        filled(database)
        with database.unit_of_work() as tx:
            number, digest = proof.head(tx)
            assert proof.verify(tx, anchor=(number, digest)) == []
            assert proof.verify(tx, anchor=(number, "00" + digest[2:])) != []

    def test_l1_finds_an_entry_that_does_not_balance_though_its_digest_fits(
        self, database: Database
    ):
        with database.unit_of_work() as tx:
            lend(tx, 100)
            said = Entry(
                kind="test", subject="x", memo="", legs=(*transfer(LOAN, BANK, 100),), key="k1"
            )
            assert tx.scalar("SELECT content_sha256 FROM journal_entry") == (rules.said(said)[1])
            forged = replace(said, legs=(debit(LOAN, 101), credit(BANK, 100)))
            for table in ("journal_line", "journal_entry"):
                unguard(tx, table)
            tx.run("UPDATE journal_line SET debit_fen = 101 WHERE debit_fen > 0")
            tx.run("UPDATE journal_entry SET content_sha256 = :d", d=rules.said(forged)[1])
            unbalanced, off = proof.verify(tx)
            assert "does not balance" in unbalanced
            assert "off by 1 fen" in off
            tx.driver.rollback()

    def test_l4_finds_a_kept_balance_that_is_not_the_fold(
        self, database: Database, database_url: str
    ):
        filled(database)
        intrude(
            database_url,
            "UPDATE ledger_limit SET posted_fen = posted_fen - 1 WHERE posted_fen > 0",
        )
        with database.unit_of_work() as tx:
            (finding,) = service.verify(tx)
            assert "199" in finding
            assert "200" in finding

    def test_l14_a_rebuild_from_the_journal_alone_gives_the_balances(self, database: Database):
        filled(database)
        with database.unit_of_work() as tx:
            lines = tx.all(
                "SELECT a.code, a.owner, l.debit_fen - l.credit_fen AS fen FROM journal_line l"
                " JOIN ledger_account a ON a.id = l.account_id"
            )
            rebuilt: dict[Account, int] = {}
            for line in lines:
                account = Account(Code(line["code"]), line["owner"])
                rebuilt[account] = rebuilt.get(account, 0) + line["fen"]
            for account, fen in rebuilt.items():
                assert service.balance(tx, account) == fen
                if account.code is Code.EXPOSURE:
                    assert service.balances(tx, [account])[account].posted_fen == fen


class TestSealing:
    def test_l9_leaves_no_gap_however_many_seal_and_post_at_once(self, database: Database):
        def one(number: int) -> None:
            with database.unit_of_work() as tx:
                lend(tx, 1, f"k{number}")
            with database.unit_of_work() as tx:
                proof.seal(tx)

        with ThreadPoolExecutor(6) as pool:
            list(pool.map(one, range(24)))
        with database.unit_of_work() as tx:
            numbers = [
                row["number"] for row in tx.all("SELECT number FROM journal_seal ORDER BY 1")
            ]
            assert numbers == list(range(1, 25))
            assert proof.verify(tx) == []

    def test_takes_up_later_what_was_in_flight_with_a_lower_number(self, database: Database):
        with database.unit_of_work() as tx:
            lend(tx, 1, "first")
        with ThreadPoolExecutor(1) as pool:

            def later() -> int:
                with database.unit_of_work() as tx:
                    lend(tx, 1, "overtakes")
                    return proof.seal(tx)

            with database.unit_of_work() as tx:
                lend(tx, 1, "slow")
                assert pool.submit(later).result(timeout=10) == 2
        with database.unit_of_work() as tx:
            assert proof.seal(tx) == 1
            assert proof.verify(tx) == []

    def test_keeps_what_it_passed_over_until_the_date_is_over(self, database: Database):
        def gaps() -> list[int]:
            return [row["seq"] for row in tx.all("SELECT seq FROM journal_gap ORDER BY 1")]

        with database.unit_of_work() as tx:
            lend(tx, 1, "first")
            never(tx)
            lend(tx, 1, "last")
            assert proof.seal(tx) == 2
            assert proof.seal(tx) == 0
            assert gaps() == [2]
            assert proof.verify(tx) == []
            close(tx)
            lend(tx, 1, "next date")
            assert proof.seal(tx) == 1
            assert gaps() == []
            assert proof.verify(tx) == []

    def test_l9_finds_a_gap_that_was_taken_away(self, database: Database, database_url: str):
        with database.unit_of_work() as tx:
            never(tx)
            lend(tx, 1, "after it")
            proof.seal(tx)
        intrude(database_url, "DELETE FROM journal_gap")
        with database.unit_of_work() as tx:
            assert proof.verify(tx) == ["1 numbers are neither sealed nor gaps, or both"]

    def test_goes_on_until_nothing_waits(self, database: Database, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setattr(proof, "SEAL_AT_ONCE", 2)
        filled_entries = 3
        with database.unit_of_work() as tx:
            for number in range(filled_entries):
                lend(tx, 1, f"k{number}")
        step = jobs.sealing(database)
        assert [step(), step()] == [True, False]
        with database.unit_of_work() as tx:
            assert proof.head(tx)[0] == filled_entries


class TestClosingADate:
    def test_keeps_totals_that_make_the_same_trial_balance(self, database: Database):
        with database.unit_of_work() as tx:
            for number in range(5):
                lend(tx, 100 + number, f"a{number}")
                expose(tx, 10 + number, f"b{number}")
                before = service.trial_balance(tx)
                closed = business_day.today(tx)
                close(tx)
                assert service.trial_balance(tx) == before
                lend(tx, 1, f"c{number}")
                assert service.trial_balance(tx, closed) == before
            assert proof.verify(tx) == []

    def test_l13_a_balance_as_of_it_never_changes(self, database: Database):
        with database.unit_of_work() as tx:
            lend(tx, 100, "a")
            day = business_day.today(tx)
            close(tx)
            before = service.trial_balance(tx, day)
            lend(tx, 50, "b")
            assert service.trial_balance(tx, day) == before
            assert service.balance(tx, LOAN, on=day) == 100

    def test_l2_is_refused_for_each_book_that_is_off(self, database: Database, database_url: str):
        with database.unit_of_work() as tx:
            lend(tx, 100, "a")
            write(tx, *transfer(of(FUNDER, LOAN), of(FUNDER, BANK), 7), key="b")
        intrude(database_url, "UPDATE journal_line SET debit_fen = 8 WHERE debit_fen = 7")
        with database.unit_of_work() as tx:
            day = business_day.today(tx)
            business_day.close(tx)
            assert service.close_day(tx, day) == [
                f"the trial balance of book {FUNDER} is off by 1 fen"
            ]


class TestProvingADate:
    def test_finds_nothing_on_a_date_that_is_whole(self, database: Database):
        filled(database)
        with database.unit_of_work() as tx:
            assert service.verify_day(tx, business_day.today(tx)) == []

    @pytest.mark.parametrize(
        "change",
        [
            "UPDATE journal_line SET debit_fen = 8 WHERE debit_fen = 7",
            "UPDATE journal_entry SET memo = 'changed' WHERE key = 'today'",
            "DELETE FROM journal_entry WHERE key = 'today'",
            "UPDATE journal_seal SET digest = set_byte(digest, 0, 0) WHERE number = 5",
            "DELETE FROM journal_seal WHERE number = 5",
            "UPDATE ledger_limit SET posted_fen = posted_fen + 1",
        ],
    )
    def test_finds_what_was_changed_of_it(self, database: Database, database_url: str, change: str):
        filled(database)
        with database.unit_of_work() as tx:
            write(tx, *transfer(LOAN, BANK, 7), key="today")
            expose(tx, 1, "today too")
            assert service.seal(tx) == 3
            today = business_day.today(tx)
            assert service.verify_day(tx, today) == []
        intrude(database_url, change)
        with database.unit_of_work() as tx:
            assert service.verify_day(tx, today)

    def test_leaves_what_was_proved_before_to_the_whole_proof(
        self, database: Database, database_url: str
    ):
        filled(database)
        intrude(database_url, "UPDATE journal_entry SET memo = 'changed' WHERE key = 'a'")
        with database.unit_of_work() as tx:
            assert service.verify_day(tx, business_day.today(tx)) == []
            assert service.verify(tx)
