"""The SQL of partners."""

from datetime import date, datetime

from lending.channels.model import (
    Agreement,
    KeyState,
    Listing,
    NewAccount,
    NewKey,
    NewListing,
    NewPartner,
    Partner,
    PartnerKey,
    PartnerKind,
    SettlementAccount,
)
from lending.foundation import ids
from lending.foundation.crypto import FieldKeys
from lending.foundation.database import Row, Tx, json

PARTNERS = """
    SELECT id, app_id, environment, kind, name, listed_from, listed_to, functions
    FROM partner ORDER BY name, id"""
PARTNER_BY_ID = """
    SELECT id, app_id, environment, kind, name, listed_from, listed_to, functions
    FROM partner WHERE id = :id"""
PARTNER_BY_APP_ID = """
    SELECT id, app_id, environment, kind, name, listed_from, listed_to, functions
    FROM partner WHERE app_id = :app_id"""
KEY_BY_ID = """
    SELECT keyid, partner_id, algorithm, public_jwk, state, description, functions, registered_at,
        registered_by, valid_from, valid_to, revoked_at
    FROM partner_key WHERE keyid = :keyid"""
KEYS_OF_PARTNER = """
    SELECT keyid, partner_id, algorithm, public_jwk, state, description, functions, registered_at,
        registered_by, valid_from, valid_to, revoked_at
    FROM partner_key WHERE partner_id = :id ORDER BY registered_at, keyid"""


def _partner(row: Row) -> Partner:
    return Partner(
        id=row["id"],
        app_id=row["app_id"],
        environment=row["environment"],
        kind=PartnerKind(row["kind"]),
        name=row["name"],
        listed_from=row["listed_from"],
        listed_to=row["listed_to"],
        functions=tuple(row["functions"]),
    )


def partner(tx: Tx, partner_id: str) -> Partner | None:
    row = tx.maybe(PARTNER_BY_ID, id=partner_id)
    return _partner(row) if row else None


def partner_by_app_id(tx: Tx, app_id: str) -> Partner | None:
    row = tx.maybe(PARTNER_BY_APP_ID, app_id=app_id)
    return _partner(row) if row else None


def partners(tx: Tx) -> list[Partner]:
    return [_partner(row) for row in tx.all(PARTNERS)]


def insert_partner(tx: Tx, new: NewPartner, listed_from: date) -> str:
    partner_id = ids.new("ptn")
    tx.run(
        "INSERT INTO partner (id, app_id, environment, kind, name, listed_from, functions,"
        " created_at) VALUES (:id, :app_id, :environment, :kind, :name, :listed_from, :functions,"
        " :now)",
        id=partner_id,
        app_id=new.app_id,
        environment=new.environment,
        kind=new.kind.value,
        name=new.name,
        listed_from=listed_from,
        functions=list(new.functions),
        now=tx.now,
    )
    return partner_id


def set_listing(tx: Tx, partner_id: str, listed_to: date | None) -> None:
    tx.run(
        "UPDATE partner SET listed_to = :listed_to WHERE id = :id",
        id=partner_id,
        listed_to=listed_to,
    )


def key(tx: Tx, keyid: str) -> PartnerKey | None:
    row = tx.maybe(KEY_BY_ID, keyid=keyid)
    return _key(row) if row else None


def keys(tx: Tx, partner_id: str) -> list[PartnerKey]:
    rows = tx.all(KEYS_OF_PARTNER, id=partner_id)
    return [_key(row) for row in rows]


def _key(row: Row) -> PartnerKey:
    return PartnerKey(
        keyid=row["keyid"],
        partner_id=row["partner_id"],
        algorithm=row["algorithm"],
        public_jwk=row["public_jwk"],
        state=KeyState(row["state"]),
        description=row["description"],
        functions=None if row["functions"] is None else tuple(row["functions"]),
        registered_at=row["registered_at"],
        registered_by=row["registered_by"],
        valid_from=row["valid_from"],
        valid_to=row["valid_to"],
        revoked_at=row["revoked_at"],
    )


def lock_keys(tx: Tx, partner_id: str) -> None:
    """Whoever changes a partner's keys waits here for others who do."""
    tx.one("SELECT 1 FROM partner WHERE id = :id FOR NO KEY UPDATE", id=partner_id)


def insert_key(tx: Tx, new: NewKey, registered_by: str) -> bool:
    """Whether the key was new."""
    return bool(
        tx.touched(
            "INSERT INTO partner_key (keyid, partner_id, algorithm, public_jwk, state, description,"
            " functions, registered_at, registered_by) VALUES (:keyid, :partner_id, :algorithm,"
            " :jwk, 'pending', :description, :functions, :now, :registered_by)"
            " ON CONFLICT (keyid) DO NOTHING",
            keyid=new.keyid,
            partner_id=new.partner_id,
            algorithm=new.algorithm,
            jwk=json(new.public_jwk),
            description=new.description,
            functions=None if new.functions is None else list(new.functions),
            now=tx.machine_now,
            registered_by=registered_by,
        )
    )


def activate_key(tx: Tx, keyid: str) -> None:
    tx.run(
        "UPDATE partner_key SET state = 'active', valid_from = :now WHERE keyid = :keyid",
        keyid=keyid,
        now=tx.machine_now,
    )


def retire_key(tx: Tx, keyid: str, valid_to: datetime) -> None:
    tx.run(
        "UPDATE partner_key SET state = 'retiring', valid_to = :valid_to WHERE keyid = :keyid",
        keyid=keyid,
        valid_to=valid_to,
    )


