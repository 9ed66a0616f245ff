"""Cutting amounts by weight so that no fen is lost (JOINT-3, P15)."""

from collections.abc import Sequence


def cut(total_fen: int, weights: Sequence[int]) -> list[int]:
    """A total in whole parts by weight: each running sum of weights is cut half up.

    The parts sum to the total, and each is within one fen of its exact share.
    """
    whole = sum(weights)
    assert total_fen >= 0, total_fen
    assert whole > 0, weights
    parts, before, weight = [], 0, 0
    for share in weights:
        weight += share
        after = (2 * total_fen * weight + whole) // (2 * whole)
        parts.append(after - before)
        before = after
    return parts


def share_now(paid_before_fen: int, paid_now_fen: int, weights: Sequence[int]) -> list[int]:
    """What each party gets of a payment: the cut of the new running total less the old one's.

    Cutting each payment by itself would leave the parties wrong at maturity; this never does.
    """
    after = cut(paid_before_fen + paid_now_fen, weights)
    return [now - then for now, then in zip(after, cut(paid_before_fen, weights), strict=True)]
