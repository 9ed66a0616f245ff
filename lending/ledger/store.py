"""The SQL of the ledger: accounts, limits, entries, holds. See `books.py` for what only reads."""

from collections.abc import Iterable

from lending.foundation import ids
from lending.foundation.database import Row, Tx
from lending.ledger.chart import LIMITS, Code, Limits
from lending.ledger.model import Account, Entry, Hold, Leg, LimitedBalance

_POST = """
WITH leg AS MATERIALIZED (
    SELECT t.number, a.id AS account_id, t.debit_fen, t.credit_fen, l.account_id AS limited
    FROM unnest(CAST(:codes AS text[]), CAST(:owners AS text[]), CAST(:debits AS bigint[]),
        CAST(:credits AS bigint[])) WITH ORDINALITY
        AS t (code, owner, debit_fen, credit_fen, number)
    JOIN ledger_account a ON a.book = :book AND a.code = t.code AND a.owner = t.owner
    LEFT JOIN ledger_limit l ON l.account_id = a.id
), entry AS (
    INSERT INTO journal_entry (id, book, kind, effective_date, booked_date, subject, memo, key,
        content_sha256, reverses, created_at)
    SELECT :id, :book, :kind, CAST(:effective AS date), business_date, :subject, :memo, :key,
        :digest, CAST(:reverses AS text), :now
    FROM business_day
    WHERE (SELECT count(*) FROM leg) = :lines
        AND NOT EXISTS (SELECT FROM leg
            WHERE limited IS NOT NULL AND limited <> ALL (CAST(:locked AS bigint[])))
    ON CONFLICT (key) DO NOTHING
    RETURNING seq, booked_date
), waiting AS (
    INSERT INTO journal_unsealed (entry_seq) SELECT seq FROM entry
)
INSERT INTO journal_line (entry_seq, number, account_id, debit_fen, credit_fen, booked_date)
SELECT entry.seq, leg.number, leg.account_id, leg.debit_fen, leg.credit_fen, entry.booked_date
FROM entry, leg
"""
"""A whole entry in one round trip, or nothing: when an account is not open yet, when one has a
limit and is not locked, or when the key is taken. The accounts are looked up in the statement
itself, so that no process keeps ids that another's rollback took away."""


def insert_entry(tx: Tx, entry: Entry, content_sha256: bytes, locked: Iterable[int]) -> str | None:
    """The new entry's id, or None where the statement held back. See `_POST`."""
    entry_id = ids.new("jnl")
    written = tx.run(
        _POST,
        id=entry_id,
        book=entry.book,
        kind=entry.kind,
        effective=entry.effective_date,
        subject=entry.subject,
        memo=entry.memo,
        key=entry.key,
        digest=content_sha256,
        reverses=entry.reverses,
        now=tx.now,
        lines=len(entry.legs),
        locked=list(locked),
        codes=[leg.account.code.value for leg in entry.legs],
        owners=[leg.account.owner for leg in entry.legs],
        debits=[leg.debit_fen for leg in entry.legs],
        credits=[leg.credit_fen for leg in entry.legs],
    )
    return entry_id if written else None


def account_ids(tx: Tx, book: str, accounts: Iterable[Account]) -> dict[Account, int]:
    """The ids of accounts; those that are used for the first time are opened."""
    wanted = sorted(set(accounts), key=lambda one: (one.code, one.owner))
    found = _find(tx, book, wanted)
    missing = [account for account in wanted if account not in found]
    for account in missing:
        open_account(tx, book, account, LIMITS.get(account.code, Limits()))
    return found | _find(tx, book, missing) if missing else found


def _find(tx: Tx, book: str, accounts: Iterable[Account]) -> dict[Account, int]:
    rows = tx.all(
        "SELECT a.id, a.code, a.owner FROM ledger_account a"
        " JOIN unnest(CAST(:codes AS text[]), CAST(:owners AS text[])) AS t (code, owner)"
        " ON a.code = t.code AND a.owner = t.owner WHERE a.book = :book",
        book=book,
        codes=[account.code.value for account in accounts],
        owners=[account.owner for account in accounts],
    )
    return {Account(Code(row["code"]), row["owner"]): row["id"] for row in rows}


def open_account(tx: Tx, book: str, account: Account, limits: Limits) -> bool:
    """Opens an account with limits; whether it was not there."""
    return bool(
        tx.all(
            "WITH opened AS (INSERT INTO ledger_account (book, code, owner, opened_at)"
            " VALUES (:book, :code, :owner, :now) ON CONFLICT DO NOTHING RETURNING id),"
            " limited AS (INSERT INTO ledger_limit (account_id, debit_limit_fen,"
            " credit_limit_fen) SELECT id, CAST(:debit AS bigint), CAST(:credit AS bigint)"
            " FROM opened WHERE num_nonnulls(CAST(:debit AS bigint), CAST(:credit AS bigint)) > 0)"
            " SELECT id FROM opened",
            book=book,
            code=account.code.value,
            owner=account.owner,
            debit=limits.debit_fen,
            credit=limits.credit_fen,
            now=tx.now,
        )
    )


def set_limits(tx: Tx, account_id: int, limits: Limits) -> None:
    """Gives other limits to an account that has some."""
    tx.run(
        "UPDATE ledger_limit SET debit_limit_fen = :debit, credit_limit_fen = :credit"
        " WHERE account_id = :id",
        id=account_id,
        debit=limits.debit_fen,
        credit=limits.credit_fen,
    )


