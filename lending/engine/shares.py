"""Cutting amounts by weight so that no fen is lost (JOINT-3, P15)."""

from collections.abc import Sequence

from lending.foundation.money import portion

LENDERS_MAX = 3


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


def divided(total_fen: int, weights: Sequence[int]) -> list[int]:
    """A running total in the parts of one to three parties by weight (JOINT-3, P15).

    The first part is cut half up, the second from what that leaves, and the last takes the rest.
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
