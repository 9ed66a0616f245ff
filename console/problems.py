"""What went wrong, in words for operators: many rules tell theirs in English, for partners."""

import re

from werkzeug.exceptions import HTTPException

from lending.foundation.errors import (
    BadInput,
    Conflict,
    NotFound,
    OutsideFault,
    Problem,
    Refused,
)

_CHINESE = re.compile(r"[\u4e00-\u9fff]")
_BY_CODE = {
    "cost.over_cap": ("综合成本高于上限", "请降低利率或费用。"),
    "compliance.cost_over_cap": ("综合成本高于上限", "请降低利率或费用,或更换期数。"),
    "compliance.purpose_not_allowed": ("该用途不能发放贷款", "请选择产品所列的消费用途。"),
    "compliance.scene_blocked": ("该场景已禁止放款", "请改用其他方式。"),
    "joint.funder_not_licensed": ("资金方没有有效的牌照", "请更新牌照,或选择其他资金方。"),
    "joint.no_own_decision": ("有出资方尚未作出自己的决定", "请等待各出资方答复。"),
    "joint.share_too_small": ("联合贷每方出资不得低于 30%", "请填写 30% 以上的比例。"),
    "joint.shares_not_agreed": ("出资各方尚未全部同意", "请等待申请通过。"),
    "guarantee.balance_over_cap": ("增信贷款占比将高于上限", "请等待已有增信贷款归还。"),
    "guarantee.not_allowed": ("该增信机构今天不能担保", "请核对其牌照和协议。"),
    "guarantee.pool_too_small": ("保证金低于约定下限", "请增信机构先补足保证金。"),
    "guarantee.quota_used_up": ("担保限额已用完", "请与增信机构约定更高的限额。"),
    "key.last": ("这是最后一个有效公钥", "请先启用另一个。"),
    "key.taken": ("该公钥已登记", "请合作方生成新的密钥;测试与生产各用各的。"),
    "key.too_many": ("该合作方的公钥数已达上限", "请先吊销不再使用的。"),
    "key.wrong_state": ("公钥的当前状态不允许此操作", "请刷新页面后查看。"),
    "ledger.already_reversed": ("该分录已冲正", "请刷新页面后查看。"),
    "ledger.date_to_come": ("该日期尚无余额", "请选择今天或更早的日期。"),
    "ledger.limit_passed": ("将超过账户限额", "请减少金额。"),
    "loan.before_the_payout": ("日期早于放款日", "请选择放款日或之后的日期。"),
    "loan.event_taken_back": ("该事项已撤回", "请刷新页面后查看。"),
    "loan.not_yet": ("该日期尚未到来", "请选择当前营业日或更早的日期。"),
    "loan.payout_under_way": ("该借款正在放款", "请等待放款结果。"),
    "partner.contract_not_in_force": ("合同今天未生效或已到期", "请核对合同日期。"),
    "partner.no_agreement": ("没有覆盖此产品的生效协议", "请先订立产品协议。"),
    "partner.not_listed": ("该合作方今天不在名单内", "请核对名单状态。"),
    "partner.stopped": ("该合作方已停用", "请先恢复。"),
    "plan.impossible": ("排不出这样的还款计划", "请核对金额、期数和日期。"),
    "platform.not_a_platform": ("该合作方不是助贷平台", "请从平台列表进入。"),
    "product.amount_outside": ("金额不在产品允许的范围内", "请核对产品的最低和最高金额。"),
    "product.periods_not_offered": ("该金额不能选择这个期数", "请从可选期数中选择。"),
    "product.unknown": ("没有已发布的这个产品", "请从产品列表进入。"),
    "refund.too_large": ("退款金额高于可退金额", "请核对可退金额。"),
    "release.held": ("该期划转已暂停", "请先查明暂停原因并恢复。"),
    "release.not_confirmed": ("该期服务尚未确认", "请先由商户确认服务。"),
    "release.not_due": ("该期尚未到划转日", "请到期后再办理。"),
    "release.not_planned": ("该期不在待划转状态", "请查看各期状态。"),
    "remittance.already_made": ("款项已支付或正在支付", "请查看已有的付款。"),
    "remittance.no_account": ("合作方没有结算账户", "请先登记结算账户。"),
    "repayment.nothing_received": ("该笔还款没有可冲正的金额", "请选择已到账的还款。"),
    "risk.limit_not_allowed": ("额度或期限超出可给予的范围", "请填写范围内的额度和期限。"),
    "risk.no_own_decision": ("没有可据以通过的自主决策", "请先完成审批决策。"),
    "risk.nothing_to_decide": ("该申请不在待人工审核状态", "请刷新页面查看最新决策。"),
}
"""What operators can meet of the rules that speak to partners, by its code: what, how to mend."""
_BY_KIND = (
    (NotFound, "没有这条记录", "请核对编号,或从列表进入。"),
    (Conflict, "当前状态不允许此操作", "请刷新页面后查看。"),
    (OutsideFault, "外部服务暂时不可用", "请稍后重试。"),
    (BadInput, "填写的内容不正确", "请检查后重新填写。"),
    (Refused, "规则不允许此操作", "请将下方代码告知管理员。"),
    (Problem, "未能完成", "请将下方代码告知管理员。"),
)
_BY_STATUS = {
    404: "没有这个页面",
    405: "此页面不支持这种操作",
    413: "提交的内容过大",
}


def told(problem: Problem) -> tuple[str, str]:
    """What is wrong and how to mend it, in Chinese whatever the problem's own language."""
    if _chinese(problem.detail):
        return problem.detail, _chinese(problem.mend)
    by_kind = next((detail, mend) for kind, detail, mend in _BY_KIND if isinstance(problem, kind))
    return _BY_CODE.get(problem.code, by_kind)


def told_http(problem: HTTPException) -> str:
    """The same of what the web server refuses."""
    given = _chinese(problem.description or "")
    return given or _BY_STATUS.get(problem.code or 0, "请求无法完成")


def _chinese(text: str) -> str:
    return text if _CHINESE.search(text) else ""