_LIMITED = (
    "SELECT l.account_id, a.code, a.owner, l.debit_limit_fen, l.credit_limit_fen, l.posted_fen,"
    " l.held_debit_fen, l.held_credit_fen FROM ledger_limit l"
    " JOIN ledger_account a ON a.id = l.account_id"
)


def lock_limited(tx: Tx, account_ids_: Iterable[int]) -> list[LimitedBalance]:
    """Locks those of the accounts that have a limit, always in the same order."""
    rows = tx.all(
        _LIMITED + " WHERE l.account_id = ANY (:ids) ORDER BY l.account_id FOR UPDATE OF l",
        ids=list(account_ids_),
    )
    return [_limited(row) for row in rows]


def limited(tx: Tx, book: str, account: Account) -> LimitedBalance | None:
    """A limited account as it is at the moment, without a lock."""
    row = tx.maybe(
        _LIMITED + " WHERE a.book = :book AND a.code = :code AND a.owner = :owner",
        book=book,
        code=account.code.value,
        owner=account.owner,
    )
    return _limited(row) if row else None


def _limited(row: Row) -> LimitedBalance:
    return LimitedBalance(
        account_id=row["account_id"],
        account=Account(Code(row["code"]), row["owner"]),
        limits=Limits(row["debit_limit_fen"], row["credit_limit_fen"]),
        posted_fen=row["posted_fen"],
        held_debit_fen=row["held_debit_fen"],
        held_credit_fen=row["held_credit_fen"],
    )


def save_limited(tx: Tx, balances: Iterable[LimitedBalance]) -> None:
    for balance in balances:
        tx.run(
            "UPDATE ledger_limit SET posted_fen = :posted, held_debit_fen = :debit,"
            " held_credit_fen = :credit WHERE account_id = :id",
            id=balance.account_id,
            posted=balance.posted_fen,
            debit=balance.held_debit_fen,
            credit=balance.held_credit_fen,
        )


def entry_by_key(tx: Tx, key: str) -> Row | None:
    return tx.maybe("SELECT id, content_sha256 FROM journal_entry WHERE key = :key", key=key)


def lock_entry(tx: Tx, entry_id: str) -> Entry | None:
    """An entry as it was written; whoever else wants to reverse it waits."""
    row = tx.maybe(
        "SELECT seq, book, kind, effective_date, subject, memo, key, reverses FROM journal_entry"
        " WHERE id = :id FOR UPDATE",
        id=entry_id,
    )
    if row is None:
        return None
    lines = tx.all(
        "SELECT a.code, a.owner, l.debit_fen, l.credit_fen FROM journal_line l"
        " JOIN ledger_account a ON a.id = l.account_id WHERE l.entry_seq = :seq ORDER BY l.number",
        seq=row["seq"],
    )
    return Entry(
        kind=row["kind"],
        subject=row["subject"],
        memo=row["memo"],
        legs=tuple(
            Leg(Account(Code(line["code"]), line["owner"]), line["debit_fen"], line["credit_fen"])
            for line in lines
        ),
        key=row["key"],
        effective_date=row["effective_date"],
        book=row["book"],
        reverses=row["reverses"],
    )


def is_reversed(tx: Tx, entry_id: str) -> bool:
    return bool(tx.scalar("SELECT 1 FROM journal_entry WHERE reverses = :id", id=entry_id))


def insert_hold(tx: Tx, hold: Hold, accounts: dict[Account, int]) -> None:
    tx.run(
        "INSERT INTO ledger_hold (id, book, debit_account, credit_account, amount_fen, subject,"
        " memo, state, held_at) VALUES (:id, :book, :debit, :credit, :amount, :subject, :memo,"
        " 'held', :now)",
        id=hold.id,
        book=hold.book,
        debit=accounts[hold.debit],
        credit=accounts[hold.credit],
        amount=hold.amount_fen,
        subject=hold.subject,
        memo=hold.memo,
        now=tx.now,
    )


def lock_hold(tx: Tx, hold_id: str) -> Hold | None:
    row = tx.maybe(
        "SELECT h.id, h.book, h.amount_fen, h.subject, h.memo, h.state, h.entry_id,"
        " d.code AS debit_code, d.owner AS debit_owner, c.code AS credit_code,"
        " c.owner AS credit_owner"
        " FROM ledger_hold h JOIN ledger_account d ON d.id = h.debit_account"
        " JOIN ledger_account c ON c.id = h.credit_account WHERE h.id = :id FOR UPDATE OF h",
        id=hold_id,
    )
    if row is None:
        return None
    return Hold(
        id=row["id"],
        book=row["book"],
        debit=Account(Code(row["debit_code"]), row["debit_owner"]),
        credit=Account(Code(row["credit_code"]), row["credit_owner"]),
        amount_fen=row["amount_fen"],
        subject=row["subject"],
        memo=row["memo"],
        state=row["state"],
        entry_id=row["entry_id"],
    )


def end_hold(tx: Tx, hold_id: str, *, entry_id: str | None = None, because: str = "") -> None:
    """Ends a hold: posted with an entry, or voided without one."""
    tx.run(
        "UPDATE ledger_hold SET state = :state, entry_id = :entry_id, ended_because = :because,"
        " ended_at = :now WHERE id = :id",
        id=hold_id,
        state="posted" if entry_id else "voided",
        entry_id=entry_id,
        because=because,
        now=tx.now,
    )


def lock_owner(tx: Tx, owner: str) -> None:
    """Makes other transactions wait that want to settle something with the same owner."""
    tx.scalar("SELECT pg_advisory_xact_lock(7100002, hashtext(:owner))", owner=owner)
