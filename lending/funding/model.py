"""Funders, agreements, and the shares that they are asked for."""

from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal
from enum import StrEnum
from typing import Any


class LicenceKind(StrEnum):
    """What a funder is licensed as; it decides which rules bind it (R-JOINT-LICENSE)."""

    NATIONAL_BANK = "national_bank"
    """Lends in the whole country."""
    LOCAL_BANK = "local_bank"
    """Lends in the regions that it is registered in, and nowhere else."""
    CONSUMER_FINANCE = "consumer_finance"
    """A consumer finance company, such as we are."""
    TRUST = "trust"
    """A trust company."""
    MICROLENDER = "microlender"
    """A small-loan company: R-COST-LPR4 binds it."""


class FunderState(StrEnum):
    """Whether a funder is asked."""

    ACTIVE = "active"
    """It is asked for shares."""
    STOPPED = "stopped"
    """The stop switch is on: it is asked for nothing new; what it has goes on."""


class RequestState(StrEnum):
    """Where an application's search for lenders is."""

    SEEKING = "seeking"
    """Funders are asked."""
    WAITING = "waiting"
    """Nobody can be asked at the moment; it is tried again until it expires."""
    FOUND = "found"
    """All shares are agreed: the borrower may sign."""
    OWN = "own"
    """All of it is our own money, because the product says so where no funder is found. Final."""
    NONE = "none"
    """No lender was found, or the money did not come: the loan is not made. Final."""
    CALLED = "called"
    """The contract is signed; the funders' money is called for."""
    FUNDED = "funded"
    """All the money is there: it may be paid out."""
    PAID = "paid"
    """Paid out. Final."""
    WITHDRAWN = "withdrawn"
    """The application ended. Final."""


class ShareState(StrEnum):
    """Where a share is that a funder was asked for."""

    INVITED = "invited"
    """The funder decides, until `decide_by`."""
    ACCEPTED = "accepted"
    """The funder has decided to lend; the borrower has not signed yet."""
    CALLED = "called"
    """Signed: the money is due until `fund_by`."""
    FUNDED = "funded"
    """The money is with us, or we lay it out by agreement."""
    ACTIVE = "active"
    """The loan is paid out."""
    CLOSED = "closed"
    """Nothing is owed on the loan any more. Final."""
    DECLINED = "declined"
    """The funder said no. Final."""
    EXPIRED = "expired"
    """It was not answered, or not paid, in time. Final."""
    WITHDRAWN = "withdrawn"
    """The loan is not made. Final."""


DEAD = (ShareState.DECLINED, ShareState.EXPIRED, ShareState.WITHDRAWN)
AGREED = (ShareState.ACCEPTED, ShareState.CALLED, ShareState.FUNDED, ShareState.ACTIVE)


class TransferState(StrEnum):
    """Where money that came is."""

    TAKEN = "taken"
    """It is the money of a share, of a claim or of a deposit."""
    RETURNING = "returning"
    """It goes back; it may or may not have been sent."""
    UNKNOWN = "unknown"
    """The channel did not say whether it went back: ask until it does."""
    RETURNED = "returned"
    """It is back with whoever sent it. Final."""
    RETURN_FAILED = "return_failed"
    """The sender's account does not take it: an operator looks at it."""


@dataclass(frozen=True, slots=True)
class Funder:
    """A lender who funds with us, and its licence."""

    id: str
    """The partner's."""
    name: str
    licence_kind: LicenceKind
    licence_no: str
    licence_regions: tuple[str, ...]
    """First two digits of the regions' codes (GB/T 2260); a local bank lends there only."""
    licence_from: date
    licence_to: date
    clearing_account_id: str
    """Its account: its money comes from there, and its part of repayments goes there."""
    encryption_jwk: dict[str, Any]
    """Its RSA key, to which a borrower's data is encrypted."""
    group_code: str
    """Credit code of the head of its group; affiliates count as one (R-JOINT-25). Empty: alone."""
    state: FunderState
    stopped_because: str
    is_listed: bool
    """Whether it is on our list of partners today (R-LIST-PARTNER)."""

    @property
    def counted_with(self) -> str:
        """Under what it is counted with its affiliates (R-JOINT-25)."""
        return self.group_code or self.id


@dataclass(frozen=True, slots=True)
class NewFunder:
    """A funder to be taken on."""

    partner_id: str
    licence_kind: LicenceKind
    licence_no: str
    licence_regions: tuple[str, ...]
    licence_from: date
    licence_to: date
    clearing_account_id: str
    encryption_jwk: dict[str, Any]
    group_code: str = ""


