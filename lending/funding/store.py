"""The SQL of requests for funds and of shares."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from lending.foundation.database import Row, Tx, json
from lending.foundation.places import Place, behind
from lending.funding.model import (
    Facts,
    FundingShare,
    Request,
    RequestState,
    ShareState,
)

REQUEST = """
    SELECT id, application_id, customer_id, product_code, product_version, amount_fen, facts,
           own_bp, generation, state, explained, loan_id, created_at, expires_at
    FROM funding_request"""
SHARE = """
    SELECT id, request_id, funder_id, agreement_id, generation, share_bp, amount_fen, state,
           quota_holds, decision_reference, decision_at, reason_code, reason_text, loan_id,
           invited_at, decide_by, answered_at, fund_by, funded_at, told_sent_at, told_reference,
           changed_at
    FROM funding_share"""


def _request(row: Row | None) -> Request | None:
    if row is None:
        return None
    return Request(
        **{**row, "facts": Facts.from_json(row["facts"]), "state": RequestState(row["state"])}
    )


def _share(row: Row) -> FundingShare:
    return FundingShare(
        **{**row, "state": ShareState(row["state"]), "quota_holds": tuple(row["quota_holds"])}
    )


def insert_request(tx: Tx, new: Request) -> bool:
    """Whether it is new: an application looks for lenders once."""
    return bool(
        tx.touched(
            "INSERT INTO funding_request (id, application_id, customer_id, product_code,"
            " product_version, amount_fen, facts, own_bp, state, created_at, expires_at,"
            " changed_at) VALUES (:id, :application_id, :customer_id, :code, :version, :amount,"
            " :facts, :own_bp, :state, :now, :expires_at, :now) ON CONFLICT DO NOTHING",
            id=new.id,
            application_id=new.application_id,
            customer_id=new.customer_id,
            code=new.product_code,
            version=new.product_version,
            amount=new.amount_fen,
            facts=json(new.facts.to_json()),
            own_bp=new.own_bp,
            state=new.state.value,
            now=tx.now,
            expires_at=new.expires_at,
        )
    )


def request(tx: Tx, request_id: str) -> Request | None:
    return _request(tx.maybe(f"{REQUEST} WHERE id = :id", id=request_id))


def lock_request(tx: Tx, request_id: str) -> Request | None:
    """Whoever changes a request or one of its shares waits here for others who do."""
    return _request(tx.maybe(f"{REQUEST} WHERE id = :id FOR UPDATE", id=request_id))


def request_of_application(tx: Tx, application_id: str, *, lock: bool = False) -> Request | None:
    ending = " FOR UPDATE" if lock else ""
    sql = f"{REQUEST} WHERE application_id = :id{ending}"
    return _request(tx.maybe(sql, id=application_id))


def request_of_loan(tx: Tx, loan_id: str, *, lock: bool = False) -> Request | None:
    ending = " FOR UPDATE" if lock else ""
    return _request(tx.maybe(f"{REQUEST} WHERE loan_id = :id{ending}", id=loan_id))


def requests(tx: Tx, *, state: str | None, limit: int) -> list[Request]:
    """The newest first."""
    rows = tx.all(
        f"{REQUEST} WHERE (CAST(:state AS text) IS NULL OR state = :state)"
        " ORDER BY created_at DESC, id DESC LIMIT :limit",
        state=state,
        limit=limit,
    )
    return [found for row in rows if (found := _request(row))]


def set_request_state(tx: Tx, request_id: str, state: RequestState) -> None:
    tx.run(
        "UPDATE funding_request SET state = :state, changed_at = :now WHERE id = :id",
        id=request_id,
        state=state.value,
        now=tx.now,
    )


def set_loan(tx: Tx, request_id: str, loan_id: str) -> None:
    tx.run(
        "UPDATE funding_request SET loan_id = :loan_id, changed_at = :now WHERE id = :id",
        id=request_id,
        loan_id=loan_id,
        now=tx.now,
    )
    tx.run(
        "UPDATE funding_share SET loan_id = :loan_id WHERE request_id = :id AND state = 'accepted'",
        id=request_id,
        loan_id=loan_id,
    )


def explain(tx: Tx, request_id: str, words: Sequence[str], generation: int, own_bp: int) -> None:
    """Adds why a choice was made; the newest choice's share of ours and generation hold."""
    tx.run(
        "UPDATE funding_request SET explained = explained || :said, generation = :generation,"
        " own_bp = :own_bp, changed_at = :now WHERE id = :id",
        id=request_id,
        said=json([{"at": tx.now.isoformat(), "generation": generation, "words": list(words)}]),
        generation=generation,
        own_bp=own_bp,
        now=tx.now,
    )


def insert_share(tx: Tx, new: FundingShare) -> None:
    tx.run(
        "INSERT INTO funding_share (id, request_id, funder_id, agreement_id, generation, share_bp,"
        " amount_fen, state, quota_holds, invited_at, decide_by, changed_at) VALUES (:id, :request,"
        " :funder, :agreement, :generation, :bp, :amount, :state, :holds, :now, :decide_by, :now)",
        id=new.id,
        request=new.request_id,
        funder=new.funder_id,
        agreement=new.agreement_id,
        generation=new.generation,
        bp=new.share_bp,
        amount=new.amount_fen,
        state=new.state.value,
        holds=list(new.quota_holds),
        now=tx.now,
        decide_by=new.decide_by,
    )


