from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from lending.foundation import business_day
from lending.foundation.database import Database
from lending.ledger import service
from lending.ledger.chart import OWNED, TITLES, Code
from lending.ledger.errors import (
    AlreadyReversed,
    EntryDoesNotBalance,
    HoldEnded,
    KeyUsedForAnotherEntry,
    LimitPassed,
    NoSuchBook,
    NoSuchEntry,
    OwnerMissing,
)
from lending.ledger.model import Account, Entry, Leg, credit, debit
from tests.ledger.entries import (
    BANK,
    CONTRA,
    EXPOSURE,
    FUNDER,
    GUARANTOR,
    INCOME,
    LIMIT_FEN,
    LOAN,
    entries,
    expose,
    hold,
    lend,
    of,
    transfer,
    write,
)
from tests.today import TODAY


class TestPosting:
    def test_moves_the_amount_between_accounts(self, database: Database):
        with database.unit_of_work() as tx:
            lend(tx, 600_000)
            assert service.balance(tx, LOAN) == 600_000
            assert service.balance(tx, BANK) == -600_000

    def test_leaves_lines_of_nothing_out(self, database: Database):
        with database.unit_of_work() as tx:
            write(tx, *transfer(LOAN, BANK, 5), credit(INCOME, 0))
            assert tx.scalar("SELECT count(*) FROM journal_line") == 2

    @pytest.mark.parametrize(
        "legs",
        [
            (debit(LOAN, 5), credit(BANK, 4)),
            (debit(LOAN, -5), credit(BANK, -5)),
            (debit(LOAN, 0), credit(BANK, 0)),
            (debit(LOAN, 5),),
            (),
            (Leg(LOAN, 5, 5), Leg(BANK, 5, 5)),
            (debit(LOAN, 2**63), credit(BANK, 2**63)),
            (debit(LOAN, 5), credit(of(FUNDER, BANK), 5)),
            (
                *transfer(LOAN, BANK, 5),
                debit(of(FUNDER, LOAN), 3),
                credit(of(GUARANTOR, BANK), 3),
            ),
        ],
    )
    def test_l1_refuses_what_does_not_balance(self, database: Database, legs: tuple[Leg, ...]):
        with pytest.raises(EntryDoesNotBalance), database.unit_of_work() as tx:
            write(tx, *legs)
        assert entries(database) == 0

    def test_l2_the_trial_balance_of_every_book_is_0(self, database: Database):
        with database.unit_of_work() as tx:
            lend(tx, 600_000)
            theirs = of(FUNDER, BANK)
            write(tx, *transfer(theirs, of(FUNDER, INCOME), 70), key="b")
            for book, turnover in (("own", 600_000), (FUNDER, 70)):
                rows = service.trial_balance(tx, book=book)
                assert sum(row.balance_fen for row in rows) == 0
                assert sum(row.debit_fen for row in rows) == turnover
            assert service.balance(tx, BANK) == -600_000
            assert service.balance(tx, theirs) == 70

    def test_one_entry_has_every_partys_legs_each_in_its_own_book(self, database: Database):
        with database.unit_of_work() as tx:
            repaid = write(
                tx,
                *transfer(BANK, LOAN, 30),
                *transfer(BANK, Account(Code.FUNDER_PAYABLE, "par_1"), 70),
                *transfer(of(FUNDER, Account(Code.LEAD_RECEIVABLE)), of(FUNDER, LOAN), 70),
            )
            assert service.books_kept(tx) == ["own", FUNDER]
            assert service.balance(tx, LOAN) == -30
            assert service.balance(tx, of(FUNDER, LOAN)) == -70
            for book in ("own", FUNDER):
                assert sum(row.balance_fen for row in service.trial_balance(tx, book=book)) == 0
            service.reverse(tx, repaid, "the bank took it back")
            assert service.balance(tx, of(FUNDER, LOAN)) == 0

    @pytest.mark.parametrize("book", ["", "Own", "funder:", "funder_1", "merchant:par_1"])
    def test_refuses_a_book_that_nobody_can_have(self, database: Database, book: str):
        with pytest.raises(NoSuchBook), database.unit_of_work() as tx:
            write(tx, *transfer(of(book, LOAN), of(book, BANK), 1))
        assert entries(database) == 0

    def test_l6_a_refused_entry_leaves_nothing_even_where_the_caller_goes_on(
        self, database: Database
    ):
        with database.unit_of_work() as tx:
            expose(tx, LIMIT_FEN - 5, key="a")
            with pytest.raises(LimitPassed):
                write(tx, *transfer(LOAN, BANK, 6), *transfer(EXPOSURE, CONTRA, 6), key="b")
        with database.unit_of_work() as tx:
            assert tx.scalar("SELECT count(*) FROM journal_entry") == 1
            assert tx.scalar("SELECT count(*) FROM journal_line") == 2
            assert service.balance(tx, LOAN) == 0
            assert service.available(tx, EXPOSURE) == 5

    def test_l5_same_key_and_content_is_the_same_entry(self, database: Database):
        with database.unit_of_work() as tx:
            first = lend(tx, 600_000)
        with database.unit_of_work() as tx:
            business_day.close(tx)
            assert lend(tx, 600_000) == first
            assert service.balance(tx, LOAN) == 600_000

    def test_l5_is_the_same_entry_even_when_the_limit_has_no_room_for_another(
        self, database: Database
    ):
        with database.unit_of_work() as tx:
            first = expose(tx, LIMIT_FEN)
            assert expose(tx, LIMIT_FEN) == first
            assert service.balance(tx, EXPOSURE) == LIMIT_FEN

    @pytest.mark.parametrize(
        "other",
        [
            {"legs": transfer(LOAN, BANK, 600_001)},
            {"legs": transfer(Account(Code.LOAN_PRINCIPAL, "loan_2"), BANK, 600_000)},
            {"memo": "another"},
            {"kind": "another"},
            {"subject": "another"},
            {"effective_date": TODAY},
            {"legs": transfer(of(FUNDER, LOAN), of(FUNDER, BANK), 600_000)},
        ],
    )
    def test_l5_same_key_with_other_content_is_refused(
        self, database: Database, other: dict[str, object]
    ):
        said = {"kind": "test", "subject": "x", "memo": "", "legs": transfer(LOAN, BANK, 600_000)}
        with database.unit_of_work() as tx:
            service.post(tx, Entry(key="k", **said))
        with pytest.raises(KeyUsedForAnotherEntry), database.unit_of_work() as tx:
            service.post(tx, Entry(key="k", **said | other))
        assert entries(database) == 1

    def test_l5_twenty_at_once_with_one_key_write_one_entry(self, database: Database):
        def one(_: int) -> str:
            with database.unit_of_work() as tx:
                return lend(tx, 600_000)

        with ThreadPoolExecutor(8) as pool:
            assert len(set(pool.map(one, range(20)))) == 1
        with database.unit_of_work() as tx:
            assert service.balance(tx, LOAN) == 600_000

    def test_l11_a_control_account_takes_no_line_itself(self, database: Database):
        with database.unit_of_work() as tx:
            for code in OWNED:
                with pytest.raises(OwnerMissing):
                    write(tx, *transfer(Account(code), BANK, 1))

    def test_l11_a_control_account_is_the_sum_of_its_sub_accounts(self, database: Database):
        with database.unit_of_work() as tx:
            for owner, amount in (("loan_1", 100), ("loan_2", 23), ("loan_3", 7)):
                account = Account(Code.LOAN_PRINCIPAL, owner)
                write(tx, *transfer(account, BANK, amount), key=owner)
            write(tx, *transfer(BANK, Account(Code.LOAN_PRINCIPAL, "loan_3"), 7), key="back")
            control = {row.code: row.balance_fen for row in service.trial_balance(tx)}
            parts = service.sub_ledger(tx, Code.LOAN_PRINCIPAL)
            assert {part.owner: part.balance_fen for part in parts} == {"loan_1": 100, "loan_2": 23}
            assert control[Code.LOAN_PRINCIPAL] == sum(part.balance_fen for part in parts)

    def test_l11_a_control_account_is_the_sum_of_its_sub_accounts_in_each_book_apart(
        self, database: Database
    ):
        with database.unit_of_work() as tx:
            lend(tx, 100)
            write(tx, *transfer(of(FUNDER, LOAN), of(FUNDER, BANK), 230), key="b")
            for book, fen in (("own", 100), (FUNDER, 230)):
                rows = {row.code: row.balance_fen for row in service.trial_balance(tx, book=book)}
                (part,) = service.sub_ledger(tx, Code.LOAN_PRINCIPAL, book=book)
                assert (part.owner, part.balance_fen) == ("loan_1", fen)
                assert rows[Code.LOAN_PRINCIPAL] == fen

    def test_l12_a_suspense_line_names_its_order_and_its_age(self, database: Database):
        with database.unit_of_work() as tx:
            write(tx, *transfer(BANK, Account(Code.SUSPENSE, "chn_1"), 40))
            business_day.close(tx)
            (item,) = service.sub_ledger(tx, Code.SUSPENSE)
            assert (item.owner, item.balance_fen, item.since) == ("chn_1", -40, TODAY)
            write(tx, *transfer(Account(Code.SUSPENSE, "chn_1"), LOAN, 40), key="found")
            assert service.sub_ledger(tx, Code.SUSPENSE) == []