def revoke_key(tx: Tx, keyid: str) -> None:
    tx.run(
        "UPDATE partner_key SET state = 'revoked', revoked_at = :now,"
        " valid_to = least(valid_to, :now) WHERE keyid = :keyid",
        keyid=keyid,
        now=tx.machine_now,
    )


def agreements(tx: Tx, partner_id: str, on: date) -> list[Agreement]:
    rows = tx.all(
        "SELECT partner_id, product_code, merchant_fee_rate, valid_from, valid_to, settlement_days"
        " FROM partner_agreement WHERE partner_id = :id AND valid_from <= :on"
        " AND (valid_to IS NULL OR valid_to >= :on) ORDER BY valid_from, product_code",
        id=partner_id,
        on=on,
    )
    return [Agreement(**row) for row in rows]


def insert_agreement(tx: Tx, agreement: Agreement) -> None:
    tx.run(
        "INSERT INTO partner_agreement (id, partner_id, product_code, merchant_fee_rate,"
        " valid_from, valid_to, settlement_days) VALUES (:id, :partner_id, :product_code, :rate,"
        " :valid_from, :valid_to, :settlement_days)",
        id=ids.new("agr"),
        partner_id=agreement.partner_id,
        product_code=agreement.product_code,
        rate=agreement.merchant_fee_rate,
        valid_from=agreement.valid_from,
        valid_to=agreement.valid_to,
        settlement_days=agreement.settlement_days,
    )


def accounts(tx: Tx, partner_id: str) -> list[SettlementAccount]:
    rows = tx.all(
        "SELECT id, partner_id, holder, bank_name, last4, priority FROM settlement_account"
        " WHERE partner_id = :id AND state = 'verified' ORDER BY priority",
        id=partner_id,
    )
    return [SettlementAccount(**row) for row in rows]


def account(tx: Tx, account_id: str) -> tuple[SettlementAccount, bytes] | None:
    row = tx.maybe(
        "SELECT id, partner_id, holder, bank_name, last4, priority, number_sealed"
        " FROM settlement_account WHERE id = :id",
        id=account_id,
    )
    if row is None:
        return None
    values = dict(row)
    sealed = bytes(values.pop("number_sealed"))
    return SettlementAccount(**values), sealed


def insert_account(tx: Tx, keys: FieldKeys, partner_id: str, new: NewAccount) -> str:
    account_id = ids.new("acc")
    tx.run(
        "INSERT INTO settlement_account (id, partner_id, holder, bank_name, number_sealed, last4,"
        " priority, state, created_at) VALUES (:id, :partner_id, :holder, :bank_name, :sealed,"
        " :last4, :priority, 'verified', :now)",
        id=account_id,
        partner_id=partner_id,
        holder=new.holder,
        bank_name=new.bank_name,
        sealed=keys.seal(new.number, at=number_cell(account_id)),
        last4=new.number[-4:],
        priority=new.priority,
        now=tx.now,
    )
    return account_id


def number_cell(account_id: str) -> str:
    return f"settlement_account.number:{account_id}"


LISTING = """
    SELECT l.partner_id, p.kind, p.name, l.legal_name, l.credit_code, l.service, l.contract_no,
        l.contract_from, l.contract_to, l.stopped_because, l.stopped_at, l.published_at, p.listed_to
    FROM partner_listing l JOIN partner p ON p.id = l.partner_id WHERE l.partner_id = :id"""
LISTINGS = """
    SELECT l.partner_id, p.kind, p.name, l.legal_name, l.credit_code, l.service, l.contract_no,
        l.contract_from, l.contract_to, l.stopped_because, l.stopped_at, l.published_at, p.listed_to
    FROM partner_listing l JOIN partner p ON p.id = l.partner_id ORDER BY p.kind, p.name, p.id"""


def _listing(row: Row) -> Listing:
    return Listing(**{**row, "kind": PartnerKind(row["kind"])})


def listing(tx: Tx, partner_id: str) -> Listing | None:
    row = tx.maybe(LISTING, id=partner_id)
    return _listing(row) if row else None


def listings(tx: Tx) -> list[Listing]:
    return [_listing(row) for row in tx.all(LISTINGS)]


def upsert_listing(tx: Tx, partner_id: str, new: NewListing) -> None:
    tx.run(
        "INSERT INTO partner_listing (partner_id, legal_name, credit_code, service, contract_no,"
        " contract_from, contract_to, published_at, changed_at) VALUES (:id, :legal_name,"
        " :credit_code, :service, :contract_no, :contract_from, :contract_to, :now, :now)"
        " ON CONFLICT (partner_id) DO UPDATE SET legal_name = :legal_name,"
        " credit_code = :credit_code, service = :service, contract_no = :contract_no,"
        " contract_from = :contract_from, contract_to = :contract_to, changed_at = :now",
        id=partner_id,
        legal_name=new.legal_name,
        credit_code=new.credit_code,
        service=new.service,
        contract_no=new.contract_no,
        contract_from=new.contract_from,
        contract_to=new.contract_to,
        now=tx.now,
    )


def set_listed(tx: Tx, partner_id: str, listed_from: date, listed_to: date) -> None:
    tx.run(
        "UPDATE partner SET listed_from = :listed_from, listed_to = :listed_to WHERE id = :id",
        id=partner_id,
        listed_from=listed_from,
        listed_to=listed_to,
    )


def set_stopped(tx: Tx, partner_id: str, because: str) -> None:
    tx.run(
        "UPDATE partner_listing SET stopped_because = :because, changed_at = :now,"
        " stopped_at = CASE WHEN :because = '' THEN NULL ELSE :now END WHERE partner_id = :id",
        id=partner_id,
        because=because,
        now=tx.now,
    )
