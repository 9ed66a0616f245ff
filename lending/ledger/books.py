"""The SQL that reads the books as a whole: balances by fold, and what the proof needs."""

from collections.abc import Collection, Sequence
from datetime import date

from lending.foundation.database import Row, Tx
from lending.ledger.chart import TITLES, Code
from lending.ledger.model import Account, BalanceRow, SubBalance


def balance(tx: Tx, account: Account, on: date | None) -> int:
    """Debit less credit of an account's lines up to a date."""
    return int(
        tx.scalar(
            "SELECT coalesce(sum(l.debit_fen - l.credit_fen), 0) FROM journal_line l"
            " JOIN ledger_account a ON a.id = l.account_id"
            " WHERE a.book = :book AND a.code = :code AND a.owner = :owner"
            " AND (CAST(:on AS date) IS NULL OR l.booked_date <= :on)",
            book=account.book,
            code=account.code.value,
            owner=account.owner,
            on=on,
        )
    )


def is_open(tx: Tx, account: Account) -> bool:
    """Whether an account was ever used."""
    return bool(
        tx.scalar(
            "SELECT EXISTS (SELECT FROM ledger_account"
            " WHERE book = :book AND code = :code AND owner = :owner)",
            book=account.book,
            code=account.code.value,
            owner=account.owner,
        )
    )


_BY_CODE = """
WITH closed AS (SELECT coalesce(max(business_date), DATE '0001-01-01') AS until FROM ledger_proof)
SELECT book, code, sum(debit_fen) AS debit_fen, sum(credit_fen) AS credit_fen FROM (
    SELECT book, code, debit_fen, credit_fen FROM ledger_day
    WHERE CAST(:on AS date) IS NULL OR business_date <= :on
    UNION ALL
    SELECT t.* FROM closed, journal_totals(until + 1, coalesce(CAST(:on AS date) + 1, 'infinity')) t
) t WHERE CAST(:book AS text) IS NULL OR book = :book GROUP BY book, code ORDER BY book, code
"""
"""Closed dates out of their totals, the rest out of the lines: equal to the fold of all lines."""


def trial_balance(tx: Tx, book: str, on: date | None) -> list[BalanceRow]:
    """Debits and credits by account of the chart."""
    rows = tx.all(_BY_CODE, book=book, on=on)
    return [
        BalanceRow(
            code=row["code"],
            title=TITLES.get(row["code"], ""),
            debit_fen=int(row["debit_fen"]),
            credit_fen=int(row["credit_fen"]),
        )
        for row in rows
    ]


def off_by_book(tx: Tx) -> dict[str, int]:
    """By how much the trial balance of each book is off at the moment, debit less credit."""
    off: dict[str, int] = {}
    for row in tx.all(_BY_CODE, book=None, on=None):
        off[row["book"]] = off.get(row["book"], 0) + int(row["debit_fen"] - row["credit_fen"])
    return off


def insert_day(tx: Tx, day: date) -> None:
    """Totals what was booked on a date, by book and code."""
    tx.run(
        "INSERT INTO ledger_day (book, code, business_date, debit_fen, credit_fen)"
        " SELECT book, code, :day, debit_fen, credit_fen FROM journal_totals(:day, :day + 1)",
        day=day,
    )


def insert_proof(tx: Tx, day: date, number: int, digest: bytes) -> None:
    """Keeps the newest seal as a date is closed."""
    tx.run(
        "INSERT INTO ledger_proof (business_date, seal_number, digest)"
        " VALUES (:day, :number, :digest)",
        day=day,
        number=number,
        digest=digest,
    )


def last_proof(tx: Tx) -> tuple[int, bytes]:
    """Number and digest of the newest seal as a date was closed last."""
    row = tx.maybe(
        "SELECT seal_number, digest FROM ledger_proof ORDER BY business_date DESC LIMIT 1"
    )
    return (row["seal_number"], bytes(row["digest"])) if row else (0, b"")


