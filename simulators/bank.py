"""A bank that keeps accounts, pays out, collects, and tells the truth when asked."""

import csv
import hashlib
import io
import secrets
import sqlite3
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone

from simulators.book import Book
from simulators.magic import CARD_PREFIX, fate_of_card, fate_of_payout

SCHEMA = """
CREATE TABLE IF NOT EXISTS account (no TEXT PRIMARY KEY, name TEXT, balance_fen INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS payment (
    channel_order_no TEXT PRIMARY KEY, kind TEXT NOT NULL, digest TEXT NOT NULL,
    account_no TEXT NOT NULL, account_name TEXT NOT NULL, amount_fen INTEGER NOT NULL,
    status TEXT NOT NULL, code TEXT NOT NULL, message TEXT NOT NULL, reference TEXT NOT NULL,
    day TEXT NOT NULL, finished_at TEXT NOT NULL, settle_at TEXT);
CREATE INDEX IF NOT EXISTS payment_to_settle ON payment (settle_at) WHERE settle_at IS NOT NULL;
CREATE INDEX IF NOT EXISTS payment_by_day ON payment (day);
CREATE INDEX IF NOT EXISTS payment_by_account ON payment (account_no);
CREATE TABLE IF NOT EXISTS movement (
    reference TEXT NOT NULL, account_no TEXT NOT NULL, amount_fen INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS incoming (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, reference TEXT NOT NULL UNIQUE, remark TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS clock (is_it INTEGER PRIMARY KEY CHECK (is_it), days INTEGER NOT NULL);
INSERT OR IGNORE INTO clock VALUES (1, 0);
"""
OUR_ACCOUNT = "6230580000000000013"
OUR_OPENING_FEN = 10_000_000_000
CARD_OPENING_FEN = 5_000_000
OTHERS_OPENING_FEN = 1_000_000_000_000
"""What those have who send the company money from other banks."""
VAULT = "vault"
"""Where the balances that accounts open with come from."""
LATE_S = 2.0
KINDS = ("payout", "debit", "incoming")
SHANGHAI = timezone(timedelta(hours=8))
REASONS = {
    "not_yours": "name_mismatch",
    "other_mobile": "mobile_mismatch",
    "other_identity": "identity_mismatch",
}
Told = Callable[[dict[str, object]], None]


class OtherContent(Exception):
    """This order number belongs to another payment."""


@dataclass(frozen=True)
class Payment:
    """A payment as it was asked for."""

    channel_order_no: str
    kind: str
    account_no: str
    account_name: str
    amount_fen: int
    purpose: str

    @property
    def digest(self) -> str:
        """What tells another content under the same number."""
        parts = (
            self.kind,
            self.account_no,
            self.account_name,
            str(self.amount_fen),
            self.purpose,
        )
        return hashlib.sha256("|".join(parts).encode()).hexdigest()


