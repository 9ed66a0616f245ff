"""The SQL of leads."""

from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256

from lending.foundation.crypto import FieldKeys
from lending.foundation.database import Row, Tx, json
from lending.foundation.places import Place, behind
from scenarios.assisted_lending.model import Applicant, Consent, Lead, Scope

LEAD = "SELECT * FROM lead_now WHERE id = :id"
LEAD_OF_PARTNER = "SELECT * FROM lead_now WHERE id = :id AND partner_id = :partner_id"
LEADS = """
    SELECT * FROM lead_now WHERE partner_id = :partner_id
    AND (CAST(:lead_no AS text) IS NULL OR lead_no = :lead_no)
    AND (CAST(:state AS text) IS NULL OR state = :state)
    AND (CAST(:at AS timestamptz) IS NULL OR (created_at, id) < (:at, :id))
    ORDER BY created_at DESC, id DESC LIMIT :limit"""

FOUND = """
    SELECT * FROM lead_now WHERE (CAST(:number AS text) IS NULL
        OR :number IN (id, lead_no, application_id, loan_id))
    AND (CAST(:partner_id AS text) IS NULL OR partner_id = :partner_id)
    AND (CAST(:state AS text) IS NULL OR state = :state)
    AND (CAST(:index AS bytea) IS NULL OR id IN
        (SELECT id FROM lead
            WHERE mobile_index = :index OR identity_no_index = :index OR name_index = :index))
    ORDER BY created_at DESC, id DESC LIMIT 200"""


def token_cell(lead_id: str) -> str:
    return f"lead.page_token:{lead_id}"


def cell(lead_id: str, part: str) -> str:
    """Where `name`, `identity_no` or `mobile` of a lead is sealed."""
    return f"lead.{part}:{lead_id}"


def _lead(row: Row) -> Lead:
    sealed = {
        name: bytes(value) if value is not None else None
        for name, value in row.items()
        if name.endswith("_sealed")
    }
    return Lead(**{**row, **sealed})


def insert(tx: Tx, keys: FieldKeys, new: Lead, person: Applicant, token: str) -> bool:
    """Whether the lead is new: a number that the platform has used before is not taken again."""
    return bool(
        tx.touched(
            "INSERT INTO lead (id, partner_id, lead_no, schema_version, amount_fen, purpose,"
            " name_sealed, identity_no_sealed, mobile_sealed, name_index, identity_no_index,"
            " mobile_index,"
            " return_url, metadata, application_id, page_token_sha256, page_token_sealed,"
            " handover_expires_at, created_at, changed_at, expires_at) VALUES (:id, :partner_id,"
            " :lead_no, :schema, :amount, :purpose, :name, :identity_no, :mobile, :name_index,"
            " :identity_index, :mobile_index, :return_url, :metadata, :application_id,"
            " :token_sha256, :token_sealed, :handover_expires_at, :now, :now, :expires_at)"
            " ON CONFLICT (partner_id, lead_no) DO NOTHING",
            id=new.id,
            partner_id=new.partner_id,
            lead_no=new.lead_no,
            schema=new.schema_version,
            amount=new.amount_fen,
            purpose=new.purpose,
            name=keys.seal(person.name, at=cell(new.id, "name")),
            identity_no=keys.seal(person.identity_no, at=cell(new.id, "identity_no")),
            mobile=keys.seal(person.mobile, at=cell(new.id, "mobile")),
            name_index=keys.index(person.name, of="name"),
            identity_index=keys.index(person.identity_no, of="identity_no"),
            mobile_index=keys.index(person.mobile, of="mobile"),
            return_url=new.return_url,
            metadata=json(new.metadata),
            application_id=new.application_id,
            token_sha256=sha256(token.encode()).digest(),
            token_sealed=new.page_token_sealed,
            handover_expires_at=new.handover_expires_at,
            now=tx.now,
            expires_at=new.expires_at,
        )
    )


def insert_consents(tx: Tx, lead_id: str, consents: Sequence[Consent]) -> None:
    tx.run_many(
        "INSERT INTO lead_consent (lead_id, scope, text_version, text_sha256, channel, given_at)"
        " VALUES (:lead_id, :scope, :text_version, :text_sha256, :channel, :given_at)",
        [
            {
                "lead_id": lead_id,
                "scope": each.scope.value,
                "text_version": each.text_version,
                "text_sha256": each.text_sha256,
                "channel": each.channel,
                "given_at": each.given_at,
            }
            for each in consents
        ],
    )


def consented(tx: Tx, lead_id: str, scope: str) -> bool:
    """Whether there is evidence of a consent for the scope."""
    return bool(
        tx.scalar(
            "SELECT EXISTS (SELECT FROM lead_consent WHERE lead_id = :id AND scope = :scope)",
            id=lead_id,
            scope=scope,
        )
    )