class TestWritingWithoutWaiting:
    @staticmethod
    def exposed(key: str, *, loan: str = "loan_1", fen: int = LIMIT_FEN) -> Entry:
        legs = (
            *transfer(Account(Code.LOAN_PRINCIPAL, loan), BANK, fen),
            *transfer(EXPOSURE, CONTRA, fen),
        )
        return Entry(kind="test", subject=loan, memo="", legs=legs, key=key)

    def test_is_done_by_the_end_and_by_the_next_statement(self, database: Database):
        with database.unit_of_work() as tx:
            first = service.write(tx, self.exposed("a", fen=1))
            assert tx.scalar("SELECT key FROM journal_entry WHERE id = :id", id=first) == "a"
            service.write(tx, self.exposed("b", fen=2))
        with database.unit_of_work() as tx:
            assert service.balance(tx, EXPOSURE) == 3
        assert entries(database) == 2

    def test_l6_one_that_is_refused_leaves_nothing(self, database: Database):
        with database.unit_of_work() as tx:
            service.write(tx, self.exposed("a"))
        with pytest.raises(LimitPassed) as raised, database.unit_of_work() as tx:
            service.write(tx, self.exposed("b", loan="loan_2", fen=1))
        assert raised.value.limit_fen == LIMIT_FEN
        with database.unit_of_work() as tx:
            assert service.balance(tx, EXPOSURE) == LIMIT_FEN
            assert not tx.scalar("SELECT 1 FROM ledger_account WHERE owner = 'loan_2'")
        assert entries(database) == 1

    @pytest.mark.parametrize("loan", ["loan_1", "loan_2"])
    def test_l5_a_key_is_used_once(self, database: Database, loan: str):
        with database.unit_of_work() as tx:
            service.write(tx, self.exposed("k", fen=1))
        with pytest.raises(KeyUsedForAnotherEntry), database.unit_of_work() as tx:
            service.write(tx, self.exposed("k", loan=loan, fen=1))
        assert entries(database) == 1

    def test_l1_refuses_at_once_what_does_not_balance(self, database: Database):
        one_sided = Entry(kind="test", subject="x", memo="", legs=(debit(LOAN, 1),), key="k")
        with database.unit_of_work() as tx, pytest.raises(EntryDoesNotBalance):
            service.write(tx, one_sided)

    def test_l10_books_nothing_before_the_first_date_is_open(self, database: Database):
        with database.unit_of_work() as tx:
            tx.run("DELETE FROM business_day")
        with pytest.raises(business_day.BusinessDayNotOpen), database.unit_of_work() as tx:
            service.write(tx, self.exposed("a"))


