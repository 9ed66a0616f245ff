"""The SQL of customers."""

from collections.abc import Collection, Mapping
from datetime import datetime

from lending.customers.model import (
    BankCard,
    CardHolder,
    ConsentScope,
    IdentityMethod,
    Profile,
    SmsCode,
)
from lending.foundation import ids
from lending.foundation.crypto import FieldKeys
from lending.foundation.database import Tx
from lending.foundation.ports import AccountKind


def name_cell(customer_id: str) -> str:
    return f"customer.name:{customer_id}"


def identity_no_cell(customer_id: str) -> str:
    return f"customer.identity_no:{customer_id}"


def mobile_cell(customer_id: str) -> str:
    return f"customer.mobile:{customer_id}"


def card_cell(card_id: str) -> str:
    return f"bank_card.number:{card_id}"


def by_identity_no(tx: Tx, keys: FieldKeys, identity_no: str) -> str | None:
    value = tx.scalar(
        "SELECT id FROM customer WHERE identity_no_index = :index",
        index=keys.index(identity_no, of="identity_no"),
    )
    return str(value) if value else None


def by_mobile(tx: Tx, keys: FieldKeys, mobile: str) -> list[str]:
    rows = tx.all(
        "SELECT id FROM customer WHERE mobile_index = :index ORDER BY created_at",
        index=keys.index(mobile, of="mobile"),
    )
    return [row["id"] for row in rows]


def insert(tx: Tx, keys: FieldKeys, person: Profile) -> bool:
    """Whether the row is new: another with the same identity number stays as it is."""
    return bool(
        tx.touched(
            "INSERT INTO customer (id, name_sealed, identity_no_sealed, identity_no_index,"
            " mobile_sealed, mobile_index, birth_date, created_at) VALUES (:id, :name,"
            " :identity_no, :identity_index, :mobile, :mobile_index, :born, :now)"
            " ON CONFLICT (identity_no_index) DO NOTHING",
            id=person.customer_id,
            name=keys.seal(person.name, at=name_cell(person.customer_id)),
            identity_no=keys.seal(person.identity_no, at=identity_no_cell(person.customer_id)),
            identity_index=keys.index(person.identity_no, of="identity_no"),
            mobile=keys.seal(person.mobile, at=mobile_cell(person.customer_id)),
            mobile_index=keys.index(person.mobile, of="mobile"),
            born=person.birth_date,
            now=tx.now,
        )
    )


def set_name_and_mobile(
    tx: Tx, keys: FieldKeys, customer_id: str, *, name: str, mobile: str
) -> None:
    tx.run(
        "UPDATE customer SET name_sealed = :name, mobile_sealed = :mobile,"
        " mobile_index = :mobile_index WHERE id = :id",
        id=customer_id,
        name=keys.seal(name, at=name_cell(customer_id)),
        mobile=keys.seal(mobile, at=mobile_cell(customer_id)),
        mobile_index=keys.index(mobile, of="mobile"),
    )


def profile(tx: Tx, keys: FieldKeys, customer_id: str) -> Profile | None:
    row = tx.maybe(
        "SELECT name_sealed, identity_no_sealed, mobile_sealed, birth_date"
        " FROM customer WHERE id = :id",
        id=customer_id,
    )
    if row is None:
        return None
    return Profile(
        customer_id=customer_id,
        name=keys.open(bytes(row["name_sealed"]), at=name_cell(customer_id)),
        identity_no=keys.open(bytes(row["identity_no_sealed"]), at=identity_no_cell(customer_id)),
        mobile=keys.open(bytes(row["mobile_sealed"]), at=mobile_cell(customer_id)),
        birth_date=row["birth_date"],
    )


def insert_check(
    tx: Tx, customer_id: str, method: IdentityMethod, *, passed: bool, reference: str
) -> None:
    tx.run(
        "INSERT INTO identity_check (id, customer_id, method, passed, reference, checked_at)"
        " VALUES (:id, :customer_id, :method, :passed, :reference, :now)",
        id=ids.new("idc"),
        customer_id=customer_id,
        method=method.value,
        passed=passed,
        reference=reference,
        now=tx.now,
    )