def consents(tx: Tx, lead_id: str) -> tuple[Consent, ...]:
    rows = tx.all(
        "SELECT scope, text_version, text_sha256, channel, given_at FROM lead_consent"
        " WHERE lead_id = :id ORDER BY given_at, scope",
        id=lead_id,
    )
    return tuple(Consent(**{**row, "scope": Scope(row["scope"])}) for row in rows)


def told(tx: Tx, of: Lead) -> tuple[tuple[str, datetime], ...]:
    """The types of the events about a lead, each with when it was told."""
    rows = tx.all(
        "SELECT type, created_at FROM event WHERE partner_id = :partner_id AND subject = :id"
        " ORDER BY seq",
        partner_id=of.partner_id,
        id=of.id,
    )
    return tuple((row["type"], row["created_at"]) for row in rows)


def found(
    tx: Tx,
    *,
    number: str | None,
    partner_id: str | None,
    state: str | None,
    index: bytes | None,
) -> list[Lead]:
    """The newest leads of all platforms; each that is None leaves all in."""
    rows = tx.all(FOUND, number=number, partner_id=partner_id, state=state, index=index)
    return [_lead(row) for row in rows]


def lead(tx: Tx, partner_id: str, lead_id: str) -> Lead | None:
    row = tx.maybe(LEAD_OF_PARTNER, id=lead_id, partner_id=partner_id)
    return _lead(row) if row else None


def lead_by_id(tx: Tx, lead_id: str, *, lock: bool = False) -> Lead | None:
    if lock:
        tx.scalar("SELECT id FROM lead WHERE id = :id FOR UPDATE", id=lead_id)
    row = tx.maybe(LEAD, id=lead_id)
    return _lead(row) if row else None


def lead_by_token(tx: Tx, token: str) -> Lead | None:
    lead_id = tx.scalar(
        "SELECT id FROM lead WHERE page_token_sha256 = :digest",
        digest=sha256(token.encode()).digest(),
    )
    return lead_by_id(tx, lead_id) if lead_id else None


def leads(
    tx: Tx,
    partner_id: str,
    *,
    lead_no: str | None,
    state: str | None,
    before: Place | None,
    limit: int,
) -> list[Lead]:
    """The newest first, from behind the lead `before`."""
    rows = tx.all(
        LEADS,
        partner_id=partner_id,
        lead_no=lead_no,
        state=state,
        limit=limit,
        **behind(before),
    )
    return [_lead(row) for row in rows]


def renew_handover(tx: Tx, lead_id: str, expires_at: datetime) -> None:
    tx.run(
        "UPDATE lead SET handover_no = handover_no + 1, handover_used_at = NULL,"
        " handover_expires_at = :expires_at, changed_at = :now WHERE id = :id",
        id=lead_id,
        expires_at=expires_at,
        now=tx.now,
    )


def use_handover(tx: Tx, lead_id: str) -> None:
    tx.run(
        "UPDATE lead SET handover_used_at = :now, changed_at = :now WHERE id = :id",
        id=lead_id,
        now=tx.now,
    )


def set_suitability(tx: Tx, lead_id: str, answers: dict[str, object]) -> None:
    tx.run(
        "UPDATE lead SET suitability = :answers, changed_at = :now WHERE id = :id",
        id=lead_id,
        answers=json(answers),
        now=tx.now,
    )


def set_card(tx: Tx, keys: FieldKeys, lead_id: str, card_no: str | None) -> None:
    """Keeps a card number until it is confirmed; None takes it away."""
    sealed = keys.seal(card_no, at=cell(lead_id, "card_no")) if card_no else None
    tx.run("UPDATE lead SET card_no_sealed = :sealed WHERE id = :id", id=lead_id, sealed=sealed)


def card_no(tx: Tx, keys: FieldKeys, lead_id: str) -> str | None:
    sealed = tx.scalar("SELECT card_no_sealed FROM lead WHERE id = :id", id=lead_id)
    return keys.open(bytes(sealed), at=cell(lead_id, "card_no")) if sealed else None


def forget(tx: Tx, lead_id: str) -> None:
    """Nothing personal is kept of whoever never applied."""
    tx.run(
        "UPDATE lead SET name_sealed = NULL, identity_no_sealed = NULL, mobile_sealed = NULL,"
        " card_no_sealed = NULL, name_index = ''"
        " WHERE id = :id",
        id=lead_id,
    )
    tx.run("DELETE FROM lead_attachment WHERE lead_id = :id", id=lead_id)
    tx.run(
        "UPDATE application SET partner_signals = '{}' FROM lead"
        " WHERE lead.id = :id AND application.id = lead.application_id",
        id=lead_id,
    )


def platforms_of(tx: Tx, identity_no_index: bytes, since: datetime) -> int:
    """How many platforms have sent a person since then (multi-platform check)."""
    return int(
        tx.scalar(
            "SELECT count(DISTINCT partner_id) FROM lead"
            " WHERE identity_no_index = :index AND created_at > :since",
            index=identity_no_index,
            since=since,
        )
    )
