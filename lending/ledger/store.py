"""The SQL of the ledger."""

from collections.abc import Iterable, Sequence
from datetime import date

from lending.foundation import ids
from lending.foundation.database import Row, Tx
from lending.ledger.chart import Code
from lending.ledger.model import Account, BalanceRow, Entry, Hold, Leg, LimitedBalance, Limits


def account_ids(tx: Tx, book: str, accounts: Iterable[Account]) -> dict[Account, int]:
    """The ids of accounts; those that are used for the first time are opened, without limits."""
    wanted = sorted(set(accounts), key=lambda one: (one.code, one.owner))
    found = _find(tx, book, wanted)
    missing = [account for account in wanted if account not in found]
    if missing:
        tx.run(
            "INSERT INTO ledger_account (book, code, owner, opened_at)"
            " SELECT :book, code, owner, :now"
            " FROM unnest(CAST(:codes AS text[]), CAST(:owners AS text[])) AS t (code, owner)"
            " ON CONFLICT DO NOTHING",
            book=book,
            codes=[account.code.value for account in missing],
            owners=[account.owner for account in missing],
            now=tx.now,
        )
        found |= _find(tx, book, missing)
    return found


def _find(tx: Tx, book: str, accounts: Sequence[Account]) -> dict[Account, int]:
    rows = tx.all(
        "SELECT a.id, a.code, a.owner FROM ledger_account a"
        " JOIN unnest(CAST(:codes AS text[]), CAST(:owners AS text[])) AS t (code, owner)"
        " ON a.code = t.code AND a.owner = t.owner WHERE a.book = :book",
        book=book,
        codes=[account.code.value for account in accounts],
        owners=[account.owner for account in accounts],
    )
    return {Account(Code(row["code"]), row["owner"]): row["id"] for row in rows}


def set_limits(tx: Tx, account_id: int, limits: Limits) -> None:
    tx.run(
        "UPDATE ledger_account SET debit_limit_fen = :debit, credit_limit_fen = :credit"
        " WHERE id = :id",
        id=account_id,
        debit=limits.debit_fen,
        credit=limits.credit_fen,
    )
    tx.run(
        "INSERT INTO ledger_limit (account_id, posted_fen) SELECT :id,"
        " (SELECT coalesce(sum(debit_fen - credit_fen), 0) FROM journal_line"
        " WHERE account_id = :id) ON CONFLICT DO NOTHING",
        id=account_id,
    )


def lock_limited(tx: Tx, account_ids_: Iterable[int]) -> list[LimitedBalance]:
    """Locks those of the accounts that have a limit, always in the same order."""
    rows = tx.all(
        "SELECT l.account_id, a.code, a.owner, a.debit_limit_fen, a.credit_limit_fen,"
        " l.posted_fen, l.held_debit_fen, l.held_credit_fen"
        " FROM ledger_limit l JOIN ledger_account a ON a.id = l.account_id"
        " WHERE l.account_id = ANY(:ids) ORDER BY l.account_id FOR UPDATE OF l",
        ids=list(account_ids_),
    )
    return [
        LimitedBalance(
            account_id=row["account_id"],
            account=Account(Code(row["code"]), row["owner"]),
            limits=Limits(row["debit_limit_fen"], row["credit_limit_fen"]),
            posted_fen=row["posted_fen"],
            held_debit_fen=row["held_debit_fen"],
            held_credit_fen=row["held_credit_fen"],
        )
        for row in rows
    ]


def save_limited(tx: Tx, balance: LimitedBalance) -> None:
    tx.run(
        "UPDATE ledger_limit SET posted_fen = :posted, held_debit_fen = :debit,"
        " held_credit_fen = :credit WHERE account_id = :id",
        id=balance.account_id,
        posted=balance.posted_fen,
        debit=balance.held_debit_fen,
        credit=balance.held_credit_fen,
    )