class Bank:
    """The bank and its book. `settled` hears of every payment that ends later than its answer.

    A company that keeps wallets keeps its book in the same way; `fate_of` is that of its accounts.
    """

    def __init__(
        self,
        book: Book,
        settled: Told = lambda _: None,
        fate_of: Callable[[str], str | None] = fate_of_card,
    ) -> None:
        self._book = book
        self._fate_of = fate_of
        self._settled = settled
        self._days = int(book.rows("SELECT days FROM clock")[0]["days"])
        with book.change() as change:
            _open(change, OUR_ACCOUNT, "安心消费金融有限公司", OUR_OPENING_FEN)
        self.settle()

    def keep_date(self, days: int) -> None:
        """Has the bank live so many days ahead of the machine: its company's sandbox does.

        A bank does not go back.
        """
        if days > self._days:
            self._days = days
            with self._book.change() as change:
                change.execute("UPDATE clock SET days = max(days, ?)", (days,))

    def now(self) -> datetime:
        """The instant at the bank."""
        return datetime.now(UTC) + timedelta(days=self._days)

    def check_account(self, account_no: str) -> str:
        """Which of the four elements of an account is wrong; empty if none."""
        return REASONS.get(self._fate_of(account_no) or "", "")

    def pay(
        self, payment: Payment, *, declined: bool = False, settle_after_s: float | None = None
    ) -> dict[str, object]:
        """Carries a payment out once; the same number with the same content gives the same answer.

        With `settle_after_s`, or to or from a card that is late, it is `processing` until then.

        Raises OtherContent.
        """
        self.settle()
        if settle_after_s is None and self._is_late(payment):
            settle_after_s = LATE_S
        with self._book.change() as change:
            there = _row(change, payment.channel_order_no)
            if there is None:
                now = self.now()
                _enter(change, payment, settle_after_s, now)
                if declined or _is_refused(payment):
                    refusal = ("DECLINED", "declined by the other bank")
                    _end(change, payment.channel_order_no, refusal, now)
                elif settle_after_s is None:
                    self._carry_out(change, payment.channel_order_no, now)
            elif there["digest"] != payment.digest:
                raise OtherContent
            found = _row(change, payment.channel_order_no)
        if there is None and found is not None and found["settle_at"] is not None:
            later = threading.Timer((settle_after_s or 0) + 0.01, self.settle)
            later.daemon = True
            later.start()
        return _answer(found)

    def transfer_in(self, payment: Payment, remark: str) -> dict[str, object]:
        """Money from an account elsewhere to the company, under the sender's own number.

        Raises OtherContent.
        """
        answer = self.pay(payment)
        if answer["status"] == "paid":
            with self._book.change() as change:
                change.execute(
                    "INSERT OR IGNORE INTO incoming (reference, remark) VALUES (?, ?)",
                    (payment.channel_order_no, remark),
                )
        return answer

    def incoming(self, after: int, limit: int) -> list[dict[str, object]]:
        """What came to the company behind a place in the feed, in order."""
        rows = self._book.rows(
            "SELECT i.seq, i.reference, i.remark, p.account_no AS from_account,"
            " p.account_name AS from_name, p.amount_fen, p.finished_at AS received_at"
            " FROM incoming i JOIN payment p ON p.channel_order_no = i.reference"
            " WHERE i.seq > ? ORDER BY i.seq LIMIT ?",
            after,
            limit,
        )
        return [dict(row) for row in rows]

    def settle(self) -> None:
        """Ends the payments whose time has come, and tells of each."""
        sql = "SELECT channel_order_no FROM payment WHERE settle_at <= ?"
        now = self.now()
        if not self._book.rows(sql, _instant(now)):
            return
        with self._book.change() as change:
            due = change.execute(sql, (_instant(now),)).fetchall()
            for row in due:
                self._carry_out(change, row["channel_order_no"], now)
            ended = [_answer(_row(change, row["channel_order_no"])) for row in due]
        for answer in ended:
            self._settled(answer)

    def find(self, kind: str, channel_order_no: str) -> dict[str, object] | None:
        """What became of a payment; None when the number is not known."""
        self.settle()
        rows = self._book.rows(
            "SELECT * FROM payment WHERE channel_order_no = ? AND kind = ?", channel_order_no, kind
        )
        return _answer(rows[0]) if rows else None

    def daily_file(self, day: str) -> str:
        """Payments that ended on a day as CSV: a header, the rows, a last line that sums them up.

        Failed ones are in it too, so that a payment that is not in it did not end.
        """
        self.settle()
        rows = self._book.rows(
            "SELECT channel_order_no, kind, amount_fen, status, reference FROM payment"
            " WHERE day = ? AND status <> 'processing' ORDER BY channel_order_no",
            day,
        )
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(("channel_order_no", "kind", "amount_fen", "status", "reference"))
        writer.writerows(tuple(row) for row in rows)
        body = text.getvalue()
        digest = hashlib.sha256(body.encode()).hexdigest()
        total = sum(row["amount_fen"] for row in rows if row["status"] == "paid")
        return f"{body}#rows={len(rows)},paid_fen={total},sha256={digest}\n"

    def balance(self, account_no: str) -> int | None:
        """What stands on an account; None when the bank does not keep it."""
        rows = self._book.rows("SELECT balance_fen FROM account WHERE no = ?", account_no)
        return int(rows[0]["balance_fen"]) if rows else None

    def of_others(self, account_no: str) -> dict[str, int]:
        """What an account of somebody else has sent to the company, and got from it."""
        self.settle()
        rows = self._book.rows(
            "SELECT kind, sum(amount_fen) AS fen FROM payment"
            " WHERE account_no = ? AND status = 'paid' GROUP BY kind",
            account_no,
        )
        by_kind = {row["kind"]: int(row["fen"]) for row in rows}
        return {"sent_fen": by_kind.get("incoming", 0), "got_fen": by_kind.get("payout", 0)}

    def totals(self) -> dict[str, int]:
        """The whole book in figures: what went out, what came in, what stands on our account.

        `off_fen` is by how much the book contradicts itself: entries that do not sum to 0, and
        balances that are not the sum of their movements. It is 0.
        """
        self.settle()
        rows = self._book.rows(
            "SELECT kind, status, coalesce(sum(amount_fen), 0) AS fen, count(*) AS number"
            " FROM payment WHERE status <> 'failed' GROUP BY kind, status"
        )
        found = {f"{kind}_{what}": 0 for kind in KINDS for what in ("fen", "count")}
        processing = 0
        for row in rows:
            if row["status"] == "paid":
                found[f"{row['kind']}_fen"] = int(row["fen"])
                found[f"{row['kind']}_count"] = int(row["number"])
            else:
                processing += int(row["number"])
        return {
            **found,
            "processing_count": processing,
            "our_balance_fen": self.balance(OUR_ACCOUNT) or 0,
            "our_opening_fen": OUR_OPENING_FEN,
            "off_fen": sum(int(self._book.rows(q)[0][0]) for q in (_UNBALANCED, _MISCOUNTED)),
        }

    def _is_late(self, payment: Payment) -> bool:
        is_late = payment.kind == "payout" and fate_of_payout(payment.amount_fen) == "payout_late"
        return is_late or self._fate_of(payment.account_no) == "late"

    def _carry_out(self, change: sqlite3.Connection, channel_order_no: str, now: datetime) -> None:
        payment = _row(change, channel_order_no)
        assert payment is not None
        assert payment["status"] == "processing"
        is_card = payment["kind"] == "debit" or payment["account_no"].startswith(CARD_PREFIX)
        opening = {"incoming": OTHERS_OPENING_FEN}.get(
            payment["kind"], CARD_OPENING_FEN if is_card else 0
        )
        _open(change, payment["account_no"], payment["account_name"], opening)
        legs = [
            (OUR_ACCOUNT, -payment["amount_fen"]),
            (payment["account_no"], payment["amount_fen"]),
        ]
        if payment["kind"] in ("debit", "incoming"):
            legs = [(no, -fen) for no, fen in reversed(legs)]
        code, message = self._refusal(change, payment, payer=legs[0][0])
        if not code:
            for no, fen in legs:
                _move(change, payment["reference"], no, fen)
        _end(change, channel_order_no, (code, message), now)

    def _refusal(
        self, change: sqlite3.Connection, payment: sqlite3.Row, payer: str
    ) -> tuple[str, str]:
        fate = self._fate_of(payment["account_no"]) or ""
        is_debit = payment["kind"] == "debit"
        paid, ended = _debits(change, payment["account_no"])
        if fate == "dead" or (fate == "dies_later" and paid):
            return "ACCOUNT_CLOSED", "the account is closed"
        empty = is_debit and fate in ("insufficient", f"insufficient_{ended + 1}")
        row = change.execute("SELECT balance_fen FROM account WHERE no = ?", (payer,)).fetchone()
        if empty or row["balance_fen"] < payment["amount_fen"]:
            return "INSUFFICIENT", "the balance is too low"
        return "", ""


