"""What a token opens: one read, by the key that asked for it, within its scope."""

from datetime import datetime
from typing import Any

from authlib.oauth2 import OAuth2Error, ResourceProtector
from authlib.oauth2.rfc6749 import TokenMixin
from authlib.oauth2.rfc6750 import BearerTokenValidator, InsufficientScopeError
from flask import Request

from gateway import oauth_store
from gateway.caller import Caller
from gateway.oauth_errors import NotForTools, ScopeMissing, TokenRefused
from lending.foundation.database import Row, Tx

SCOPES = {
    "orders:read": "mall",
    "stores:read": "stores",
    "payments:read": "payments",
    "leads:read": "leads",
    "shares:read": "shares",
    "commissions:read": "commissions",
    "claims:read": "claims",
    "statements:read": "statements",
    "events:read": "webhooks",
}
"""Each scope and the function that a partner must have been given to get it."""


class Token(TokenMixin):  # type: ignore[misc]  # Authlib is untyped
    """A token as it was stored, seen at one instant."""

    def __init__(self, row: Row, now: datetime) -> None:
        self._row = row
        self._now = now

    @property
    def digest(self) -> bytes:
        """SHA-256 of the token."""
        return bytes(self._row["sha256"])

    @property
    def keyid(self) -> str:
        """Thumbprint of the key that the token is bound to (`cnf.jkt`)."""
        return str(self._row["keyid"])

    def check_client(self, client: Any) -> bool:
        """Whether the token was given to this partner."""
        return bool(self._row["partner_id"] == client.partner.id)

    def get_scope(self) -> str:
        """The scopes, apart by a space."""
        return str(self._row["scope"])

    def is_expired(self) -> bool:
        """Whether its fifteen minutes are over."""
        return bool(self._row["expires_at"] <= self._now)

    def is_revoked(self) -> bool:
        """Whether it was revoked."""
        return self._row["revoked_at"] is not None


class _BoundTokens(BearerTokenValidator):  # type: ignore[misc]  # Authlib is untyped
    """Tokens that the signer of the request holds: a stolen one opens nothing (RFC 7800)."""

    def __init__(self, tx: Tx, caller: Caller) -> None:
        super().__init__()
        self._tx = tx
        self._caller = caller

    def authenticate_token(self, token_string: str) -> Token | None:
        row = oauth_store.token(self._tx, token_string)
        if row is None:
            return None
        found = Token(row, self._tx.machine_now)
        return found if found.keyid == self._caller.keyid else None


def check_read(tx: Tx, request: Request, caller: Caller, scope: str | None) -> None:
    """Refuses a read whose token does not open it; a call without Authorization passes.

    The signature was verified already and covers `authorization`. Raises TokenRefused,
    ScopeMissing, NotForTools for a read without a scope.
    """
    if "authorization" not in request.headers:
        return
    if scope is None:
        raise NotForTools
    protector = ResourceProtector()
    protector.register_token_validator(_BoundTokens(tx, caller))
    try:
        protector.validate_request([scope], request)
    except InsufficientScopeError:
        raise ScopeMissing(scope) from None
    except OAuth2Error:
        raise TokenRefused from None


def refuse_on_write(request: Request) -> None:
    """Refuses a write that carries a token, whatever token it is.

    Raises NotForTools.
    """
    if "authorization" in request.headers:
        raise NotForTools
