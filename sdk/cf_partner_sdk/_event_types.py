"""Events by type.

    if isinstance(event, OrderPaid):
        ship(event.order.order_no)

An event of a type that this version does not know is a plain `Event`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional

from ._commission_models import Claim, CommissionAccrual, CommissionBill
from ._models import Event, Model, Order, Refund
from ._sandbox import SandboxClock
from ._statement_models import Statement
from ._webhook_models import WebhookEndpoint


@dataclass(frozen=True)
class Repayment(Model):
    """What a borrower paid on a loan, and what is still owed."""

    loan_id: str
    repayment_id: str
    amount_fen: int
    principal_fen: int
    interest_fen: int
    outstanding_principal_fen: int
    order_id: Optional[str] = None
    order_no: Optional[str] = None


class OrderEvent(Event):
    """Something that happened to an order."""

    @property
    def order(self) -> Order:
        """The order as it then was."""
        return Order.from_json(self.object)


class OrderCreated(OrderEvent, of="order.created"):
    """The order was placed."""


class OrderApproved(OrderEvent, of="order.approved"):
    """The buyer may choose an offer and sign."""


class OrderReferred(OrderEvent, of="order.referred"):
    """A person decides."""


class OrderDeclined(OrderEvent, of="order.declined"):
    """The lender will not lend for this order."""


class OrderSigned(OrderEvent, of="order.signed"):
    """The contract is made; the payout follows."""


class OrderPaid(OrderEvent, of="order.paid"):
    """The merchant has the money: deliver."""


class OrderPayoutFailed(OrderEvent, of="order.payout_failed"):
    """No settlement account could be paid; the lender's operators act."""


class OrderCancelled(OrderEvent, of="order.cancelled"):
    """Cancelled before the payout."""


class OrderExpired(OrderEvent, of="order.expired"):
    """The buyer did not sign in time."""


class OrderRefunded(Event, of="order.refunded"):
    """Goods went back."""

    @property
    def refund(self) -> Refund:
        """The refund."""
        return Refund.from_json(self.object)


class LoanRepaid(Event, of="loan.repaid"):
    """A borrower has paid on a loan."""

    @property
    def repayment(self) -> Repayment:
        """What was paid, and what is still owed."""
        return Repayment.from_json(self.object)


class SandboxClockReady(Event, of="sandbox.clock_ready"):
    """The sandbox's clock is where it was sent."""

    @property
    def clock(self) -> SandboxClock:
        """The clock as it stood."""
        return SandboxClock.from_json(self.object)


class EndpointEvent(Event):
    """Something about an endpoint of yours."""

    @property
    def endpoint(self) -> WebhookEndpoint:
        """The endpoint as it then was."""
        return WebhookEndpoint.from_json(self.object)


class EndpointTest(EndpointEvent, of="endpoint.test"):
    """You asked for it, to see whether events arrive."""


class EndpointDisabled(EndpointEvent, of="endpoint.disabled"):
    """Another of your endpoints gets nothing any more; its `disabled_reason` says why."""


class StatementReady(Event, of="statement.ready"):
    """A statement was made; `Client.statements.download` gets its file."""

    @property
    def statement(self) -> Statement:
        """The statement."""
        return Statement.from_json(self.object)


class CommissionAccrued(Event, of="commission.accrued"):
    """Something that happened to a loan earned you a commission, or took it back."""

    @property
    def accrual(self) -> CommissionAccrual:
        """What was earned, and all that it follows from."""
        return CommissionAccrual.from_json(self.object)


class CommissionBillEvent(Event):
    """Something about a month's bill."""

    @property
    def bill(self) -> CommissionBill:
        """The bill as it then was."""
        return CommissionBill.from_json(self.object)


class CommissionBillReady(CommissionBillEvent, of="commission.bill_ready"):
    """A bill was made, or a dispute answered: confirm it or dispute it."""


class CommissionPaid(CommissionBillEvent, of="commission.paid"):
    """A bill was paid."""


class CommissionPaymentFailed(CommissionBillEvent, of="commission.payment_failed"):
    """Every settlement account of yours refused a bill's payment."""


class ClaimEvent(Event):
    """Something about a claim on you."""

    @property
    def claim(self) -> Claim:
        """The claim as it then was."""
        return Claim.from_json(self.object)


class ClaimFiled(ClaimEvent, of="claim.filed"):
    """You are asked to pay."""


class ClaimPaid(ClaimEvent, of="claim.paid"):
    """The claim is paid."""


class ClaimWithdrawn(ClaimEvent, of="claim.withdrawn"):
    """The borrower paid first: do not pay any more."""


class ClaimTakenBack(ClaimEvent, of="claim.taken_back"):
    """Your money went back to you."""
