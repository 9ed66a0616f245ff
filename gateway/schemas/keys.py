"""What goes over the wire for a partner's keys."""

from typing import Any

from cf_partner_sdk.http_signatures import ALGORITHMS
from marshmallow import fields, post_load, validate

from gateway import shown
from gateway.fields import Choice, Instant, Strict, Text, said
from gateway.shown import Answer

BASE64URL = r"[A-Za-z0-9_-]+"
PROOF_MOST = 2048
"""A signature of an RSA key of 8192 bits has 1366 characters."""


ALGORITHM = {
    "ed25519": "Ed25519 (RFC 8032): take this one.",
    "ecdsa-p256-sha256": "ECDSA on P-256 with SHA-256, for HSMs and clouds without Ed25519.",
    "rsa-pss-sha512": "RSASSA-PSS with SHA-512 and a salt of 64 bytes, from 2048 bits.",
    "rsa-v1_5-sha256": "RSASSA-PKCS1-v1_5 with SHA-256, from 2048 bits, for old devices.",
}
assert set(ALGORITHM) == ALGORITHMS
KEY_STATES = {
    "pending": "Registered; nothing that it signs is accepted yet.",
    "active": "Signs.",
    "retiring": "Still verifies until `valid_to`, so that a rotation loses no call.",
    "revoked": "Never again; also when a retiring key has reached its end.",
}
KINDS = {"OKP": "An Ed25519 key.", "EC": "A P-256 key.", "RSA": "An RSA key."}
CURVES = {"Ed25519": "With `kty` OKP.", "P-256": "With `kty` EC."}
EXAMPLE_X = "JrQLj5P_89iXES9-vFgrIy29clF9CC_oPPsw3c5D0bs"
KEYID = "poqkLGiymh_W0uP6PZFw-dvez3QJT5SolqXBCW38r0U"
JWK = {"kty": "OKP", "crv": "Ed25519", "x": EXAMPLE_X}
PUBLIC_JWK = said("The public key as a JWK: the members of its kind and no other.", JWK)
DESCRIPTION = said("Your note.", "till servers, 2027")
PROOF_EXAMPLE = (
    "H6ZMkoEQ1fOWVTDpyOIq-f8pJsWzK4rR0vZ0s4GYvY1QzqOfD2vJq5mVqB2oR8w5t1u3x7yYb0cXk9eL6nWfAg"
)


class JwkSchema(Strict):
    """A public key as RFC 7517 writes it; a private member is refused as unknown."""

    kty = Choice(KINDS, required=True, metadata=said("Kind of key.", "OKP"))
    crv = Choice(CURVES, metadata=said("Curve, but for RSA.", "Ed25519"))
    x = Text(most=64, pattern=BASE64URL, metadata=said("Of OKP and EC keys.", EXAMPLE_X))
    y = Text(most=64, pattern=BASE64URL, metadata=said("Of EC keys."))
    n = Text(most=1400, pattern=BASE64URL, metadata=said("Modulus of RSA keys."))
    e = Text(most=16, pattern=BASE64URL, metadata=said("Exponent of RSA keys."))


class RegisterRequest(Strict):
    """A public key, and the proof that whoever sends it holds the private one."""

    algorithm = Choice(
        ALGORITHM,
        required=True,
        metadata=said("What the key signs by; it can do no other.", "ed25519"),
    )
    public_jwk = fields.Nested(JwkSchema, required=True, metadata=PUBLIC_JWK)
    proof = Text(
        most=PROOF_MOST,
        pattern=BASE64URL,
        required=True,
        metadata=said(
            "base64url of the new key's signature over three lines: `cf-partner-1-key-proof`, your"
            " app_id, the key's RFC 7638 thumbprint.",
            PROOF_EXAMPLE,
        ),
    )
    description = Text(least=0, most=200, load_default="", metadata=DESCRIPTION)
    functions = fields.List(
        Text(most=32, pattern=r"[a-z_]+"),
        load_default=None,
        validate=validate.Length(1, 32),
        metadata=said(
            "Functions that calls signed with it may use; left out, all that you were given.",
            ["mall"],
        ),
    )

    @post_load
    def as_tuple(self, data: dict[str, Any], **_: object) -> dict[str, Any]:
        """Functions as the core keeps them."""
        names = data["functions"]
        return data | {"functions": None if names is None else tuple(dict.fromkeys(names))}


class RetireRequest(Strict):
    """Until when a key still verifies."""

    verifies_until = Instant(
        load_default=None,
        metadata=said("At most 90 days ahead; left out, 7 days.", "2026-12-04T08:30:00Z"),
    )


class KeySchema(Answer):
    """A public key of yours and where it is in its life."""

    keyid = shown.text("The RFC 7638 thumbprint, which names the key on the wire.", KEYID)
    algorithm = shown.one_of(ALGORITHM, "What it signs by.")
    public_jwk = fields.Nested(JwkSchema, required=True, metadata=PUBLIC_JWK)
    state = shown.one_of(KEY_STATES, "Where it is in its life.", "active")
    description = fields.String(required=True, metadata=DESCRIPTION)
    functions = fields.List(
        fields.String(),
        required=True,
        allow_none=True,
        metadata=said("Functions that it may be used for; null: all that you were given.", None),
    )
    registered_at = shown.instant("When it was registered.")
    registered_by = shown.text("Who registered it: a key of yours, or us.", "partner_key")
    valid_from = shown.instant("From when it verifies; null while pending.", nullable=True)
    valid_to = shown.instant("Until when it verifies; null: no end is set.", nullable=True)
    revoked_at = shown.instant("When it was revoked; null if it was not.", nullable=True)


class KeyList(Answer):
    """All your keys, oldest first."""

    data = shown.many(KeySchema, "All of them.")
    next_cursor = shown.next_cursor()
