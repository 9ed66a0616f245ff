"""The SQL of payments in stores, of customers' codes, and of refunds."""

from collections.abc import Iterable

from lending.foundation.database import Row, Tx, json
from lending.foundation.places import Place, behind
from scenarios.offline_credit.model import NewPayment, Payment, PaymentCode, Refund

_PAYMENT = """
SELECT id, partner_id, store_id, store_no, store_name, till_id, till_no, payment_no, amount_fen,
    scene, description, release_parts, metadata, product_code, product_version, token_sealed,
    code_id, line_id, application_id, refunded_fen, state, decision_id, loan_id, periods,
    signed_at, settlement_days, payout_date, payout_fen, payout_at, payout_claims_fen,
    payout_reference, payout_last4, payout_fee_fen, payout_subsidy_fen, created_at, updated_at,
    expires_at
FROM store_payment_now
"""
PAYMENT = _PAYMENT + "WHERE id = :id AND partner_id = :partner_id"
PAYMENT_BY_ID = _PAYMENT + "WHERE id = :id"
PAYMENTS_BY_IDS = _PAYMENT + "WHERE id = ANY (:ids)"
PAYMENT_BY_NO = _PAYMENT + "WHERE partner_id = :partner_id AND payment_no = :no"
PAYMENT_BY_TOKEN = _PAYMENT + "WHERE token_sha256 = :digest"
PAYMENTS = (
    _PAYMENT
    + """
WHERE partner_id = :partner_id
    AND (CAST(:payment_no AS text) IS NULL OR payment_no = :payment_no)
    AND (CAST(:store_id AS text) IS NULL OR store_id = :store_id)
    AND (CAST(:state AS text) IS NULL OR state = :state)
    AND (CAST(:at AS timestamptz) IS NULL OR (created_at, id) < (:at, :id))
ORDER BY created_at DESC, id DESC LIMIT :limit"""
)
CONFIRMING = _PAYMENT + "WHERE line_id = :line_id AND state = 'confirming' ORDER BY created_at"
RECENT = _PAYMENT + "WHERE line_id = :line_id ORDER BY created_at DESC, id LIMIT :limit"
OF_CODE = _PAYMENT + "WHERE code_id = :code_id"
NEWEST_CODE = """
    SELECT id FROM payment_code WHERE line_id = :line_id ORDER BY created_at DESC, id LIMIT 1"""
CODE = """
    SELECT id, line_id, bank_card_id, device, latitude_e6, longitude_e6, quick_max_fen,
           quick_periods, quick_showing_id, created_at, expires_at, used_at
    FROM payment_code WHERE code_sha256 = :digest FOR UPDATE"""
CODE_BY_ID = """
    SELECT id, line_id, bank_card_id, device, latitude_e6, longitude_e6, quick_max_fen,
           quick_periods, quick_showing_id, created_at, expires_at, used_at
    FROM payment_code WHERE id = :id"""
_REFUND = """
SELECT r.id, r.payment_id, r.partner_id, r.refund_no, r.amount_fen, r.reason, r.loan_reduction_fen,
    r.borrower_refund_fen, r.merchant_claim_fen, r.outstanding_principal_fen, r.business_date,
    r.created_at, p.payment_no, p.store_id, s.store_no, t.till_no, l.id AS loan_id,
    EXISTS (SELECT FROM payout o WHERE o.refund_id = r.id AND o.state IN ('held', 'unknown'))
        AS is_pending
FROM store_refund r JOIN store_payment p ON p.id = r.payment_id
JOIN store s ON s.id = p.store_id JOIN store_till t ON t.id = p.till_id
LEFT JOIN loan l ON l.application_id = p.application_id
"""
REFUND = _REFUND + "WHERE r.id = :id AND r.partner_id = :partner_id"
REFUNDS = (
    _REFUND
    + """
WHERE r.partner_id = :partner_id AND (CAST(:payment_id AS text) IS NULL OR payment_id = :payment_id)
    AND (CAST(:store_id AS text) IS NULL OR p.store_id = :store_id)
    AND (CAST(:at AS timestamptz) IS NULL OR (r.created_at, r.id) < (:at, :id))
ORDER BY r.created_at DESC, r.id DESC LIMIT :limit"""
)


def _payment(row: Row) -> Payment:
    sealed = row["token_sealed"]
    return Payment(**{**row, "token_sealed": bytes(sealed) if sealed else None})


def _maybe(row: Row | None) -> Payment | None:
    return _payment(row) if row else None


