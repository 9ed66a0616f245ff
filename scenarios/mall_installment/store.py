"""The SQL of mall orders."""

from collections.abc import Sequence
from hashlib import sha256

from lending.foundation.database import Row, Tx, json
from lending.foundation.places import Place, behind
from scenarios.mall_installment.orders import Item, Order, Refund, item_view


def _order(row: Row) -> Order:
    return Order(
        **{
            **row,
            "items": tuple(Item(**item) for item in row["items"]),
            "checkout_token_sealed": bytes(row["checkout_token_sealed"]),
        }
    )


def insert_order(tx: Tx, new: Order, token: str) -> bool:
    """Whether the order is new: a number that the partner has used before is not taken again."""
    return bool(
        tx.touched(
            "INSERT INTO mall_order (id, partner_id, order_no, amount_fen, items, return_url,"
            " cancel_url, metadata, application_id, checkout_token_sha256, checkout_token_sealed,"
            " created_at, changed_at, expires_at) VALUES (:id, :partner_id, :order_no,"
            " :amount_fen, :items, :return_url, :cancel_url, :metadata, :application_id,"
            " :token_sha256, :token_sealed, :now, :now, :expires_at)"
            " ON CONFLICT (partner_id, order_no) DO NOTHING",
            id=new.id,
            partner_id=new.partner_id,
            order_no=new.order_no,
            amount_fen=new.amount_fen,
            items=json([item_view(item) for item in new.items]),
            return_url=new.return_url,
            cancel_url=new.cancel_url,
            metadata=json(new.metadata),
            application_id=new.application_id,
            token_sha256=sha256(token.encode()).digest(),
            token_sealed=new.checkout_token_sealed,
            now=tx.now,
            expires_at=new.expires_at,
        )
    )


def order(tx: Tx, partner_id: str, order_id: str) -> Order | None:
    row = tx.maybe(
        "SELECT * FROM mall_order_now WHERE id = :id AND partner_id = :partner_id",
        id=order_id,
        partner_id=partner_id,
    )
    return _order(row) if row else None


def order_by_id(tx: Tx, order_id: str) -> Order | None:
    row = tx.maybe("SELECT * FROM mall_order_now WHERE id = :id", id=order_id)
    return _order(row) if row else None


def order_by_token(tx: Tx, token: str) -> Order | None:
    row = tx.maybe(
        "SELECT n.* FROM mall_order_now n JOIN mall_order o ON o.id = n.id"
        " WHERE o.checkout_token_sha256 = :digest",
        digest=sha256(token.encode()).digest(),
    )
    return _order(row) if row else None


def lock_order(tx: Tx, partner_id: str, order_id: str) -> Order | None:
    """Locks the order, so that two refunds of it come one after the other."""
    locked = tx.scalar(
        "SELECT id FROM mall_order WHERE id = :id AND partner_id = :partner_id FOR UPDATE",
        id=order_id,
        partner_id=partner_id,
    )
    return order(tx, partner_id, order_id) if locked else None


def orders(
    tx: Tx,
    partner_id: str,
    *,
    order_no: str | None,
    state: str | None,
    before: Place | None,
    limit: int,
) -> Sequence[Order]:
    """The newest first, from behind the order `before`."""
    rows = tx.all(
        "SELECT * FROM mall_order_now WHERE partner_id = :partner_id"
        " AND (CAST(:order_no AS text) IS NULL OR order_no = :order_no)"
        " AND (CAST(:state AS text) IS NULL OR state = :state)"
        " AND (CAST(:at AS timestamptz) IS NULL OR (created_at, id) < (:at, :id))"
        " ORDER BY created_at DESC, id DESC LIMIT :limit",
        partner_id=partner_id,
        order_no=order_no,
        state=state,
        limit=limit,
        **behind(before),
    )
    return [_order(row) for row in rows]


def add_refunded(tx: Tx, order_id: str, amount_fen: int) -> None:
    tx.run(
        "UPDATE mall_order SET refunded_fen = refunded_fen + :amount, changed_at = :now"
        " WHERE id = :id",
        id=order_id,
        amount=amount_fen,
        now=tx.now,
    )


