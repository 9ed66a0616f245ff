"""Cutting amounts by weight so that no fen is lost (JOINT-3, P15)."""

from collections.abc import Sequence

from lending.engine.errors import SharesNotWhole, ShareTooSmall, TooManyLenders
from lending.foundation.money import HALF_UP, portion

WHOLE_BP = 10_000
"""100 %, in basis points of a loan."""
SHARE_MIN_BP = 3_000
"""R-JOINT-30: the least that any lender of a joint loan has."""
LENDERS_MAX = 3


def require_joint(shares_bp: Sequence[int], *, least_bp: int = SHARE_MIN_BP) -> None:
    """Two or three lenders, 30 % at least each, 100 % together (JOINT-1, R-JOINT-30).

    Shares are in basis points; checked at agreement, product, invitation, contract and payout.

    Raises TooManyLenders, ShareTooSmall, SharesNotWhole.
    """
    if not 2 <= len(shares_bp) <= LENDERS_MAX:
        raise TooManyLenders(f"{len(shares_bp)} lenders")
    require_share(min(shares_bp), least_bp=least_bp)
    if sum(shares_bp) != WHOLE_BP:
        raise SharesNotWhole(f"the shares make {percent_bp(sum(shares_bp))}")


def require_share(share_bp: int, *, least_bp: int = SHARE_MIN_BP) -> None:
    """One lender's share, which leaves the others theirs (R-JOINT-30).

    Raises ShareTooSmall.
    """
    if share_bp < least_bp:
        raise ShareTooSmall(f"{percent_bp(share_bp)} is below {percent_bp(least_bp)}")
    if share_bp > WHOLE_BP - least_bp:
        raise ShareTooSmall(f"{percent_bp(share_bp)} leaves the others too little")


def at_most(total_fen: int, share_bp: int) -> int:
    """The most that a share of a total can be, in whichever order the total is cut."""
    return -(-total_fen * share_bp // WHOLE_BP)


def percent_bp(share_bp: int) -> str:
    """Basis points as people read them: `29.99 %`."""
    return f"{share_bp // 100}.{share_bp % 100:02d} %"


def cut(total_fen: int, weights: Sequence[int], rounding: str = HALF_UP) -> list[int]:
    """A total in whole parts by weight: each running sum of weights is cut and rounded.

    The parts sum to the total, and each is within one fen of its exact share.
    """
    whole = sum(weights)
    assert total_fen >= 0, total_fen
    assert whole > 0, weights
    parts, before, weight = [], 0, 0
    for share in weights:
        weight += share
        after = portion(total_fen, weight, whole, rounding)
        parts.append(after - before)
        before = after
    return parts


def divided(total_fen: int, weights: Sequence[int]) -> list[int]:
    """A running total in the parts of one to three parties by weight (JOINT-3, P15).

    The first part is cut half up, the second from what that leaves, and the last takes the rest:
    so agreed among the lenders, whatever the terms of the loan round by.
    The parts sum to the total, each is within one fen of its exact share, and none falls as the
    total rises: no party ever gives back a fen because a borrower paid one, which `cut` may ask of
    the middle one of three.
    """
    assert total_fen >= 0, total_fen
    assert 1 <= len(weights) <= LENDERS_MAX, weights
    parts, left, weight_left = [], total_fen, sum(weights)
    assert weight_left > 0, weights
    for weight in weights[:-1]:
        parts.append(portion(left, weight, weight_left) if weight_left else 0)
        left, weight_left = left - parts[-1], weight_left - weight
    return [*parts, left]


def divided_now(before_fen: int, now_fen: int, weights: Sequence[int]) -> list[int]:
    """What each party gets of a payment: its part of the new running total less that of the old.

    Dividing each payment by itself would leave the parties wrong at maturity; this never does.
    """
    after = divided(before_fen + now_fen, weights)
    return [now - then for now, then in zip(after, divided(before_fen, weights), strict=True)]
