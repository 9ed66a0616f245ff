"""Which page a buyer is to see now: a function of the order's state and of the session."""

from enum import StrEnum

from hosted.session import Session


class Step(StrEnum):
    """One page of the checkout."""

    OFFERS = "offers"
    """The order, and what it would cost by instalments."""
    MOBILE = "mobile"
    """Mobile and one-time code."""
    IDENTITY = "identity"
    """Name, identity number, consents."""
    VERIFY = "verify"
    """The face, or the other path."""
    CARD = "card"
    """The card to repay from."""
    WAITING = "waiting"
    """The decision is on its way."""
    REFERRED = "referred"
    """A person decides."""
    DECLINED = "declined"
    """With the right to ask why."""
    CHOOSE = "choose"
    """How many periods."""
    COST = "cost"
    """The cost table, read for a time."""
    CONTRACT = "contract"
    """The contract."""
    SIGN = "sign"
    """The signature."""
    PAYING = "paying"
    """Money is on its way to the merchant."""
    DONE = "done"
    """Back to the shop."""
    ENDED = "ended"
    """Cancelled, expired, or paid back."""


_BY_ORDER = {
    "deciding": Step.WAITING,
    "referred": Step.REFERRED,
    "declined": Step.DECLINED,
    "signed": Step.PAYING,
    "paying": Step.PAYING,
    "payout_failed": Step.PAYING,
    "paid": Step.DONE,
    "part_refunded": Step.DONE,
}


def step(order_state: str, session: Session | None) -> Step:
    """The page for an order in this state, in this session.

    Whoever comes with the bare link sees the order and its offers; all else needs the mobile.
    """
    if order_state in ("cancelled", "expired", "refunded"):
        return Step.ENDED
    state = session.state if session else {}
    if not state.get("started"):
        return Step.OFFERS
    if not state.get("mobile_proved"):
        return Step.MOBILE
    if order_state == "created":
        return _applying(state)
    if order_state == "approved":
        return _agreeing(state)
    return _BY_ORDER[order_state]


def _applying(state: dict[str, object]) -> Step:
    if not state.get("customer_id"):
        return Step.IDENTITY
    return Step.CARD if state.get("verified") else Step.VERIFY


def _agreeing(state: dict[str, object]) -> Step:
    if not state.get("periods"):
        return Step.CHOOSE
    if not state.get("cost_confirmed"):
        return Step.COST
    return Step.SIGN if state.get("contract_read") else Step.CONTRACT
