"""Clearing with funders: what moved for each, net, once a working day or as it happens (JOINT-7).

What is owed to a funder is held, on record and sent in two steps like all money that leaves; what
it owes us is expected from it. Where no money moves, the amount goes into the next clearing.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, time

from lending.channels import service as channels
from lending.finance import clearing_store as store
from lending.finance.model import Clearing, ClearingMode, ClearingState
from lending.foundation import audit, business_day, ids, jobs, paying
from lending.foundation.audit import Actor
from lending.foundation.calendar import is_working_day
from lending.foundation.clock import SHANGHAI
from lending.foundation.context import Context
from lending.foundation.crypto import FieldKeys
from lending.foundation.database import Row, Tx
from lending.foundation.errors import NotFound
from lending.foundation.ports import ChannelResult, ChannelState, PayoutOrder
from lending.funding import expected
from lending.ledger import funders
from lending.ledger import service as ledger
from lending.ledger.chart import Code
from lending.ledger.model import Account
from lending.loans.service import tell
from lending.loans.shares import SCENARIO

OPEN = (ClearingState.HELD, ClearingState.UNKNOWN)


class NoSuchClearing(NotFound):
    """There is no such clearing, or it is another funder's."""


def agree(tx: Tx, funder: str, mode: ClearingMode, cut_off: time | None, actor: Actor) -> None:
    """Agrees with a funder when to clear, and until what time of the day (Shanghai)."""
    store.set_agreement(tx, funder, mode, cut_off)
    detail = {"mode": mode.value, "cut_off": cut_off.isoformat() if cut_off else None}
    audit.record(tx, actor, "clearing.agree", funder, detail)


def clear_day(tx: Tx, day: date) -> int:
    """Clears a closed date with every funder of the daily mode; how many. Safe to run again.

    What moves after a funder's cut-off, or while banks rest, goes into the next clearing.
    """
    receive(tx)
    if not is_working_day(day):
        return 0
    made = [
        _clear(tx, row["funder"], ClearingMode.DAY, day=day, until=_cut_off(day, row))
        for row in store.waiting(tx, ClearingMode.DAY, day)
    ]
    return sum(one is not None for one in made)


def clear_events(context: Context) -> bool:
    """Clears what has moved with the funders that are paid for each event; whether it did.

    Clearings whose money has come are ended as well.
    """
    with context.database.unit_of_work() as tx:
        receive(tx)
        today = business_day.today(tx)
        if not is_working_day(today):
            return False
        made = [
            _clear(tx, row["funder"], ClearingMode.EVENT, day=today, until=None)
            for row in store.waiting(tx, ClearingMode.EVENT, today)
        ]
    return any(made)


def send(context: Context, clearing_id: str, *, queries: int | None = None) -> None:
    """Pays a clearing that is held, or asks about one that is unknown, and records the answer.

    `queries` as in `payouts.send`.

    Raises NoSuchClearing.
    """
    with context.database.unit_of_work() as tx:
        found = get(tx, clearing_id)
        if found.state not in OPEN or queries not in (None, found.queries):
            return
        order = _order(tx, context.keys, found)
    is_held = found.state is ClearingState.HELD
    result = paying.pay_or_ask(context.channel, order, is_held=is_held)
    with context.database.unit_of_work() as tx:
        record(tx, clearing_id, result)


def record(tx: Tx, clearing_id: str, result: ChannelResult) -> None:
    """Records what the channel said; what is final already stays as it is.

    Raises NoSuchClearing.
    """
    found = get(tx, clearing_id, lock=True)
    if found.state not in OPEN:
        return
    assert found.hold_id is not None
    if result.state is ChannelState.PAID and result.amount_fen == found.amount_fen:
        entry_id = ledger.post_hold(
            tx,
            found.hold_id,
            kind="clearing.paid",
            key=found.id,
            legs=funders.clearing_legs(found.funder, found.amount_fen),
        )
        store.end(tx, found.id, ClearingState.PAID, result, entry_id=entry_id)
        _tell(tx, found, ClearingState.PAID)
    elif result.state is ChannelState.FAILED:
        ledger.void(tx, found.hold_id, because=result.code or "failed")
        store.end(tx, found.id, ClearingState.FAILED, result)
        _tell(tx, found, ClearingState.FAILED)
    else:
        store.set_unknown(tx, found.id, asked=True)
        again = replace(found, queries=found.queries + 1)
        _enqueue(tx, again, at=paying.query_at(tx.now, found.queries))


def receive(tx: Tx) -> int:
    """Ends the clearings whose money has come from their funders; how many."""
    come = store.come(tx)
    for row in come:
        result = ChannelResult(ChannelState.PAID, row["channel_order_no"], row["reference"])
        store.end(tx, row["id"], ClearingState.RECEIVED, result, entry_id=row["entry_id"])
        _tell(tx, get(tx, row["id"]), ClearingState.RECEIVED)
    return len(come)