def days_that_differ(tx: Tx) -> Sequence[Row]:
    """Closed dates whose totals are not the fold of their lines, and proofs of no known seal."""
    return tx.all(
        "WITH fold AS (SELECT a.book, a.code, l.booked_date AS day, sum(l.debit_fen) AS debit_fen,"
        "  sum(l.credit_fen) AS credit_fen FROM journal_line l"
        "  JOIN ledger_account a ON a.id = l.account_id"
        "  WHERE l.booked_date <= (SELECT max(business_date) FROM ledger_proof)"
        "  GROUP BY a.book, a.code, l.booked_date)"
        " SELECT coalesce(f.day, d.business_date) AS day, coalesce(f.book, d.book) AS book,"
        "  coalesce(f.code, d.code) AS code FROM fold f FULL JOIN ledger_day d"
        "  ON d.book = f.book AND d.code = f.code AND d.business_date = f.day"
        " WHERE f.debit_fen IS DISTINCT FROM d.debit_fen"
        "  OR f.credit_fen IS DISTINCT FROM d.credit_fen"
        " UNION ALL SELECT p.business_date, '', 'its seal' FROM ledger_proof p"
        " LEFT JOIN journal_seal s ON s.number = p.seal_number"
        " WHERE p.seal_number > 0 AND s.digest IS DISTINCT FROM p.digest"
        " ORDER BY 1, 2, 3"
    )


def sub_ledger(tx: Tx, book: str, code: Code, on: date | None) -> list[SubBalance]:
    """Balances by owner that are not 0, oldest first."""
    rows = tx.all(
        "SELECT a.owner, sum(l.debit_fen - l.credit_fen) AS balance_fen,"
        " min(l.booked_date) AS since FROM journal_line l"
        " JOIN ledger_account a ON a.id = l.account_id WHERE a.book = :book AND a.code = :code"
        " AND (CAST(:on AS date) IS NULL OR l.booked_date <= :on) GROUP BY a.owner"
        " HAVING sum(l.debit_fen - l.credit_fen) <> 0 ORDER BY since, a.owner",
        book=book,
        code=code.value,
        on=on,
    )
    return [SubBalance(row["owner"], int(row["balance_fen"]), row["since"]) for row in rows]


def books(tx: Tx) -> list[str]:
    """The legal books there are."""
    return [row["book"] for row in tx.all("SELECT DISTINCT book FROM ledger_account ORDER BY 1")]


def lock_seals(tx: Tx) -> None:
    """Lets one transaction seal at a time."""
    tx.scalar("SELECT pg_advisory_xact_lock(7100001)")


def lock_entries(tx: Tx) -> None:
    """Lets nobody else write an entry."""
    tx.run("LOCK TABLE journal_entry IN SHARE MODE")


def last_seal(tx: Tx) -> tuple[int, bytes]:
    """Number and digest of the newest seal."""
    row = tx.maybe("SELECT number, digest FROM journal_seal ORDER BY number DESC LIMIT 1")
    return (row["number"], bytes(row["digest"])) if row else (0, b"")


def last_sealed(tx: Tx) -> int:
    """The highest number of an entry that is sealed: every one below is sealed, too, or a gap."""
    return int(tx.scalar("SELECT coalesce(max(entry_seq), 0) FROM journal_seal"))


_SEALED_OF_ENTRY = "e.seq, e.id, e.content_sha256, e.booked_date, e.created_at"


def take_gaps(tx: Tx) -> Sequence[Row]:
    """The entries that have come into gaps; what is left of closed dates is none any more.

    By one statement, as at one instant: where a date is seen to be closed, all its entries are.
    """
    return tx.all(
        "WITH taken AS (DELETE FROM journal_gap g"  # noqa: S608  names of columns
        "  WHERE seq < (SELECT max(first_seq) FROM journal_date)"
        "   OR EXISTS (SELECT FROM journal_entry e WHERE e.seq = g.seq) RETURNING seq)"
        f" SELECT {_SEALED_OF_ENTRY} FROM taken JOIN journal_entry e USING (seq) ORDER BY seq",
    )


def insert_gaps(tx: Tx, gaps: Sequence[int]) -> None:
    """Keeps the numbers of entries that are not there, or not yet."""
    tx.run("INSERT INTO journal_gap (seq) SELECT unnest(CAST(:gaps AS bigint[]))", gaps=gaps)


def unsealed_after(tx: Tx, seq: int, limit: int) -> Sequence[Row]:
    """The entries after a number, in their order."""
    return tx.all(
        f"SELECT {_SEALED_OF_ENTRY} FROM journal_entry e"  # noqa: S608  names of columns
        " WHERE seq > :seq ORDER BY seq LIMIT :limit",
        seq=seq,
        limit=limit,
    )


def insert_seals(tx: Tx, seals: Sequence[tuple[int, int, bytes]]) -> None:
    """Writes seals: number, the entry's sequence number, digest."""
    tx.run(
        "INSERT INTO journal_seal (number, entry_seq, digest) SELECT * FROM"
        " unnest(CAST(:numbers AS bigint[]), CAST(:seqs AS bigint[]), CAST(:digests AS bytea[]))",
        numbers=[number for number, _, _ in seals],
        seqs=[seq for _, seq, _ in seals],
        digests=[digest for _, _, digest in seals],
    )


