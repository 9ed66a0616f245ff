"""The SQL of the ledger: accounts, limits, entries, holds. See `books.py` for what only reads."""

import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any

from lending.foundation import ids
from lending.foundation.database import Row, Tx
from lending.ledger import rules
from lending.ledger.chart import LIMITS, Code, Limits
from lending.ledger.model import Account, Entry, Hold, Leg, LimitedBalance

_POST = """
SELECT journal_post(:id, :kind, :effective, :subject, :memo, :key, :sha256, :reverses, :now, :legs,
    :limits, :hold)
"""
_WRITE = _POST.replace("journal_post", "refuse(journal_post") + ")"
_POST_MANY = """
SELECT journal_post(e ->> 0, e ->> 1, CAST(e ->> 2 AS date), e ->> 3, e ->> 4, e ->> 5,
    decode(e ->> 6, 'hex'), e ->> 7, CAST(:now AS timestamptz), CAST(e ->> 8 AS jsonb), :limits,
    NULL)
FROM jsonb_array_elements(CAST(:entries AS jsonb)) WITH ORDINALITY AS t (e, number) ORDER BY number
"""
CHART_LIMITS = json.dumps(
    {code.value: [limits.debit_fen, limits.credit_fen] for code, limits in LIMITS.items()}
)
"""The limits that the chart has accounts opened with, as the database is told them."""


def post(tx: Tx, entry: Entry, hold_id: str | None = None) -> tuple[str, dict[str, Any] | None]:
    """Writes an entry in one call, and ends a hold with it; its id.

    Where it could not be written, why, as `journal_post` answers.
    """
    values = _values(tx, entry, hold_id)
    (answer,) = tx.quick(_POST, **values)
    return values["id"], answer


def write(tx: Tx, entry: Entry, refused: Callable[[dict[str, Any]], Exception]) -> str:
    """Writes a new entry without waiting for it; its id.

    Where it could not be written `refused` is asked, with what `journal_post` answers.
    """
    values = _values(tx, entry)
    tx.run(_WRITE, refused, **values)
    return str(values["id"])


def _values(tx: Tx, entry: Entry, hold_id: str | None = None) -> dict[str, Any]:
    """An entry that gets an id, as the database is told it."""
    legs, sha256 = rules.said(entry)
    return {
        "id": ids.new("jnl"),
        "kind": entry.kind,
        "effective": entry.effective_date,
        "subject": entry.subject,
        "memo": entry.memo,
        "key": entry.key,
        "sha256": sha256,
        "reverses": entry.reverses,
        "now": tx.now,
        "legs": legs,
        "limits": CHART_LIMITS,
        "hold": hold_id,
    }


def post_many(tx: Tx, entries: Sequence[Entry]) -> list[tuple[str, dict[str, Any] | None]]:
    """Writes entries one after the other in one call; as `post` of each."""
    rows = []
    for entry in entries:
        legs, sha256 = rules.said(entry)
        rows.append(
            (
                ids.new("jnl"),
                entry.kind,
                entry.effective_date.isoformat() if entry.effective_date else None,
                entry.subject,
                entry.memo,
                entry.key,
                sha256.hex(),
                entry.reverses,
                legs,
            )
        )
    answers = tx.all(_POST_MANY, entries=json.dumps(rows), now=tx.now, limits=CHART_LIMITS)
    return [(row[0], answer["journal_post"]) for row, answer in zip(rows, answers, strict=True)]


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
        " FROM jsonb_array_elements(CAST(:accounts AS jsonb)) AS t (one)"
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


def open_accounts(tx: Tx, accounts: Mapping[Account, Limits]) -> list[int]:
    """Opens those accounts that are not there, with their limits; the ids of those it opened.

    They are opened in one order, so that two who open the same ones do not lock each other out.
    """
    rows = tx.all(
        "WITH asked AS (SELECT * FROM jsonb_to_recordset(CAST(:accounts AS jsonb))"
        "  AS t (book text, code text, owner text, debit_fen bigint, credit_fen bigint)),"
        " opened AS (INSERT INTO ledger_account (book, code, owner, limited, opened_at)"
        "  SELECT book, code, owner, num_nonnulls(debit_fen, credit_fen) > 0, :now"
        "  FROM asked LEFT JOIN LATERAL (SELECT id FROM ledger_account a WHERE a.book = asked.book"
        "   AND a.code = asked.code AND a.owner = asked.owner LIMIT 1) a ON true WHERE a.id IS NULL"
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
    return [row["id"] for row in rows]


def insert_limit_change(tx: Tx, account_id: int, limits: Limits) -> None:
    """Keeps which limits an account was given, for the proof."""
    tx.run(
        "INSERT INTO ledger_limit_change (account_id, debit_limit_fen, credit_limit_fen, at)"
        " VALUES (:id, :debit, :credit, :now)",
        id=account_id,
        debit=limits.debit_fen,
        credit=limits.credit_fen,
        now=tx.now,
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


def lock_limited(tx: Tx, accounts: Iterable[Account]) -> list[LimitedBalance]:
    """Locks those of the accounts that are open and have a limit, always in the same order."""
    rows = tx.all(
        "SELECT account_id, book, code, owner, debit_limit_fen, credit_limit_fen, posted_fen,"
        " held_debit_fen, held_credit_fen FROM (SELECT a.id, a.book, a.code, a.owner"
        "  FROM jsonb_array_elements(CAST(:accounts AS jsonb)) AS t (one)"
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
        " held_debit_fen, held_credit_fen FROM jsonb_array_elements(CAST(:accounts AS jsonb))"
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


def entry_by_key(tx: Tx, key: str) -> dict[str, Any] | None:
    """The entry that has a key, as `journal_post` answers."""
    row = tx.maybe(
        "SELECT id AS entry_id, encode(content_sha256, 'hex') AS sha256 FROM journal_entry"
        " WHERE key = :key",
        key=key,
    )
    return dict(row) if row else None


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


def void_hold(tx: Tx, hold_id: str, because: str) -> None:
    """Ends a hold without an entry."""
    tx.run(
        "UPDATE ledger_hold SET state = 'voided', ended_because = :because, ended_at = :now"
        " WHERE id = :id",
        id=hold_id,
        because=because,
        now=tx.now,
    )


def lock_owner(tx: Tx, owner: str) -> None:
    """Makes other transactions wait that want to settle something with the same owner."""
    tx.scalar("SELECT pg_advisory_xact_lock(7100002, hashtext(:owner))", owner=owner)