_UNBALANCED = (
    "SELECT coalesce(sum(abs(fen)), 0) FROM"
    " (SELECT sum(amount_fen) AS fen FROM movement GROUP BY reference)"
)
_MISCOUNTED = (
    "SELECT coalesce(sum(abs(account.balance_fen - coalesce(moved.fen, 0))), 0) FROM account"
    " LEFT JOIN (SELECT account_no, sum(amount_fen) AS fen FROM movement GROUP BY account_no)"
    " AS moved ON moved.account_no = account.no"
)


def _instant(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _row(change: sqlite3.Connection, channel_order_no: str) -> sqlite3.Row | None:
    found: sqlite3.Row | None = change.execute(
        "SELECT * FROM payment WHERE channel_order_no = ?", (channel_order_no,)
    ).fetchone()
    return found


def _is_refused(payment: Payment) -> bool:
    return payment.kind == "payout" and fate_of_payout(payment.amount_fen) == "payout_failed"


def _enter(
    change: sqlite3.Connection, payment: Payment, settle_after_s: float | None, now: datetime
) -> None:
    settle_at = None if settle_after_s is None else now + timedelta(seconds=settle_after_s)
    change.execute(
        "INSERT INTO payment VALUES (?, ?, ?, ?, ?, ?, 'processing', '', '', ?, ?, '', ?)",
        (
            payment.channel_order_no,
            payment.kind,
            payment.digest,
            payment.account_no,
            payment.account_name,
            payment.amount_fen,
            f"BK{secrets.token_hex(8).upper()}",
            now.astimezone(SHANGHAI).date().isoformat(),
            None if settle_at is None else _instant(settle_at),
        ),
    )


def _debits(change: sqlite3.Connection, account_no: str) -> tuple[int, int]:
    """How many debits of an account were paid, and how many have ended."""
    row = change.execute(
        "SELECT count(*) FILTER (WHERE status = 'paid') AS paid, count(*) AS ended FROM payment"
        " WHERE account_no = ? AND kind = 'debit' AND status <> 'processing'",
        (account_no,),
    ).fetchone()
    return int(row["paid"]), int(row["ended"])


def _end(
    change: sqlite3.Connection, channel_order_no: str, refusal: tuple[str, str], now: datetime
) -> None:
    """Ends a payment; `refusal` is code and message, empty where it was paid."""
    code, message = refusal
    change.execute(
        "UPDATE payment SET status = ?, code = ?, message = ?, day = ?, finished_at = ?,"
        " settle_at = NULL WHERE channel_order_no = ?",
        (
            "failed" if code else "paid",
            code,
            message,
            now.astimezone(SHANGHAI).date().isoformat(),
            _instant(now),
            channel_order_no,
        ),
    )


def _open(change: sqlite3.Connection, no: str, name: str, opening_fen: int) -> None:
    there = change.execute("SELECT 1 FROM account WHERE no = ?", (no,)).fetchone()
    if there is None:
        change.execute("INSERT INTO account VALUES (?, ?, 0)", (no, name))
        change.execute("INSERT OR IGNORE INTO account VALUES (?, 'the bank', 0)", (VAULT,))
        for account, fen in ((VAULT, -opening_fen), (no, opening_fen)):
            _move(change, f"OPEN{no}", account, fen)


def _move(change: sqlite3.Connection, reference: str, no: str, fen: int) -> None:
    change.execute("UPDATE account SET balance_fen = balance_fen + ? WHERE no = ?", (fen, no))
    change.execute("INSERT INTO movement VALUES (?, ?, ?)", (reference, no, fen))


def _answer(row: sqlite3.Row | None) -> dict[str, object]:
    assert row is not None
    return {
        "channel_order_no": row["channel_order_no"],
        "kind": row["kind"],
        "status": row["status"],
        "amount_fen": row["amount_fen"],
        "reference": row["reference"],
        "code": row["code"],
        "message": row["message"],
        "finished_at": row["finished_at"] or None,
    }
