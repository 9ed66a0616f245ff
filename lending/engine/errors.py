"""What the arithmetic refuses."""

from lending.foundation.errors import Refused


class PlanImpossible(Refused):
    """No plan can be made of these numbers."""

    code, title = "plan.impossible", "No plan can be made of these numbers"


class EventImpossible(Refused):
    """This cannot happen to the loan as it stands; operators read why."""

    code, title = "loan.event_impossible", "借款目前不能这样办理"


class NoAnnualRate(Refused):
    """No annual rate, or more than one, solves these cash flows."""

    code, title = "rate.none", "No single annual rate solves these cash flows"
    mend = "Give advances followed by payments whose sum is not below the advances."


class CostOverCap(Refused):
    """The all-in cost is above the cap (R-COST-24)."""

    code, title = "cost.over_cap", "The all-in cost of this loan is above the cap"
    mend = "Lower the rate or the fees."


class RefundTooLarge(Refused):
    """More is to be refunded than was paid for the goods, less what was refunded before."""

    code, title = "refund.too_large", "The refund is larger than what is left of the order"
    field = "/amount_fen"
    mend = "Refund at most what is left of the order."


class SharesNotWhole(Refused):
    """The shares of a loan are not 100 % together (JOINT-1)."""

    code, title = "joint.shares_not_whole", "The shares do not make 100 %"
    field, mend = "/shares", "Give shares that are 100 % together."


class ShareTooSmall(Refused):
    """A lender of a joint loan has less than 30 % (JOINT-1, R-JOINT-30)."""

    code, title = "joint.share_too_small", "A share of a joint loan is at least 30 %"
    field, mend = "/shares", "Give each lender at least 30 %."


class TooManyLenders(Refused):
    """A joint loan has two or three lenders (R-JOINT-30)."""

    code, title = "joint.lenders", "A joint loan has two or three lenders"
    field, mend = "/shares", "Share the loan among two or three."
