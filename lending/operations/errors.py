"""What can go wrong with a ticket. Texts are read by operators and customers, in Chinese."""

from typing import ClassVar

from lending.foundation.errors import BadInput, Conflict, NotFound, Refused


class NoSuchTicket(NotFound):
    """There is no such ticket, or it is another customer's."""

    title: ClassVar[str] = "没有这张工单"
    mend = "请从工单列表进入。"


class TicketTextMissing(BadInput):
    """A ticket, a note and an answer are in words."""

    code, title, field = "ticket.text_missing", "请填写内容", "/text"
    mend = "请用 2 到 1000 个字说明。"


class TicketNotYours(Conflict):
    """Another operator works on the ticket."""

    code, title = "ticket.not_yours", "工单由其他同事处理中"
    mend = "请先领取工单。"


class TicketDecided(Conflict):
    """An answer was given; the ticket is opened again only by its customer."""

    code, title = "ticket.decided", "工单已答复或已关闭"
    mend = "请刷新工单。"


class TicketNotAnswered(Conflict):
    """Only a ticket that was answered is closed."""

    code, title = "ticket.not_answered", "工单尚未答复,不能关闭"
    mend = "请先答复。"


class TooManyTickets(Refused):
    """A customer has so many undecided tickets that another helps nobody."""

    code, title = "ticket.too_many", "您有多张工单正在处理"
    mend = "请在已有工单中补充说明。"


class DisputeNeedsDecision(Refused):
    """A dispute ends with a decision on the merchant's money, which two persons make."""

    code, title = "ticket.needs_decision", "争议须作出继续或停止服务的决定"
    mend = "请提交处理决定,由另一位同事复核。"


class NotADispute(Refused):
    """Only a dispute is decided on."""

    code, title = "ticket.not_a_dispute", "这张工单不是服务争议"
    mend = "请直接答复。"


class TimeNotLonger(Refused):
    """A time limit is only made longer, and only as far as the rules allow."""

    code, title = "ticket.time_not_longer", "时限不能这样延长"
    mend = "最长至受理之日起 60 日。"
