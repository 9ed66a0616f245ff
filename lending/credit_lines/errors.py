"""What can go wrong with a credit line. Borrowers and cashiers read these, so they are Chinese."""

from lending.foundation.errors import Conflict, NotFound, Refused


class NoSuchLine(NotFound):
    """There is no such line, or it is another customer's."""


class HasALine(Conflict):
    """A customer has one line at a time (STORE-2)."""

    code, title = "credit_line.exists", "您已有一个循环额度"
    mend = "请使用现有额度,或先关闭后再申请。"


class LineNotOpen(Refused):
    """The line waits for its guarantee, or is closed."""

    code, title = "credit_line.not_open", "额度尚未生效或已关闭"
    mend = "请在“我的额度”查看状态;需要担保的额度在登记完成后生效。"


class LineFrozen(Refused):
    """Nothing may be drawn for the time being."""

    code, title = "credit_line.frozen", "额度已冻结"
    mend = "请联系客服了解原因。"


class ReviewDue(Refused):
    """A line is re-approved every year before it is drawn on again (R-REASSESS-1Y)."""

    code, title = "credit_line.review_due", "额度已到年度复审日"
    mend = "请在“我的额度”提交复审,通过后即可继续使用。"


class SceneNotAllowed(Refused):
    """The line is not for this kind of consumption."""

    code, title = "credit_line.scene_not_allowed", "该额度不能用于此类消费"
    field = "/scene"
    mend = "请选择其他支付方式。"


class LineTooSmall(Refused):
    """The amount is above what is available of the line or of its scene."""

    code, title = "credit_line.too_small", "可用额度不足"
    field = "/amount_fen"
    mend = "请减少金额,或先还款恢复额度后重试。"


class LimitNotPossible(Refused):
    """A limit that may not be given: not positive, or past what the borrower may owe in all."""

    code, title = "credit_line.limit_not_possible", "不能给予这样的额度"
    field = "/limit_fen"
    mend = "额度须大于 0,且不超过该客户在全部产品下可欠的金额。"


class RaiseNotPossible(Refused):
    """A raise has an amount and a last day to come, and there is one at a time."""

    code, title = "credit_line.raise_not_possible", "不能这样临时提额"
    mend = "金额须大于 0,有效日须晚于今天,且没有其他临时提额。"


class StillUsed(Conflict):
    """A line is closed when nothing is drawn on it or on its way."""

    code, title = "credit_line.still_used", "该额度仍有已用或在途金额"
    mend = "请先冻结,还清后再关闭。"


class NoSuchSecurity(NotFound):
    """There is no such guarantee, or it is another customer's."""


class SecurityWrongState(Conflict):
    """The state of the guarantee or of its line does not allow this."""

    code, title = "security.wrong_state", "担保或额度的当前状态不允许此操作"
    mend = "请查看担保状态;保证人签署后才能登记。"


class GuarantorIsBorrower(Refused):
    """Nobody answers for their own debt."""

    code, title = "security.guarantor_is_borrower", "保证人不能是借款人本人"
    mend = "请由其他人担任保证人。"


class ValueMissing(Refused):
    """What is registered has a value and a number of the office that registered it."""

    code, title = "security.value_missing", "须填写评估值和登记号"
    field = "/valued_fen"
    mend = "评估值须大于 0,并填写登记机构给出的登记号。"


class SecurityStillNeeded(Refused):
    """Without it the line would be backed by less than was asked for."""

    code, title = "security.still_needed", "此担保仍然需要"
    mend = "请先登记其他担保、调低额度或关闭额度。"
