"""The SQL of the ledger: accounts, limits, entries, holds. See `books.py` for what only reads."""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence

from lending.foundation import ids
from lending.foundation.database import Row, Tx
from lending.ledger.chart import LIMITS, Code, Limits
from lending.ledger.model import Account, Entry, Hold, Leg, LimitedBalance

_POST = """
WITH leg AS MATERIALIZED (
    SELECT t.number, a.id AS account_id, CAST(t.line ->> 3 AS bigint) AS debit_fen,
        CAST(t.line ->> 4 AS bigint) AS credit_fen, l.account_id AS limited
    FROM json_array_elements(CAST(:legs AS json)) WITH ORDINALITY AS t (line, number)
    CROSS JOIN LATERAL (SELECT id FROM ledger_account
        WHERE book = t.line ->> 0 AND code = t.line ->> 1 AND owner = t.line ->> 2 LIMIT 1) a
    LEFT JOIN LATERAL (SELECT account_id FROM ledger_limit
        WHERE account_id = a.id LIMIT 1) l ON true
), entry AS (
    INSERT INTO journal_entry (id, kind, effective_date, booked_date, subject, memo, key,
        content_sha256, reverses, created_at)
    SELECT :id, :kind, CAST(:effective AS date), business_date, :subject, :memo, :key,
        :digest, CAST(:reverses AS text), :now
    FROM business_day
    WHERE (SELECT count(*) FROM leg) = :lines
        AND NOT EXISTS (SELECT FROM leg
            WHERE limited IS NOT NULL AND NOT CAST(:locked AS jsonb) @> to_jsonb(limited))
    ON CONFLICT (key) DO NOTHING
    RETURNING seq, booked_date
), waiting AS (
    INSERT INTO journal_unsealed (entry_seq) SELECT seq FROM entry
), kept AS (
    UPDATE ledger_limit SET posted_fen = :posted, held_debit_fen = :held_debit,
        held_credit_fen = :held_credit
    FROM entry WHERE account_id = :limited
)
INSERT INTO journal_line (entry_seq, number, account_id, debit_fen, credit_fen, booked_date)
SELECT entry.seq, leg.number, leg.account_id, leg.debit_fen, leg.credit_fen, entry.booked_date
FROM entry, leg
"""
"""A whole entry in one round trip, or nothing: when an account is not open yet, when one has a
limit and is not locked, or when the key is taken. The accounts are looked up in the statement
itself, so that no process keeps ids that another's rollback took away. Each is looked up by
itself (LATERAL, LIMIT 1), and lists come as JSON, so that one plan serves for every entry and for
every size of the chart.
"""


