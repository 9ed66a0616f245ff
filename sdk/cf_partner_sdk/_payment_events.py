"""Events of stores by type."""

from __future__ import annotations

from ._models import Event
from ._payment_models import (
    CreditLine,
    Dispute,
    Payment,
    PaymentRefund,
    PaymentRepayment,
    Release,
    ServiceStop,
)


class PaymentEvent(Event):
    """Something that happened to a payment in a store."""

    @property
    def payment(self) -> Payment:
        """The payment as it then was."""
        return Payment.from_json(self.object)


class PaymentCreated(PaymentEvent, of="payment.created"):
    """A till asked for it."""


class PaymentConfirming(PaymentEvent, of="payment.confirming"):
    """It waits for the customer's word on the phone."""


class PaymentDeclined(PaymentEvent, of="payment.declined"):
    """The lender will not lend for it."""


class PaymentSigned(PaymentEvent, of="payment.signed"):
    """The customer has agreed; the payout follows."""


class PaymentPaid(PaymentEvent, of="payment.paid"):
    """The merchant has the money: hand the goods over."""


class PaymentPayoutFailed(PaymentEvent, of="payment.payout_failed"):
    """No settlement account could be paid; the lender's operators act."""


class PaymentCancelled(PaymentEvent, of="payment.cancelled"):
    """Cancelled before any money left."""


class PaymentExpired(PaymentEvent, of="payment.expired"):
    """Nobody agreed in time."""


class PaymentRefunded(Event, of="payment.refunded"):
    """Money went back."""

    @property
    def payment_refund(self) -> PaymentRefund:
        """The refund."""
        return PaymentRefund.from_json(self.object)


class PaymentRepaid(Event, of="payment.repaid"):
    """A customer has paid on the loan of a payment."""

    @property
    def payment_repayment(self) -> PaymentRepayment:
        """What was paid, and what is still owed."""
        return PaymentRepayment.from_json(self.object)


class ReleaseEvent(Event):
    """Something about a later part of the money for a service paid ahead."""

    @property
    def release(self) -> Release:
        """The part."""
        return Release.from_json(self.object)


class ReleasePaid(ReleaseEvent, of="release.paid"):
    """The part has reached the merchant."""


class ReleaseFailed(ReleaseEvent, of="release.failed"):
    """No settlement account could be paid; the lender's operators act."""


class ReleaseStopped(Event, of="release.stopped"):
    """The service stopped: what the merchant had not got went off the customer's loan."""

    @property
    def stop(self) -> ServiceStop:
        """What stopped."""
        return ServiceStop.from_json(self.object)


class DisputeEvent(Event):
    """Something about a customer's dispute of a payment."""

    @property
    def dispute(self) -> Dispute:
        """The dispute as it then was."""
        return Dispute.from_json(self.object)


class PaymentDisputed(DisputeEvent, of="payment.disputed"):
    """What the merchant has not got of the payment waits for the lender's decision."""


class PaymentDisputeDecided(DisputeEvent, of="payment.dispute_decided"):
    """The dispute is over: the money goes on, or the service stops."""


class CreditLineEvent(Event):
    """Something about a line that was applied for in a store."""

    @property
    def credit_line(self) -> CreditLine:
        """The line as it then was."""
        return CreditLine.from_json(self.object)


class CreditLineOpened(CreditLineEvent, of="credit_line.opened"):
    """The customer may pay by it from now on."""


class CreditLineRaised(CreditLineEvent, of="credit_line.raised"):
    """For a time the customer may pay more by it."""


class CreditLineFrozen(CreditLineEvent, of="credit_line.frozen"):
    """Nothing is paid by it for the time being."""


class CreditLineUnfrozen(CreditLineEvent, of="credit_line.unfrozen"):
    """It can be used again."""


class CreditLineClosed(CreditLineEvent, of="credit_line.closed"):
    """Nothing is paid by it any more."""
