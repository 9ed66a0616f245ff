"""What can go wrong with a repayment. Texts are read by borrowers, in Chinese."""

from lending.foundation.errors import BadInput, Conflict, NotFound, Refused


class NoSuchRepayment(NotFound):
    """There is no such repayment."""


class NothingToPay(Refused):
    """Nothing is owed on this loan, or it is not running."""

    code, title = "repayment.nothing_to_pay", "当前没有需要归还的款项"
    mend = "请返回查看还款计划。"


class RepaymentUnderWay(Conflict):
    """One debit at a time for a loan (T20)."""

    code, title = "repayment.under_way", "上一笔还款正在处理中"
    mend = "请稍后查看结果,不要重复付款。"
    retry_after_s = 10


class AmountChanged(Conflict):
    """What is owed is no longer what the borrower saw."""

    code, title = "repayment.amount_changed", "应还金额已变化"
    mend = "请刷新页面,确认新的金额后再付款。"


class NothingReceived(Conflict):
    """Only a repayment whose money is here can be taken back."""

    code, title = "repayment.nothing_received", "This repayment holds no money to take back"
    mend = "Choose a repayment that was received."


class ReferenceTaken(Conflict):
    """The bank's reference belongs to a repayment that is here already (T20)."""

    code, title, field = "transfer.reference_taken", "这个银行流水号已入账", "/reference"
    mend = "请核对流水号;如记错了借款,请先申请冲正原来的一笔。"


class DateWrong(BadInput):
    """A date lies outside the loan's time."""

    code, title = "repayment.date_wrong", "日期不正确"


class CreditTooSmall(Refused):
    """More is to be paid back than is the borrower's and not on its way already."""

    code, title, field = "credit.too_small", "可退的溢缴款不足", "/amount_fen"
    mend = "请按页面显示的可退金额申请。"


class CreditSpent(Conflict):
    """The excess of a repayment was paid back to the borrower, so its money is not here whole."""

    code, title = "credit.spent", "这笔还款的溢缴款已退给借款人,不能直接冲正"
    mend = "请先向借款人收回已退款项,并作为转账还款入账。"


class ChargeNotDisclosed(Refused):
    """No charge but those of the cost table that the borrower confirmed (R-COST-NOTHINGELSE)."""

    code, title, field = "charge.not_disclosed", "费用明示表中没有这项费用,或超出其约定", "/name"
    mend = "只能收取借款人签约时确认的明示表所列费用。"


class NotOverdue(Refused):
    """Only a loan in arrears is given up."""

    code, title, field = "loan.not_overdue", "借款没有逾期,不能核销", "/subject"
    mend = "请核对借款状态。"


class NoReceipt(NotFound):
    """There is a receipt only of money that is here."""

    title = "没有这张还款凭证"
    mend = "款项到账后才能下载凭证。"
