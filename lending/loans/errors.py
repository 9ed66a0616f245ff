"""What can go wrong with an application or a loan."""

from lending.foundation.errors import Conflict, NotFound, Refused


class NoSuchLoan(NotFound):
    """There is no such application, loan, contract or payout, or it is somebody else's."""


class WrongState(Conflict):
    """The state of the application or loan does not allow this."""

    code, title = "loan.wrong_state", "The present state does not allow this"
    mend = "Ask for the present state, and act on that."


class DecisionTooOld(Refused):
    """An approval is good for thirty minutes."""

    code, title = "loan.decision_too_old", "审批结果已过期"
    mend = "请返回商城重新下单。"


class NotFlagged(Conflict):
    """No flag of fraud stands on the borrower."""

    code, title = "loan.not_flagged", "该借款人没有欺诈标记"
    mend = "请核对借款人。"


class BorrowerHeld(Conflict):
    """An operator holds the borrower for a fraud: nothing is lent or paid out to them."""

    code, title = "loan.borrower_held", "该借款人已被标记欺诈"
    mend = "请先解除欺诈标记,或拒绝该申请。"


class BorrowerLimitReached(Refused):
    """CNY 200,000 for one borrower over all products together (STORE-3, R-CAP-20W)."""

    code, title = "borrower.limit_reached", "您的累计借款已达上限(20 万元)"
    field = "/amount_fen"
    mend = "请先归还部分借款,或减少金额后重试。"


class AmountAboveDecision(Refused):
    """More, or for longer, than the decision allows."""

    code, title = "loan.above_decision", "超出审批额度或期限"
    mend = "请选择审批结果允许的期数。"


class TermsNotShown(Refused):
    """The terms differ from the cost table that the borrower confirmed."""

    code, title = "loan.terms_not_shown", "费用明示表与合同不一致"
    mend = "请重新阅读并确认综合融资成本明示表。"


class NoAccountToPay(Refused):
    """The payee has no verified account, and nobody else may be paid (MALL-2)."""

    code, title = "loan.no_account_to_pay", "商户暂时无法收款"
    mend = "请联系商户,或选择其他支付方式。"


class WalletNotOffered(Refused):
    """The product pays to bank cards only."""

    code, title, field = "loan.wallet_not_offered", "本产品仅支持支付到银行卡", "/wallet_number"
    mend = "请选择支付到本人银行卡。"


class PayoutUnderWay(Conflict):
    """Money is on its way, or may be: nothing can be undone until the channel has said."""

    code, title = "loan.payout_under_way", "Money for this loan is on its way"
    mend = "Wait for the event that tells how it ended, then cancel or refund."
    retry_after_s = 30


class NotYet(Refused):
    """An event is dated after the open business date."""

    code, title = "loan.not_yet", "This date has not come yet"
    field = "/on"
    mend = "Use the open business date or an earlier one."


class BeforeThePayout(Refused):
    """An event is dated before the loan began."""

    code, title = "loan.before_the_payout", "The loan had not begun then"
    field = "/on"
    mend = "Use the day of the payout or a later one."


class NoSuchEvent(NotFound):
    """There is no such event of this loan."""


class EventTakenBack(Conflict):
    """An event is taken back at most once."""

    code, title = "loan.event_taken_back", "This was taken back already"
    mend = "Look at how the loan stands now."


class NoSuchPart(NotFound):
    """The loan has no such later part."""


class PartNotPlanned(Conflict):
    """The part is with the merchant, on its way, or stopped."""

    code, title = "release.not_planned", "This part does not wait to be paid"
    mend = "Look at the state of each part."


class PartHeld(Conflict):
    """Something holds the part, such as a complaint."""

    code, title = "release.held", "This part is held"
    mend = "Wait until the lender has looked into what holds it."


class PartNotDue(Conflict):
    """The date of the part has not come."""

    code, title = "release.not_due", "This part is not due yet"
    mend = "Wait for its date."


class ServiceNotConfirmed(Conflict):
    """Nobody has said that the service goes on."""

    code, title = "release.not_confirmed", "The service is not confirmed for this part"
    mend = "Confirm the service of the period first."


class PartUnderWay(Conflict):
    """A part is on its way to the merchant, or may be: stopping waits until that is known."""

    code, title = "release.under_way", "有一期款项正在划转,暂时无法停止"
    mend = "请稍后再试。"
    retry_after_s = 30


class NothingToStop(Conflict):
    """The merchant has been paid all, or the service was stopped before."""

    code, title = "release.nothing_to_stop", "没有尚未划转给商户的款项"
    mend = "请与商户协商,或联系客服处理。"
