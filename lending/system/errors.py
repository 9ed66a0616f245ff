"""What can go wrong with an operator. Texts are read by operators, in Chinese."""

from typing import ClassVar

from lending.foundation.errors import BadInput, Conflict, Refused


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
