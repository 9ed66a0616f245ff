"""What the arithmetic refuses."""

from lending.foundation.errors import Refused


class PlanImpossible(Refused):
    """No plan can be made of these numbers."""

    code, title = "plan.impossible", "No plan can be made of these numbers"


class EventImpossible(Refused):
    """This cannot happen to the loan as it stands."""

    code, title = "loan.event_impossible", "This cannot happen to the loan as it stands"


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
