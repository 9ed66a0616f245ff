"""What the bank's words mean: pure mapping, from a verified answer to our own types."""

import csv
import io
import logging
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from itertools import pairwise
from typing import Any

from connectors.http import Answer, NoAnswer
from lending.foundation.errors import OutsideFault
from lending.foundation.ports import (
    AccountCheck,
    ChannelResult,
    ChannelState,
    ChannelTransaction,
    DebitOrder,
    IncomingMoney,
    PayoutOrder,
)

log = logging.getLogger(__name__)

STATES = {
    "paid": ChannelState.PAID,
    "failed": ChannelState.FAILED,
    "processing": ChannelState.PROCESSING,
}
KINDS = ("payout", "debit", "incoming")


class DailyFileBroken(OutsideFault):
    """The bank's daily file is cut off or does not sum up."""

    code, title = "bank.file_broken", "The bank's daily file is not whole"
    mend = "Ask the bank for the file again."


@dataclass(frozen=True, slots=True)
class Asked:
    """The payment that an answer has to speak of."""

    channel_order_no: str
    kind: str
    amount_fen: int | None = None
    """What we sent; None when we only ask what became of it."""


def payout_body(order: PayoutOrder) -> dict[str, Any]:
    """A payout in the bank's words."""
    return {
        "channel_order_no": order.channel_order_no,
        "amount_fen": order.amount_fen,
        "account_no": order.account_no,
        "account_name": order.account_name,
        "purpose": order.purpose,
    }


def debit_body(order: DebitOrder) -> dict[str, Any]:
    """A debit in the bank's words."""
    return {
        "channel_order_no": order.channel_order_no,
        "amount_fen": order.amount_fen,
        "account_no": order.card_no,
        "account_name": order.name,
        "purpose": order.purpose,
    }


def read_check(answer: Answer) -> AccountCheck:
    """Whether an account is whose it is said to be.

    Raises NoAnswer when the answer does not say so.
    """
    found = answer.json()
    matched = found.get("matched")
    if answer.status != 200 or not isinstance(matched, bool):
        raise NoAnswer(f"status {answer.status} says nothing of a match")
    return AccountCheck(
        matched=matched,
        reference=str(found.get("reference", "")),
        bank_name=str(found.get("bank_name", "")),
        reason=str(found.get("reason", "")),
    )


def read_result(answer: Answer, asked: Asked) -> ChannelResult:
    """What an answer says of one payment; `unknown` where it does not clearly speak of it.

    Number, kind and amount have to be the ones we sent. A 409 says that the number belongs to
    another payment: ours is not known to have happened.
    """
    try:
        return _read_answer(answer, asked)
    except (NoAnswer, ValueError, KeyError, TypeError) as problem:
        log.warning(
            "the bank's answer (%s) on %s is not believed: %s",
            answer.status,
            asked.channel_order_no,
            problem,
        )
        return ChannelResult(ChannelState.UNKNOWN, asked.channel_order_no, code=str(answer.status))


def _read_answer(answer: Answer, asked: Asked) -> ChannelResult:
    found = answer.json()
    if answer.status == 404 and found.get("status") == "not_found" and asked.amount_fen is None:
        _must_name(found, asked)
        return ChannelResult(ChannelState.NOT_FOUND, asked.channel_order_no)
    if answer.status != 200:
        raise ValueError("the status has no meaning here")
    _must_name(found, asked)
    return _read_payment(found, asked)


def _must_name(found: dict[str, Any], asked: Asked) -> None:
    if found["channel_order_no"] != asked.channel_order_no:
        raise ValueError("it names another payment")


def _read_payment(found: dict[str, Any], asked: Asked) -> ChannelResult:
    amount_fen, finished_at = found["amount_fen"], found["finished_at"]
    if found["kind"] != asked.kind:
        raise ValueError("it is of another kind")
    if type(amount_fen) is not int or asked.amount_fen not in (None, amount_fen):
        raise ValueError(f"the amount is {amount_fen!r}")
    return ChannelResult(
        state=STATES[found["status"]],
        channel_order_no=asked.channel_order_no,
        reference=str(found["reference"]),
        code=str(found["code"]),
        message=str(found["message"]),
        amount_fen=amount_fen,
        finished_at=None if finished_at is None else _instant(finished_at),
    )


def _instant(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise ValueError("an instant without an offset")
    return found


def read_incoming(answer: Answer, after: int) -> list[IncomingMoney]:
    """What came, each with its place behind the one before.

    Raises NoAnswer when the answer does not say so.
    """
    if answer.status != 200:
        raise NoAnswer(f"status {answer.status} says nothing of money that came")
    try:
        found = [_read_transfer(row) for row in answer.json()["transfers"]]
    except (KeyError, TypeError, ValueError) as problem:
        raise NoAnswer(f"money that came cannot be read: {type(problem).__name__}") from None
    places = [after, *(each.seq for each in found)]
    if any(later <= earlier for earlier, later in pairwise(places)):
        raise NoAnswer("money that came is not in order")
    return found


def _read_transfer(row: dict[str, Any]) -> IncomingMoney:
    amount_fen, seq = row["amount_fen"], row["seq"]
    if type(amount_fen) is not int or type(seq) is not int or amount_fen <= 0:
        raise ValueError("not an amount")
    return IncomingMoney(
        reference=str(row["reference"]),
        seq=seq,
        from_account=str(row["from_account"]),
        from_name=str(row["from_name"]),
        amount_fen=amount_fen,
        remark=str(row["remark"]),
        received_at=_instant(row["received_at"]),
    )


def read_daily_file(content: bytes) -> list[ChannelTransaction]:
    """The rows of a daily file whose last line agrees with them; no payment is in it twice.

    Raises DailyFileBroken.
    """
    try:
        body, _, last = content.decode().rstrip("\n").rpartition("\n")
        body += "\n"
        found = [_read_row(row) for row in csv.DictReader(io.StringIO(body), strict=True)]
    except (KeyError, TypeError, ValueError, csv.Error) as problem:
        raise DailyFileBroken(type(problem).__name__) from None
    paid = sum(row.amount_fen for row in found if row.state == "paid")
    digest = sha256(body.encode()).hexdigest()
    if last != f"#rows={len(found)},paid_fen={paid},sha256={digest}":
        raise DailyFileBroken("the last line does not agree with the rows")
    if len({row.channel_order_no for row in found}) != len(found):
        raise DailyFileBroken("a payment is in it twice")
    return found


def _read_row(row: dict[str, str]) -> ChannelTransaction:
    amount_fen = int(row["amount_fen"])
    if row["kind"] not in KINDS or row["status"] not in ("paid", "failed") or amount_fen <= 0:
        raise ValueError("not a payment that has ended")
    return ChannelTransaction(
        channel_order_no=row["channel_order_no"],
        kind=row["kind"],
        amount_fen=amount_fen,
        state=row["status"],
        reference=row["reference"],
    )
