"""Orders and refunds as they are kept, and as partners see them."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from lending.foundation import ids
from lending.foundation.calendar import working_days_after
from lending.foundation.clock import rfc3339, shanghai_date
from lending.foundation.crypto import FieldKeys


@dataclass(frozen=True, slots=True)
class Item:
    """Goods of one kind."""

    sku: str
    name: str
    quantity: int
    unit_price_fen: int
    category: str

    @property
    def amount_fen(self) -> int:
        """Price of all of them."""
        return self.quantity * self.unit_price_fen


@dataclass(frozen=True, slots=True)
class Order:
    """A shop's order with the state of its application and loan."""

    id: str
    partner_id: str
    order_no: str
    amount_fen: int
    items: tuple[Item, ...]
    return_url: str
    cancel_url: str | None
    metadata: dict[str, str]
    application_id: str
    refunded_fen: int
    checkout_token_sealed: bytes
    created_at: datetime
    expires_at: datetime
    product_code: str
    product_version: int
    every: int
    unit: str
    """An instalment falls due every so many days, weeks or months."""
    updated_at: datetime
    state: str
    decision_id: str | None = None
    loan_id: str | None = None
    periods: int | None = None
    payout_fen: int | None = None
    payout_at: datetime | None = None
    payout_reference: str | None = None
    payout_last4: str | None = None
    payout_claims_fen: int | None = None
    payout_date: date | None = None
    payout_fee_fen: int | None = None
    payout_subsidy_fen: int | None = None
    signed_at: datetime | None = None
    settlement_days: int | None = None

    @property
    def payout_due_on(self) -> date | None:
        """From which date on its shop is paid (MALL-6); None before the buyer has signed."""
        if self.signed_at is None:
            return None
        return working_days_after(shanghai_date(self.signed_at), self.settlement_days or 0)

    @property
    def category(self) -> str:
        """What the loan is for: the category of the dearest goods."""
        return max(self.items, key=lambda item: item.amount_fen).category


@dataclass(frozen=True, slots=True)
class Refund:
    """Goods that came back, and what that did to the loan."""

    id: str
    order_id: str
    partner_id: str
    refund_no: str
    amount_fen: int
    items: tuple[dict[str, Any], ...]
    reason: str
    loan_reduction_fen: int
    borrower_refund_fen: int
    merchant_claim_fen: int
    outstanding_principal_fen: int
    business_date: date
    created_at: datetime
    is_pending: bool
    """What the borrower had repaid is on its way back to the card."""
    order_no: str
    loan_id: str | None


def new_token() -> str:
    """The secret of a checkout link."""
    return ids.token()


def token_cell(order_id: str) -> str:
    """Where an order's checkout token is sealed."""
    return f"mall_order.checkout_token:{order_id}"


def checkout_url(public_url: str, token: str) -> str:
    """The link that takes the buyer to the checkout."""
    return f"{public_url}/checkout/{token}"


def order_view(
    order: Order, keys: FieldKeys, public_url: str, *, state: str | None = None
) -> dict[str, Any]:
    """An order as its shop sees it; `state` is that of an earlier moment, where one is told of.

    A shop learns that the lender declined, never why: the reasons are the applicant's own.
    """
    state = state or order.state
    token = keys.open(order.checkout_token_sealed, at=token_cell(order.id))
    return {
        "id": order.id,
        "order_no": order.order_no,
        "amount_fen": order.amount_fen,
        "currency": "CNY",
        "product_code": order.product_code,
        "state": state,
        "items": [item_view(item) for item in order.items],
        "checkout_url": checkout_url(public_url, token),
        "return_url": order.return_url,
        "cancel_url": order.cancel_url,
        "metadata": order.metadata,
        "periods": order.periods,
        "every": order.every,
        "unit": order.unit,
        "loan_id": order.loan_id,
        "payout_due_on": due_on.isoformat() if (due_on := order.payout_due_on) else None,
        "paid_fen": order.payout_fen or 0,
        "refunded_fen": order.refunded_fen,
        "payout": {
            "amount_fen": order.payout_fen,
            "fee_fen": order.payout_fee_fen,
            "subsidy_fen": order.payout_subsidy_fen,
            "claims_fen": order.payout_claims_fen,
            "business_date": order.payout_date.isoformat(),
            "account_last4": order.payout_last4,
            "paid_at": rfc3339(order.payout_at),
            "channel_reference": order.payout_reference,
        }
        if order.payout_at and order.payout_date
        else None,
        "decline_reason": "declined_by_lender" if state == "declined" else None,
        "created_at": rfc3339(order.created_at),
        "updated_at": rfc3339(order.updated_at),
        "expires_at": rfc3339(order.expires_at),
    }


def item_view(item: Item) -> dict[str, Any]:
    """An item as it came and as it goes."""
    return {
        "sku": item.sku,
        "name": item.name,
        "quantity": item.quantity,
        "unit_price_fen": item.unit_price_fen,
        "category": item.category,
    }


def refund_view(refund: Refund) -> dict[str, Any]:
    """A refund as its shop sees it."""
    return {
        "id": refund.id,
        "refund_no": refund.refund_no,
        "order_id": refund.order_id,
        "order_no": refund.order_no,
        "loan_id": refund.loan_id,
        "amount_fen": refund.amount_fen,
        "items": list(refund.items),
        "reason": refund.reason,
        "loan_reduction_fen": refund.loan_reduction_fen,
        "borrower_refund_fen": refund.borrower_refund_fen,
        "merchant_claim_fen": refund.merchant_claim_fen,
        "state": "pending" if refund.is_pending else "done",
        "loan_outstanding_principal_fen": refund.outstanding_principal_fen,
        "business_date": refund.business_date.isoformat(),
        "created_at": rfc3339(refund.created_at),
    }