def methods_passed(tx: Tx, customer_id: str) -> set[IdentityMethod]:
    rows = tx.all(
        "SELECT DISTINCT method FROM identity_check WHERE customer_id = :id AND passed",
        id=customer_id,
    )
    return {IdentityMethod(row["method"]) for row in rows}


def insert_consent(
    tx: Tx,
    customer_id: str,
    scope: ConsentScope,
    *,
    text_version: str,
    text_sha256: str,
    channel: str,
    subject: str,
) -> str:
    consent_id = ids.new("cst")
    tx.run(
        "INSERT INTO consent (id, customer_id, scope, text_version, text_sha256, channel, subject,"
        " given_at) VALUES (:id, :customer_id, :scope, :text_version, :text_sha256, :channel,"
        " :subject, :now)",
        id=consent_id,
        customer_id=customer_id,
        scope=scope.value,
        text_version=text_version,
        text_sha256=text_sha256,
        channel=channel,
        subject=subject,
        now=tx.now,
    )
    return consent_id


def live_consent(tx: Tx, customer_id: str, scope: ConsentScope, subject: str) -> str | None:
    value = tx.scalar(
        "SELECT id FROM consent WHERE customer_id = :customer_id AND scope = :scope"
        " AND subject = :subject AND withdrawn_at IS NULL ORDER BY given_at DESC LIMIT 1",
        customer_id=customer_id,
        scope=scope.value,
        subject=subject,
    )
    return str(value) if value else None


def withdraw_consent(tx: Tx, customer_id: str, scope: ConsentScope, subject: str) -> int:
    return tx.touched(
        "UPDATE consent SET withdrawn_at = :now WHERE customer_id = :customer_id"
        " AND scope = :scope AND subject = :subject AND withdrawn_at IS NULL",
        customer_id=customer_id,
        scope=scope.value,
        subject=subject,
        now=tx.now,
    )


def upsert_card(
    tx: Tx,
    keys: FieldKeys,
    customer_id: str,
    *,
    number: str,
    bank_name: str,
    kind: AccountKind = AccountKind.BANK,
) -> str:
    card_id = ids.new("crd")
    row = tx.one(
        "INSERT INTO bank_card (id, customer_id, bank_name, number_sealed, number_index, last4,"
        " kind, state, created_at) VALUES (:id, :customer_id, :bank_name, :sealed, :index, :last4,"
        " :kind, 'verified', :now) ON CONFLICT (customer_id, number_index)"
        " DO UPDATE SET state = 'verified' RETURNING id",
        id=card_id,
        customer_id=customer_id,
        bank_name=bank_name,
        sealed=keys.seal(number, at=card_cell(card_id)),
        index=keys.index(number, of="wallet" if kind is AccountKind.WALLET else "bank_card"),
        last4=number[-4:],
        kind=kind.value,
        now=tx.now,
    )
    return str(row["id"])


def cards(tx: Tx, customer_id: str) -> list[BankCard]:
    rows = tx.all(
        "SELECT id, customer_id, bank_name, last4 FROM bank_card WHERE customer_id = :id"
        " AND state = 'verified' AND kind = 'bank' ORDER BY created_at DESC",
        id=customer_id,
    )
    return [BankCard(**row) for row in rows]


def card(tx: Tx, card_id: str) -> tuple[BankCard, bytes] | None:
    row = tx.maybe(
        "SELECT id, customer_id, bank_name, last4, kind, number_sealed FROM bank_card"
        " WHERE id = :id",
        id=card_id,
    )
    if row is None:
        return None
    values = dict(row)
    sealed = bytes(values.pop("number_sealed"))
    values["kind"] = AccountKind(values["kind"])
    return BankCard(**values), sealed


def card_holders(tx: Tx, keys: FieldKeys, card_ids: Collection[str]) -> dict[str, CardHolder]:
    rows = tx.all(
        "SELECT b.id, b.customer_id, b.number_sealed, c.name_sealed FROM bank_card b"
        " JOIN customer c ON c.id = b.customer_id WHERE b.id = ANY (:ids)",
        ids=list(card_ids),
    )
    return {
        row["id"]: CardHolder(
            number=keys.open(bytes(row["number_sealed"]), at=card_cell(row["id"])),
            name=keys.open(bytes(row["name_sealed"]), at=name_cell(row["customer_id"])),
        )
        for row in rows
    }


