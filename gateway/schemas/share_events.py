"""What funders are told of."""

from gateway.event_types import EventType
from gateway.schemas.shares import (
    ClearingSchema,
    PortfolioWarningSchema,
    ShareClosedSchema,
    ShareFraudSchema,
    ShareLatenessSchema,
    ShareMoneySchema,
    ShareMovementSchema,
    ShareSchema,
)
from gateway.shown import example_id

BARE: dict[str, object] = {
    "decision_reference": None,
    "decided_at": None,
    "reason_code": None,
    "call": None,
    "loan": None,
}


def _share(name: str, says: str, **example: object) -> EventType:
    return EventType(f"share.{name}", says, ShareSchema, {"reason_code": None, **example})


def _moved(name: str, says: str, kind: str, **example: object) -> EventType:
    return EventType(
        f"share.{name}",
        says,
        ShareMovementSchema,
        {"kind": kind, **example},
        subject="share_id",
    )


LENT = {
    "principal_fen": -359_940,
    "interest_fen": 0,
    "service_fee_fen": 0,
    "funded_fen": 359_940,
    "due_fen": 0,
    "principal_open_fen": 359_940,
    "source_id": example_id("pay"),
}

EVENT_TYPES = (
    _share("invited", "You are asked for a share: decide until `decide_by`.", **BARE),
    _share("expired", "The time for a share is over.", **BARE | {"state": "expired"}),
    _share("withdrawn", "The loan is not made.", **BARE | {"state": "withdrawn"}),
    _share("funding_called", "The borrower has signed: send your money.", state="called"),
    _share("funded", "Your money is with us.", state="funded"),
    EventType(
        "share.money_returned",
        "Money of yours was not as it was called, or the loan is not made: it is on its way back.",
        ShareMoneySchema,
        subject="share_id",
    ),
    _moved("active", "The loan is paid out, your part with it.", "loan.paid_out", **LENT),
    _moved("repaid", "The borrower has paid: your part of it.", "loan.repaid"),
    _moved(
        "changed",
        "Something else moved your share: goods returned, a waiver, a payment taken back.",
        "loan.goods_returned",
    ),
    _moved(
        "written_off", "The loan is given up in the books; it is still owed.", "loan.written_off"
    ),
    EventType(
        "portfolio.warning",
        "Your loans together have crossed a threshold; told again only after it was undercut.",
        PortfolioWarningSchema,
        subject="portfolio",
    ),
    EventType(
        "share.closed",
        "Nothing is owed on the loan any more.",
        ShareClosedSchema,
        subject="share_id",
    ),
    EventType(
        "share.overdue",
        "The loan is later, or less late, than you were told: another bucket of 30 days.",
        ShareLatenessSchema,
        subject="share_id",
    ),
    EventType(
        "share.stage_changed",
        "The loan has another of the five grades.",
        ShareLatenessSchema,
        subject="share_id",
    ),
    EventType(
        "share.fraud_flagged",
        "The borrower is held for a fraud, or is not any more; told of each living share.",
        ShareFraudSchema,
        subject="share_id",
    ),
    *(
        EventType(f"clearing.{name}", says, ClearingSchema, {"state": state}, subject="clearing")
        for name, state, says in (
            (
                "made",
                "held",
                "A day, or an event, is cleared with you: money is on its way to you.",
            ),
            ("expected", "expected", "You owe us for a day: send it, or it is carried on."),
            ("paid", "paid", "The money of a clearing is with you."),
            ("failed", "failed", "Your account did not take it: it goes into the next clearing."),
            ("received", "received", "What you owed for a clearing is with us."),
        )
    ),
    _moved("recovered", "Something came in on a loan that was written off.", "loan.recovered"),
)
