"""Payments to partners' settlement accounts, beside those of loans."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from lending.ledger.model import Account, Leg


class Purpose(StrEnum):
    """What a partner is paid for."""

    COMMISSION = "commission"
    """What a platform has earned (ASSIST-8)."""
    RECOURSE = "recourse"
    """What borrowers repaid of a guarantor's claims, and its fees (ASSIST-6)."""


class RemittanceState(StrEnum):
    """Where a payment is."""

    HELD = "held"
    """Reserved and on record; it may or may not have been sent."""
    UNKNOWN = "unknown"
    """The channel did not answer. Neither pay again nor void: ask until it says."""
    PAID = "paid"
    """The channel says so. Final."""
    FAILED = "failed"
    """No money has moved and none will. Final; another account gets another attempt."""


@dataclass(frozen=True, slots=True)
class Payment:
    """What is to be paid, and what its entry is to say."""

    partner_id: str
    purpose: Purpose
    subject: str
    """What it is for; it is paid once, however often it is begun."""
    amount_fen: int
    debit: Account
    """What we owe; it is held on our bank account until the payment is made."""
    legs: tuple[Leg, ...]
    """All lines of the entry, in every book that it concerns."""


@dataclass(frozen=True, slots=True)
class Remittance:
    """One attempt to pay, under a channel order number of its own."""

    id: str
    payment: Payment
    attempt: int
    channel_order_no: str
    account_id: str
    state: RemittanceState
    hold_id: str
    queries: int
    created_at: datetime
