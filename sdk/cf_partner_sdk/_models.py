"""What the lender answers, typed.

A model keeps fields that this version does not know in `extra`, and an enum keeps a value that it
does not know as a member of its own with `known` false, so that a newer lender breaks nobody.
Amounts are integers of fen, rates `Decimal`, instants aware `datetime`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, field, fields
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from enum import Enum
from types import MappingProxyType
from typing import Any, ClassVar, Optional, TypeVar

from ._errors import AnswerNotUnderstood
from ._instants import instant

M = TypeVar("M", bound="Model")

Reader = Callable[[Any], Any]


class OpenEnum(str, Enum):
    """An enum to which the lender may add."""

    @classmethod
    def _missing_(cls, value: object) -> Optional[OpenEnum]:
        if not isinstance(value, str):
            return None
        member = str.__new__(cls, value)
        member._name_ = "UNKNOWN"
        member._value_ = value
        return member

    @property
    def known(self) -> bool:
        """Tell whether this version of the package knows the value."""
        return self.value in type(self)._value2member_map_

    def __str__(self) -> str:
        return str(self.value)


class OrderState(OpenEnum):
    """Where an order is."""

    CREATED = "created"
    """The buyer has not finished applying."""
    DECIDING = "deciding"
    """The application is being decided."""
    REFERRED = "referred"
    """A person decides."""
    DECLINED = "declined"
    """The lender will not lend for this order."""
    APPROVED = "approved"
    """The buyer may choose an offer and sign."""
    SIGNED = "signed"
    """The contract is made; the payout to the merchant follows."""
    PAYING = "paying"
    """The payout is on its way and not yet certain: do not deliver yet."""
    PAID = "paid"
    """The merchant has the money: deliver."""
    PAYOUT_FAILED = "payout_failed"
    """No settlement account could be paid; the lender's operators act."""
    REFUNDED = "refunded"
    """All goods went back."""
    PART_REFUNDED = "part_refunded"
    """Some goods went back."""
    CANCELLED = "cancelled"
    """Cancelled before the payout."""
    EXPIRED = "expired"
    """The buyer did not sign in time."""


class RefundState(OpenEnum):
    """Where a refund is."""

    PENDING = "pending"
    """Accepted; what the borrower is owed has not arrived yet."""
    DONE = "done"
    """Booked, and the borrower has what is owed."""


class SubsidyPayer(OpenEnum):
    """Who pays the interest of an interest-free offer."""

    NONE = "none"
    MERCHANT = "merchant"
    LENDER = "lender"


class PeriodUnit(OpenEnum):
    """What the time from one instalment to the next is counted in."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"


class Model:
    """Base of all answers. `extra` has the fields that this version does not know."""

    extra: Mapping[str, Any] = MappingProxyType({})
    _readers: ClassVar[Mapping[str, Reader]] = {}

    @classmethod
    def from_json(cls: type[M], data: Any) -> M:
        """Read an answer. Raises AnswerNotUnderstood if a field is absent or of another type."""
        if not isinstance(data, Mapping):
            raise AnswerNotUnderstood(f"{cls.__name__} is not an object")
        members: Any = cls
        known: dict[str, Any] = {}
        for one in fields(members):
            if one.name in data:
                known[one.name] = cls._value(one.name, data[one.name])
            elif one.default is MISSING and one.default_factory is MISSING:
                raise AnswerNotUnderstood(f"{cls.__name__} has no {one.name}")
        model = cls(**known)
        unknown = {name: value for name, value in data.items() if name not in known}
        object.__setattr__(model, "extra", MappingProxyType(unknown))
        return model

    @classmethod
    def _value(cls, name: str, value: Any) -> Any:
        reader = cls._readers.get(name)
        if reader is None or value is None:
            return value
        try:
            return reader(value)
        except (ValueError, TypeError, InvalidOperation):
            raise AnswerNotUnderstood(f"{cls.__name__}.{name} cannot be read") from None


def many(read: Reader) -> Reader:
    """Return a reader of lists of what `read` reads."""

    def read_all(values: Any) -> tuple[Any, ...]:
        if not isinstance(values, list):
            raise TypeError("a list is needed")
        return tuple(read(value) for value in values)

    return read_all


@dataclass(frozen=True)
class PlanRow(Model):
    """One instalment of an offer, due so many of the offer's units after the payout."""

    number: int
    principal_fen: int
    interest_fen: int
    fee_fen: int
    total_fen: int
    due_after: Optional[int] = None


