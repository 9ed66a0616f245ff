"""The SQL of what backs a line."""

from typing import Any

from lending.credit_lines.model import Security, SecurityKind, SecurityState
from lending.foundation.database import Row, Tx, json

SECURITY = """
    SELECT id, line_id, kind, state, description, valued_fen, registration_no, guarantor_id,
           token_sealed, because, created_at
    FROM line_security WHERE id = :id"""
SECURITY_LOCKED = """
    SELECT id, line_id, kind, state, description, valued_fen, registration_no, guarantor_id,
           token_sealed, because, created_at
    FROM line_security WHERE id = :id FOR UPDATE"""
OF_LINK = """
    SELECT id, line_id, kind, state, description, valued_fen, registration_no, guarantor_id,
           token_sealed, because, created_at
    FROM line_security WHERE token_sha256 = :digest"""
OF_LINE = """
    SELECT id, line_id, kind, state, description, valued_fen, registration_no, guarantor_id,
           token_sealed, because, created_at
    FROM line_security WHERE line_id = :line_id ORDER BY created_at, id"""


def _security(row: Row) -> Security:
    sealed = row["token_sealed"]
    return Security(
        **{
            **row,
            "kind": SecurityKind(row["kind"]),
            "state": SecurityState(row["state"]),
            "token_sealed": bytes(sealed) if sealed else None,
        }
    )


def insert(
    tx: Tx,
    security_id: str,
    *,
    line_id: str,
    kind: str,
    description: str,
    token_sha256: bytes | None,
    token_sealed: bytes | None,
) -> None:
    tx.run(
        "INSERT INTO line_security (id, line_id, kind, state, description, token_sha256,"
        " token_sealed, created_at, changed_at) VALUES (:id, :line_id, :kind, 'offered',"
        " :description, :digest, :sealed, :now, :now)",
        id=security_id,
        line_id=line_id,
        kind=kind,
        description=description,
        digest=token_sha256,
        sealed=token_sealed,
        now=tx.now,
    )


def security(tx: Tx, security_id: str, *, lock: bool = False) -> Security | None:
    row = tx.maybe(SECURITY_LOCKED if lock else SECURITY, id=security_id)
    return _security(row) if row else None


def by_token(tx: Tx, token_sha256: bytes) -> Security | None:
    row = tx.maybe(OF_LINK, digest=token_sha256)
    return _security(row) if row else None


def of_line(tx: Tx, line_id: str) -> list[Security]:
    return [_security(row) for row in tx.all(OF_LINE, line_id=line_id)]


def set_signed(tx: Tx, security_id: str, *, guarantor_id: str, evidence: dict[str, Any]) -> None:
    tx.run(
        "UPDATE line_security SET state = 'signed', guarantor_id = :guarantor_id,"
        " evidence = :evidence, changed_at = :now WHERE id = :id",
        id=security_id,
        guarantor_id=guarantor_id,
        evidence=json(evidence),
        now=tx.now,
    )


def set_registered(tx: Tx, security_id: str, valued_fen: int, registration_no: str) -> None:
    tx.run(
        "UPDATE line_security SET state = 'registered', valued_fen = :fen,"
        " registration_no = :no, changed_at = :now WHERE id = :id",
        id=security_id,
        fen=valued_fen,
        no=registration_no,
        now=tx.now,
    )


def set_ended(tx: Tx, security_id: str, state: str, because: str) -> None:
    """Writes that it is rejected or released, and why."""
    tx.run(
        "UPDATE line_security SET state = :state, because = :because, changed_at = :now"
        " WHERE id = :id",
        id=security_id,
        state=state,
        because=because,
        now=tx.now,
    )