def insert_payment(tx: Tx, new: NewPayment) -> bool:
    """Whether the payment is new: a number that the merchant has used is not taken again."""
    command = new.command
    return bool(
        tx.touched(
            "INSERT INTO store_payment (id, partner_id, store_id, till_id, payment_no, amount_fen,"
            " scene, description, release_parts, metadata, product_code, product_version,"
            " token_sha256, token_sealed, code_id, created_at, changed_at, expires_at)"
            " VALUES (:id, :partner_id, :store_id, :till_id, :payment_no, :amount, :scene,"
            " :description, :parts, :metadata, :code, :version, :token_sha256, :token_sealed,"
            " :code_id, :now, :now, :expires_at) ON CONFLICT (partner_id, payment_no) DO NOTHING",
            id=new.id,
            partner_id=new.store.partner_id,
            store_id=new.store.id,
            till_id=new.till.id,
            payment_no=command.payment_no,
            amount=command.amount_fen,
            scene=new.store.scene,
            description=command.description,
            parts=command.release_parts,
            metadata=json(command.metadata),
            code=new.product_code,
            version=new.product_version,
            token_sha256=new.token_sha256,
            token_sealed=new.token_sealed,
            code_id=new.code_id,
            now=tx.now,
            expires_at=new.expires_at,
        )
    )


def draw(tx: Tx, payment_id: str, *, line_id: str, application_id: str) -> None:
    """Ties a payment to the line that it is drawn on."""
    tx.run(
        "UPDATE store_payment SET line_id = :line_id, application_id = :application_id,"
        " changed_at = :now WHERE id = :id",
        id=payment_id,
        line_id=line_id,
        application_id=application_id,
        now=tx.now,
    )


def take_over(tx: Tx, limit: int) -> list[str]:
    """Payments whose time is over and that nobody has looked at since; others are left to others.

    Each is given once.
    """
    rows = tx.all(
        "UPDATE store_payment SET is_timed = false WHERE id IN ("
        " SELECT id FROM store_payment WHERE is_timed AND expires_at <= :now"
        " ORDER BY expires_at, id LIMIT :limit FOR UPDATE SKIP LOCKED) RETURNING id",
        now=tx.now,
        limit=limit,
    )
    return sorted(row["id"] for row in rows)


def end(tx: Tx, payment_id: str, how: str) -> None:
    """Ends a payment that no customer has come for."""
    tx.run(
        "UPDATE store_payment SET ended = :how, changed_at = :now WHERE id = :id",
        id=payment_id,
        how=how,
        now=tx.now,
    )


def payment(tx: Tx, partner_id: str, payment_id: str) -> Payment | None:
    return _maybe(tx.maybe(PAYMENT, id=payment_id, partner_id=partner_id))


def payment_by_id(tx: Tx, payment_id: str) -> Payment | None:
    return _maybe(tx.maybe(PAYMENT_BY_ID, id=payment_id))


def payments_by_ids(tx: Tx, payment_ids: Iterable[str]) -> dict[str, Payment]:
    rows = tx.all(PAYMENTS_BY_IDS, ids=list(payment_ids))
    return {row["id"]: _payment(row) for row in rows}


def payment_by_no(tx: Tx, partner_id: str, payment_no: str) -> Payment | None:
    return _maybe(tx.maybe(PAYMENT_BY_NO, partner_id=partner_id, no=payment_no))


def payment_by_token(tx: Tx, token_sha256: bytes) -> Payment | None:
    return _maybe(tx.maybe(PAYMENT_BY_TOKEN, digest=token_sha256))


def lock_payment(tx: Tx, partner_id: str | None, payment_id: str) -> Payment | None:
    """The payment under its lock, so that two things done to it come one after the other."""
    tx.scalar("SELECT id FROM store_payment WHERE id = :id FOR UPDATE", id=payment_id)
    found = payment_by_id(tx, payment_id)
    return found if found and partner_id in (None, found.partner_id) else None


def payments(
    tx: Tx,
    partner_id: str,
    *,
    payment_no: str | None,
    store_id: str | None,
    state: str | None,
    before: Place | None,
    limit: int,
) -> list[Payment]:
    """The newest first, from behind the payment `before`."""
    rows = tx.all(
        PAYMENTS,
        partner_id=partner_id,
        payment_no=payment_no,
        store_id=store_id,
        state=state,
        limit=limit,
        **behind(before),
    )
    return [_payment(row) for row in rows]


def confirming(tx: Tx, line_id: str) -> list[Payment]:
    """Payments that wait for the customer's word, the oldest first."""
    return [_payment(row) for row in tx.all(CONFIRMING, line_id=line_id)]


def recent(tx: Tx, line_id: str, limit: int) -> list[Payment]:
    """A customer's newest payments."""
    return [_payment(row) for row in tx.all(RECENT, line_id=line_id, limit=limit)]


