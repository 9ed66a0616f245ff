"""A bank that keeps accounts, pays out, collects, and tells the truth when asked."""

import csv
import hashlib
import io
import secrets
import sqlite3
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone

from simulators.book import Book
from simulators.magic import CARD_PREFIX, fate_of_card

SCHEMA = """
CREATE TABLE IF NOT EXISTS account (no TEXT PRIMARY KEY, name TEXT, balance_fen INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS payment (
    channel_order_no TEXT PRIMARY KEY, kind TEXT NOT NULL, digest TEXT NOT NULL,
    account_no TEXT NOT NULL, account_name TEXT NOT NULL, amount_fen INTEGER NOT NULL,
    status TEXT NOT NULL, code TEXT NOT NULL, message TEXT NOT NULL, reference TEXT NOT NULL,
    day TEXT NOT NULL, finished_at TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS movement (
    reference TEXT NOT NULL, account_no TEXT NOT NULL, amount_fen INTEGER NOT NULL);
"""
OUR_ACCOUNT = "6230580000000000013"
OUR_OPENING_FEN = 10_000_000_000
CARD_OPENING_FEN = 5_000_000
SHANGHAI = timezone(timedelta(hours=8))


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

    @property
    def digest(self) -> str:
        """What tells another content under the same number."""
        parts = (self.kind, self.account_no, self.account_name, str(self.amount_fen))
        return hashlib.sha256("|".join(parts).encode()).hexdigest()


class Bank:
    """The bank and its book."""

    def __init__(self, book: Book) -> None:
        self._book = book
        with book.change() as change:
            change.execute(
                "INSERT OR IGNORE INTO account VALUES (?, ?, ?)",
                (OUR_ACCOUNT, "安心消费金融有限公司", OUR_OPENING_FEN),
            )

    def check_account(self, account_no: str) -> tuple[bool, str]:
        """Whether the four elements match, and why not."""
        if fate_of_card(account_no) == "not_yours":
            return False, "name_mismatch"
        return True, ""

    def pay(self, payment: Payment, *, declined: bool = False) -> dict[str, object]:
        """Carries a payment out once; the same number with the same content gives the same answer.

        Raises OtherContent.
        """
        with self._book.change() as change:
            there = change.execute(
                "SELECT * FROM payment WHERE channel_order_no = ?", (payment.channel_order_no,)
            ).fetchone()
            if there is not None:
                if there["digest"] != payment.digest:
                    raise OtherContent
                return _answer(there)
            code, message = self._refusal(change, payment, declined=declined)
            reference = f"BK{secrets.token_hex(8).upper()}"
            now = datetime.now(UTC)
            change.execute(
                "INSERT INTO payment VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    payment.channel_order_no,
                    payment.kind,
                    payment.digest,
                    payment.account_no,
                    payment.account_name,
                    payment.amount_fen,
                    "failed" if code else "paid",
                    code,
                    message,
                    reference,
                    now.astimezone(SHANGHAI).date().isoformat(),
                    now.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
                ),
            )
            if not code:
                self._move(change, payment, reference)
            row = change.execute(
                "SELECT * FROM payment WHERE channel_order_no = ?", (payment.channel_order_no,)
            ).fetchone()
        return _answer(row)

    def find(self, kind: str, channel_order_no: str) -> dict[str, object] | None:
        """What became of a payment; None when the number is not known."""
        rows = self._book.rows(
            "SELECT * FROM payment WHERE channel_order_no = ? AND kind = ?", channel_order_no, kind
        )
        return _answer(rows[0]) if rows else None

    def daily_file(self, day: str) -> str:
        """All payments of a day as CSV: a header, the rows, and a last line that sums them up."""
        rows = self._book.rows(
            "SELECT channel_order_no, kind, amount_fen, status, reference FROM payment"
            " WHERE day = ? ORDER BY channel_order_no",
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

    def totals(self) -> dict[str, int]:
        """The whole book in figures: what went out, what came in, what stands on our account."""
        rows = self._book.rows(
            "SELECT kind, coalesce(sum(amount_fen), 0) AS fen, count(*) AS number FROM payment"
            " WHERE status = 'paid' GROUP BY kind"
        )
        by_kind = {row["kind"]: row for row in rows}
        found = {
            f"{kind}_{what}": int(by_kind[kind][column]) if kind in by_kind else 0
            for kind in ("payout", "debit")
            for what, column in (("fen", "fen"), ("count", "number"))
        }
        return {
            **found,
            "our_balance_fen": self.balance(OUR_ACCOUNT) or 0,
            "our_opening_fen": OUR_OPENING_FEN,
            "off_fen": int(
                self._book.rows("SELECT coalesce(sum(amount_fen), 0) FROM movement")[0][0]
            ),
        }

    def _refusal(
        self, change: sqlite3.Connection, payment: Payment, *, declined: bool
    ) -> tuple[str, str]:
        fate = fate_of_card(payment.account_no)
        if declined:
            return "DECLINED", "declined by the receiving bank"
        if fate == "dead":
            return "ACCOUNT_CLOSED", "the account is closed"
        if payment.kind == "debit":
            row = change.execute(
                "SELECT balance_fen FROM account WHERE no = ?", (payment.account_no,)
            ).fetchone()
            balance = row["balance_fen"] if row else CARD_OPENING_FEN
            if fate == "insufficient" or balance < payment.amount_fen:
                return "INSUFFICIENT", "the balance is too low"
        return "", ""

    def _move(self, change: sqlite3.Connection, payment: Payment, reference: str) -> None:
        change.execute(
            "INSERT OR IGNORE INTO account VALUES (?, ?, ?)",
            (
                payment.account_no,
                payment.account_name,
                CARD_OPENING_FEN if payment.account_no.startswith(CARD_PREFIX) else 0,
            ),
        )
        sign = 1 if payment.kind == "payout" else -1
        for account, fen in (
            (OUR_ACCOUNT, -sign * payment.amount_fen),
            (payment.account_no, sign * payment.amount_fen),
        ):
            change.execute(
                "UPDATE account SET balance_fen = balance_fen + ? WHERE no = ?", (fen, account)
            )
            change.execute("INSERT INTO movement VALUES (?, ?, ?)", (reference, account, fen))


def _answer(row: sqlite3.Row) -> dict[str, object]:
    return {
        "channel_order_no": row["channel_order_no"],
        "kind": row["kind"],
        "status": row["status"],
        "amount_fen": row["amount_fen"],
        "reference": row["reference"],
        "code": row["code"],
        "message": row["message"],
        "finished_at": row["finished_at"],
    }
