"""The fake lender's shares: what a funder is asked for, answers, sends and is owed afterwards."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Optional, Union

from cf_partner_sdk import (
    Applicant,
    DeclineReason,
    FundingCall,
    Lender,
    ReturnedMoney,
    Share,
    ShareFraud,
    ShareLateness,
    ShareState,
    SignedLoan,
)
from cf_partner_sdk._rounding import half_up
from cf_partner_sdk.field_encryption import encrypt

from . import bodies, sealing
from .asking import PAGE, Asked, answered, one_of, page_of, route
from .share_days import ShareDays
from .wire import Answer, Problem, to_json

if TYPE_CHECKING:
    from .book import Book
    from .clock import FakeClock

ShareRef = Union[Share, str]
"""A share or its id."""

LEADER = "安心消费金融有限公司"
OUR_ACCOUNT = "6230580000000000013"
SHARE_MIN, SHARE_MAX = Decimal("0.3"), Decimal("0.7")
BEHIND, AHEAD = timedelta(minutes=5), timedelta(seconds=30)
PERSONAL = ("/applicant/name", "/applicant/identity_no", "/applicant/mobile")
SOMEBODY = Applicant("王小满", "110101199003071006", "13800138000")
RUNNING = (ShareState.ACTIVE, ShareState.CLOSED)
GRADES = ((0, "normal"), (90, "special_mention"), (270, "substandard"), (360, "doubtful"))
"""The most days past due of each grade; beyond the last is loss."""
DEAD = {
    ShareState.DECLINED: ("share.declined", "You have declined this share"),
    ShareState.EXPIRED: ("share.expired", "The time for this share is over"),
    ShareState.WITHDRAWN: ("share.withdrawn", "This loan is not made"),
}


class Shares:
    """Shares that a funder is asked for.

    What moves a share raises ValueError where the lender could not, and LookupError for one that
    there is not. The funder itself answers by `client.shares`; time-outs come with the clock.
    """

    def __init__(self, clock: FakeClock, book: Book) -> None:
        self._clock, self._book = clock, book
        self._packets: dict[str, Mapping[str, Any]] = {}
        self.kept: dict[str, Share] = {}
        self.days = ShareDays(clock, book, self.kept)
        self.encryption_jwk: Mapping[str, Any] = sealing.jwk()
        """The funder's public RSA key; the fake lender's own until it is set."""

    # What a test has happen.

    def invite(
        self,
        *,
        loan_amount_fen: int = 600_000,
        share_rate: Decimal = Decimal("0.6"),
        applicant: Applicant = SOMEBODY,
        lead_score: Optional[int] = 640,
        age: int = 36,
        decide_minutes: int = 10,
        generation: int = 1,
        **more: Any,
    ) -> Share:
        """Ask the funder for a share; `more` sets other fields of it, such as `is_prefunded`."""
        now = self._clock.now()
        made = Share(
            id=self._book.new_id("shr"),
            request_id=self._book.new_id("fnd"),
            generation=generation,
            state=ShareState.INVITED,
            share_rate=share_rate,
            amount_fen=half_up(loan_amount_fen * share_rate),
            loan_amount_fen=loan_amount_fen,
            decide_by=now + timedelta(minutes=decide_minutes),
            lead_decided_at=now,
            lead_decision_id=self._book.new_id("dec"),
            invited_at=now,
            **{
                "rate_annual": Decimal("0.144000"),
                "service_fee_rate": Decimal("0.200000"),
                "periods_max": 24,
                "purpose": "electronics",
                "product_code": "mall-standard",
                "product_version": 1,
                **more,
            },
        )
        self._packets[made.id] = {
            "consent_id": self._book.new_id("con"),
            "applicant": {
                "name": applicant.name,
                "identity_no": applicant.identity_no,
                "mobile": applicant.mobile,
            },
            "age": age,
            "region": applicant.identity_no[:2],
            "lead_score": lead_score,
        }
        return self._told("share.invited", made)

    def expire(self, which: ShareRef) -> Share:
        """Let so much time pass that a share is not answered, or not paid, in time."""
        share = self._one(which, ShareState.INVITED, ShareState.CALLED)
        until = share.call.fund_by if share.call is not None else share.decide_by
        self._clock.advance(max(timedelta(0), until - self._clock.now()))
        return self.get(share.id)

    def withdraw(self, which: ShareRef) -> Share:
        """Let the loan not be made; money that came for it goes back."""
        states = (ShareState.INVITED, ShareState.ACCEPTED, ShareState.CALLED, ShareState.FUNDED)
        share = self._one(which, *states)
        if share.state is ShareState.FUNDED:
            self._return(share, self._book.new_id("in"), share.amount_fen, "loan_not_made")
        return self._move(share, ShareState.WITHDRAWN, "share.withdrawn")

    def call(self, which: ShareRef, *, periods: int = 12, fund_minutes: int = 30) -> Share:
        """Let the borrower sign, so that the money is called for."""
        share = self._one(which, ShareState.ACCEPTED)
        now = self._clock.now()
        call = FundingCall(
            account_no=OUR_ACCOUNT,
            account_name=LEADER,
            amount_fen=share.amount_fen,
            remark=share.id,
            fund_by=now + timedelta(minutes=fund_minutes),
        )
        loan = SignedLoan(
            id=self._book.new_id("loan"),
            state="signed",
            principal_fen=share.loan_amount_fen,
            periods=periods,
            method="equal-instalment",
            rate_annual=share.rate_annual,
            penalty_rate_annual=share.rate_annual * Decimal("1.3"),
            cost_rate_annual=share.rate_annual,
            signed_at=now,
            lenders=(
                Lender(LEADER, 1 - share.share_rate),
                Lender("某银行", share.share_rate),
            ),
        )
        called = self._move(share, ShareState.CALLED, "share.funding_called", call=call, loan=loan)
        return self._funded(called) if share.is_prefunded else called

    def arrive(self, which: ShareRef, *, amount_fen: Optional[int] = None) -> Share:
        """Let the funder's money arrive: as it was called it is taken, else it goes back."""
        share = self.get(self._id(which))
        came = share.amount_fen if amount_fen is None else amount_fen
        against = {
            "share_dead": share.state in DEAD,
            "not_called": share.state is not ShareState.CALLED,
            "wrong_amount": came != share.amount_fen,
        }
        because = next((name for name, holds in against.items() if holds), None)
        if because is None:
            return self._funded(share)
        self._return(share, self._book.new_id("in"), came, because)
        return share

    def pay_out(self, which: ShareRef) -> Share:
        """Pay the loan out, now that all the money is there."""
        share = self._one(which, ShareState.FUNDED)
        assert share.loan is not None
        loan = replace(share.loan, state="active", start_date=self._clock.business_date())
        active = self._move(share, ShareState.ACTIVE, None, loan=loan)
        sent_fen = 0 if share.is_prefunded else share.amount_fen
        self.days.book(
            active, "loan.paid_out", principal_fen=-share.amount_fen, funded_fen=sent_fen
        )
        return active

    def repay(self, which: ShareRef, *, principal_fen: int, interest_fen: int = 0) -> Share:
        """Let the borrower pay; the amounts are the funder's part, the service fee is taken."""
        return self._moved(which, "loan.repaid", principal_fen, interest_fen)

    def return_goods(self, which: ShareRef, *, principal_fen: int) -> Share:
        """Let goods go back, for which the merchant pays; the amount is the funder's part."""
        return self._moved(which, "loan.goods_returned", principal_fen, 0)

    def write_off(self, which: ShareRef) -> Share:
        """Give the loan up in the books; what comes in afterwards is recovered."""
        share = self._one(which, ShareState.ACTIVE)
        self.days.book(share, "loan.written_off")
        return share

    def late(self, which: ShareRef, *, days: int) -> ShareLateness:
        """Let the loan be so many days late, as the end of a day tells it; 0: not any more."""
        share = self._one(which, ShareState.ACTIVE)
        assert share.loan is not None
        before = self.days.standing(share.id)
        following = self._clock.business_date() + timedelta(days=1)
        bucket, grade = _bucket(days), next((name for most, name in GRADES if days <= most), "loss")
        told = ShareLateness(
            share_id=share.id,
            loan_id=share.loan.id,
            happened_on=following,
            days_past_due=days,
            bucket=bucket,
            bucket_before=before.bucket,
            grade=grade,
            grade_before=before.grade,
            principal_open_fen=before.open_fen,
            oldest_due=following - timedelta(days=days) if days else None,
        )
        before.bucket, before.grade = bucket, grade
        was_late, before.late_since = before.late_since, told.oldest_due
        if was_late and not days:
            self.days.book(share, "loan.due_dates_moved")
        for kind, changed in (
            ("share.overdue", told.bucket != told.bucket_before),
            ("share.stage_changed", told.grade != told.grade_before),
        ):
            if changed:
                self._book.tell(kind, told, share.id)
        return told

    def flag_fraud(
        self, which: ShareRef, kind: str = "identity", *, lifted: bool = False
    ) -> ShareFraud:
        """Hold the borrower for a fraud, or not any more."""
        share = self.get(self._id(which))
        told = ShareFraud(
            share_id=share.id,
            flag_id=f"frd_{share.id[4:]}",
            state="lifted" if lifted else "flagged",
            kind=kind,
            happened_on=self._clock.business_date(),
            loan_id=share.loan.id if share.loan is not None else None,
        )
        self._book.tell("share.fraud_flagged", told, share.id)
        return told

    # What the funder asks for.

    def get(self, share_id: str) -> Share:
        """Return a share as it stands. Raises Problem."""
        self.expire_due()
        share: Share = one_of(self.kept, share_id)
        return share

    def detail(self, share_id: str) -> Share:
        """Return a share with what decides on it, encrypted to the funder. Raises Problem."""
        share = self.get(share_id)
        if share.state in DEAD:
            return share
        packet = encrypt(self._packets[share_id], PERSONAL, jwk=self.encryption_jwk)
        return replace(share, packet=packet)

    def accept(self, share_id: str, body: Mapping[str, Any]) -> Share:
        """Take the funder's yes, or its smaller offer. Raises Problem."""
        share = self.get(share_id)
        wanted = Decimal(body["share_rate"]) if body.get("share_rate") else share.share_rate
        if share.state in DEAD:
            raise _over(share)
        if share.state is not ShareState.INVITED:
            if (wanted, body["decision_reference"]) != (share.share_rate, share.decision_reference):
                raise _accepted()
            return share
        decided_at = _instant(body["decided_at"])
        assert share.invited_at is not None
        if not share.invited_at - BEHIND <= decided_at <= self._clock.now() + AHEAD:
            raise Problem(
                400,
                "share.decision_time",
                "The decision was not made between invitation and now",
                field="/decided_at",
                mend="Give the instant of your own decision.",
            )
        if wanted != share.share_rate:
            share = _smaller(share, wanted)
        answered_ = {"decision_reference": body["decision_reference"], "decided_at": decided_at}
        return self._move(share, ShareState.ACCEPTED, None, **answered_)

    def decline(self, share_id: str, body: Mapping[str, Any]) -> Share:
        """Take the funder's no. Raises Problem."""
        share = self.get(share_id)
        if share.state is ShareState.DECLINED:
            return share
        if share.state in DEAD:
            raise _over(share)
        if share.state is not ShareState.INVITED:
            raise _accepted()
        reason = DeclineReason(body["reason_code"])
        return self._move(share, ShareState.DECLINED, None, reason_code=reason)

    def confirm_funding(self, share_id: str) -> Share:
        """Take the funder's word that it has sent the money. Raises Problem."""
        share = self.get(share_id)
        if share.call is None or share.state in (*DEAD, ShareState.CLOSED):
            raise Problem(
                409,
                "share.not_called",
                "No money is called for this share",
                mend="Wait for `share.funding_called`.",
            )
        if share.call.sent_at is not None:
            return share
        call = replace(share.call, sent_at=self._clock.now())
        return self._move(share, share.state, None, call=call)

    def expire_due(self) -> None:
        """Expire what was not answered, or not paid, in time."""
        now = self._clock.now()
        for share in list(self.kept.values()):
            is_called = share.state is ShareState.CALLED and share.call is not None
            until = share.call.fund_by if is_called and share.call else share.decide_by
            if share.state in (ShareState.INVITED, ShareState.CALLED) and until <= now:
                self._move(share, ShareState.EXPIRED, "share.expired")

    def _moved(self, which: ShareRef, kind: str, principal_fen: int, interest_fen: int) -> Share:
        share = self._one(which, *RUNNING)
        if principal_fen > self.days.standing(share.id).open_fen:
            raise ValueError(f"{share.id} has less principal open")
        self.days.book(share, kind, principal_fen=principal_fen, interest_fen=interest_fen)
        if self.days.standing(share.id).open_fen or share.state is ShareState.CLOSED:
            return share
        closed = self._move(share, ShareState.CLOSED, None)
        self.days.close(closed)
        return closed

    def _funded(self, share: Share) -> Share:
        assert share.call is not None
        call = replace(share.call, funded_at=self._clock.now())
        kind = None if share.is_prefunded else "share.funded"
        return self._move(share, ShareState.FUNDED, kind, call=call)

    def _return(self, share: Share, reference: str, amount_fen: int, because: str) -> None:
        loan_id = share.loan.id if share.loan is not None else None
        back = ReturnedMoney(share.id, reference, amount_fen, because, loan_id)
        self._book.tell("share.money_returned", back, share.id)

    def _one(self, which: ShareRef, *states: ShareState) -> Share:
        share_id = self._id(which)
        self.expire_due()
        share = self.kept[share_id]
        if share.state not in states:
            raise ValueError(f"{share_id} is {share.state}")
        return share

    def _id(self, which: ShareRef) -> str:
        share_id = which.id if isinstance(which, Share) else which
        if share_id not in self.kept:
            raise LookupError(f"there is no share {share_id}")
        return share_id

    def _move(self, share: Share, state: ShareState, kind: Optional[str], **more: Any) -> Share:
        return self._told(kind, replace(share, state=state, **more))

    def _told(self, kind: Optional[str], share: Share) -> Share:
        kept = replace(share, updated_at=self._clock.now())
        self.kept[share.id] = kept
        if kind is not None:
            self._book.tell(kind, _bare(kept), kept.id)
        return kept