@dataclass(frozen=True)
class Offer(Model):
    """One number of periods and all that it costs.

    An instalment falls due `every` so many of `unit`. `rate_annual` is the all-in yearly rate (the
    period's internal rate of return times the periods of a year): show it beside every price.
    `merchant_subsidy_fen` is what the merchant pays for an interest-free offer.
    """

    periods: int
    instalment_fen: int
    cost_total_fen: int
    rate_annual: Decimal
    instalment_last_fen: Optional[int] = None
    principal_fen: Optional[int] = None
    interest_total_fen: Optional[int] = None
    fee_total_fen: Optional[int] = None
    rate_annual_effective: Optional[Decimal] = None
    rate_nominal: Optional[Decimal] = None
    interest_free: bool = False
    subsidy_payer: SubsidyPayer = SubsidyPayer.NONE
    merchant_subsidy_fen: int = 0
    plan: tuple[PlanRow, ...] = ()
    every: int = 1
    unit: PeriodUnit = PeriodUnit.MONTH

    _readers: ClassVar[Mapping[str, Reader]] = {
        "rate_annual": Decimal,
        "rate_annual_effective": Decimal,
        "rate_nominal": Decimal,
        "subsidy_payer": SubsidyPayer,
        "plan": many(PlanRow.from_json),
        "unit": PeriodUnit,
    }


@dataclass(frozen=True)
class Quote(Model):
    """What an amount would cost by instalments; `message` is the line to show beside the price."""

    amount_fen: int
    offers: tuple[Offer, ...]
    product_code: Optional[str] = None
    product_version: Optional[int] = None
    message: Optional[str] = None

    _readers: ClassVar[Mapping[str, Reader]] = {"offers": many(Offer.from_json)}


@dataclass(frozen=True)
class OrderItem(Model):
    """Goods in an order."""

    sku: str
    name: str
    quantity: int
    unit_price_fen: int
    category: str


@dataclass(frozen=True)
class Payout(Model):
    """What the merchant was paid, and where.

    `amount_fen` arrived: the amount less `fee_fen`, `subsidy_fen` for an interest-free offer
    and `claims_fen` for goods that came back. `business_date` is the day it is booked on.
    """

    amount_fen: int
    account_last4: Optional[str] = None
    paid_at: Optional[datetime] = None
    channel_reference: Optional[str] = None
    fee_fen: Optional[int] = None
    subsidy_fen: Optional[int] = None
    claims_fen: Optional[int] = None
    business_date: Optional[date] = None

    _readers: ClassVar[Mapping[str, Reader]] = {
        "paid_at": instant,
        "business_date": date.fromisoformat,
    }


@dataclass(frozen=True)
class Order(Model):
    """An order to be paid by instalments; send the buyer to `checkout_url`.

    An instalment falls due `every` so many of `unit`. `payout_due_on` is the date from which on the
    merchant is paid, as agreed; it and `periods` are None before the buyer has signed.
    """

    id: str
    order_no: str
    amount_fen: int
    state: OrderState
    checkout_url: Optional[str] = None
    currency: str = "CNY"
    product_code: Optional[str] = None
    items: tuple[OrderItem, ...] = ()
    return_url: Optional[str] = None
    cancel_url: Optional[str] = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    periods: Optional[int] = None
    loan_id: Optional[str] = None
    payout_due_on: Optional[date] = None
    paid_fen: int = 0
    refunded_fen: int = 0
    payout: Optional[Payout] = None
    decline_reason: Optional[str] = None
    created_at: Optional[datetime] = None
    updated_at: Optional[datetime] = None
    expires_at: Optional[datetime] = None
    every: int = 1
    unit: PeriodUnit = PeriodUnit.MONTH

    _readers: ClassVar[Mapping[str, Reader]] = {
        "state": OrderState,
        "items": many(OrderItem.from_json),
        "unit": PeriodUnit,
        "payout_due_on": date.fromisoformat,
        "payout": Payout.from_json,
        "created_at": instant,
        "updated_at": instant,
        "expires_at": instant,
    }


