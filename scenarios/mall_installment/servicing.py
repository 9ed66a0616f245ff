"""What a shop may do with its orders afterwards: look, cancel, refund."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lending.engine.errors import RefundTooLarge
from lending.foundation import business_day, ids
from lending.foundation.audit import Actor
from lending.foundation.crypto import FieldKeys
from lending.foundation.database import Tx
from lending.foundation.errors import Problem
from lending.foundation.files import FileStore
from lending.foundation.places import Place, cut
from lending.loans import reductions
from lending.loans import service as loans
from scenarios.mall_installment import orders, store
from scenarios.mall_installment.errors import (
    ItemNotInOrder,
    NoSuchOrder,
    NotPaidOut,
    RefundAboveItems,
    RefundNoTaken,
)
from scenarios.mall_installment.intake import SCENARIO
from scenarios.mall_installment.orders import Order, Refund

REFUNDABLE = ("paid", "part_refunded")
ENDED = ("declined", "cancelled", "expired")


@dataclass(frozen=True, slots=True)
class RefundGoods:
    """A return of goods as a shop sends it."""

    refund_no: str
    order_id: str
    amount_fen: int
    items: tuple[dict[str, Any], ...] = ()
    """`sku` and `quantity` of each; may be left out where only money goes back."""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class OrderFilter:
    """Which orders a shop lists."""

    order_no: str | None = None
    state: str | None = None


def order(
    tx: Tx, keys: FieldKeys, partner_id: str, order_id: str, public_url: str
) -> dict[str, Any]:
    """One order of the partner.

    Raises NoSuchOrder.
    """
    return orders.order_view(_found(store.order(tx, partner_id, order_id)), keys, public_url)


def orders_page(
    tx: Tx,
    keys: FieldKeys,
    partner_id: str,
    public_url: str,
    *,
    wanted: OrderFilter,
    before: Place | None,
    limit: int,
) -> tuple[list[dict[str, Any]], Place | None]:
    """The partner's orders, newest first, and where the next page begins."""
    found = list(
        store.orders(
            tx,
            partner_id,
            order_no=wanted.order_no,
            state=wanted.state,
            before=before,
            limit=limit + 1,
        )
    )
    page, following = cut(found, limit)
    return [orders.order_view(each, keys, public_url) for each in page], following


def cancel(
    tx: Tx, keys: FieldKeys, partner_id: str, order_id: str, public_url: str
) -> dict[str, Any]:
    """Cancels an order no money has left for. Cancelling twice does it once.

    Raises NoSuchOrder, PayoutUnderWay, WrongState when it is paid out, declined or expired.
    """
    found = _found(store.lock_order(tx, partner_id, order_id))
    loans.cancel(tx, found.application_id, Actor("partner", partner_id))
    return order(tx, keys, partner_id, order_id, public_url)


def contract(tx: Tx, files: FileStore, partner_id: str, order_id: str) -> bytes:
    """The signed contract of an order, as a PDF.

    Raises NoSuchOrder, NoSuchLoan before it is signed.
    """
    found = _found(store.order(tx, partner_id, order_id))
    if found.loan_id is None:
        raise NoSuchOrder("the order has no contract yet")
    return loans.contract_file(tx, files, found.loan_id)


def refund(tx: Tx, partner_id: str, command: RefundGoods) -> dict[str, Any]:
    """Takes goods back: the loan shrinks, and the price is claimed from the shop's next payout.

    MALL-5. The sum of refunds never passes the price.

    Raises NoSuchOrder, NotPaidOut, ItemNotInOrder, RefundAboveItems, RefundTooLarge,
    RefundNoTaken. Nothing is kept then.
    """
    found = _found(store.lock_order(tx, partner_id, command.order_id))
    if found.loan_id is None or found.state not in REFUNDABLE:
        raise _nothing_to_refund(found)
    _require_left(found, command, store.items_returned(tx, found.id))
    refund_id = ids.new("rfd")
    reduction = reductions.reduce(
        tx,
        found.loan_id,
        refund_id=refund_id,
        amount_fen=command.amount_fen,
        refundable_fen=found.amount_fen - found.refunded_fen,
    )
    made = Refund(
        id=refund_id,
        order_id=found.id,
        partner_id=partner_id,
        refund_no=command.refund_no,
        amount_fen=command.amount_fen,
        items=command.items,
        reason=command.reason,
        loan_reduction_fen=reduction.loan_reduction_fen,
        borrower_refund_fen=reduction.borrower_refund_fen,
        merchant_claim_fen=reduction.merchant_claim_fen,
        outstanding_principal_fen=reduction.outstanding_principal_fen,
        business_date=business_day.today(tx),
        created_at=tx.now,
        is_pending=reduction.borrower_refund_fen > 0,
        order_no=found.order_no,
        loan_id=found.loan_id,
    )
    if not store.insert_refund(tx, made):
        raise RefundNoTaken
    store.add_refunded(tx, found.id, command.amount_fen)
    loans.tell(tx, SCENARIO, found.id, "refunded", {"refund_id": refund_id})
    return orders.refund_view(made)


def refund_of(tx: Tx, partner_id: str, refund_id: str) -> dict[str, Any]:
    """One refund of the partner.

    Raises NoSuchOrder.
    """
    found = store.refund(tx, partner_id, refund_id)
    if found is None:
        raise NoSuchOrder
    return orders.refund_view(found)


def refunds_page(
    tx: Tx, partner_id: str, *, order_id: str | None, before: Place | None, limit: int
) -> tuple[list[dict[str, Any]], Place | None]:
    """The partner's refunds, newest first, and where the next page begins."""
    found = store.refunds(tx, partner_id, order_id=order_id, before=before, limit=limit + 1)
    page, following = cut(found, limit)
    return [orders.refund_view(each) for each in page], following


def _found(order_: Order | None) -> Order:
    if order_ is None:
        raise NoSuchOrder
    return order_


def _nothing_to_refund(found: Order) -> Problem:
    if found.state == "refunded":
        return RefundTooLarge("the order is refunded in full", mend="Nothing is left to refund.")
    if found.state in ENDED:
        return NotPaidOut(f"the order is {found.state}", mend="Nothing was paid for this order.")
    return NotPaidOut(f"the order is {found.state}")


def _require_left(found: Order, command: RefundGoods, returned: Mapping[str, int]) -> None:
    """Refuses items that were not bought or came back before, and more money than they cost."""
    prices = {item.sku: item.unit_price_fen for item in found.items}
    left = Counter({item.sku: item.quantity for item in found.items})
    left.subtract(returned)
    price = 0
    for place, back in enumerate(command.items):
        sku, quantity = back["sku"], back["quantity"]
        left[sku] -= quantity
        if sku not in prices or left[sku] < 0:
            raise ItemNotInOrder(
                field=f"/items/{place}", mend="Send back what was bought, at most as many."
            )
        price += prices[sku] * quantity
    if command.items and command.amount_fen > price:
        raise RefundAboveItems(mend=f"Refund at most {price} fen for these items.")
