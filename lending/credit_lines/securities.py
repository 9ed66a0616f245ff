"""What backs a line: mortgage, pledge, guarantor or insurer (STORE-4).

The customer offers it; a guarantor signs on a page of their own; we value and register it. The line
opens when what is registered is worth what was asked for. A line that is closed releases it.
"""

from hashlib import sha256
from typing import Any

from lending.credit_lines import securities_store as store
from lending.credit_lines import service
from lending.credit_lines.errors import (
    GuarantorIsBorrower,
    NoSuchSecurity,
    SecurityStillNeeded,
    SecurityWrongState,
    ValueMissing,
)
from lending.credit_lines.model import LineState, Security, SecurityKind, SecurityState
from lending.foundation import audit, ids
from lending.foundation.audit import Actor
from lending.foundation.crypto import FieldKeys
from lending.foundation.database import Tx


def offer(
    tx: Tx,
    keys: FieldKeys,
    line_id: str,
    kind: SecurityKind,
    *,
    description: str,
    actor: Actor,
) -> str:
    """A customer names what is to back a line; its id. A guarantor gets a link of their own.

    Raises NoSuchLine, SecurityWrongState for a line that is closed.
    """
    if service.get(tx, line_id).state is LineState.CLOSED:
        raise SecurityWrongState
    security_id = ids.new("sec")
    token = ids.token() if kind is SecurityKind.GUARANTOR else None
    store.insert(
        tx,
        security_id,
        line_id=line_id,
        kind=kind.value,
        description=description,
        token_sha256=sha256(token.encode()).digest() if token else None,
        token_sealed=keys.seal(token, at=token_cell(security_id)) if token else None,
    )
    audit.record(tx, actor, "security.offer", security_id, {"line": line_id, "kind": kind.value})
    return security_id


def token_of(keys: FieldKeys, security: Security) -> str | None:
    """The secret of a guarantor's link."""
    if security.token_sealed is None:
        return None
    return keys.open(security.token_sealed, at=token_cell(security.id))


def token_cell(security_id: str) -> str:
    """Where a guarantor's token is sealed."""
    return f"line_security.token:{security_id}"


def by_token(tx: Tx, token: str) -> Security:
    """What a guarantor's link is for.

    Raises NoSuchSecurity.
    """
    return _found(store.by_token(tx, sha256(token.encode()).digest()))


def sign(tx: Tx, security_id: str, *, guarantor_id: str, evidence: dict[str, Any]) -> None:
    """A guarantor, identified, signs to answer for the debt. Signing twice does it once.

    Raises NoSuchSecurity, GuarantorIsBorrower, SecurityWrongState.
    """
    found = _found(store.security(tx, security_id, lock=True))
    if service.get(tx, found.line_id).customer_id == guarantor_id:
        raise GuarantorIsBorrower
    if found.state is SecurityState.SIGNED and found.guarantor_id == guarantor_id:
        return
    if found.kind is not SecurityKind.GUARANTOR or found.state is not SecurityState.OFFERED:
        raise SecurityWrongState
    store.set_signed(tx, security_id, guarantor_id=guarantor_id, evidence=evidence)
    audit.record(tx, Actor("customer", guarantor_id), "security.sign", security_id)


def register(
    tx: Tx, security_id: str, *, valued_fen: int, registration_no: str, actor: Actor
) -> None:
    """We have valued and registered it; the line opens when that makes up what was asked for.

    Raises NoSuchSecurity, ValueMissing, SecurityWrongState for a guarantor who has not signed.
    """
    found = _found(store.security(tx, security_id, lock=True))
    if valued_fen <= 0 or not registration_no.strip():
        raise ValueMissing
    wanted = SecurityState.SIGNED if found.kind is SecurityKind.GUARANTOR else SecurityState.OFFERED
    if found.state is not wanted:
        raise SecurityWrongState
    store.set_registered(tx, security_id, valued_fen, registration_no.strip())
    audit.record(tx, actor, "security.register", security_id, {"valued_fen": valued_fen})
    line = service.locked(tx, found.line_id)
    if line.state is LineState.WAITING and value_fen(tx, line.id) >= line.security_needed_fen:
        service.open_waiting(tx, line.id, actor)


def reject(tx: Tx, security_id: str, *, because: str, actor: Actor) -> None:
    """We do not take it.

    Raises NoSuchSecurity, SecurityWrongState.
    """
    found = _found(store.security(tx, security_id, lock=True))
    if found.state not in (SecurityState.OFFERED, SecurityState.SIGNED):
        raise SecurityWrongState
    store.set_ended(tx, security_id, SecurityState.REJECTED.value, because)
    audit.record(tx, actor, "security.reject", security_id, {"because": because})


def release(tx: Tx, security_id: str, *, because: str, actor: Actor) -> None:
    """Gives it back, when what is left is enough or the line is closed.

    Raises NoSuchSecurity, SecurityWrongState, SecurityStillNeeded.
    """
    found = _found(store.security(tx, security_id, lock=True))
    if found.state is not SecurityState.REGISTERED:
        raise SecurityWrongState
    line = service.locked(tx, found.line_id)
    left_fen = value_fen(tx, line.id) - (found.valued_fen or 0)
    if line.state is not LineState.CLOSED and left_fen < line.security_needed_fen:
        raise SecurityStillNeeded
    store.set_ended(tx, security_id, SecurityState.RELEASED.value, because)
    audit.record(tx, actor, "security.release", security_id, {"because": because})


def of_line(tx: Tx, line_id: str) -> list[Security]:
    """All that was ever offered for a line, the oldest first."""
    return store.of_line(tx, line_id)


def value_fen(tx: Tx, line_id: str) -> int:
    """What is registered for a line is worth, in fen."""
    return sum(
        each.valued_fen or 0
        for each in of_line(tx, line_id)
        if each.state is SecurityState.REGISTERED
    )


def _found(security: Security | None) -> Security:
    if security is None:
        raise NoSuchSecurity
    return security
