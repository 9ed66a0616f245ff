"""News on its way to funders: what becomes of their shares, in order for each share."""

from lending.finance import clearings
from lending.foundation import events
from lending.foundation.context import Context
from lending.foundation.database import Row, Tx
from lending.funding import store
from lending.loans import service as loans
from lending.loans import shares as loan_shares
from lending.loans import store as loan_store
from lending.loans.model import LoanState
from scenarios.joint_lending import views

AT_ONCE = 200
FOUND = {
    "invited": "share.invited",
    "expired": "share.expired",
    "withdrawn": "share.withdrawn",
    "funding_called": "share.funding_called",
    "funded": "share.funded",
    "money_returned": "share.money_returned",
    "fraud_flagged": "share.fraud_flagged",
}
"""News of the search for lenders and of their money, and what a funder hears."""
PLAIN = ("money_returned", "fraud_flagged")
"""News that are not of the share itself."""
STATES = {kind: kind for kind in ("invited", "expired", "withdrawn", "funded")} | {
    "funding_called": "called"
}
"""What a share was when there was news of it: it may be further by now."""
MOVED = {
    "loan.paid_out": "share.active",
    "loan.repaid": "share.repaid",
    "loan.written_off": "share.written_off",
    "loan.recovered": "share.recovered",
    "other": "share.changed",
}
"""What happened to a loan by kind, and what a funder hears."""
OTHER = "other"
STANDS = {
    "share_closed": "share.closed",
    "share_overdue": "share.overdue",
    "share_stage_changed": "share.stage_changed",
    "share_fraud_flagged": "share.fraud_flagged",
}
"""How the loan of a share stands, and what a funder hears."""
CLEARED = {
    "held": "clearing.made",
    "even": "clearing.made",
    "expected": "clearing.expected",
    "paid": "clearing.paid",
    "failed": "clearing.failed",
    "received": "clearing.received",
}
"""What becomes of a clearing, and what a funder hears."""
PARTS = (
    "principal_fen",
    "interest_fen",
    "fee_fen",
    "penalty_fen",
    "service_fee_fen",
    "funded_fen",
    "principal_open_fen",
)
RUNS = ("loan_principal_paid_fen", "loan_interest_paid_fen", "oldest_due")
"""How the whole loan runs on, beside its plan."""


def relay(context: Context) -> bool:
    """Turns waiting news into events, in order; whether there may be more.

    What comes before the payout is taken first: nothing of a share comes both ways afterwards.
    """
    with context.database.unit_of_work() as tx:
        early = store.take_news(tx, AT_ONCE)
        for row in early:
            _tell_of_search(tx, row, context.settings.receiving_account_no)
        late = loan_store.take_news(tx, loan_shares.SCENARIO, AT_ONCE)
        for row in late:
            _TELL[row["kind"]](tx, row)
    return AT_ONCE in (len(early), len(late))


def _tell_of_search(tx: Tx, row: Row, account_no: str) -> None:
    found = store.share(tx, row["share_id"])
    assert found is not None
    shown = views.share(tx, found, account_no=account_no)
    shown |= {"state": STATES.get(row["kind"], found.state.value)}
    if row["kind"] in PLAIN:
        shown = {"share_id": found.id, "loan_id": found.loan_id, **row["detail"]}
    events.publish(
        tx,
        partner_id=found.funder_id,
        kind=FOUND[row["kind"]],
        subject=found.id,
        data={"object": shown},
    )


def _tell_of_movement(tx: Tx, row: Row) -> None:
    detail = row["detail"]
    share_id = store.share_of_loan(tx, row["subject"], detail["funder"])
    if share_id is None:
        return  # shared otherwise than by an invitation, such as a loan that was taken over
    shown = {
        "share_id": share_id,
        "loan_id": row["subject"],
        "kind": detail["kind"],
        "source_id": detail["source_id"],
        "number": detail["number"],
        "happened_on": detail["happened_on"],
        "business_date": detail["business_date"],
        "due_fen": sum(detail[name] for name in PARTS[:-1]),
        **{name: detail[name] for name in PARTS + RUNS},
        "plan": detail["plan"] and {**detail["plan"], "place": detail["place"]},
    }
    events.publish(
        tx,
        partner_id=detail["funder"],
        kind=MOVED[_what_moved(tx, row["subject"], detail["kind"])],
        subject=share_id,
        data={"object": shown},
    )


def _tell_how_it_stands(tx: Tx, row: Row) -> None:
    detail = dict(row["detail"])
    funder = detail.pop("funder")
    share_id = store.share_of_loan(tx, row["subject"], funder)
    if share_id is not None:
        events.publish(
            tx,
            partner_id=funder,
            kind=STANDS[row["kind"]],
            subject=share_id,
            data={"object": {"share_id": share_id, "loan_id": row["subject"], **detail}},
        )


def _tell_of_clearing(tx: Tx, row: Row) -> None:
    funder, state = row["detail"]["funder"], row["detail"]["state"]
    found = clearings.get(tx, row["subject"])
    events.publish(
        tx,
        partner_id=funder,
        kind=CLEARED[state],
        subject=funder,
        data={"object": views.clearing(found, state)},
    )


def _tell_of_portfolio(tx: Tx, row: Row) -> None:
    events.publish(
        tx,
        partner_id=row["subject"],
        kind="portfolio.warning",
        subject=row["subject"],
        data={"object": row["detail"]},
    )


_TELL = {
    "portfolio": _tell_of_portfolio,
    "share_moved": _tell_of_movement,
    "share_closed": _tell_how_it_stands,
    "share_overdue": _tell_how_it_stands,
    "share_stage_changed": _tell_how_it_stands,
    "share_fraud_flagged": _tell_how_it_stands,
    "clearing": _tell_of_clearing,
}


def _what_moved(tx: Tx, loan_id: str, kind: str) -> str:
    is_given_up = loans.loan(tx, loan_id).state is LoanState.WRITTEN_OFF
    if kind == "loan.repaid" and is_given_up:
        return "loan.recovered"
    return kind if kind in MOVED else OTHER
