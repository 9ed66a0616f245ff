"""How a funder decides, by itself: the lender's score is an input and never all of it."""

from dataclasses import dataclass
from decimal import Decimal

from cf_partner_sdk import Applicant, DeclineReason, Share

AGE_MIN, AGE_MAX = 20, 60


@dataclass(frozen=True)
class Verdict:
    """Yes, with the share that is taken, or no, with a reason."""

    share_rate: Decimal
    reason: str = ""

    @property
    def takes(self) -> bool:
        """Whether the share is taken."""
        return not self.reason


@dataclass(frozen=True)
class Temper:
    """What a funder is willing to do."""

    amount_max_fen: int
    """Of the whole loan."""
    score_min: int
    share_max: Decimal
    """More than this is countered by this."""


TEMPERS = {
    "careful": Temper(amount_max_fen=300_000, score_min=600, share_max=Decimal("0.4")),
    "generous": Temper(amount_max_fen=20_000_000, score_min=0, share_max=Decimal("0.7")),
}


def decide(temper: Temper, share: Share, applicant: Applicant, blacklist: set[str]) -> Verdict:
    """The funder's own decision on a share."""
    none = Decimal(0)
    assert share.packet is not None
    if applicant.identity_no in blacklist:
        return Verdict(none, DeclineReason.CREDIT.value)
    if not AGE_MIN <= share.packet["age"] <= AGE_MAX:
        return Verdict(none, DeclineReason.POLICY.value)
    if share.loan_amount_fen > temper.amount_max_fen:
        return Verdict(none, DeclineReason.POLICY.value)
    score = share.packet["lead_score"]
    if score is not None and score < temper.score_min:
        return Verdict(none, DeclineReason.CREDIT.value)
    return Verdict(min(share.share_rate, temper.share_max))
