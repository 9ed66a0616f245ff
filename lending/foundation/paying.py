"""How money leaves: one payment under one number for ever, asked about until the channel says."""

from datetime import datetime, timedelta

from lending.foundation.ports import ChannelResult, ChannelState, PaymentChannel, PayoutOrder

QUERY_AFTER_S = (2, 5, 15, 60, 300, 900)
"""How long after each question an unknown payment is asked for again; the last one repeats."""


def pay_or_ask(channel: PaymentChannel, order: PayoutOrder, *, is_held: bool) -> ChannelResult:
    """Sends a payment that is held, or asks what became of one that may have been sent (T22)."""
    if is_held:
        return channel.pay_out(order)
    result = channel.query_payout(order.channel_order_no, order.kind)
    if result.state is ChannelState.NOT_FOUND:
        # It never arrived. Under its own number it is still one payment for ever.
        return channel.pay_out(order)
    return result


def query_at(now: datetime, queries: int) -> datetime:
    """When an unknown payment is to be asked for next, having been asked for so often."""
    return now + timedelta(seconds=QUERY_AFTER_S[min(queries, len(QUERY_AFTER_S) - 1)])