_POST_AT_ONCE = """
WITH leg AS MATERIALIZED (
    SELECT t.number, a.id AS account_id, CAST(t.line ->> 3 AS bigint) AS debit_fen,
        CAST(t.line ->> 4 AS bigint) AS credit_fen, l.account_id AS limited
    FROM json_array_elements(CAST(%(legs)s AS json)) WITH ORDINALITY AS t (line, number)
    CROSS JOIN LATERAL (SELECT id FROM ledger_account
        WHERE book = t.line ->> 0 AND code = t.line ->> 1 AND owner = t.line ->> 2 LIMIT 1) a
    LEFT JOIN LATERAL (SELECT account_id FROM ledger_limit
        WHERE account_id = a.id LIMIT 1) l ON true
), asked AS MATERIALIZED (
    SELECT count(*) AS lines, count(DISTINCT limited) AS accounts, min(limited) AS account_id,
        CAST(coalesce(sum(debit_fen - credit_fen) FILTER (WHERE limited IS NOT NULL), 0)
            AS bigint) AS fen
    FROM leg
), kept AS (
    UPDATE ledger_limit l SET posted_fen = l.posted_fen + asked.fen
    FROM asked
    WHERE l.account_id = asked.account_id AND asked.accounts = 1 AND asked.lines = %(lines)s
        AND (l.debit_limit_fen IS NULL OR l.posted_fen + asked.fen + l.held_debit_fen
            <= greatest(l.debit_limit_fen, l.posted_fen + l.held_debit_fen))
        AND (l.credit_limit_fen IS NULL OR l.held_credit_fen - l.posted_fen - asked.fen
            <= greatest(l.credit_limit_fen, l.held_credit_fen - l.posted_fen))
    RETURNING l.account_id
), entry AS (
    INSERT INTO journal_entry (id, kind, effective_date, booked_date, subject, memo, key,
        content_sha256, reverses, created_at)
    SELECT %(id)s, %(kind)s, CAST(%(effective)s AS date), business_date, %(subject)s,
        %(memo)s, %(key)s, %(digest)s, CAST(%(reverses)s AS text), %(now)s
    FROM business_day, asked
    WHERE asked.lines = %(lines)s AND asked.accounts = (SELECT count(*) FROM kept)
    ON CONFLICT (key) DO NOTHING
    RETURNING seq, booked_date
), waiting AS (
    INSERT INTO journal_unsealed (entry_seq) SELECT seq FROM entry
), written AS (
    INSERT INTO journal_line
        (entry_seq, number, account_id, debit_fen, credit_fen, booked_date)
    SELECT entry.seq, leg.number, leg.account_id, leg.debit_fen, leg.credit_fen, entry.booked_date
    FROM entry, leg
)
SELECT (SELECT count(*) FROM entry), (SELECT count(*) FROM kept), account_id, fen, lines FROM asked
"""
"""As `_POST`, with the limit of one account checked and kept by the statement itself: the row is
looked at again, under its lock, as it is after whoever was there before.
"""


def insert_at_once(tx: Tx, entry: Entry, content_sha256: bytes) -> tuple[str | None, bool]:
    """The new entry's id and whether all its accounts are open.

    No id: the statement held back and changed nothing. It does so when an account is not open yet,
    when the limit does not allow it, when more than one account has a limit, and when the key is
    taken.
    """
    entry_id = ids.new("jnl")
    written, kept, account_id, fen, lines = tx.quick(
        _POST_AT_ONCE,
        {
            "id": entry_id,
            "kind": entry.kind,
            "effective": entry.effective_date,
            "subject": entry.subject,
            "memo": entry.memo,
            "key": entry.key,
            "digest": content_sha256,
            "reverses": entry.reverses,
            "now": tx.now,
            "lines": len(entry.legs),
            "legs": _legs(entry),
        },
    )
    if kept and not written:  # the key was taken at this very moment; the row is still ours
        tx.run(
            "UPDATE ledger_limit SET posted_fen = posted_fen - :fen WHERE account_id = :id",
            fen=fen,
            id=account_id,
        )
    return (entry_id if written else None), lines == len(entry.legs)


def insert_entry(
    tx: Tx, entry: Entry, content_sha256: bytes, after: Sequence[LimitedBalance]
) -> str | None:
    """The new entry's id, or None where the statement held back (see `_POST`).

    `after` is how the limited accounts, which the caller has locked, stand with it.
    """
    first = after[0] if after else None
    entry_id = ids.new("jnl")
    written = tx.run(
        _POST,
        id=entry_id,
        kind=entry.kind,
        effective=entry.effective_date,
        subject=entry.subject,
        memo=entry.memo,
        key=entry.key,
        digest=content_sha256,
        reverses=entry.reverses,
        now=tx.now,
        lines=len(entry.legs),
        legs=_legs(entry),
        locked=json.dumps([one.account_id for one in after]),
        limited=first.account_id if first else 0,
        posted=first.posted_fen if first else 0,
        held_debit=first.held_debit_fen if first else 0,
        held_credit=first.held_credit_fen if first else 0,
    )
    if written:
        save_limited(tx, after[1:])
    return entry_id if written else None


def _legs(entry: Entry) -> str:
    return json.dumps(
        [
            (leg.account.book, leg.account.code, leg.account.owner, leg.debit_fen, leg.credit_fen)
            for leg in entry.legs
        ]
    )