def share(tx: Tx, share_id: str, *, funder_id: str | None = None) -> FundingShare | None:
    """One share; of this funder alone where one is named."""
    row = tx.maybe(
        f"{SHARE} WHERE id = :id AND (CAST(:funder AS text) IS NULL OR funder_id = :funder)",
        id=share_id,
        funder=funder_id,
    )
    return _share(row) if row else None


def shares(tx: Tx, request_id: str) -> list[FundingShare]:
    """All that were ever asked for, in the order of their generations."""
    rows = tx.all(f"{SHARE} WHERE request_id = :id ORDER BY generation, id", id=request_id)
    return [_share(row) for row in rows]


def share_of_loan(tx: Tx, loan_id: str, funder_id: str) -> str | None:
    """The id of a funder's share of a loan."""
    found: str | None = tx.scalar(
        "SELECT id FROM funding_share WHERE loan_id = :loan_id AND funder_id = :funder_id"
        " AND state NOT IN ('declined', 'expired', 'withdrawn')",
        loan_id=loan_id,
        funder_id=funder_id,
    )
    return found


def shares_page(
    tx: Tx,
    funder_id: str,
    *,
    state: str | None,
    before: Place | None,
    limit: int,
) -> list[FundingShare]:
    """A funder's shares, the newest first."""
    rows = tx.all(
        f"{SHARE} WHERE funder_id = :funder"
        " AND (CAST(:state AS text) IS NULL OR state = :state)"
        " AND (CAST(:at AS timestamptz) IS NULL OR (invited_at, id) < (:at, :id))"
        " ORDER BY invited_at DESC, id DESC LIMIT :limit",
        funder=funder_id,
        state=state,
        limit=limit,
        **behind(before),
    )
    return [_share(row) for row in rows]


def set_share_state(tx: Tx, share_id: str, state: ShareState) -> None:
    tx.run(
        "UPDATE funding_share SET state = :state, changed_at = :now WHERE id = :id",
        id=share_id,
        state=state.value,
        now=tx.now,
    )


def answer(tx: Tx, share_id: str, state: ShareState, **said: Any) -> None:
    """What a funder answered: its decision and reference, or why not."""
    tx.run(
        "UPDATE funding_share SET state = :state, answered_at = :now, changed_at = :now,"
        " decision_reference = :reference, decision_at = :decision_at,"
        " reason_code = :reason_code, reason_text = :reason_text WHERE id = :id",
        id=share_id,
        state=state.value,
        now=tx.now,
        reference=said.get("reference", ""),
        decision_at=said.get("decision_at"),
        reason_code=said.get("reason_code", ""),
        reason_text=said.get("reason_text", ""),
    )


def move_shares(tx: Tx, loan_ids: Sequence[str], before: ShareState, after: ShareState) -> None:
    """Takes the shares of loans from one state to another."""
    if not loan_ids:
        return
    tx.run(
        "UPDATE funding_share SET state = :after, changed_at = :now"
        " WHERE loan_id = ANY (:loan_ids) AND state = :before",
        loan_ids=list(loan_ids),
        before=before.value,
        after=after.value,
        now=tx.now,
    )


def resize(
    tx: Tx, share_id: str, *, share_bp: int, amount_fen: int, quota_holds: Sequence[str]
) -> None:
    tx.run(
        "UPDATE funding_share SET share_bp = :bp, amount_fen = :amount, quota_holds = :holds"
        " WHERE id = :id",
        id=share_id,
        bp=share_bp,
        amount=amount_fen,
        holds=list(quota_holds),
    )


def set_amount(tx: Tx, share_id: str, amount_fen: int) -> None:
    tx.run(
        "UPDATE funding_share SET amount_fen = :amount WHERE id = :id",
        id=share_id,
        amount=amount_fen,
    )


def call(tx: Tx, share_id: str, fund_by: datetime) -> None:
    tx.run(
        "UPDATE funding_share SET state = 'called', fund_by = :fund_by, changed_at = :now"
        " WHERE id = :id",
        id=share_id,
        fund_by=fund_by,
        now=tx.now,
    )


def funded(tx: Tx, share_id: str) -> None:
    tx.run(
        "UPDATE funding_share SET state = 'funded', funded_at = :now, changed_at = :now"
        " WHERE id = :id",
        id=share_id,
        now=tx.now,
    )


def told_sent(tx: Tx, share_id: str, reference: str) -> None:
    tx.run(
        "UPDATE funding_share SET told_sent_at = :now, told_reference = :reference,"
        " changed_at = :now WHERE id = :id",
        id=share_id,
        reference=reference,
        now=tx.now,
    )


def insert_news(tx: Tx, share_id: str, kind: str, detail: dict[str, Any]) -> None:
    tx.run(
        "INSERT INTO funding_news (share_id, kind, detail, at)"
        " VALUES (:share_id, :kind, :detail, :now)",
        share_id=share_id,
        kind=kind,
        detail=json(detail),
        now=tx.now,
    )


def take_news(tx: Tx, limit: int) -> list[Row]:
    """The oldest news, taken away; one taker at a time, so that order is kept."""
    if not tx.scalar("SELECT pg_try_advisory_xact_lock(7100013)"):
        return []
    taken = tx.all(
        "DELETE FROM funding_news WHERE seq IN (SELECT seq FROM funding_news ORDER BY seq"
        " LIMIT :limit) RETURNING seq, share_id, kind, detail, at",
        limit=limit,
    )
    return sorted(taken, key=lambda row: int(row["seq"]))
