"""Fields of requests that a schema takes sealed only."""

from collections.abc import Mapping
from typing import Any

from marshmallow import ValidationError, fields, missing

from gateway.fields import Choice, Strict, Text, said
from gateway.sealed import CIPHER, SealedField
from gateway.sealed_examples import KID, WRAPPED_KEY

SEALED = "x-sealed"
"""What a sealed text must be once it is opened, in a description."""
PARTS: Mapping[str, Mapping[str, Any]] = {
    "enc": {"type": "string", "enum": [CIPHER], "description": "AES-256-GCM."},
    "nonce": {
        "type": "string",
        "pattern": "^[A-Za-z0-9_-]{16}$",
        "description": "12 bytes in base64url, new for each field.",
    },
    "ciphertext": {
        "type": "string",
        "pattern": "^[A-Za-z0-9_-]*$",
        "description": "The text in UTF-8, encrypted; in base64url without padding.",
    },
    "tag": {
        "type": "string",
        "pattern": "^[A-Za-z0-9_-]{22}$",
        "description": "16 bytes in base64url. Associated data are the key's id, a line feed and"
        " this field's JSON pointer.",
    },
}
"""What a sealed field consists of, as a description has it."""
NOT_SEALED = "must be sealed to our encryption key"
BASE64URL = "[A-Za-z0-9_-]+"


class Sealed(fields.Field[str]):
    """A text that only comes sealed; the schema gives what `inner` makes of the opened one."""

    def __init__(self, inner: Text, **options: Any) -> None:
        super().__init__(**options)
        self.inner = inner
        opened = {name: value for name, value in inner.metadata.items() if name != "description"}
        examples = self.metadata.get("examples", ())
        rest = {name: value for name, value in self.metadata.items() if name != "examples"}
        self.metadata = {**rest, SEALED: {"type": "string", **opened, "examples": list(examples)}}

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **_: Any
    ) -> Any:
        if not isinstance(value, SealedField):
            raise ValidationError(NOT_SEALED)
        return self.inner.deserialize(value.text(), attr)


class Encryption(Strict):
    """The content key under which fields of this message are sealed."""

    alg = Choice(
        {"RSA-OAEP-256": "RSAES-OAEP with SHA-256 and MGF1 with SHA-256."},
        required=True,
        metadata=said("How the content key is wrapped.", "RSA-OAEP-256"),
    )
    kid = Text(
        least=43,
        most=43,
        pattern=BASE64URL,
        required=True,
        metadata=said(
            "The id of the encryption key in our key directory that it is wrapped to.", KID
        ),
    )
    key = Text(
        most=1400,
        pattern=BASE64URL,
        required=True,
        metadata=said(
            "The content key, 32 bytes, wrapped; in base64url without padding.", WRAPPED_KEY
        ),
    )


class Envelope(fields.Nested):
    """The member `encryption` of a request with sealed fields.

    A schema leaves it out of what it gives, since by then everything is open.
    """

    def __init__(self, *, required: bool) -> None:
        says = f"The content key under which fields of this message are sealed by {CIPHER}."
        super().__init__(Encryption, required=required, metadata=said(says))

    def _deserialize(self, *given: Any, **more: Any) -> Any:
        super()._deserialize(*given, **more)
        return missing