def seals_after(tx: Tx, number: int, limit: int) -> Sequence[Row]:
    """Seals in their order, each with what its entry is now."""
    return tx.all(
        "SELECT s.number, s.digest, s.entry_seq, e.id, e.content_sha256, e.booked_date,"
        " e.created_at FROM journal_seal s LEFT JOIN journal_entry e ON e.seq = s.entry_seq"
        " WHERE s.number > :number ORDER BY s.number LIMIT :limit",
        number=number,
        limit=limit,
    )


def entries_after(tx: Tx, seq: int, limit: int, *, booked: date | None = None) -> Sequence[Row]:
    """Entries in their order, each with lines as `[[book, code, owner, debit, credit], ...]`.

    `booked` leaves only those of a date.

    `whole` says whether the lines are numbered without a gap and on the entry's date.
    """
    return tx.all(
        "SELECT e.seq, e.id, e.kind, e.subject, e.memo, e.key, e.reverses,"
        " e.effective_date, e.content_sha256, l.lines, coalesce(l.whole, false) AS whole"
        " FROM (SELECT * FROM journal_entry WHERE seq > :seq"
        "  AND (CAST(:booked AS date) IS NULL OR seq < (SELECT journal_from(:booked + 1)))"
        "  ORDER BY seq LIMIT :limit) e"
        " LEFT JOIN LATERAL (SELECT json_agg(json_build_array(a.book, a.code, a.owner,"
        " l.debit_fen, l.credit_fen) ORDER BY l.number) AS lines,"
        " count(*) = max(l.number) AND min(l.number) = 1"
        " AND bool_and(l.booked_date = e.booked_date) AS whole"
        " FROM journal_line l LEFT JOIN LATERAL (SELECT book, code, owner FROM ledger_account"
        "  WHERE id = l.account_id LIMIT 1) a ON true WHERE l.entry_seq = e.seq) l ON true"
        " ORDER BY e.seq",
        seq=seq,
        limit=limit,
        booked=booked,
    )


def first_seq(tx: Tx, booked: date) -> int:
    """The number from which on the entries of a date are counted."""
    return int(tx.scalar("SELECT journal_from(:booked)", booked=booked))


def lines_without_entry(tx: Tx, booked: date | None = None) -> list[int]:
    """Sequence numbers of entries that are gone and whose lines are not."""
    rows = tx.all(
        "SELECT DISTINCT l.entry_seq FROM journal_line l"
        " LEFT JOIN journal_entry e ON e.seq = l.entry_seq WHERE e.seq IS NULL"
        " AND (CAST(:booked AS date) IS NULL OR l.entry_seq >= (SELECT journal_from(:booked))"
        "  AND l.entry_seq < (SELECT journal_from(:booked + 1))) ORDER BY 1",
        booked=booked,
    )
    return [row["entry_seq"] for row in rows]


def entries_nobody_seals(tx: Tx) -> list[str]:
    """Entries up to the last that is sealed which are neither sealed nor will be."""
    rows = tx.all(
        "SELECT e.id FROM journal_entry e LEFT JOIN journal_seal s ON s.entry_seq = e.seq"
        " LEFT JOIN journal_gap g ON g.seq = e.seq"
        " WHERE e.seq <= (SELECT max(entry_seq) FROM journal_seal)"
        "  AND (s.entry_seq IS NULL) = (g.seq IS NULL) ORDER BY e.seq"
    )
    return [row["id"] for row in rows]


def gaps_that_differ(tx: Tx) -> int:
    """How many numbers of the open date are neither sealed nor gaps, or gaps that nobody left."""
    return int(
        tx.scalar(
            "WITH sealed AS (SELECT max(entry_seq) AS last FROM journal_seal),"
            " began AS (SELECT max(first_seq) AS first FROM journal_date)"
            " SELECT (SELECT count(*) FROM began, sealed,"
            "   LATERAL (SELECT generate_series(first, last) AS seq"
            "    EXCEPT SELECT entry_seq FROM journal_seal WHERE entry_seq >= first"
            "    EXCEPT SELECT seq FROM journal_gap) t)"
            "  + (SELECT count(*) FROM journal_gap, sealed WHERE seq > coalesce(last, 0)"
            "   OR seq IN (SELECT entry_seq FROM journal_seal))"
        )
    )


