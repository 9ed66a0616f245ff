"""What can go wrong with a mall order."""

from lending.foundation.errors import BadInput, Conflict, NotFound, Refused


class NoSuchOrder(NotFound):
    """There is no such order or refund, or it is another partner's."""


class ItemsDoNotAddUp(BadInput):
    """The items' prices do not sum to the amount."""

    code, title = "order.items_do_not_add_up", "The items do not add up to the amount"
    field = "/amount_fen"


class ItemTwice(BadInput):
    """Two items have the same sku: a return could not tell which of them comes back."""

    code, title = "order.item_twice", "Two items have the same sku"
    mend = "Send each sku once, with its quantity."


class OrderNoTaken(Conflict):
    """The shop has used this order number for another order."""

    code, title = "order.number_taken", "This order_no belongs to another order"
    field = "/order_no"
    mend = "Use a new order_no, or send the same order again with its Idempotency-Key."


class RefundNoTaken(Conflict):
    """The shop has used this refund number for another refund."""

    code, title = "refund.number_taken", "This refund_no belongs to another refund"
    field = "/refund_no"
    mend = "Use a new refund_no, or send the same refund again with its Idempotency-Key."


class NotPaidOut(Conflict):
    """The order was not paid out, so there is nothing to refund."""

    code, title = "refund.not_paid_out", "The order is not paid out"
    mend = "Cancel the order instead."


class ItemNotInOrder(Refused):
    """A returned item was not in the order, or more of it comes back than was bought."""

    code, title = "refund.item_not_in_order", "This item was not bought in this order"


class RefundAboveItems(Refused):
    """More is refunded than the returned items cost."""

    code, title = "refund.above_items", "The refund is above the price of the returned items"
    field = "/amount_fen"


class CheckoutEnded(Refused):
    """The checkout link is not known, or the order can no longer be applied for."""

    code, title = "checkout.ended", "订单已失效"
    mend = "请返回商城重新下单。"