def insert_entry(
    tx: Tx, entry: Entry, *, content_sha256: bytes, effective_date: date, booked_date: date
) -> str | None:
    """The new entry's id, or None when its key is taken."""
    row = tx.maybe(
        "INSERT INTO journal_entry (id, book, kind, effective_date, booked_date, subject, memo,"
        " key, content_sha256, reverses, created_at) VALUES (:id, :book, :kind, :effective,"
        " :booked, :subject, :memo, :key, :digest, :reverses, :now)"
        " ON CONFLICT (key) DO NOTHING RETURNING id",
        id=ids.new("jnl"),
        book=entry.book,
        kind=entry.kind,
        effective=effective_date,
        booked=booked_date,
        subject=entry.subject,
        memo=entry.memo,
        key=entry.key,
        digest=content_sha256,
        reverses=entry.reverses,
        now=tx.now,
    )
    return str(row["id"]) if row else None


def insert_lines(
    tx: Tx, entry_id: str, legs: Sequence[Leg], accounts: dict[Account, int], booked_date: date
) -> None:
    tx.run(
        "INSERT INTO journal_line (entry_id, number, account_id, debit_fen, credit_fen,"
        " booked_date) SELECT :entry_id, number, account_id, debit_fen, credit_fen, :booked"
        " FROM unnest(CAST(:accounts AS bigint[]), CAST(:debits AS bigint[]),"
        " CAST(:credits AS bigint[])) WITH ORDINALITY"
        " AS t (account_id, debit_fen, credit_fen, number)",
        entry_id=entry_id,
        booked=booked_date,
        accounts=[accounts[leg.account] for leg in legs],
        debits=[leg.debit_fen for leg in legs],
        credits=[leg.credit_fen for leg in legs],
    )


def entry_by_key(tx: Tx, key: str) -> Row:
    return tx.one("SELECT id, content_sha256 FROM journal_entry WHERE key = :key", key=key)


def entry(tx: Tx, entry_id: str) -> tuple[Entry, Row] | None:
    """An entry as it was written, and its row."""
    row = tx.maybe(
        "SELECT id, book, kind, effective_date, booked_date, subject, memo, key, content_sha256,"
        " reverses FROM journal_entry WHERE id = :id",
        id=entry_id,
    )
    if row is None:
        return None
    lines = tx.all(
        "SELECT a.code, a.owner, l.debit_fen, l.credit_fen FROM journal_line l"
        " JOIN ledger_account a ON a.id = l.account_id WHERE l.entry_id = :id ORDER BY l.number",
        id=entry_id,
    )
    legs = tuple(
        Leg(Account(Code(line["code"]), line["owner"]), line["debit_fen"], line["credit_fen"])
        for line in lines
    )
    written = Entry(
        kind=row["kind"],
        subject=row["subject"],
        memo=row["memo"],
        legs=legs,
        key=row["key"],
        effective_date=row["effective_date"],
        book=row["book"],
        reverses=row["reverses"],
    )
    return written, row


def reversal_of(tx: Tx, entry_id: str) -> str | None:
    value = tx.scalar("SELECT id FROM journal_entry WHERE reverses = :id", id=entry_id)
    return str(value) if value else None


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
        "SELECT h.id, h.book, h.amount_fen, h.subject, h.memo, h.state, d.code AS debit_code,"
        " d.owner AS debit_owner, c.code AS credit_code, c.owner AS credit_owner"
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
    )


def end_hold(tx: Tx, hold_id: str, state: str, entry_id: str | None, memo: str) -> None:
    tx.run(
        "UPDATE ledger_hold SET state = :state, entry_id = :entry_id, memo = :memo,"
        " ended_at = :now WHERE id = :id",
        id=hold_id,
        state=state,
        entry_id=entry_id,
        memo=memo,
        now=tx.now,
    )


def balance(tx: Tx, book: str, account: Account, on: date | None) -> int:
    return int(
        tx.scalar(
            "SELECT coalesce(sum(l.debit_fen - l.credit_fen), 0) FROM journal_line l"
            " JOIN ledger_account a ON a.id = l.account_id"
            " WHERE a.book = :book AND a.code = :code AND a.owner = :owner"
            " AND (CAST(:on AS date) IS NULL OR l.booked_date <= :on)",
            book=book,
            code=account.code.value,
            owner=account.owner,
            on=on,
        )
    )


