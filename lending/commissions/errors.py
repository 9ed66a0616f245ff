"""What can go wrong with what platforms earn."""

from lending.compliance.errors import GateShut
from lending.foundation.errors import BadInput, Conflict, NotFound, OutsideFault


class NoSuchBill(NotFound):
    """There is no such bill, or it is another platform's."""


class BillConfirmed(Conflict):
    """A confirmed bill never changes: it is not confirmed twice and not disputed."""

    code, title = "commission.confirmed", "The bill was confirmed before"
    mend = "Look at the bill as it is; what changes later is in the next month's."


class BillDisputed(Conflict):
    """A bill that is looked into is not confirmed."""

    code, title = "commission.disputed", "The bill is disputed"
    mend = "Wait for the lender's answer, then confirm the bill."


class BillChanged(Conflict):
    """What is confirmed is not what the bill says."""

    code, title, field = "commission.bill_changed", "The bill has changed", "/payable_fen"
    mend = "Fetch the bill again and compare it before you confirm."


class NotDisputed(Conflict):
    """There is nothing to answer."""

    code, title = "commission.not_disputed", "该结算单没有待处理的异议"
    mend = "请刷新页面查看最新状态。"


class NothingToPay(Conflict):
    """A bill is paid once it is confirmed, once, and only where it is above 0."""

    code, title = "commission.nothing_to_pay", "该结算单没有可支付的金额"
    mend = "请查看结算单状态。"


class AgreementRefused(BadInput):
    """Such an agreement cannot be made; operators read why."""

    code, title = "commission.agreement_refused", "不能订立这样的协议"


class FeeOverCap(GateShut):
    """A platform would get more of a loan than the lender's own cap on cooperation fees."""

    code, title = "commission.fee_over_cap", "佣金高于我方上限"
    rule, field = "R-FEE-CAP", "/cap_rate"


class BillFileAway(OutsideFault):
    """The file store does not give the file at the moment."""

    code, title = "commission.file_away", "The file cannot be read at the moment"
