"""The SQL of funders and of what was agreed with them."""

from collections.abc import Sequence
from datetime import date

from lending.foundation import ids
from lending.foundation.database import Row, Tx, json
from lending.funding.model import (
    Funder,
    FunderAgreement,
    FunderState,
    LicenceKind,
    NewFunder,
)

FUNDER = """
    SELECT f.partner_id AS id, p.name, f.licence_kind, f.licence_no, f.licence_regions,
           f.licence_from, f.licence_to, f.clearing_account_id, f.encryption_jwk, f.group_code,
           f.state, f.stopped_because,
           p.listed_from <= :on AND (p.listed_to IS NULL OR p.listed_to >= :on) AS is_listed
    FROM funder f JOIN partner p ON p.id = f.partner_id"""
AGREEMENT = """
    SELECT id, partner_id AS funder_id, product_code, share_min_bp, share_max_bp, price_rate,
           service_fee_rate, income_rate, decide_minutes, fund_minutes, cut_off, quota_day_fen,
           quota_total_fen, amount_min_fen, amount_max_fen, periods_max, age_min, age_max,
           score_min, is_prefunded, valid_from, valid_to
    FROM funder_agreement"""


def _funder(row: Row) -> Funder:
    return Funder(
        **{
            **row,
            "licence_kind": LicenceKind(row["licence_kind"]),
            "licence_regions": tuple(row["licence_regions"]),
            "state": FunderState(row["state"]),
            "is_listed": bool(row["is_listed"]),
        }
    )


def insert(tx: Tx, new: NewFunder) -> None:
    """A funder, or a new licence, account and key of one that is there."""
    tx.run(
        "INSERT INTO funder (partner_id, licence_kind, licence_no, licence_regions, licence_from,"
        " licence_to, clearing_account_id, encryption_jwk, group_code, state, created_at)"
        " VALUES (:id, :kind, :no, :regions, :from, :to, :account, :jwk, :group, 'active', :now)"
        " ON CONFLICT (partner_id) DO UPDATE SET licence_kind = :kind, licence_no = :no,"
        " licence_regions = :regions, licence_from = :from, licence_to = :to,"
        " clearing_account_id = :account, encryption_jwk = :jwk, group_code = :group",
        id=new.partner_id,
        kind=new.licence_kind.value,
        no=new.licence_no,
        regions=list(new.licence_regions),
        **{"from": new.licence_from, "to": new.licence_to},
        account=new.clearing_account_id,
        jwk=json(new.encryption_jwk),
        group=new.group_code,
        now=tx.now,
    )


def funder(tx: Tx, funder_id: str, on: date) -> Funder | None:
    row = tx.maybe(f"{FUNDER} WHERE f.partner_id = :id", id=funder_id, on=on)
    return _funder(row) if row else None


def funders(tx: Tx, on: date) -> list[Funder]:
    """All funders, by name."""
    return [_funder(row) for row in tx.all(f"{FUNDER} ORDER BY p.name, p.id", on=on)]


def group_codes(tx: Tx) -> dict[str, str]:
    """The group of each funder that has one."""
    rows = tx.all("SELECT partner_id, group_code FROM funder WHERE group_code <> ''")
    return {row["partner_id"]: row["group_code"] for row in rows}


def set_state(tx: Tx, funder_id: str, state: FunderState, because: str) -> None:
    tx.run(
        "UPDATE funder SET state = :state, stopped_because = :because WHERE partner_id = :id",
        id=funder_id,
        state=state.value,
        because=because,
    )


def insert_agreement(tx: Tx, new: FunderAgreement) -> str | None:
    """Its id; None where one from this date or a later one is there, so that two never overlap."""
    tx.scalar("SELECT partner_id FROM funder WHERE partner_id = :id FOR UPDATE", id=new.funder_id)
    if tx.scalar(
        "SELECT EXISTS (SELECT FROM funder_agreement WHERE partner_id = :funder_id"
        " AND product_code = :product_code AND valid_from >= :valid_from)",
        funder_id=new.funder_id,
        product_code=new.product_code,
        valid_from=new.valid_from,
    ):
        return None
    agreement_id = ids.new("fag")
    tx.run(
        "UPDATE funder_agreement SET valid_to = CAST(:valid_from AS date) - 1"
        " WHERE partner_id = :funder_id AND product_code = :product_code"
        " AND (valid_to IS NULL OR valid_to >= :valid_from)",
        funder_id=new.funder_id,
        product_code=new.product_code,
        valid_from=new.valid_from,
    )
    tx.run(
        "INSERT INTO funder_agreement (id, partner_id, product_code, share_min_bp, share_max_bp,"
        " price_rate, service_fee_rate, income_rate, decide_minutes, fund_minutes, cut_off,"
        " quota_day_fen, quota_total_fen, amount_min_fen, amount_max_fen, periods_max, age_min,"
        " age_max, score_min, is_prefunded, valid_from, valid_to) VALUES"
        " (:id, :funder_id, :product_code, :share_min_bp, :share_max_bp,"
        " :price_rate, :service_fee_rate, :income_rate, :decide_minutes, :fund_minutes, :cut_off,"
        " :quota_day_fen, :quota_total_fen, :amount_min_fen, :amount_max_fen, :periods_max,"
        " :age_min, :age_max, :score_min, :is_prefunded, :valid_from, :valid_to)",
        **{name: getattr(new, name) for name in new.__slots__ if name != "id"},
        id=agreement_id,
    )
    return agreement_id


def agreement(tx: Tx, agreement_id: str) -> FunderAgreement:
    return FunderAgreement(**tx.one(f"{AGREEMENT} WHERE id = :id", id=agreement_id))


def agreements(
    tx: Tx, on: date, *, product_code: str | None = None, funder_id: str | None = None
) -> Sequence[FunderAgreement]:
    """Those in force on a day."""
    rows = tx.all(
        f"{AGREEMENT} WHERE valid_from <= :on AND (valid_to IS NULL OR valid_to >= :on)"
        " AND (CAST(:code AS text) IS NULL OR product_code = :code)"
        " AND (CAST(:funder AS text) IS NULL OR partner_id = :funder)"
        " ORDER BY partner_id, product_code, valid_from",
        on=on,
        code=product_code,
        funder=funder_id,
    )
    return [FunderAgreement(**row) for row in rows]
