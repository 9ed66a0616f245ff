"""What funders answer: accept, decline, or offer less; and what happens when they do not (T23)."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from lending.engine import shares
from lending.foundation.database import Tx
from lending.foundation.money import portion
from lending.funding import funders, quotas, service, store
from lending.funding.errors import (
    CounterNotOfUse,
    DecisionInFuture,
    NoSuchShare,
    ShareAccepted,
    ShareDeclined,
    ShareExpired,
    ShareOutsideRange,
    ShareWithdrawn,
)
from lending.funding.model import FundingShare, Request, ShareState
from lending.products import service as products

BEHIND, AHEAD = timedelta(minutes=5), timedelta(seconds=30)
"""How far a funder's clock may be from ours, as for signatures."""


class DeclineReason(StrEnum):
    """Why a funder does not take a share."""

    CREDIT = "credit"
    """Its own decision on the borrower is no."""
    IDENTITY = "identity"
    """It could not verify the borrower."""
    POLICY = "policy"
    """Its rules do not allow such a loan."""
    QUOTA = "quota"
    """It has no money for it now."""
    OTHER = "other"
    """Another reason."""


@dataclass(frozen=True, slots=True)
class OwnDecision:
    """A funder's own decision to lend (R-JOINT-INDEP)."""

    reference: str
    """The funder's number of it."""
    decided_at: datetime


def accept(
    tx: Tx, funder_id: str, share_id: str, decision: OwnDecision, *, share_bp: int | None = None
) -> FundingShare:
    """A funder takes its share, or with `share_bp` a smaller one. Accepting twice accepts once.

    A smaller share has to be within its agreement, and somebody must be able to take what it
    leaves: another funder, or we.

    Raises NoSuchShare, ShareExpired, ShareWithdrawn, ShareDeclined, DecisionInFuture,
    ShareOutsideRange, ShareTooSmall, CounterNotOfUse.
    """
    request, share = locked(tx, funder_id, share_id)
    wanted_bp = share.share_bp if share_bp is None else share_bp
    if share.state in (ShareState.DECLINED, ShareState.EXPIRED, ShareState.WITHDRAWN):
        raise _dead(share)
    if share.state is not ShareState.INVITED:
        if wanted_bp != share.share_bp or decision.reference != share.decision_reference:
            raise ShareAccepted
        return share
    _require_in_time(tx, share)
    if not share.invited_at - BEHIND <= decision.decided_at <= tx.now + AHEAD:
        raise DecisionInFuture
    if wanted_bp != share.share_bp:
        share = _resized(tx, request, share, wanted_bp)
    store.answer(
        tx,
        share.id,
        ShareState.ACCEPTED,
        reference=decision.reference,
        decision_at=decision.decided_at,
    )
    service.route(tx, request)
    return found(tx, share_id)


def decline(
    tx: Tx, funder_id: str, share_id: str, reason: DeclineReason, text: str = ""
) -> FundingShare:
    """A funder does not take its share: somebody else is asked. Declining twice declines once.

    Raises NoSuchShare, ShareExpired, ShareWithdrawn, ShareAccepted.
    """
    request, share = locked(tx, funder_id, share_id)
    if share.state is ShareState.DECLINED:
        return share
    if share.is_dead:
        raise _dead(share)
    if share.state is not ShareState.INVITED:
        raise ShareAccepted
    _require_in_time(tx, share)
    quotas.void(tx, share, "the funder declined")
    store.answer(tx, share.id, ShareState.DECLINED, reason_code=reason.value, reason_text=text)
    service.route(tx, request)
    return found(tx, share_id)


def expire(tx: Tx, share_id: str) -> None:
    """Ends an invitation that was not answered in time, and asks somebody else."""
    share = store.share(tx, share_id)
    request = store.lock_request(tx, share.request_id) if share else None
    share = store.share(tx, share_id)
    if share is None or request is None or share.state is not ShareState.INVITED:
        return
    if tx.now < share.decide_by:
        return
    quotas.void(tx, share, "not answered in time")
    store.set_share_state(tx, share.id, ShareState.EXPIRED)
    store.insert_news(tx, share.id, "expired", {})
    service.route(tx, request)


def locked(tx: Tx, funder_id: str, share_id: str) -> tuple[Request, FundingShare]:
    """A funder's share, and its request under its lock.

    Raises NoSuchShare.
    """
    share = store.share(tx, share_id, funder_id=funder_id)
    if share is None:
        raise NoSuchShare
    request = store.lock_request(tx, share.request_id)
    assert request is not None
    return request, found(tx, share_id)


def found(tx: Tx, share_id: str) -> FundingShare:
    """One share.

    Raises NoSuchShare.
    """
    share = store.share(tx, share_id)
    if share is None:
        raise NoSuchShare
    return share


def _require_in_time(tx: Tx, share: FundingShare) -> None:
    """Refuses an answer that is late although the machine has not ended the invitation yet."""
    if tx.now >= share.decide_by:
        raise ShareExpired


def _dead(share: FundingShare) -> Exception:
    errors = {ShareState.DECLINED: ShareDeclined, ShareState.WITHDRAWN: ShareWithdrawn}
    return errors.get(share.state, ShareExpired)()


def _resized(tx: Tx, request: Request, share: FundingShare, share_bp: int) -> FundingShare:
    """The share made smaller, as its funder wants it."""
    agreement = funders.agreement(tx, share.agreement_id)
    shares.require_share(share_bp)
    if not agreement.share_min_bp <= share_bp < share.share_bp:
        raise ShareOutsideRange
    funding = products.version(tx, request.product_code, request.product_version).funding
    left_bp = share.share_bp - share_bp
    if left_bp < shares.SHARE_MIN_BP and request.own_bp + left_bp > funding.own_bp_max:
        raise CounterNotOfUse
    quotas.void(tx, share, "the funder takes less")
    most_fen = shares.at_most(request.amount_fen, share_bp)
    holds = quotas.hold(tx, agreement, most_fen, share.id)
    if holds is None:  # it was asked on an earlier date, and the quota of this one is used up
        raise ShareOutsideRange(
            "your quota of the day does not leave so much",
            mend="Accept the share that you were asked for, or decline it.",
        )
    smaller = replace(
        share,
        share_bp=share_bp,
        amount_fen=portion(request.amount_fen, share_bp, shares.WHOLE_BP),
        quota_holds=holds,
    )
    store.resize(tx, share.id, share_bp=share_bp, amount_fen=smaller.amount_fen, quota_holds=holds)
    return smaller