class TestPostingASet:
    def test_writes_each_in_its_order(self, database: Database):
        legs = transfer(LOAN, BANK, 5)
        asked = [Entry("test", "x", "", legs, key=f"k{n}", effective_date=TODAY) for n in range(3)]
        with database.unit_of_work() as tx:
            alone = service.post(tx, asked[1])
            first, second, third = service.post_many(tx, asked)
            assert second == alone
            rows = tx.all("SELECT id, key, effective_date FROM journal_entry ORDER BY seq")
            assert [(row["id"], row["key"]) for row in rows] == [
                (alone, "k1"), (first, "k0"), (third, "k2"),
            ]  # fmt: skip
            assert {row["effective_date"] for row in rows} == {TODAY}
            assert service.balance(tx, LOAN) == 15
            assert service.post_many(tx, asked) == [first, second, third]
            assert service.verify(tx) == []

    def test_of_nothing_writes_nothing(self, database: Database):
        with database.unit_of_work() as tx:
            assert service.post_many(tx, []) == []

    def test_l6_one_that_is_refused_leaves_none(self, database: Database):
        with database.unit_of_work() as tx:
            asked = [
                Entry("test", "x", "", transfer(EXPOSURE, CONTRA, fen), key=f"k{fen}")
                for fen in (LIMIT_FEN, 1)
            ]
            with pytest.raises(LimitPassed):
                service.post_many(tx, asked)
            assert service.available(tx, EXPOSURE) == LIMIT_FEN
        assert entries(database) == 0