def of_newest_code(tx: Tx, line_id: str) -> Payment | None:
    """The payment that was taken against a line's newest code."""
    code_id = tx.scalar(NEWEST_CODE, line_id=line_id)
    return _maybe(tx.maybe(OF_CODE, code_id=code_id)) if code_id else None


def insert_code(tx: Tx, new: PaymentCode, code_sha256: bytes) -> None:
    tx.run(
        "INSERT INTO payment_code (id, line_id, code_sha256, bank_card_id, device, latitude_e6,"
        " longitude_e6, quick_max_fen, quick_periods, quick_showing_id, created_at, expires_at)"
        " VALUES (:id, :line_id, :digest, :card, :device, :latitude, :longitude, :quick_max,"
        " :quick_periods, :showing, :now, :expires_at)",
        id=new.id,
        line_id=new.line_id,
        digest=code_sha256,
        card=new.bank_card_id,
        device=json(new.device),
        latitude=new.latitude_e6,
        longitude=new.longitude_e6,
        quick_max=new.quick_max_fen,
        quick_periods=new.quick_periods,
        showing=new.quick_showing_id,
        now=tx.now,
        expires_at=new.expires_at,
    )


def lock_code(tx: Tx, code_sha256: bytes) -> PaymentCode | None:
    """The code under its lock: of two tills that scan it at once, the second finds it used."""
    row = tx.maybe(CODE, digest=code_sha256)
    return PaymentCode(**row) if row else None


def code_by_id(tx: Tx, code_id: str) -> PaymentCode | None:
    row = tx.maybe(CODE_BY_ID, id=code_id)
    return PaymentCode(**row) if row else None


def use_code(tx: Tx, code_id: str) -> None:
    tx.run("UPDATE payment_code SET used_at = :now WHERE id = :id", id=code_id, now=tx.now)


def end_codes(tx: Tx, line_id: str) -> None:
    """Ends the codes of a line that are good: a customer has one at a time."""
    tx.run(
        "UPDATE payment_code SET expires_at = :now"
        " WHERE line_id = :id AND used_at IS NULL AND expires_at > :now",
        id=line_id,
        now=tx.now,
    )


def paid_parts(tx: Tx, loan_id: str) -> dict[int, Row]:
    """What was paid to the merchant for each later part of a service, by part."""
    rows = tx.all(
        "SELECT o.part, o.amount_fen, o.offset_fen, o.channel_reference, o.ended_at, c.last4,"
        " e.booked_date FROM payout o JOIN settlement_account c ON c.id = o.account_id"
        " JOIN journal_entry e ON e.key = o.id"
        " WHERE o.loan_id = :id AND o.purpose = 'release' AND o.state = 'paid'",
        id=loan_id,
    )
    return {row["part"]: row for row in rows}


def insert_refund(tx: Tx, refund: Refund) -> bool:
    """Whether the refund is new: a number that the merchant has used is not taken again."""
    return bool(
        tx.touched(
            "INSERT INTO store_refund (id, payment_id, partner_id, refund_no, amount_fen, reason,"
            " loan_reduction_fen, borrower_refund_fen, merchant_claim_fen,"
            " outstanding_principal_fen, business_date, created_at) VALUES (:id, :payment_id,"
            " :partner_id, :refund_no, :amount, :reason, :reduction, :borrower, :claim,"
            " :outstanding, :day, :now) ON CONFLICT (partner_id, refund_no) DO NOTHING",
            id=refund.id,
            payment_id=refund.payment_id,
            partner_id=refund.partner_id,
            refund_no=refund.refund_no,
            amount=refund.amount_fen,
            reason=refund.reason,
            reduction=refund.loan_reduction_fen,
            borrower=refund.borrower_refund_fen,
            claim=refund.merchant_claim_fen,
            outstanding=refund.outstanding_principal_fen,
            day=refund.business_date,
            now=tx.now,
        )
    )


def add_refunded(tx: Tx, payment_id: str, amount_fen: int) -> None:
    tx.run(
        "UPDATE store_payment SET refunded_fen = refunded_fen + :amount, changed_at = :now"
        " WHERE id = :id",
        id=payment_id,
        amount=amount_fen,
        now=tx.now,
    )


def refund(tx: Tx, partner_id: str, refund_id: str) -> Refund | None:
    row = tx.maybe(REFUND, id=refund_id, partner_id=partner_id)
    return Refund(**row) if row else None


def refunds(
    tx: Tx,
    partner_id: str,
    *,
    payment_id: str | None,
    store_id: str | None,
    before: Place | None,
    limit: int,
) -> list[Refund]:
    """The newest first, from behind the refund `before`."""
    rows = tx.all(
        REFUNDS,
        partner_id=partner_id,
        payment_id=payment_id,
        store_id=store_id,
        limit=limit,
        **behind(before),
    )
    return [Refund(**row) for row in rows]