def trial_balance(tx: Tx, book: str, on: date | None) -> list[BalanceRow]:
    rows = tx.all(
        "SELECT a.code, sum(l.debit_fen) AS debit_fen, sum(l.credit_fen) AS credit_fen"
        " FROM journal_line l JOIN ledger_account a ON a.id = l.account_id WHERE a.book = :book"
        " AND (CAST(:on AS date) IS NULL OR l.booked_date <= :on) GROUP BY a.code ORDER BY a.code",
        book=book,
        on=on,
    )
    return [BalanceRow(row["code"], int(row["debit_fen"]), int(row["credit_fen"])) for row in rows]


def books(tx: Tx) -> list[str]:
    return [row["book"] for row in tx.all("SELECT DISTINCT book FROM ledger_account ORDER BY 1")]


def lock_owner(tx: Tx, owner: str) -> None:
    """Makes other transactions wait that want to settle something with the same owner."""
    tx.scalar("SELECT pg_advisory_xact_lock(7100002, hashtext(:owner))", owner=owner)


def lock_seals(tx: Tx) -> None:
    tx.scalar("SELECT pg_advisory_xact_lock(7100001)")


def last_seal(tx: Tx) -> tuple[int, bytes]:
    row = tx.maybe("SELECT number, digest FROM journal_seal ORDER BY number DESC LIMIT 1")
    return (row["number"], bytes(row["digest"])) if row else (0, b"")


def unsealed(tx: Tx, limit: int) -> list[Row]:
    return list(
        tx.all(
            "SELECT e.id, e.content_sha256, e.booked_date FROM journal_entry e"
            " LEFT JOIN journal_seal s ON s.entry_id = e.id WHERE s.entry_id IS NULL"
            " ORDER BY e.seq LIMIT :limit",
            limit=limit,
        )
    )


def insert_seals(tx: Tx, seals: list[dict[str, object]]) -> None:
    tx.run_many(
        "INSERT INTO journal_seal (number, entry_id, digest) VALUES (:number, :entry_id, :digest)",
        seals,
    )


def seals(tx: Tx) -> list[Row]:
    return list(
        tx.all(
            "SELECT s.number, s.entry_id, s.digest, e.content_sha256, e.booked_date"
            " FROM journal_seal s LEFT JOIN journal_entry e ON e.id = s.entry_id ORDER BY s.number"
        )
    )


def entry_ids(tx: Tx) -> list[str]:
    return [row["id"] for row in tx.all("SELECT id FROM journal_entry ORDER BY seq")]


def limited_that_differ(tx: Tx) -> list[Row]:
    """Limited accounts whose kept balance or holds are not the fold of their lines and holds."""
    return list(
        tx.all(
            "SELECT a.code, a.owner, l.posted_fen, f.folded, l.held_debit_fen, h.debit,"
            " l.held_credit_fen, h.credit FROM ledger_limit l"
            " JOIN ledger_account a ON a.id = l.account_id,"
            " LATERAL (SELECT coalesce(sum(debit_fen - credit_fen), 0) AS folded"
            "   FROM journal_line WHERE account_id = l.account_id) f,"
            " LATERAL (SELECT coalesce(sum(amount_fen) FILTER (WHERE debit_account = a.id), 0)"
            "   AS debit, coalesce(sum(amount_fen) FILTER (WHERE credit_account = a.id), 0)"
            "   AS credit FROM ledger_hold WHERE state = 'held'"
            "   AND (debit_account = a.id OR credit_account = a.id)) h"
            " WHERE l.posted_fen <> f.folded OR l.held_debit_fen <> h.debit"
            " OR l.held_credit_fen <> h.credit"
        )
    )


def lines_booked_elsewhere(tx: Tx) -> list[str]:
    """Entries one of whose lines bears another booked date than the entry."""
    rows = tx.all(
        "SELECT DISTINCT e.id FROM journal_entry e JOIN journal_line l ON l.entry_id = e.id"
        " WHERE l.booked_date <> e.booked_date"
    )
    return [row["id"] for row in rows]
