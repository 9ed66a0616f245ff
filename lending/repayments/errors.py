"""What can go wrong with a repayment. Texts are read by borrowers, in Chinese."""

from lending.foundation.errors import Conflict, NotFound, Refused


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
