"""What went wrong, in words for borrowers: some rules tell theirs in English, for partners."""

from lending.foundation.errors import Conflict, NotFound, OutsideFault, Problem

AGAIN = "请返回重试。"
_BY_KIND = (
    (NotFound, "没有找到您要的内容", "请核对链接,或从“我的借款”进入。"),
    (Conflict, "当前状态不能进行此操作", "请刷新页面后查看。"),
    (OutsideFault, "服务暂时不可用", "请稍后重试。"),
)


def told(problem: Problem) -> tuple[str, str]:
    """What is wrong and how to mend it, in Chinese whatever the problem's own language."""
    if not problem.detail.isascii():
        return problem.detail, "" if problem.mend.isascii() else problem.mend
    for kind, detail, mend in _BY_KIND:
        if isinstance(problem, kind):
            return detail, mend
    return "您的选择无法办理", AGAIN
