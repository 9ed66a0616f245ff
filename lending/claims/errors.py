"""What can go wrong with a claim."""

from lending.foundation.errors import BadInput, Conflict, NotFound


class NoSuchClaim(NotFound):
    """There is no such claim, or it is another guarantor's."""


class ClaimEnded(Conflict):
    """The claim is not waiting for money any more."""

    code, title = "claim.ended", "The claim is paid, withdrawn or taken back"
    mend = "Look at the claim as it is now."


class PaymentAnnounced(Conflict):
    """The guarantor has named its transfer already."""

    code, title = "claim.payment_announced", "The payment of this claim was confirmed before"
    mend = "Send one transfer for each claim."


class ArrivalWrong(BadInput):
    """The money that came is not what the claim asks for, or its date cannot be."""

    code, title = "claim.arrival_wrong", "到账信息与代偿请求不符"


class ArrivalTaken(Conflict):
    """This arrival was entered before."""

    code, title, field = "claim.arrival_taken", "该笔到账已登记", "/reference"
    mend = "请核对银行流水号。"