class TestTheBusinessDate:
    def test_l10_books_on_the_open_date_and_keeps_when_it_happened(self, database: Database):
        with database.unit_of_work() as tx:
            lend(tx, 1)
            business_day.close(tx)
            write(tx, *transfer(LOAN, BANK, 7), key="late", effective_date=TODAY)
            row = tx.one("SELECT effective_date, booked_date FROM journal_entry WHERE key = 'late'")
            assert row["effective_date"] == TODAY
            assert row["booked_date"] == TODAY + timedelta(days=1)

    def test_l10_closing_waits_for_entries_in_flight_and_new_ones_get_the_new_date(
        self, database: Database
    ):
        with ThreadPoolExecutor(2) as pool:
            for number in range(4):  # prepared statements behave as fresh ones do
                with database.unit_of_work() as tx:
                    lend(tx, 1, key=f"before{number}")

            def close() -> None:
                with database.unit_of_work() as tx:
                    business_day.close(tx)

            def post_late() -> None:
                with database.unit_of_work() as tx:
                    lend(tx, 1, key="late")

            with database.unit_of_work() as tx:
                lend(tx, 1, key="in flight")
                closing = pool.submit(close)
                with pytest.raises(TimeoutError):
                    closing.result(timeout=0.3)
                posting = pool.submit(post_late)
                with pytest.raises(TimeoutError):
                    posting.result(timeout=0.3)
            closing.result(timeout=10)
            posting.result(timeout=10)
        with database.unit_of_work() as tx:
            rows = tx.all("SELECT key, booked_date FROM journal_entry ORDER BY seq DESC LIMIT 2")
            assert {row["key"]: row["booked_date"] for row in rows} == {
                "in flight": TODAY,
                "late": TODAY + timedelta(days=1),
            }

    def test_l10_books_nothing_before_the_first_date_is_open(self, database: Database):
        with database.unit_of_work() as tx:
            tx.run("DELETE FROM business_day")
        with pytest.raises(business_day.BusinessDayNotOpen), database.unit_of_work() as tx:
            lend(tx, 1)

    def test_l13_a_balance_as_of_a_closed_date_never_changes(self, database: Database):
        with database.unit_of_work() as tx:
            lend(tx, 100, "a")
            business_day.close(tx)
            write(tx, *transfer(LOAN, BANK, 900), key="b", effective_date=TODAY)
            assert service.balance(tx, LOAN, on=TODAY) == 100
            assert service.balance(tx, LOAN) == 1000
            rows = {row.code: row.debit_fen for row in service.trial_balance(tx, on=TODAY)}
            assert rows[Code.LOAN_PRINCIPAL] == 100


class TestReversing:
    def test_l8_gives_every_balance_back(self, database: Database):
        with database.unit_of_work() as tx:
            entry_id = write(tx, *transfer(LOAN, BANK, 600), *transfer(EXPOSURE, CONTRA, 600))
            service.reverse(tx, entry_id, "wrong loan")
            for account in (LOAN, BANK, EXPOSURE, CONTRA):
                assert service.balance(tx, account) == 0
            assert service.available(tx, EXPOSURE) == LIMIT_FEN

    def test_l3_happens_at_most_once_and_not_to_a_reversal(self, database: Database):
        with database.unit_of_work() as tx:
            entry_id = lend(tx, 600_000)
            reversal = service.reverse(tx, entry_id, "wrong loan")
            for ended in (entry_id, reversal):
                with pytest.raises(AlreadyReversed):
                    service.reverse(tx, ended, "again")

    def test_l3_happens_once_when_eight_try_at_once(self, database: Database):
        with database.unit_of_work() as tx:
            entry_id = lend(tx, 600_000)

        def one(number: int) -> bool:
            try:
                with database.unit_of_work() as tx:
                    service.reverse(tx, entry_id, f"try {number}")
            except AlreadyReversed:
                return False
            return True

        with ThreadPoolExecutor(8) as pool:
            assert sum(pool.map(one, range(8))) == 1
        with database.unit_of_work() as tx:
            assert service.balance(tx, LOAN) == 0

    def test_needs_an_entry(self, database: Database):
        with database.unit_of_work() as tx, pytest.raises(NoSuchEntry):
            service.reverse(tx, "jnl_none", "why not")