@dataclass(frozen=True)
class ReturnedItem(Model):
    """Goods that came back."""

    sku: str
    quantity: int


@dataclass(frozen=True)
class Refund(Model):
    """Goods that went back.

    `loan_reduction_fen` came off the loan, `borrower_refund_fen` goes to the borrower, and
    `merchant_claim_fen` is taken from the merchant's next payouts.
    """

    id: str
    refund_no: str
    order_id: str
    amount_fen: int
    state: RefundState
    loan_reduction_fen: int = 0
    borrower_refund_fen: int = 0
    merchant_claim_fen: int = 0
    loan_outstanding_principal_fen: Optional[int] = None
    created_at: Optional[datetime] = None
    items: tuple[ReturnedItem, ...] = ()
    reason: str = ""
    order_no: Optional[str] = None
    loan_id: Optional[str] = None
    business_date: Optional[date] = None

    _readers: ClassVar[Mapping[str, Reader]] = {
        "state": RefundState,
        "created_at": instant,
        "items": many(ReturnedItem.from_json),
        "business_date": date.fromisoformat,
    }


@dataclass(frozen=True)
class Event(Model):
    """Something that happened; `data["object"]` is what it happened to, as it then was.

    Events of a type that this version knows are of a class of their own, such as `OrderPaid`;
    any other stays a plain `Event`. `test` is set for what was sent to try an endpoint out:
    nothing has happened then.
    """

    id: str
    type: str
    created_at: datetime
    data: Mapping[str, Any]
    subject: Optional[str] = None
    api_version: Optional[str] = None
    test: bool = False

    _readers: ClassVar[Mapping[str, Reader]] = {"created_at": instant}

    def __init_subclass__(cls, *, of: Optional[str] = None) -> None:
        """Make `cls` the class of the events of the type `of`."""
        super().__init_subclass__()
        if of is not None:
            _EVENT_CLASSES[of] = cls

    @classmethod
    def from_json(cls, data: Any) -> Event:
        """Read an event as the class of its type. Raises AnswerNotUnderstood."""
        from . import (  # noqa: PLC0415 - make classes known
            _event_types,  # noqa: F401
            _lead_events,  # noqa: F401
            _payment_events,  # noqa: F401
            _share_events,  # noqa: F401
        )

        named = data.get("type") if isinstance(data, Mapping) else None
        chosen = _EVENT_CLASSES.get(named, cls) if isinstance(named, str) else cls
        return super(Event, chosen).from_json(data)

    @property
    def object(self) -> Any:
        """What it happened to, as JSON; None if there is nothing."""
        return self.data.get("object") if isinstance(self.data, Mapping) else None

    @property
    def order(self) -> Optional[Order]:
        """The order that `data` carries, or None if it carries something else."""
        return Order.from_json(self.object) if self._object_id().startswith("ord_") else None

    @property
    def refund(self) -> Optional[Refund]:
        """The refund that `data` carries, or None if it carries something else."""
        return Refund.from_json(self.object) if self._object_id().startswith("rfd_") else None

    def _object_id(self) -> str:
        return str(self.object.get("id", "")) if isinstance(self.object, Mapping) else ""


_EVENT_CLASSES: dict[str, type[Event]] = {}
