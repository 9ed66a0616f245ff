"""Why a gate stays shut. `rule` is the id in the regulation list that the gate enforces."""

from typing import ClassVar

from lending.foundation.errors import Conflict, NotFound, Refused


class GateShut(Refused):
    """A regulation refuses the act.

    GateShut
    |- PurposeNotAllowed, SceneBlocked, StudentWithoutSecondSource      what the money is for
    |- CostOverCap, FeeNotAllowed, CollectorNotAllowed, PenaltyTooHigh  what it costs
    |- CostTableIncomplete, CostTableNotConfirmed, CostTableChanged     what was shown (sign)
    |- NotScrolled, ReadTooShort                                        what was shown (read)
    |- AnnualRateNotShown, OrderPageIncomplete, ChargeNotInTable        what was told
    |- PayeeNotMerchant, PayeeNotBorrower, OwnPageRequired              how it is done
    """

    rule: ClassVar[str] = ""


class PurposeNotAllowed(GateShut):
    """The purpose is barred for consumer loans, or the product does not list it."""

    code, title = "compliance.purpose_not_allowed", "This purpose may not be financed"
    rule, field = "R-PURPOSE", "/items"
    mend = "Finance only goods for living consumption that the product lists."


class SceneBlocked(GateShut):
    """The scene is one where instalment loans are barred."""

    code, title = "compliance.scene_blocked", "Loans are barred in this scene"
    rule, field = "R-SCENE-BLOCK", "/items"
    mend = "Take another way to pay for this."


class StudentWithoutSecondSource(GateShut):
    """A student without a confirmed second source of repayment."""

    code, title = "compliance.student", "学生暂不能申请"
    rule = "R-STUDENT"
    mend = "请在毕业并有稳定收入后再来申请。"


class CostOverCap(GateShut):
    """The all-in cost, over all who charge, is above the cap."""

    code, title = "compliance.cost_over_cap", "The all-in cost is above the cap"
    rule = "R-COST-24"
    mend = "Lower the rate or the fees, or choose another number of periods."


class FeeNotAllowed(GateShut):
    """A charge bears a name that is not on the list of fees that may exist."""

    code, title = "compliance.fee_not_allowed", "This fee may not be charged"
    rule, field = "R-FEE-NAME", "/fees"
    mend = "Charge only what the list of fee names allows."


class CollectorNotAllowed(GateShut):
    """A charge would go to somebody who may take none from a borrower."""

    code, title = "compliance.collector_not_allowed", "This charge may not be collected by them"
    rule = "R-FEE-WHO"
    mend = "Let the lender collect it; a licensed guarantor its own guarantee fee, others nothing."


class PenaltyTooHigh(GateShut):
    """The penalty rate is above 1.5 times the contract rate, or above the cap."""

    code, title = "compliance.penalty_too_high", "The penalty rate is too high"
    rule, field = "R-PENALTY-50", "/penalty_rate_annual"


class CostTableIncomplete(GateShut):
    """The cost table lacks something that the law wants in it."""

    code, title = "compliance.cost_table_incomplete", "The cost table is not complete"
    rule = "R-COST-TABLE"


class CostTableNotConfirmed(GateShut):
    """Nobody has confirmed the cost table yet."""

    code, title = "compliance.cost_table_not_confirmed", "请先确认综合融资成本明示表"
    rule = "R-COST-TABLE"
    mend = "请阅读综合融资成本明示表并点击确认。"


class CostTableChanged(GateShut):
    """The table that was confirmed is not the one of the contract."""

    code, title = "compliance.cost_table_changed", "费用信息已变化,需要重新确认"
    rule = "R-COST-TABLE"
    mend = "请重新阅读并确认综合融资成本明示表。"


class NotScrolled(GateShut):
    """The table was not seen to its end."""

    code, title = "compliance.cost_table_not_scrolled", "请先阅读完整的综合融资成本明示表"
    rule = "R-COST-READ"
    mend = "请将明示表滑动到底部后再确认。"


class ReadTooShort(GateShut):
    """The table was open for less than the least reading time, by our clock."""

    code, title = "compliance.read_too_short", "阅读时间不足"
    rule = "R-COST-READ"


class AnnualRateNotShown(GateShut):
    """The annual rate is missing, less prominent than another rate, or without its method."""

    code, title = "compliance.annual_rate_not_shown", "The annual rate is not shown as it must be"
    rule = "R-DISCLOSE-APR"
    mend = "Show the annual rate with its method before any daily or monthly rate."


class OrderPageIncomplete(GateShut):
    """The order page would lack a part of the cost."""

    code, title = "compliance.order_page_incomplete", "The order page lacks cost information"
    rule = "R-COST-ORDERPAGE"


class ChargeNotInTable(GateShut):
    """The borrower would be charged something that the confirmed table does not name."""

    code, title = "compliance.charge_not_in_table", "The confirmed table does not name this charge"
    rule = "R-COST-NOTHINGELSE"


class PayeeNotMerchant(GateShut):
    """Entrusted payment goes to the order's merchant, for the order's amount, and nowhere else."""

    code, title = "compliance.payee_not_merchant", "The money may only go to the order's merchant"
    rule = "R-PAY-ENTRUST"


class PayeeNotBorrower(GateShut):
    """The money of such a loan goes to an account of the borrower's own, and nowhere else."""

    code, title = "compliance.payee_not_borrower", "款项只能支付至借款人本人账户"
    rule = "R-PAY-ENTRUST"
    mend = "请使用本人名下的银行卡或钱包。"


class JointWithFunderTooMuch(GateShut):
    """Our part of the loans with one funder would pass its part of our capital."""

    code, title = "compliance.joint_funder", "与该资金方的联合贷款余额已达上限"
    rule, mend = "R-JOINT-25", "请改由其他资金方参与。"


class JointTooMuch(GateShut):
    """Our part of all joint loans would pass its part of all our loans."""

    code, title = "compliance.joint_total", "联合贷款总余额已达上限"
    rule, mend = "R-JOINT-50", "请改用自有资金发放,或待存量贷款回收。"


class OwnPageRequired(GateShut):
    """The act is allowed only on our own pages, reached in one hop."""

    code, title = "compliance.own_page_required", "This step is done on the lender's own page only"
    rule = "R-REDIRECT"
    mend = "Send the applicant to the lender's page with one signed redirect."


class NoSuchShowing(NotFound):
    """This cost table was never shown."""


class ParameterValueInvalid(Refused):
    """A parameter's value is not of the parameter's kind, or the parameter does not exist."""

    code, title = "compliance.parameter_invalid", "This value does not fit the parameter"
    field = "/value"


class ParameterAlreadyChanged(Conflict):
    """A value from the same or a later day is there already."""

    code, title = "compliance.parameter_changed", "A value from this day or later is there already"
    field = "/valid_from"
    mend = "Choose a later day, or mend the value that is there."


class ParameterMissing(RuntimeError):
    """No value is in force on that day: the database is not seeded, or a gap was left."""
