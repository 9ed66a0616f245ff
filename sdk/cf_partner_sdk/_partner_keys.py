"""A partner's own keys at the lender: register, rotate, revoke."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Optional

from ._calls import Call, Page, pages, read, segment, write
from ._errors import ArgumentInvalid
from ._instants import instant
from ._models import Model, OpenEnum, Reader
from ._service import R, Service, call, listing
from .http_signatures import Signer, possession_base


class KeyState(OpenEnum):
    """Where a key is in its life."""

    PENDING = "pending"
    """Registered; what it signs is not accepted yet."""
    ACTIVE = "active"
    """Signs."""
    RETIRING = "retiring"
    """What it signs is accepted until `valid_to`."""
    REVOKED = "revoked"
    """Never again."""


def _names(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise TypeError("a list is needed")
    return tuple(str(name) for name in value)


@dataclass(frozen=True)
class PartnerKey(Model):
    """A public key of yours as the lender knows it; `keyid` is its RFC 7638 thumbprint.

    `functions` None means all that you may do; `registered_by` names who brought it.
    """

    keyid: str
    algorithm: str
    state: KeyState
    public_jwk: Mapping[str, Any]
    description: str = ""
    functions: Optional[tuple[str, ...]] = None
    registered_at: Optional[datetime] = None
    registered_by: Optional[str] = None
    valid_from: Optional[datetime] = None
    valid_to: Optional[datetime] = None
    revoked_at: Optional[datetime] = None

    _readers: ClassVar[Mapping[str, Reader]] = {
        "state": KeyState,
        "functions": _names,
        "registered_at": instant,
        "valid_from": instant,
        "valid_to": instant,
        "revoked_at": instant,
    }


class Keys(Service[R]):
    """Your public keys at the lender.

    To rotate: `register` the new key, `activate` it, let your servers sign with it, `retire` the
    old one. Both verify until then, so no call is lost. `revoke` at once what may have leaked.
    """

    @listing
    def list(self) -> Call[Page[PartnerKey]]:
        """Go through all keys that you ever had, oldest first."""
        return pages("/v1/keys", PartnerKey.from_json)

    @call
    def get(self, keyid: str) -> Call[PartnerKey]:
        """Return the key. Raises NotFound."""
        return read(f"/v1/keys/{segment(keyid)}", PartnerKey.from_json)

    @call
    def register(
        self,
        *,
        key: Signer,
        public_jwk: Optional[Mapping[str, Any]] = None,
        description: str = "",
        functions: Optional[Sequence[str]] = None,
        idempotency_key: Optional[str] = None,
    ) -> Call[PartnerKey]:
        """Register the public half of a new `key`, which signs to show that you hold it.

        It is pending until you `activate` it. `functions` narrows what it may be used for.
        `public_jwk` is needed where `key` is none of this package's, such as an HSM's. Raises
        Conflict for a key that is registered already or one too many, Refused for one that cannot
        be used, and ArgumentInvalid for a `public_jwk` left out.
        """
        from .keys import PrivateKey  # noqa: PLC0415 - much code, needed here only

        jwk = key.public.jwk if isinstance(key, PrivateKey) else public_jwk
        if jwk is None:
            raise ArgumentInvalid(
                "public_jwk is needed beside a key of another kind", field="public_jwk"
            )
        proof = key.sign(possession_base(self._app_id, key.keyid))
        body: dict[str, Any] = {
            "algorithm": key.algorithm,
            "public_jwk": {
                name: jwk[name] for name in ("kty", "crv", "x", "y", "n", "e") if name in jwk
            },
            "proof": base64.urlsafe_b64encode(proof).rstrip(b"=").decode("ascii"),
            "description": description,
        }
        if functions is not None:
            body["functions"] = [*functions]
        return write("/v1/keys", PartnerKey.from_json, body, idempotency_key)

    @call
    def activate(self, keyid: str, *, idempotency_key: Optional[str] = None) -> Call[PartnerKey]:
        """Have a pending key sign from now on, beside the active ones. Raises Conflict."""
        path = f"/v1/keys/{segment(keyid)}/activate"
        return write(path, PartnerKey.from_json, None, idempotency_key)

    @call
    def retire(
        self,
        keyid: str,
        *,
        verifies_until: Optional[datetime] = None,
        idempotency_key: Optional[str] = None,
    ) -> Call[PartnerKey]:
        """Have a key verify until an aware instant, a week from now if none is named.

        Raises Conflict for the last active key, RequestInvalid for an instant that is past or more
        than 90 days ahead, and ArgumentInvalid for one without a time zone.
        """
        body = {}
        if verifies_until is not None:
            if verifies_until.tzinfo is None:
                raise ArgumentInvalid("verifies_until needs a time zone", field="verifies_until")
            body["verifies_until"] = verifies_until.isoformat()
        path = f"/v1/keys/{segment(keyid)}/retire"
        return write(path, PartnerKey.from_json, body, idempotency_key)

    @call
    def revoke(self, keyid: str, *, idempotency_key: Optional[str] = None) -> Call[PartnerKey]:
        """End a key at once, everywhere within five seconds, be it the last or the signing one."""
        path = f"/v1/keys/{segment(keyid)}/revoke"
        return write(path, PartnerKey.from_json, None, idempotency_key)
