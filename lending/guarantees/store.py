"""The SQL of agreements with guarantors, and of how much they stand behind."""

from dataclasses import asdict
from datetime import date

from lending.foundation import ids
from lending.foundation.database import Row, Tx
from lending.guarantees.model import Agreement, FeePayer, LicenceKind, NewAgreement, Ratio, Standing
from lending.ledger.chart import Code
from lending.ledger.model import OWN

_COLUMNS = (
    "SELECT id, guarantor_id, product_code, licence_kind, licence_no, licence_to, fee_payer,"
    " fee_rate, trigger_days, covers_interest, covers_penalty, quota_fen, claims_cap_fen,"
    " pool_min_fen, valid_from, valid_to FROM guarantee_agreement "
)

_RATIO = """
WITH closed AS (
    SELECT code, sum(debit_fen - credit_fen) AS fen FROM ledger_day
    WHERE book = :book AND code IN (:guaranteed, :principal) GROUP BY code
), since AS (
    SELECT a.code, sum(j.debit_fen - j.credit_fen) AS fen
    FROM journal_line j JOIN ledger_account a ON a.id = j.account_id
    WHERE j.booked_date > coalesce((SELECT max(business_date) FROM ledger_day), '-infinity')
        AND j.entry_seq >= (SELECT journal_from(coalesce(max(business_date) + 1, '-infinity'))
            FROM ledger_day)
        AND a.book = :book AND a.code IN (:guaranteed, :principal)
    GROUP BY a.code
), held AS (
    SELECT coalesce(sum(h.amount_fen), 0) AS fen
    FROM ledger_hold h JOIN ledger_account a ON a.id = h.debit_account
    WHERE h.state = 'held' AND a.book = :book AND a.code = :guaranteed
)
SELECT (coalesce(sum(fen) FILTER (WHERE code = :guaranteed), 0)
        + (SELECT fen FROM held))::bigint AS guaranteed_fen,
    (coalesce(sum(fen) FILTER (WHERE code = :principal), 0)
        + (SELECT fen FROM held))::bigint AS loans_fen
FROM (SELECT * FROM closed UNION ALL SELECT * FROM since) t
"""

_STANDING = """
SELECT
    ((SELECT coalesce(sum(j.debit_fen - j.credit_fen), 0) FROM ledger_account a
        JOIN journal_line j ON j.account_id = a.id
        WHERE a.book = :book AND a.code = :guaranteed AND a.owner = :id)
     + (SELECT coalesce(sum(h.amount_fen), 0) FROM ledger_account a
        JOIN ledger_hold h ON h.debit_account = a.id AND h.state = 'held'
        WHERE a.book = :book AND a.code = :guaranteed AND a.owner = :id))::bigint
        AS guaranteed_fen,
    coalesce((SELECT -l.posted_fen FROM ledger_account a JOIN ledger_limit l ON l.account_id = a.id
        WHERE a.book = :book AND a.code = :pool AND a.owner = :id), 0)::bigint AS pool_fen,
    (SELECT coalesce(sum(amount_fen), 0) FROM guarantee_claim
        WHERE guarantor_id = :id AND state IN ('filed', 'paid'))::bigint AS claimed_fen
"""


def insert_agreement(tx: Tx, new: NewAgreement) -> str:
    agreement_id = ids.new("gag")
    values = {
        **asdict(new),
        "licence_kind": new.licence_kind.value,
        "fee_payer": new.fee_payer.value,
        "id": agreement_id,
        "now": tx.now,
    }
    tx.run(
        "INSERT INTO guarantee_agreement (id, guarantor_id, product_code, licence_kind, licence_no,"
        " licence_to, fee_payer, fee_rate, trigger_days, covers_interest, covers_penalty,"
        " quota_fen, claims_cap_fen, pool_min_fen, valid_from, valid_to, made_at) VALUES (:id,"
        " :guarantor_id, :product_code, :licence_kind, :licence_no, :licence_to, :fee_payer,"
        " :fee_rate, :trigger_days, :covers_interest, :covers_penalty, :quota_fen,"
        " :claims_cap_fen, :pool_min_fen, :valid_from, :valid_to, :now)",
        **values,
    )
    return agreement_id


def agreement(tx: Tx, agreement_id: str) -> Agreement | None:
    row = tx.maybe(_COLUMNS + "WHERE id = :id", id=agreement_id)
    return _agreement(row) if row else None


def agreements(tx: Tx, on: date, product_code: str | None = None) -> list[Agreement]:
    rows = tx.all(
        _COLUMNS + "WHERE valid_from <= :on AND (valid_to IS NULL OR valid_to >= :on)"
        " AND (CAST(:product AS text) IS NULL OR product_code = :product) ORDER BY valid_from, id",
        on=on,
        product=product_code,
    )
    return [_agreement(row) for row in rows]


def lock(tx: Tx) -> None:
    """Whoever signs a loan with a guarantee waits here for others who do (R-GUAR-50)."""
    tx.one("SELECT pg_advisory_xact_lock(7100012)")


def ratio(tx: Tx) -> Ratio:
    """Loans with a guarantee, signed ones too, beside all loans and these."""
    row = tx.one(
        _RATIO, book=OWN, guaranteed=Code.GUARANTEED.value, principal=Code.LOAN_PRINCIPAL.value
    )
    return Ratio(**row)


def standing(tx: Tx, guarantor_id: str) -> Standing:
    """What a guarantor stands behind, has deposited, and was asked for."""
    row = tx.one(
        _STANDING,
        id=guarantor_id,
        book=OWN,
        guaranteed=Code.GUARANTEED.value,
        pool=Code.GUARANTEE_POOL.value,
    )
    return Standing(**row)


def _agreement(row: Row) -> Agreement:
    return Agreement(
        **{
            **row,
            "licence_kind": LicenceKind(row["licence_kind"]),
            "fee_payer": FeePayer(row["fee_payer"]),
        }
    )
