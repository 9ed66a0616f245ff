"""What goes over the wire for a partner's keys."""

from typing import Any

from cf_partner_sdk.http_signatures import ALGORITHMS
from marshmallow import fields, post_load, validate

from gateway.fields import Instant, Strict, Text

BASE64URL = r"[A-Za-z0-9_-]+"
PROOF_MOST = 2048
"""A signature of an RSA key of 8192 bits has 1366 characters."""


class JwkSchema(Strict):
    """A public key as RFC 7517 writes it; a private member is refused as unknown."""

    kty = fields.String(required=True, validate=validate.OneOf(("OKP", "EC", "RSA")))
    crv = fields.String(validate=validate.OneOf(("Ed25519", "P-256")))
    x = Text(most=64, pattern=BASE64URL)
    y = Text(most=64, pattern=BASE64URL)
    n = Text(most=1400, pattern=BASE64URL)
    e = Text(most=16, pattern=BASE64URL)


class RegisterRequest(Strict):
    """A public key, and the proof that whoever sends it holds the private one."""

    algorithm = fields.String(required=True, validate=validate.OneOf(sorted(ALGORITHMS)))
    public_jwk = fields.Nested(JwkSchema, required=True)
    proof = Text(
        most=PROOF_MOST,
        pattern=BASE64URL,
        required=True,
        metadata={
            "description": "base64url of the new key's signature over three lines: "
            "cf-partner-1-key-proof, your app_id, the key's RFC 7638 thumbprint"
        },
    )
    description = Text(least=0, most=200, load_default="")
    functions = fields.List(
        Text(most=32, pattern=r"[a-z_]+"),
        load_default=None,
        validate=validate.Length(1, 32),
        metadata={"description": "What the key may be used for; all that you may, when left out"},
    )

    @post_load
    def as_tuple(self, data: dict[str, Any], **_: object) -> dict[str, Any]:
        """Functions as the core keeps them."""
        names = data["functions"]
        return data | {"functions": None if names is None else tuple(dict.fromkeys(names))}


class RetireRequest(Strict):
    """Until when a key still verifies."""

    verifies_until = Instant(
        load_default=None, metadata={"description": "at most 90 days ahead; 7 days if left out"}
    )


class KeySchema(Strict):
    """A public key of yours and where it is in its life."""

    keyid = fields.String(metadata={"description": "RFC 7638 thumbprint"})
    algorithm = fields.String()
    public_jwk = fields.Nested(JwkSchema)
    state = fields.String(metadata={"enum": ["pending", "active", "retiring", "revoked"]})
    description = fields.String()
    functions = fields.List(fields.String(), allow_none=True)
    registered_at = fields.String()
    registered_by = fields.String()
    valid_from = fields.String(allow_none=True)
    valid_to = fields.String(allow_none=True)
    revoked_at = fields.String(allow_none=True)


class KeyList(Strict):
    """All your keys, oldest first."""

    data = fields.List(fields.Nested(KeySchema))
    next_cursor = fields.String(allow_none=True)
