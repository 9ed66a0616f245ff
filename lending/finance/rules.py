"""The comparison itself: values in, differences out."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from lending.finance.model import (
    CheckKind,
    Difference,
    DifferenceKind,
    Differences,
    LoneEntry,
    Order,
    OrderState,
    SubLedgerDifference,
)
from lending.foundation.ports import ChannelTransaction

_FINAL = {"paid": OrderState.PAID, "failed": OrderState.FAILED}


def signed_fen(kind: str, amount_fen: int) -> int:
    """An amount as we see it: what we pay out is negative."""
    return -amount_fen if kind in ("payout", "wallet_payout") else amount_fen


def compare(
    bank: Sequence[ChannelTransaction], orders: Sequence[Order], lone: Sequence[LoneEntry]
) -> Differences:
    """Bank, rows and ledger, order by order, to the fen (X1, X2, X3).

    `bank` may hold other days than `orders`: whoever asks picks the orders that belong to it.
    """
    lines = {line.channel_order_no: line for line in bank}
    ours = {order.channel_order_no: order for order in orders}
    twice = [number for number, times in _paid_lines(bank).items() if times > 1]
    items = [
        Difference(
            DifferenceKind.TWICE_IN_BANK,
            number,
            _bank_fen(lines[number]),
            _rows_fen(ours.get(number)),
            ours[number].ledger_fen if number in ours else None,
            "银行对同一订单号付款多次",
        )
        for number in twice
    ]
    for number in sorted(lines.keys() | ours.keys()):
        items += _one(number, lines.get(number), ours.get(number))
    items += [
        Difference(
            DifferenceKind.LEDGER_ALONE,
            entry.entry_id,
            None,
            None,
            entry.ledger_fen,
            f"分录 {entry.kind}({entry.subject})不属于任何订单",
        )
        for entry in lone
    ]
    return Differences(
        items=tuple(items),
        in_flight=tuple(
            sorted(one.channel_order_no for one in orders if one.state is OrderState.IN_FLIGHT)
        ),
        bank_fen=sum(_bank_fen(line) for line in bank),
        rows_fen=sum(_rows_fen(order) or 0 for order in orders),
        ledger_fen=sum(order.ledger_fen for order in orders)
        + sum(entry.ledger_fen for entry in lone),
    )


def _one(number: str, line: ChannelTransaction | None, order: Order | None) -> Iterator[Difference]:
    def differ(kind: DifferenceKind, detail: str) -> Difference:
        return Difference(
            kind,
            number,
            _bank_fen(line) if line else None,
            _rows_fen(order),
            order.ledger_fen if order else None,
            detail,
        )

    if order is None:
        state = line.state if line else ""
        yield differ(DifferenceKind.MISSING_HERE, f"银行状态为 {state};本方无此单")
        return
    if line is None:
        if order.state is OrderState.PAID:
            yield differ(DifferenceKind.MISSING_IN_BANK, "本方已付;银行无此单")
    else:
        if (line.kind, line.amount_fen) != (order.kind, order.amount_fen):
            yield differ(
                DifferenceKind.AMOUNT_DIFFERS,
                f"银行:{line.kind} {line.amount_fen} 分;本方:{order.kind} {order.amount_fen} 分",
            )
        if _FINAL.get(line.state, OrderState.IN_FLIGHT) is not order.state:
            yield differ(
                DifferenceKind.STATE_DIFFERS, f"银行:{line.state};本方:{order.state.value}"
            )
    expected_fen = _rows_fen(order)
    if order.ledger_fen != expected_fen:
        yield differ(
            DifferenceKind.LEDGER_DIFFERS,
            f"账上变动 {order.ledger_fen} 分,应为 {expected_fen} 分",
        )


def _paid_lines(bank: Sequence[ChannelTransaction]) -> Counter[str]:
    return Counter(line.channel_order_no for line in bank if line.state == "paid")


def _bank_fen(line: ChannelTransaction) -> int:
    return signed_fen(line.kind, line.amount_fen) if line.state == "paid" else 0


def _rows_fen(order: Order | None) -> int | None:
    if order is None:
        return None
    return signed_fen(order.kind, order.amount_fen) if order.state is OrderState.PAID else 0


def unlike(
    kind: CheckKind, ledger: Mapping[str, int], expected: Mapping[str, int]
) -> list[SubLedgerDifference]:
    """The owners whose two amounts differ; who is in one only has 0 in the other."""
    return [
        SubLedgerDifference(kind, owner, ledger.get(owner, 0), expected.get(owner, 0))
        for owner in sorted(ledger.keys() | expected.keys())
        if ledger.get(owner, 0) != expected.get(owner, 0)
    ]