def _bare(share: Share) -> dict[str, Any]:
    """Return a share without the borrower's data, as all but `get` give it."""
    return {name: value for name, value in to_json(share).items() if name != "packet"}


def _bucket(days: int) -> str:
    return "M6+" if days > 180 else f"M{(days + 29) // 30}"


def _instant(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        raise bodies.refused("/decided_at", "must be an instant that there is") from None


def _smaller(share: Share, wanted: Decimal) -> Share:
    if not SHARE_MIN <= wanted <= SHARE_MAX:
        raise Problem(
            422,
            "joint.share_too_small",
            "A share of a joint loan is at least 30 %",
            field="/shares",
            mend="Give each lender at least 30 %.",
        )
    if wanted > share.share_rate:
        raise Problem(
            422,
            "share.outside_range",
            "This share is not within what was agreed",
            field="/share_rate",
            mend="Offer at most the share you were asked for, within your agreement.",
        )
    return replace(share, share_rate=wanted, amount_fen=half_up(share.loan_amount_fen * wanted))


def _over(share: Share) -> Problem:
    code, title = DEAD[share.state]
    return Problem(409, code, title, mend="Release what you reserved for it.")


def _accepted() -> Problem:
    return Problem(
        409,
        "share.accepted",
        "You have accepted this share",
        mend="What you accepted binds you as long as the invitation says.",
    )


def _list(asked: Asked) -> Answer:
    asked.book.shares.expire_due()
    wanted = asked.query.get("state")
    kept = asked.book.shares.kept.values()
    return page_of(asked, [_bare(one) for one in kept if wanted in (None, one.state.value)])


REFERENCE = bodies.text(64, r"[A-Za-z0-9._:/-]+")
AT = bodies.text(32, r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,6})?(Z|[+-]\d{2}:\d{2})")
ACCEPT = {
    "decision_reference": REFERENCE,
    "decided_at": AT,
    "share_rate?": bodies.text(6, r"0\.[0-9]{4}"),
}
DECLINE = {
    "reason_code": bodies.text(16, "credit|identity|policy|quota|other"),
    "reason_text?": bodies.text(200, least=0),
}

ROUTES = (
    route("GET", "/v1/shares", _list, query=("state", *PAGE)),
    route(
        "GET",
        "/v1/shares/<id>",
        lambda asked: answered(asked.book.shares.detail(asked.ids[0])),
    ),
    route(
        "POST",
        "/v1/shares/<id>/accept",
        lambda asked: answered(_bare(asked.book.shares.accept(asked.ids[0], asked.body))),
        checks=ACCEPT,
        writes=True,
    ),
    route(
        "POST",
        "/v1/shares/<id>/decline",
        lambda asked: answered(_bare(asked.book.shares.decline(asked.ids[0], asked.body))),
        checks=DECLINE,
        writes=True,
    ),
    route(
        "POST",
        "/v1/shares/<id>/confirm_funding",
        lambda asked: answered(_bare(asked.book.shares.confirm_funding(asked.ids[0]))),
        checks={"bank_reference": REFERENCE},
        writes=True,
    ),
)