def account_ids(tx: Tx, accounts: Collection[Account]) -> dict[Account, int]:
    """The ids of accounts; those that are used for the first time are opened."""
    found = _find(tx, accounts)
    if len(found) < len(set(accounts)):
        open_accounts(tx, {one: LIMITS.get(one.code, Limits()) for one in accounts})
        found = _find(tx, accounts)
    return found


def _find(tx: Tx, accounts: Iterable[Account]) -> dict[Account, int]:
    rows = tx.all(
        "SELECT a.id, a.book, a.code, a.owner"
        " FROM json_array_elements(CAST(:accounts AS json)) AS t (one)"
        " CROSS JOIN LATERAL (SELECT id, book, code, owner FROM ledger_account"
        "  WHERE book = t.one ->> 0 AND code = t.one ->> 1 AND owner = t.one ->> 2 LIMIT 1) a",
        accounts=_json(accounts),
    )
    return {_account(row): row["id"] for row in rows}


def _json(accounts: Iterable[Account]) -> str:
    """Accounts as one parameter; unlike an array it leaves the statement one plan for all sizes."""
    return json.dumps([(one.book, one.code, one.owner) for one in accounts])


def _account(row: Row) -> Account:
    return Account(Code(row["code"]), row["owner"], row["book"])


def open_accounts(tx: Tx, accounts: Mapping[Account, Limits]) -> int:
    """Opens those accounts that are not there, with their limits; how many it opened.

    They are opened in one order, so that two who open the same ones do not lock each other out.
    """
    rows = tx.all(
        "WITH asked AS (SELECT * FROM json_to_recordset(CAST(:accounts AS json))"
        "  AS t (book text, code text, owner text, debit_fen bigint, credit_fen bigint)),"
        " opened AS (INSERT INTO ledger_account (book, code, owner, opened_at)"
        "  SELECT book, code, owner, :now FROM asked LEFT JOIN LATERAL (SELECT id"
        "   FROM ledger_account a WHERE a.book = asked.book AND a.code = asked.code"
        "   AND a.owner = asked.owner LIMIT 1) a ON true WHERE a.id IS NULL"
        "  ORDER BY book, code, owner ON CONFLICT DO NOTHING RETURNING id, book, code, owner),"
        " limited AS (INSERT INTO ledger_limit (account_id, debit_limit_fen, credit_limit_fen)"
        "  SELECT id, debit_fen, credit_fen FROM opened JOIN asked USING (book, code, owner)"
        "  WHERE num_nonnulls(debit_fen, credit_fen) > 0)"
        " SELECT id FROM opened",
        accounts=json.dumps(
            [
                {
                    "book": account.book,
                    "code": account.code,
                    "owner": account.owner,
                    "debit_fen": limits.debit_fen,
                    "credit_fen": limits.credit_fen,
                }
                for account, limits in accounts.items()
            ]
        ),
        now=tx.now,
    )
    return len(rows)


def set_limits(tx: Tx, account_id: int, limits: Limits) -> None:
    """Gives other limits to an account that has some."""
    tx.run(
        "UPDATE ledger_limit SET debit_limit_fen = :debit, credit_limit_fen = :credit"
        " WHERE account_id = :id",
        id=account_id,
        debit=limits.debit_fen,
        credit=limits.credit_fen,
    )


def lock_limited(tx: Tx, accounts: Iterable[Account]) -> list[LimitedBalance]:
    """Locks those of the accounts that are open and have a limit, always in the same order."""
    rows = tx.all(
        "SELECT account_id, book, code, owner, debit_limit_fen, credit_limit_fen, posted_fen,"
        " held_debit_fen, held_credit_fen FROM (SELECT a.id, a.book, a.code, a.owner"
        "  FROM json_array_elements(CAST(:accounts AS json)) AS t (one)"
        "  CROSS JOIN LATERAL (SELECT id, book, code, owner FROM ledger_account"
        "   WHERE book = t.one ->> 0 AND code = t.one ->> 1 AND owner = t.one ->> 2 LIMIT 1) a"
        "  ORDER BY a.id) a CROSS JOIN LATERAL (SELECT * FROM ledger_limit"
        "   WHERE account_id = a.id LIMIT 1 FOR UPDATE) l",
        accounts=_json(accounts),
    )
    return [_limited(row) for row in rows]


