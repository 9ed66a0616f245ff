"""Who sits at the hosted pages: a session in the database, a cookie, a token in each form."""

from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import sha256
from typing import Any

from flask import abort, request
from werkzeug.wrappers import Response

from hosted import store
from lending.foundation import ids
from lending.foundation.context import Context
from lending.foundation.crypto import FieldKeys
from lending.foundation.database import Tx

IDLE, ABSOLUTE = timedelta(minutes=30), timedelta(hours=8)


@dataclass(slots=True)
class Session:
    """One browser at one order, or at the borrower's own page."""

    id: str
    subject: str | None
    csrf: str
    state: dict[str, Any] = field(default_factory=dict)
    """Ids and choices only: nothing personal."""
    mobile: str | None = None
    """Kept sealed."""

    @property
    def customer_id(self) -> str | None:
        """Who was identified in this session."""
        return self.state.get("customer_id")


def find(tx: Tx, keys: FieldKeys, cookie: str, subject: str | None) -> Session | None:
    """The live session that the browser's cookie names, if it is for this order."""
    session_id = request.cookies.get(_named(cookie), "")
    row = store.touch(
        tx,
        _digest(session_id),
        seen_after=tx.machine_now - IDLE,
        created_after=tx.machine_now - ABSOLUTE,
    )
    if row is None or row["subject"] != subject:
        return None
    sealed = row["mobile_sealed"]
    mobile = keys.open(bytes(sealed), at=_cell(session_id)) if sealed else None
    return Session(session_id, row["subject"], row["csrf"], dict(row["state"]), mobile)


def begin(tx: Tx, subject: str | None) -> Session:
    """A new session."""
    made = Session(ids.token(), subject, ids.token())
    store.insert(tx, _digest(made.id), subject=subject, csrf=made.csrf)
    return made


def save(tx: Tx, keys: FieldKeys, session: Session) -> None:
    """Keeps the session's state."""
    sealed = keys.seal(session.mobile, at=_cell(session.id)) if session.mobile else None
    store.save(tx, _digest(session.id), session.state, sealed)


def renew(tx: Tx, keys: FieldKeys, session: Session) -> None:
    """Gives the session a new id, so that one known before identification is worth nothing."""
    old = session.id
    session.id = ids.token()
    sealed = keys.seal(session.mobile, at=_cell(session.id)) if session.mobile else None
    store.rename(tx, _digest(old), _digest(session.id), sealed)


def end(tx: Tx, session: Session) -> None:
    """Ends the session on the server."""
    store.delete(tx, _digest(session.id))


def remember(response: Response, session: Session, cookie: str, context: Context) -> Response:
    """Puts the session's id into the browser, out of reach of scripts."""
    response.set_cookie(
        _named(cookie),
        session.id,
        httponly=True,
        samesite="Lax",
        secure=context.settings.public_url.startswith("https:"),
        path=f"{request.script_root}/",
    )
    return response


def check_form(session: Session) -> None:
    """Stops a form that does not carry its session's token."""
    given = request.form.get("csrf") or request.headers.get("x-csrf", "")
    if not ids.same(given, session.csrf):
        abort(400, "页面已过期,请刷新后重试")


def _named(cookie: str) -> str:
    """A test tenant's cookies are its own, by path and by name."""
    return cookie + request.script_root.replace("/", "-")


def _digest(session_id: str) -> bytes:
    return sha256(session_id.encode()).digest()


def _cell(session_id: str) -> str:
    return f"hosted_session.mobile:{sha256(session_id.encode()).hexdigest()}"