def heard(tx: Tx, channel_order_no: str) -> bool:
    """A callback names one of our clearings: ask about it now. Whether it is one of ours (T13)."""
    clearing_id = store.id_of_channel_order(tx, channel_order_no)
    if clearing_id is None:
        return False
    store.set_unknown(tx, clearing_id, asked=False)
    _enqueue(tx, get(tx, clearing_id))
    return True


def get(tx: Tx, clearing_id: str, *, funder: str | None = None, lock: bool = False) -> Clearing:
    """One clearing, of a funder where one is named.

    Raises NoSuchClearing.
    """
    found = store.get(tx, clearing_id, lock=lock)
    if found is None or funder not in (None, found.funder):
        raise NoSuchClearing
    return found


def newest(
    tx: Tx, funder: str | None = None, *, before: int | None = None, limit: int = 200
) -> list[Clearing]:
    """Clearings of a funder or of all, the newest first, from behind the number `before`."""
    return store.newest(tx, funder, before=before, limit=limit)


def lines(tx: Tx, clearing_id: str, *, after: int = 0, limit: int = 1000) -> list[Row]:
    """What went into a clearing, in order, from behind the movement `after`."""
    return list(store.movements(tx, clearing_id, after=after, limit=limit))


def prove(tx: Tx, claims: Mapping[str, int]) -> list[str]:
    """What funders' books and our movements say differently of what is owed to each (L11).

    `claims` is by funder what its book has as owed by us.
    """
    owed = store.owed(tx)
    return [
        f"{funder}: its book claims {claims.get(funder, 0)} fen, {owed.get(funder, 0)} are owed"
        for funder in sorted({*claims, *owed})
        if claims.get(funder, 0) != owed.get(funder, 0)
    ]


def _clear(
    tx: Tx, funder: str, mode: ClearingMode, *, day: date, until: datetime | None
) -> Clearing | None:
    """Clears what moved up to a date and an instant; None where there is nothing."""
    store.lock_funder(tx, funder)
    receive(tx)
    made = Clearing(ids.new("clr"), funder, day, mode, ids.new("co"), tx.now)
    taken = store.take_movements(tx, funder, made.id, day=day, until=until)
    earlier = store.open_fen(tx, funder)
    if not taken["movements"] and not any(row["state"] == "failed" for row in earlier):
        return None
    earlier = [
        row for row in earlier if row["state"] == "failed" or expected.withdraw(tx, row["id"])
    ]
    made = replace(made, **taken, carried_fen=sum(row["amount_fen"] for row in earlier))
    made = replace(
        made, amount_fen=made.carried_fen + sum(getattr(made, name) for name in store.PARTS)
    )
    if made.amount_fen > 0:
        made = _hold(tx, made)
    elif made.amount_fen < 0:
        account_id = store.account_id(tx, funder)
        made = replace(made, state=ClearingState.EXPECTED, account_id=account_id)
        expected.expect(tx, made.id, funder, account_id, -made.amount_fen)
    store.insert(tx, made)
    store.carry(tx, [row["id"] for row in earlier], made.id)
    _tell(tx, made, made.state)
    if made.state is ClearingState.HELD:
        _enqueue(tx, made)
    return made


def _tell(tx: Tx, found: Clearing, state: ClearingState) -> None:
    """News for the funder: what is cleared, and what became of it."""
    detail: dict[str, object] = {"funder": found.funder, "state": state.value}
    tell(tx, SCENARIO, found.id, "clearing", detail)


def _hold(tx: Tx, made: Clearing) -> Clearing:
    account_id = store.account_id(tx, made.funder)
    if account_id is None:
        return replace(made, state=ClearingState.FAILED, code="NO_ACCOUNT")
    hold_id = ledger.hold(
        tx,
        debit=funders.payable(made.funder),
        credit=Account(Code.BANK_SETTLEMENT),
        amount_fen=made.amount_fen,
        subject=made.funder,
        memo=made.id,
    )
    return replace(made, state=ClearingState.HELD, account_id=account_id, hold_id=hold_id)


def _cut_off(day: date, row: Row) -> datetime | None:
    """The instant up to which a date is cleared; None: all that the date holds."""
    if row["cut_off"] is None:
        return None
    return datetime.combine(day, row["cut_off"], SHANGHAI).astimezone(UTC)


def _order(tx: Tx, keys: FieldKeys, found: Clearing) -> PayoutOrder:
    assert found.account_id is not None
    return PayoutOrder(
        channel_order_no=found.channel_order_no,
        amount_fen=found.amount_fen,
        account_no=channels.account_number(tx, keys, found.account_id),
        account_name=channels.settlement_account(tx, found.account_id).holder,
        purpose="clearing",
    )


def _enqueue(tx: Tx, found: Clearing, *, at: datetime | None = None) -> None:
    jobs.enqueue(
        tx,
        "finance.send_clearing",
        queue=jobs.POSTLOAN,
        lock=found.id,
        at=at,
        clearing_id=found.id,
        queries=found.queries,
    )