def codes_sent(tx: Tx, mobile_index: bytes, since: datetime) -> list[tuple[datetime, str, bool]]:
    """When codes were sent to a mobile, for what, and whether they were used; the newest first."""
    rows = tx.all(
        "SELECT created_at, purpose, used_at FROM sms_code WHERE mobile_index = :index"
        " AND created_at > :since ORDER BY created_at DESC",
        index=mobile_index,
        since=since,
    )
    return [(row["created_at"], row["purpose"], row["used_at"] is not None) for row in rows]


def lock_mobile(tx: Tx, mobile_index: bytes) -> None:
    """Makes others who send to the same mobile wait, so that the limit holds."""
    tx.scalar(
        "SELECT pg_advisory_xact_lock(:key)",
        key=int.from_bytes(mobile_index[:8], "big", signed=True),
    )


def insert_code(
    tx: Tx,
    *,
    mobile_index: bytes,
    purpose: str,
    subject: str,
    code_hmac: bytes,
    expires_at: datetime,
) -> None:
    tx.run(
        "INSERT INTO sms_code (id, mobile_index, purpose, subject, code_hmac, expires_at,"
        " created_at) VALUES (:id, :index, :purpose, :subject, :code_hmac, :expires_at, :now)",
        id=ids.new("otp"),
        index=mobile_index,
        purpose=purpose,
        subject=subject,
        code_hmac=code_hmac,
        expires_at=expires_at,
        now=tx.now,
    )


def newest_code(tx: Tx, mobile_index: bytes, purpose: str, subject: str) -> SmsCode | None:
    row = tx.maybe(
        "SELECT id, code_hmac, attempts, expires_at FROM sms_code WHERE mobile_index = :index"
        " AND purpose = :purpose AND subject = :subject AND used_at IS NULL"
        " ORDER BY created_at DESC LIMIT 1 FOR UPDATE",
        index=mobile_index,
        purpose=purpose,
        subject=subject,
    )
    if row is None:
        return None
    return SmsCode(row["id"], bytes(row["code_hmac"]), row["attempts"], row["expires_at"])


def count_attempt(tx: Tx, code_id: str) -> None:
    tx.run("UPDATE sms_code SET attempts = attempts + 1 WHERE id = :id", id=code_id)


def use_code(tx: Tx, code_id: str) -> None:
    tx.run("UPDATE sms_code SET used_at = :now WHERE id = :id", id=code_id, now=tx.now)


def blacklisted(tx: Tx, kind: str, value_index: bytes) -> str | None:
    value = tx.scalar(
        "SELECT reason FROM blacklist_entry WHERE kind = :kind AND value_index = :index",
        kind=kind,
        index=value_index,
    )
    return str(value) if value is not None else None


def blacklisted_kinds(tx: Tx, indices: Mapping[str, bytes]) -> set[str]:
    kinds = list(indices)
    rows = tx.all(
        "SELECT kind FROM unnest(CAST(:kinds AS text[]), CAST(:indices AS bytea[]))"
        " AS w (kind, value_index) JOIN blacklist_entry USING (kind, value_index)",
        kinds=kinds,
        indices=[indices[kind] for kind in kinds],
    )
    return {row["kind"] for row in rows}


def blacklist_cell(kind: str, value_index: bytes) -> str:
    return f"blacklist_entry.value:{kind}:{value_index.hex()}"


def insert_blacklisted(
    tx: Tx, keys: FieldKeys, kind: str, value: str, *, reason: str, source: str
) -> None:
    index = keys.index(value, of=kind)
    tx.run(
        "INSERT INTO blacklist_entry (kind, value_index, value_sealed, reason, source, added_at)"
        " VALUES (:kind, :index, :sealed, :reason, :source, :now)"
        " ON CONFLICT (kind, value_index) DO UPDATE SET reason = :reason, source = :source",
        kind=kind,
        index=index,
        sealed=keys.seal(value, at=blacklist_cell(kind, index)),
        reason=reason,
        source=source,
        now=tx.now,
    )


def delete_blacklisted(tx: Tx, source: str) -> None:
    tx.run("DELETE FROM blacklist_entry WHERE source = :source", source=source)
