"""What can go wrong with an operator. Texts are read by operators, in Chinese."""

from typing import ClassVar

from lending.foundation.errors import BadInput, Conflict, NotFound, Refused


class SignInRefused(Refused):
    """Login or password is wrong, or the operator is locked: which, is not told."""

    code: ClassVar[str] = "operator.sign_in_refused"
    status: ClassVar[int] = 401
    title: ClassVar[str] = "账号或密码不正确,或账号已锁定"
    mend = "请核对后重试;连续输错 5 次将锁定,需由管理员解锁。"


class NotAllowed(Refused):
    """The operator's role lacks the right."""

    code: ClassVar[str] = "operator.not_allowed"
    status: ClassVar[int] = 403
    title: ClassVar[str] = "您的角色没有此项权限"
    mend = "请联系管理员。"


class PasswordTooShort(BadInput):
    """A password has at least twelve characters."""

    code, title, field = "operator.password_too_short", "密码至少 12 位", "/password"
    mend = "请设置至少 12 位的密码。"


class LoginTaken(Conflict):
    """Another operator has this login."""

    code, title, field = "operator.login_taken", "账号已存在", "/login"
    mend = "请换一个账号名。"


class NoSuchOperator(NotFound):
    """Nobody signs in under this name."""

    title: ClassVar[str] = "There is no such operator"
    mend = "Check the name; `cf operator add` makes a new operator."


class NoSuchProposal(NotFound):
    """There is no such proposal."""

    title: ClassVar[str] = "没有这条复核申请"
    mend = "请从复核列表进入。"


class ReasonMissing(BadInput):
    """A proposal, and a refusal of one, needs a reason in words."""

    code, title, field = "approval.reason_missing", "请填写原因", "/reason"
    mend = "用一句话说明依据(最多 500 字)。"


class ProposalPending(Conflict):
    """The very same is proposed already and waits for its second person."""

    code, title = "approval.pending", "同样的申请正在等待复核"
    mend = "请等待复核,或由复核人先退回。"


class ProposalEnded(Conflict):
    """A proposal is approved or refused once, and not after it has expired."""

    code, title = "approval.ended", "这条申请已处理或已过期"
    mend = "请刷新列表;如仍需办理,请重新提交。"


class SamePerson(Refused):
    """Who proposed may not be who approves, under whatever login (T18)."""

    code, title = "approval.same_person", "复核人与经办人不能是同一人"
    status: ClassVar[int] = 403
    mend = "请由另一位有权限的同事复核。"


class ProposalAltered(Conflict):
    """What would be done is not what was proposed, or not what the checker was shown."""

    code, title = "approval.altered", "申请内容与提交时不一致,已拒绝执行"
    mend = "请退回后重新提交,并通知管理员。"


class KindUnknown(BadInput):
    """There is no guarded action of this kind here."""

    code, title, field = "approval.kind_unknown", "没有这种需要复核的操作", "/kind"
    mend = "请从业务页面提交。"


class PayloadWrong(BadInput):
    """A value of a proposal is missing or not of its type."""

    code, title = "approval.payload_wrong", "填写的内容不正确"
    mend = "请检查后重新填写。"