class TestHolding:
    def test_stays_in_one_book(self, database: Database):
        with database.unit_of_work() as tx, pytest.raises(EntryDoesNotBalance):
            service.hold(
                tx, debit=EXPOSURE, credit=of(FUNDER, CONTRA), amount_fen=1, subject="x", memo=""
            )

    def test_counts_against_the_limit_at_once_but_not_in_the_balance(self, database: Database):
        with database.unit_of_work() as tx:
            hold(tx, 600)
            assert service.available(tx, EXPOSURE) == LIMIT_FEN - 600
            assert service.balance(tx, EXPOSURE) == 0

    def test_posting_it_turns_it_into_an_entry(self, database: Database):
        with database.unit_of_work() as tx:
            service.post_hold(tx, hold(tx, 600), kind="exposure", key="k")
            assert service.balance(tx, EXPOSURE) == 600
            assert service.available(tx, EXPOSURE) == LIMIT_FEN - 600

    def test_posting_it_with_more_lines_says_more(self, database: Database):
        with database.unit_of_work() as tx:
            held = service.hold(
                tx, debit=LOAN, credit=BANK, amount_fen=590, subject="loan_1", memo=""
            )
            legs = (debit(LOAN, 600), credit(BANK, 590), credit(INCOME, 10))
            service.post_hold(tx, held, kind="paid_out", key="k", legs=legs)
            assert service.balance(tx, BANK) == -590
            assert service.balance(tx, INCOME) == -10

    def test_posting_it_uses_the_room_that_it_held(self, database: Database):
        with database.unit_of_work() as tx:
            held = hold(tx, LIMIT_FEN)
            service.post_hold(tx, held, kind="exposure", key="k")
            assert service.available(tx, EXPOSURE) == 0

    def test_posting_it_past_the_limit_leaves_it_held(self, database: Database):
        with database.unit_of_work() as tx:
            held = hold(tx, 600)
            legs = transfer(EXPOSURE, CONTRA, LIMIT_FEN + 1)
            with pytest.raises(LimitPassed):
                service.post_hold(tx, held, kind="exposure", key="k", legs=legs)
            assert service.available(tx, EXPOSURE) == LIMIT_FEN - 600
            service.void(tx, held, "declined")

    def test_voiding_it_leaves_nothing(self, database: Database):
        with database.unit_of_work() as tx:
            service.void(tx, hold(tx, 600), "declined")
            assert service.available(tx, EXPOSURE) == LIMIT_FEN
            assert tx.scalar("SELECT count(*) FROM journal_entry") == 0
            assert tx.scalar("SELECT ended_because FROM ledger_hold") == "declined"

    def test_ends_once(self, database: Database):
        with database.unit_of_work() as tx:
            held = hold(tx, 600)
            service.void(tx, held, "declined")
            with pytest.raises(HoldEnded):
                service.post_hold(tx, held, kind="exposure", key="k")
            with pytest.raises(HoldEnded):
                service.void(tx, held, "declined")

    def test_l5_posting_it_again_gives_the_same_entry(self, database: Database):
        with database.unit_of_work() as tx:
            held = hold(tx, 600)
            first = service.post_hold(tx, held, kind="exposure", key="k")
            assert service.post_hold(tx, held, kind="exposure", key="k") == first
            with pytest.raises(HoldEnded):
                service.post_hold(tx, held, kind="exposure", key="another")
            with pytest.raises(HoldEnded):
                service.void(tx, held, "too late")
            assert service.balance(tx, EXPOSURE) == 600

    def test_ends_once_when_posted_and_voided_at_once(self, database: Database):
        with database.unit_of_work() as tx:
            held = hold(tx, 600)

        def one(number: int) -> bool:
            try:
                with database.unit_of_work() as tx:
                    if number % 2:
                        service.void(tx, held, "declined")
                    else:
                        service.post_hold(tx, held, kind="exposure", key=f"k{number}")
            except HoldEnded:
                return False
            return True

        with ThreadPoolExecutor(8) as pool:
            assert sum(pool.map(one, range(8))) == 1
        with database.unit_of_work() as tx:
            assert service.balance(tx, EXPOSURE) in (0, 600)
            assert service.verify(tx) == []

    @pytest.mark.parametrize("amount_fen", [0, -1])
    def test_needs_an_amount(self, database: Database, amount_fen: int):
        with database.unit_of_work() as tx, pytest.raises(EntryDoesNotBalance):
            hold(tx, amount_fen)

    def test_needs_a_hold(self, database: Database):
        with database.unit_of_work() as tx, pytest.raises(NoSuchEntry):
            service.void(tx, "hld_none", "why not")


def test_every_account_of_the_chart_has_a_title():
    assert set(TITLES) == set(Code)
    assert len(set(TITLES.values())) == len(TITLES)