def dates_that_differ(tx: Tx) -> list[date]:
    """Dates that do not begin right after the last entry of the dates before, or are not known."""
    rows = tx.all(
        "WITH kept AS MATERIALIZED (SELECT booked_date, min(seq) AS first, max(seq) AS last"
        "  FROM journal_entry GROUP BY booked_date)"
        " SELECT d.booked_date FROM journal_date d WHERE d.first_seq <>"
        "  (SELECT coalesce(max(k.last), 0) + 1 FROM kept k WHERE k.booked_date < d.booked_date)"
        "  OR EXISTS (SELECT FROM kept k WHERE k.booked_date >= d.booked_date"
        "   AND k.first < d.first_seq)"
        " UNION SELECT booked_date FROM kept"
        "  WHERE booked_date NOT IN (SELECT booked_date FROM journal_date) ORDER BY 1"
    )
    return [row["booked_date"] for row in rows]


def holds_that_differ(tx: Tx) -> list[str]:
    """Holds whose row is not what was written."""
    rows = tx.all("SELECT id FROM ledger_hold h WHERE sha256 <> ledger_hold_digest(h) ORDER BY id")
    return [row["id"] for row in rows]


def limited_that_differ(tx: Tx, booked: date | None = None) -> Sequence[Row]:
    """Limited accounts whose kept balance or holds are not the fold of their lines and holds.

    `booked` leaves only those with a line of a date.
    """
    return tx.all(
        "WITH held AS (SELECT account_id, sum(debit_fen) AS debit_fen,"
        " sum(credit_fen) AS credit_fen FROM"
        "  (SELECT debit_account AS account_id, amount_fen AS debit_fen, 0 AS credit_fen"
        "   FROM ledger_hold WHERE state = 'held' UNION ALL"
        "   SELECT credit_account, 0, amount_fen FROM ledger_hold WHERE state = 'held') h"
        "  GROUP BY account_id)"
        " SELECT a.book, a.code, a.owner, l.posted_fen, f.posted_fen AS folded_fen,"
        " l.held_debit_fen, l.held_credit_fen, coalesce(h.debit_fen, 0) AS folded_debit_fen,"
        " coalesce(h.credit_fen, 0) AS folded_credit_fen FROM ledger_limit l"
        " LEFT JOIN ledger_account a ON a.id = l.account_id"
        " LEFT JOIN held h ON h.account_id = l.account_id,"
        " LATERAL (SELECT coalesce(sum(debit_fen - credit_fen), 0) AS posted_fen"
        "   FROM journal_line WHERE account_id = l.account_id) f"
        " WHERE (CAST(:booked AS date) IS NULL OR l.account_id IN"
        "  (SELECT account_id FROM journal_line WHERE entry_seq >= (SELECT journal_from(:booked))"
        "   AND entry_seq < (SELECT journal_from(:booked + 1))))"
        " AND (a.id IS NULL OR l.posted_fen <> f.posted_fen"
        " OR l.held_debit_fen <> coalesce(h.debit_fen, 0)"
        " OR l.held_credit_fen <> coalesce(h.credit_fen, 0))",
        booked=booked,
    )


def limits_that_differ(tx: Tx, chart: str) -> Sequence[Row]:
    """Accounts whose limits are not those given last, or the chart's, and changes that differ."""
    return tx.all(
        "SELECT a.book, a.code, a.owner FROM ledger_limit l"
        " JOIN ledger_account a ON a.id = l.account_id"
        " LEFT JOIN LATERAL (SELECT json_build_array(debit_limit_fen, credit_limit_fen) AS limits"
        "  FROM ledger_limit_change WHERE account_id = l.account_id"
        "  ORDER BY number DESC LIMIT 1) c ON true,"
        " LATERAL (SELECT coalesce(c.limits, CAST(:chart AS json) -> a.code) AS limits) g"
        " WHERE l.debit_limit_fen IS DISTINCT FROM CAST(g.limits ->> 0 AS bigint)"
        " OR l.credit_limit_fen IS DISTINCT FROM CAST(g.limits ->> 1 AS bigint)"
        " UNION SELECT a.book, a.code, a.owner FROM ledger_limit_change c"
        " LEFT JOIN ledger_account a ON a.id = c.account_id"
        " WHERE c.sha256 <> ledger_limit_change_digest(c) ORDER BY 1, 2, 3",
        chart=chart,
    )


def without_their_limit(tx: Tx, codes: Collection[Code]) -> Sequence[Row]:
    """Accounts that were opened with a limit, or always are, and have none; or the reverse."""
    return tx.all(
        "SELECT a.book, a.code, a.owner FROM ledger_account a LEFT JOIN ledger_limit l"
        " ON l.account_id = a.id WHERE a.limited <> (l.account_id IS NOT NULL)"
        " OR (a.code = ANY (:codes) AND NOT a.limited)",
        codes=[code.value for code in codes],
    )
