"""The fake lender's leads, and whom it tells a platform not to send."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from cf_partner_sdk import Lead, LeadRepayment, LeadStanding, LeadState, PrecheckKey

from .book import Book
from .clock import FakeClock
from .wire import Problem, not_found

HANDOVER_GOOD_FOR = timedelta(minutes=30)
LEAD_GOOD_FOR = timedelta(days=3)
UNTOLD = (LeadState.DECIDING, LeadState.PAYING)
"""The lender tells of no such moment."""
WITHDRAWN_FROM = (
    LeadState.RECEIVED,
    LeadState.HANDED_OVER,
    LeadState.DECIDING,
    LeadState.REFERRED,
    LeadState.APPROVED,
)
_HASH = re.compile("hmac-sha256:[0-9a-f]{64}")


class LeadBook:
    """What the fake lender knows of a platform's leads; newest last."""

    def __init__(self, clock: FakeClock, book: Book, public_url: str) -> None:
        self._clock, self._book, self._public_url = clock, book, public_url
        self._repaid_fen: Counter[str] = Counter()
        self.leads: dict[str, Lead] = {}
        self.keys: dict[str, PrecheckKey] = {}
        self.scopes: dict[str, set[str]] = {}
        """What each person has agreed to have handed on."""
        self.reached: dict[str, set[LeadState]] = {}
        """The states that each lead has been in."""
        self.late: dict[str, int] = {}
        """Days since the oldest due date of each loan that is late."""
        self.barred: set[tuple[str, str]] = set()
        """Kind and value of whoever may not be sent."""
        self.own_page_required = True
        """As the law has it since 2026-09-30: nothing binding is taken from a platform."""

    def submit(self, body: Mapping[str, Any]) -> Lead:
        """Take a lead in. Raises Problem."""
        self._book.platform.take("leads")
        self._require_consents(body)
        if any(lead.lead_no == body["lead_no"] for lead in self.leads.values()):
            raise Problem(
                409,
                "lead.number_taken",
                "This lead_no belongs to another lead",
                field="/lead_no",
                mend="Use a new lead_no, or send the same lead again with its Idempotency-Key.",
            )
        now = self._clock.now()
        made = Lead(
            id=self._book.new_id("led"),
            lead_no=body["lead_no"],
            amount_fen=body["amount_fen"],
            state=LeadState.RECEIVED,
            purpose=body["purpose"],
            product_code=body.get("product_code") or "cash-standard",
            return_url=body["return_url"],
            metadata=dict(body.get("metadata") or {}),
            created_at=now,
            updated_at=now,
            expires_at=now + LEAD_GOOD_FOR,
        )
        self.leads[made.id] = made
        self.scopes[made.id] = {each["scope"] for each in body["consents"]}
        self.reached[made.id] = {made.state}
        return self._told("lead.received", self._with_link(made))

    def lead(self, lead_id: str) -> Lead:
        """Return a lead. Raises Problem."""
        if lead_id not in self.leads:
            raise not_found()
        return self.leads[lead_id]

    def hand_over(self, lead_id: str) -> Lead:
        """Make a new link. Raises Problem."""
        lead = self.lead(lead_id)
        if not lead.state.is_open or lead.state in (LeadState.SIGNED, LeadState.PAYING):
            raise Problem(
                409,
                "handover.not_possible",
                "This lead cannot be handed over any more",
                mend="Ask for the lead, and act on its state.",
            )
        return self._with_link(lead)

    def withdraw(self, lead_id: str) -> Lead:
        """Take a lead back; twice does it once. Raises Problem."""
        lead = self.lead(lead_id)
        if lead.state is LeadState.CANCELLED:
            return lead
        if lead.state not in WITHDRAWN_FROM:
            raise wrong_state()
        return self.move(lead_id, LeadState.CANCELLED)

    def hand_in(self, lead_id: str) -> Lead:
        """Take an application in without the lender's page. Raises Problem."""
        lead = self.lead(lead_id)
        if self.own_page_required:
            raise Problem(
                422,
                "compliance.own_page_required",
                "This step is done on the lender's own page only",
                mend="Send the applicant to the lender's page with one signed redirect.",
            )
        if lead.state not in (LeadState.RECEIVED, LeadState.HANDED_OVER):
            raise wrong_state()
        return self.move(lead_id, LeadState.DECIDING)

    def move(self, lead_id: str, state: LeadState, **more: Any) -> Lead:
        """Move a lead to a state, and tell of it where the lender tells."""
        lead = replace(
            self.leads[lead_id],
            state=state,
            handover_url=None,
            updated_at=self._clock.now(),
            **more,
        )
        self.leads[lead_id] = lead
        self.reached[lead_id].add(state)
        return lead if state in UNTOLD else self._told(f"lead.{state.value}", lead)

    def pay(self, lead_id: str) -> Lead:
        """Let the money arrive on the person's card."""
        lead = self.leads[lead_id]
        paid = self.move(
            lead_id, LeadState.PAID, paid_fen=lead.amount_fen, paid_at=self._clock.now()
        )
        self._book.commissions.lent(paid)
        return paid

    def repay(self, lead: Lead, principal_fen: int, interest_fen: int) -> None:
        """Let the borrower pay on the loan; whoever has repaid all is done with it."""
        self._repaid_fen[lead.id] += principal_fen
        self._book.commissions.repaid(lead, principal_fen, interest_fen)
        if self.open_fen(lead) <= 0:
            self.late.pop(lead.id, None)
            self._tell_standing("settled", lead)
        told = LeadRepayment(
            lead_id=lead.id,
            lead_no=lead.lead_no,
            loan_id=str(lead.loan_id),
            repayment_id=self._book.new_id("rep"),
            amount_fen=principal_fen + interest_fen,
            principal_fen=principal_fen,
            interest_fen=interest_fen,
            outstanding_principal_fen=self.open_fen(lead),
        )
        self._book.tell("lead.repaid", told, lead.id)

    def be_late(self, lead: Lead, days_past_due: int) -> None:
        """Let a loan be so many days late; 0 is late no more. Told where the stage is another."""
        before = _stage(self.late.pop(lead.id, 0))
        if days_past_due:
            self.late[lead.id] = days_past_due
        if _stage(days_past_due) != before:
            self._tell_standing("overdue" if days_past_due else "cured", lead)

    def open_fen(self, lead: Lead) -> int:
        """Return the principal that is owed."""
        return lead.paid_fen - self._repaid_fen[lead.id]

    def month_of(self, lead: Lead) -> str:
        """Return the month in which a person was sent."""
        assert lead.created_at is not None
        return f"{self._clock.date_of(lead.created_at):%Y-%m}"

    def moved_fen(self, leads: Sequence[Lead], month: str = "") -> tuple[int, int]:
        """Return what the loans of these people earned and gave back, in a month or in all."""
        known = {lead.id for lead in leads}
        moved = [
            one.amount_fen
            for one in self._book.commissions.accruals
            if one.lead_id in known and f"{one.business_date:%Y-%m}".startswith(month)
        ]
        return sum(fen for fen in moved if fen > 0), -sum(fen for fen in moved if fen < 0)

    def new_key(self) -> PrecheckKey:
        """Make a key for pre-checks; it is ready at once."""
        key_id = self._book.new_id("pck")
        now = self._clock.now()
        secret = hashlib.sha256(key_id.encode()).hexdigest()
        made = PrecheckKey(key_id, secret, created_at=now, old_keys_until=now + timedelta(days=7))
        self.keys[key_id] = made
        return made

    def may_be_sent(self, key_id: str, person: Mapping[str, Any], at: str = "") -> bool:
        """Tell whether a person may be sent. Raises Problem."""
        if key_id not in self.keys:
            raise Problem(
                422,
                "precheck.key_unknown",
                "No such pre-check key is good",
                field="/key",
                mend="Use the newest key that you were handed, or have a new one made.",
            )
        given = {name: person[name] for name in ("identity_no", "mobile") if person.get(name)}
        for name, text in given.items() or {"identity_no": ""}.items():
            if _HASH.fullmatch(text) is None:
                raise Problem(
                    400,
                    "precheck.hash_form",
                    "This is not a keyed hash in the agreed form",
                    field=f"{at}/{name}",
                    mend="Send `hmac-sha256:` and 64 hex digits of HMAC-SHA-256 under your key, no"
                    " plain hash.",
                )
        key = self.keys[key_id]
        barred = {key.hashes(**{kind: value})[kind] for kind, value in self.barred}
        return not barred.intersection(given.values())

    def _tell_standing(self, kind: str, lead: Lead) -> None:
        days = self.late.get(lead.id, 0)
        told = LeadStanding(
            lead_id=lead.id,
            lead_no=lead.lead_no,
            loan_id=str(lead.loan_id),
            business_date=self._clock.business_date(),
            days_past_due=days,
            stage=_stage(days),
            outstanding_principal_fen=self.open_fen(lead),
        )
        self._book.tell(f"lead.{kind}", told, lead.id)

    def _with_link(self, lead: Lead) -> Lead:
        link = f"{self._public_url}/handover/{self._book.new_id('hov')}"
        until = self._clock.now() + HANDOVER_GOOD_FOR
        made = replace(lead, handover_url=link, handover_expires_at=until)
        self.leads[lead.id] = made
        return made

    def _told(self, kind: str, lead: Lead) -> Lead:
        self._book.tell(kind, lead, lead.id)
        return lead

    def _require_consents(self, body: Mapping[str, Any]) -> None:
        given = {each["scope"] for each in body["consents"]}
        told = [name for name in ("profile", "device", "behaviour", "score") if body.get(name)]
        for scope in ("identity", *told):
            if scope not in given:
                raise Problem(
                    422,
                    "lead.consent_scope_missing",
                    "The person's consent does not cover this",
                    field="/applicant" if scope == "identity" else f"/{scope}",
                    mend="Send only what the person agreed to hand on, with the evidence of each"
                    " consent.",
                )


def wrong_state() -> Problem:
    """Return the refusal of what the present state does not allow."""
    return Problem(
        409,
        "loan.wrong_state",
        "The present state does not allow this",
        mend="Ask for the present state, and act on that.",
    )


def _stage(days_past_due: int) -> str:
    return "M6+" if days_past_due > 180 else f"M{(days_past_due + 29) // 30}"