@dataclass(frozen=True, slots=True)
class FunderAgreement:
    """What was agreed with a funder for one product."""

    funder_id: str
    product_code: str
    share_min_bp: int
    share_max_bp: int
    price_rate: Decimal
    """The annual rate that a loan has to bear at least; cheaper funders are asked first."""
    service_fee_rate: Decimal
    """Part of the funder's interest that it leaves to us for serving the loan (JOINT-4)."""
    income_rate: Decimal
    """Of the income that falls on its share, what it gets; 1: all of it, 0.95: the rest is ours,
    1.05: of ours, too (JOINT-4)."""
    decide_minutes: int
    fund_minutes: int
    cut_off: time
    """Shanghai time after which a call for money is of the next working day."""
    quota_day_fen: int
    """The most that it agrees to in one day."""
    quota_total_fen: int
    """The most that its principal may be at any time."""
    amount_min_fen: int
    amount_max_fen: int
    """Of whole loans that it takes a share in."""
    periods_max: int
    age_min: int
    age_max: int
    score_min: int
    """The least of our score that it wants to see; 0: whatever it is."""
    is_prefunded: bool
    """Whether we lay its money out at the payout, and it settles afterwards."""
    valid_from: date
    valid_to: date | None = None
    id: str = ""


@dataclass(frozen=True, slots=True)
class Facts:
    """What the router knows of an application."""

    amount_fen: int
    rate_annual: Decimal
    cost_rate_annual: Decimal
    """The most that the product lets a loan cost in all."""
    periods_max: int
    purpose: str
    region: str
    """First two digits of the borrower's identity number (GB/T 2260)."""
    age: int
    score: int | None
    decided_at: datetime
    """When we decided by ourselves (R-JOINT-INDEP)."""
    decision_id: str

    def to_json(self) -> dict[str, Any]:
        """As stored."""
        return {
            "amount_fen": self.amount_fen,
            "rate_annual": str(self.rate_annual),
            "cost_rate_annual": str(self.cost_rate_annual),
            "periods_max": self.periods_max,
            "purpose": self.purpose,
            "region": self.region,
            "age": self.age,
            "score": self.score,
            "decided_at": self.decided_at.isoformat(),
            "decision_id": self.decision_id,
        }

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> "Facts":
        """As they were when the search began."""
        return cls(
            **{
                **stored,
                "rate_annual": Decimal(stored["rate_annual"]),
                "cost_rate_annual": Decimal(stored["cost_rate_annual"]),
                "decided_at": datetime.fromisoformat(stored["decided_at"]),
            }
        )


@dataclass(frozen=True, slots=True)
class Candidate:
    """A funder under its agreement for a product, as it stands at the moment."""

    funder: Funder
    agreement: FunderAgreement
    free_day_fen: int
    free_total_fen: int
    room_fen: int
    """How much more of ours may be lent with it and its affiliates (R-JOINT-25)."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is left to be found for a request."""

    need_bp: int
    slots: tuple[int, ...]
    """The shares that the product means the missing funders to have."""
    own_bp: int
    own_bp_max: int
    living_bp: tuple[int, ...]
    """What funders have been asked for and have not declined."""
    passed_over: frozenset[str]
    """Funders who are in it already or have said no."""
    room_fen: int
    """How much more of ours may be joint, in all and with those that are in it (R-JOINT-50)."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What the router chose, and why."""

    own_bp: int
    shares: tuple[tuple[Candidate, int], ...]
    """Whom to ask for how much."""
    is_complete: bool
    """Whether, once these accept, nothing is missing."""
    words: tuple[str, ...]
    """Why, for operators, in Chinese."""


@dataclass(frozen=True, slots=True)
class Request:
    """An application's search for lenders."""

    id: str
    application_id: str
    customer_id: str
    product_code: str
    product_version: int
    amount_fen: int
    facts: Facts
    own_bp: int
    generation: int
    state: RequestState
    explained: list[dict[str, Any]]
    loan_id: str | None
    created_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class FundingShare:
    """A share of one loan that one funder is asked for."""

    id: str
    request_id: str
    funder_id: str
    agreement_id: str
    generation: int
    share_bp: int
    amount_fen: int
    state: ShareState
    quota_holds: tuple[str, ...]
    decision_reference: str
    """The funder's own, of its own decision (R-JOINT-INDEP)."""
    decision_at: datetime | None
    reason_code: str
    reason_text: str
    loan_id: str | None
    invited_at: datetime
    decide_by: datetime
    answered_at: datetime | None
    fund_by: datetime | None
    funded_at: datetime | None
    told_sent_at: datetime | None
    told_reference: str
    changed_at: datetime

    @property
    def is_dead(self) -> bool:
        """Whether nothing more comes of it."""
        return self.state in DEAD


@dataclass(frozen=True, slots=True)
class AgreedShare:
    """A lender's part of a loan as it goes into the contract; ours is called `own`."""

    funder: str
    name: str
    weight: int
    """In basis points; all of a loan's make 10,000."""
    income_weight: int | None
    """What income goes by; None: by `weight`, too (JOINT-4)."""
    service_fee_rate: Decimal
    is_prefunded: bool


@dataclass(frozen=True, slots=True)
class Transfer:
    """Money that came, and what became of it."""

    reference: str
    amount_fen: int
    remark: str
    share_id: str | None
    state: TransferState
    because: str
    return_order_no: str
    entry_id: str
    hold_id: str | None
    queries: int
    from_name: str
    received_at: datetime
    from_account_sealed: bytes = field(repr=False)