def insert_refund(tx: Tx, refund: Refund) -> bool:
    """Whether the refund is new: a number that the partner has used before is not taken again."""
    return bool(
        tx.touched(
            "INSERT INTO mall_refund (id, order_id, partner_id, refund_no, amount_fen, items,"
            " reason, loan_reduction_fen, borrower_refund_fen, merchant_claim_fen,"
            " outstanding_principal_fen, business_date, created_at) VALUES (:id, :order_id,"
            " :partner_id, :refund_no, :amount, :items, :reason, :reduction, :borrower, :claim,"
            " :outstanding, :day, :now) ON CONFLICT (partner_id, refund_no) DO NOTHING",
            id=refund.id,
            order_id=refund.order_id,
            partner_id=refund.partner_id,
            refund_no=refund.refund_no,
            amount=refund.amount_fen,
            items=json(list(refund.items)),
            reason=refund.reason,
            reduction=refund.loan_reduction_fen,
            borrower=refund.borrower_refund_fen,
            claim=refund.merchant_claim_fen,
            outstanding=refund.outstanding_principal_fen,
            day=refund.business_date,
            now=tx.now,
        )
    )


REFUND_BY_ID = """
    SELECT r.id, r.order_id, r.partner_id, r.refund_no, r.amount_fen, r.items, r.reason,
           r.loan_reduction_fen, r.borrower_refund_fen, r.merchant_claim_fen,
           r.outstanding_principal_fen, r.business_date, r.created_at, o.order_no,
           l.id AS loan_id,
           EXISTS (SELECT FROM payout p WHERE p.refund_id = r.id
                   AND p.state IN ('held', 'unknown')) AS is_pending
    FROM mall_refund r JOIN mall_order o ON o.id = r.order_id
    LEFT JOIN loan l ON l.application_id = o.application_id
    WHERE r.id = :id AND r.partner_id = :partner_id"""
REFUNDS = """
    SELECT r.id, r.order_id, r.partner_id, r.refund_no, r.amount_fen, r.items, r.reason,
           r.loan_reduction_fen, r.borrower_refund_fen, r.merchant_claim_fen,
           r.outstanding_principal_fen, r.business_date, r.created_at, o.order_no,
           l.id AS loan_id,
           EXISTS (SELECT FROM payout p WHERE p.refund_id = r.id
                   AND p.state IN ('held', 'unknown')) AS is_pending
    FROM mall_refund r JOIN mall_order o ON o.id = r.order_id
    LEFT JOIN loan l ON l.application_id = o.application_id
    WHERE r.partner_id = :partner_id
    AND (CAST(:order_id AS text) IS NULL OR r.order_id = :order_id)
    AND (CAST(:at AS timestamptz) IS NULL OR (r.created_at, r.id) < (:at, :id))
    ORDER BY r.created_at DESC, r.id DESC LIMIT :limit"""


def _refund(row: Row) -> Refund:
    return Refund(**{**row, "items": tuple(row["items"])})


def refund(tx: Tx, partner_id: str, refund_id: str) -> Refund | None:
    row = tx.maybe(REFUND_BY_ID, id=refund_id, partner_id=partner_id)
    return _refund(row) if row else None


def refunds(
    tx: Tx,
    partner_id: str,
    *,
    order_id: str | None,
    before: Place | None,
    limit: int,
) -> list[Refund]:
    rows = tx.all(
        REFUNDS,
        partner_id=partner_id,
        order_id=order_id,
        limit=limit,
        **behind(before),
    )
    return [_refund(row) for row in rows]


def items_returned(tx: Tx, order_id: str) -> dict[str, int]:
    """How many of each kind of goods came back already."""
    rows = tx.all(
        "SELECT i.sku, sum(i.quantity) AS quantity FROM mall_refund r,"
        " jsonb_to_recordset(r.items) AS i (sku text, quantity integer)"
        " WHERE r.order_id = :order_id GROUP BY i.sku",
        order_id=order_id,
    )
    return {row["sku"]: int(row["quantity"]) for row in rows}
