"""The fake lender's claims: what a guarantor is asked to pay, and what becomes of it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Optional, Union

from cf_partner_sdk import Claim, ClaimState

from . import bodies
from .asking import PAGE, Asked, answered, one_of, page_of, route
from .wire import Answer, Problem

if TYPE_CHECKING:
    from .book import Book
    from .clock import FakeClock

ClaimRef = Union[Claim, str]
"""A claim or its id."""


class Claims:
    """What a guarantor is asked to pay for loans that it stands behind.

    What moves a claim raises ValueError where the lender could not.
    """

    def __init__(self, clock: FakeClock, book: Book) -> None:
        self._clock, self._book = clock, book
        self.kept: dict[str, Claim] = {}

    # What a test has happen.

    def file(
        self,
        *,
        principal_fen: int,
        interest_fen: int = 0,
        penalty_fen: int = 0,
        days_past_due: int = 30,
        loan_id: Optional[str] = None,
    ) -> Claim:
        """Ask for a loan that is so late that the guarantor is to pay."""
        made = Claim(
            id=self._book.new_id("clm"),
            loan_id=loan_id or self._book.new_id("loan"),
            state=ClaimState.FILED,
            filed_on=self._clock.business_date(),
            days_past_due=days_past_due,
            principal_fen=principal_fen,
            interest_fen=interest_fen,
            penalty_fen=penalty_fen,
            amount_fen=principal_fen + interest_fen + penalty_fen,
            filed_at=self._clock.now(),
        )
        return self._told(made)

    def receive(self, which: ClaimRef, *, amount_fen: Optional[int] = None) -> Claim:
        """Let the guarantor's money arrive, which must be exactly what the claim asks for."""
        claim = self._one(which, ClaimState.FILED)
        if amount_fen not in (None, claim.amount_fen):
            raise ValueError(f"{claim.id} asks for {claim.amount_fen} fen, not for {amount_fen}")
        return self._paid(claim, "transfer")

    def draw(self, which: ClaimRef) -> Claim:
        """Pay a claim out of the guarantor's deposit."""
        return self._paid(self._one(which, ClaimState.FILED), "pool")

    def withdraw(self, which: ClaimRef) -> Claim:
        """Let the borrower pay first."""
        claim = self._one(which, ClaimState.FILED)
        because = "the borrower has paid"
        return self._told(replace(claim, state=ClaimState.WITHDRAWN, because=because))

    def take_back(self, which: ClaimRef, because: str = "bounced") -> Claim:
        """Let the guarantor's money go back to it."""
        claim = self._one(which, ClaimState.PAID)
        return self._told(replace(claim, state=ClaimState.TAKEN_BACK, because=because))

    # What the guarantor asks for.

    def announce(self, claim_id: str, reference: str) -> Claim:
        """Take the guarantor's word that it has sent the money. Raises Problem."""
        claim: Claim = one_of(self.kept, claim_id)
        if claim.payment_reference == reference:
            return claim
        if claim.payment_reference:
            raise Problem(
                409,
                "claim.payment_announced",
                "The payment of this claim was confirmed before",
                mend="Send one transfer for each claim.",
            )
        if claim.state != ClaimState.FILED:
            raise Problem(
                409,
                "claim.ended",
                "The claim is paid, withdrawn or taken back",
                mend="Look at the claim as it is now.",
            )
        now = self._clock.now()
        self.kept[claim.id] = replace(claim, payment_reference=reference, payment_confirmed_at=now)
        return self.kept[claim.id]

    def _one(self, which: ClaimRef, state: ClaimState) -> Claim:
        claim_id = which.id if isinstance(which, Claim) else which
        if claim_id not in self.kept:
            raise LookupError(f"there is no claim {claim_id}")
        claim = self.kept[claim_id]
        if claim.state != state:
            raise ValueError(f"{claim_id} is {claim.state}")
        return claim

    def _paid(self, claim: Claim, by: str) -> Claim:
        return self._told(
            replace(
                claim,
                state=ClaimState.PAID,
                paid_by=by,
                paid_on=self._clock.business_date(),
                paid_fen=claim.amount_fen,
            )
        )

    def _told(self, claim: Claim) -> Claim:
        self.kept[claim.id] = claim
        self._book.tell(f"claim.{claim.state.value}", claim, claim.id)
        return claim


def _claims(asked: Asked) -> Answer:
    wanted = asked.query.get("state")
    found = [one for one in asked.book.claims.kept.values() if wanted in (None, one.state.value)]
    return page_of(asked, found)


def _claim(asked: Asked) -> Answer:
    return answered(one_of(asked.book.claims.kept, asked.ids[0]))


def _confirm_payment(asked: Asked) -> Answer:
    return answered(asked.book.claims.announce(asked.ids[0], asked.body["bank_reference"]))


ROUTES = (
    route("GET", "/v1/claims", _claims, query=("state", *PAGE)),
    route("GET", "/v1/claims/<id>", _claim),
    route(
        "POST",
        "/v1/claims/<id>/confirm_payment",
        _confirm_payment,
        checks={"bank_reference": bodies.text(64, r"[A-Za-z0-9._-]{1,64}")},
        writes=True,
    ),
)