def limited(tx: Tx, account: Account) -> LimitedBalance | None:
    """A limited account as it is at the moment, without a lock."""
    row = tx.maybe(
        "SELECT l.account_id, a.book, a.code, a.owner, l.debit_limit_fen, l.credit_limit_fen,"
        " l.posted_fen, l.held_debit_fen, l.held_credit_fen FROM ledger_limit l"
        " JOIN ledger_account a ON a.id = l.account_id"
        " WHERE a.book = :book AND a.code = :code AND a.owner = :owner",
        book=account.book,
        code=account.code.value,
        owner=account.owner,
    )
    return _limited(row) if row else None


def limited_many(tx: Tx, accounts: Iterable[Account]) -> list[LimitedBalance]:
    """Those of the accounts that are open and have a limit, without a lock."""
    rows = tx.all(
        "SELECT account_id, book, code, owner, debit_limit_fen, credit_limit_fen, posted_fen,"
        " held_debit_fen, held_credit_fen FROM json_array_elements(CAST(:accounts AS json))"
        "  AS t (one) CROSS JOIN LATERAL (SELECT id, book, code, owner FROM ledger_account"
        "   WHERE book = t.one ->> 0 AND code = t.one ->> 1 AND owner = t.one ->> 2 LIMIT 1) a"
        " CROSS JOIN LATERAL (SELECT * FROM ledger_limit WHERE account_id = a.id LIMIT 1) l",
        accounts=_json(accounts),
    )
    return [_limited(row) for row in rows]


def _limited(row: Row) -> LimitedBalance:
    return LimitedBalance(
        account_id=row["account_id"],
        account=_account(row),
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
        "SELECT seq, kind, effective_date, subject, memo, key, reverses FROM journal_entry"
        " WHERE id = :id FOR UPDATE",
        id=entry_id,
    )
    if row is None:
        return None
    lines = tx.all(
        "SELECT a.book, a.code, a.owner, l.debit_fen, l.credit_fen FROM journal_line l"
        " JOIN ledger_account a ON a.id = l.account_id WHERE l.entry_seq = :seq ORDER BY l.number",
        seq=row["seq"],
    )
    return Entry(
        kind=row["kind"],
        subject=row["subject"],
        memo=row["memo"],
        legs=tuple(Leg(_account(line), line["debit_fen"], line["credit_fen"]) for line in lines),
        key=row["key"],
        effective_date=row["effective_date"],
        reverses=row["reverses"],
    )


def is_reversed(tx: Tx, entry_id: str) -> bool:
    return bool(tx.scalar("SELECT 1 FROM journal_entry WHERE reverses = :id", id=entry_id))


def insert_hold(tx: Tx, hold: Hold, accounts: dict[Account, int]) -> None:
    tx.run(
        "INSERT INTO ledger_hold (id, debit_account, credit_account, amount_fen, subject, memo,"
        " state, held_at) VALUES (:id, :debit, :credit, :amount, :subject, :memo, 'held', :now)",
        id=hold.id,
        debit=accounts[hold.debit],
        credit=accounts[hold.credit],
        amount=hold.amount_fen,
        subject=hold.subject,
        memo=hold.memo,
        now=tx.now,
    )


def lock_hold(tx: Tx, hold_id: str) -> Hold | None:
    row = tx.maybe(
        "SELECT h.id, h.amount_fen, h.subject, h.memo, h.state, h.entry_id, d.book,"
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
        debit=Account(Code(row["debit_code"]), row["debit_owner"], row["book"]),
        credit=Account(Code(row["credit_code"]), row["credit_owner"], row["book"]),
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
