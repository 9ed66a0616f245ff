"""What can go wrong at the door."""

from typing import Any, ClassVar

from cf_partner_sdk.http_signatures import SignatureRefused

from lending.foundation.errors import BadInput, Conflict, Problem, Refused

SIGNATURE_CODES = {
    "signature-missing": (
        "There is no signature with the tag of a request.",
        "Sign the request; see the docs on signing.",
    ),
    "signature-malformed": (
        "Signature-Input or Signature cannot be read, lacks a parameter, or there are two of them.",
        "Write Signature-Input and Signature as RFC 9421 says.",
    ),
    "signature-expired": (
        "It was created over 300 s ago or over 30 s ahead, or is past its expiry.",
        "Set your clock by server_time and sign again.",
    ),
    "signature-replayed": (
        "The nonce was used before with this key.",
        "Sign again with a new nonce; keep the Idempotency-Key.",
    ),
    "signature-mismatch": (
        "The signature is not that of this message by this key.",
        "Compare your signature base with signature_components.",
    ),
    "key-unknown": (
        "No key with this keyid is registered here.",
        "Register the public key, and send its RFC 7638 thumbprint as keyid.",
    ),
    "key-revoked": (
        "The key was revoked, or is not active yet or any more.",
        "Sign with a key that is active.",
    ),
    "component-not-covered": (
        "The signature does not cover all that it must; `missing` says what.",
        "Cover the components listed in missing.",
    ),
    "digest-mismatch": (
        "Content-Digest is missing or is not that of the body.",
        "Compute Content-Digest over the bytes that you send.",
    ),
    "algorithm-not-allowed": (
        "`alg` is not the algorithm that the key was registered for.",
        "Sign with the algorithm that the key was registered for.",
    ),
}
"""What each refusal of a signature means, and how to mend it."""


class NotSignedRight(Problem):
    """The signature does not prove what the profile asks; `code` says which step failed."""

    status: ClassVar[int] = 401
    title: ClassVar[str] = "The signature was refused"

    def __init__(self, refused: SignatureRefused) -> None:
        super().__init__(refused.detail, mend=SIGNATURE_CODES[refused.code][1])
        self.refused = refused

    @property
    def extras(self) -> dict[str, Any]:
        """What helps the caller to find the fault; never a body."""
        found: dict[str, Any] = {}
        if self.refused.missing:
            found["missing"] = self.refused.missing
        return found


class JsonRefused(BadInput):
    """The body is not the JSON that we read: ambiguous, too deep, not UTF-8."""

    code, title = "json.refused", "The body cannot be read without doubt"
    mend = "Send UTF-8 JSON with unique keys, whole numbers within 64 bits, depth at most 32."


class FieldsRefused(BadInput):
    """A field is missing, unknown, or of another type."""

    code, title = "fields.refused", "A field is not as the schema says"
    mend = "Send what the schema of this call allows; `field` points to what is wrong."


class FieldNotEncrypted(BadInput):
    """A sensitive field came in clear."""

    code, title = "field-not-encrypted", "This field is taken encrypted only"
    mend = "Seal the field that `field` points to; the SDK does so, see the docs on signing."


class FieldNotOpened(BadInput):
    """A sealed field was altered, moved, or sealed for another message or another place."""

    code, title = "field-not-opened", "This encrypted field does not open"
    mend = (
        "Seal it anew: a content key for each message, a nonce for each field, and as associated"
        " data the key's id, a line feed and the field's JSON pointer."
    )


class EncryptionKeyUnknown(BadInput):
    """The content key is wrapped to none of our encryption keys; it may have been replaced."""

    code, title, field = (
        "encryption-key-unknown",
        "This encryption key is not ours",
        "/encryption/kid",
    )
    mend = "Fetch the key directory again, and seal to its first key with purpose `encryption`."


class BodyTooLarge(Problem):
    """More than 1 MiB, or of a file more than its call takes."""

    code, status, title = "body.too_large", 413, "The body is larger than this call takes"
    mend = "Send at most 1 MiB; of a file, what the reference of its call says."


class HeadersTooLarge(Problem):
    """More header lines, or longer ones, than any call needs."""

    code, status, title = "headers.too_large", 431, "The headers are larger than 32 KiB, or over 64"
    mend = "Send fewer and shorter headers."


class EncodingRefused(Problem):
    """A Content-Encoding, or a content type that the call does not take."""

    code, status, title = "body.encoding_refused", 415, "The body is of no type that is taken here"
    mend = "Send application/json, or a file as its own type, without a Content-Encoding."


class KeyMissing(BadInput):
    """A write without an Idempotency-Key."""

    code, title = "idempotency.key_missing", "A write needs an Idempotency-Key"
    mend = "Send a key of 1 to 255 printable characters, and keep it for your retries."


class KeyRunning(Conflict):
    """The same call is being carried out at this moment."""

    code, title = "idempotency.running", "The same call is being carried out"
    mend = "Send it again in a moment, with the same key."
    retry_after_s: ClassVar[int | None] = 1


class KeyReused(Refused):
    """The key belongs to another call."""

    code, title = "idempotency.key_reused", "This Idempotency-Key belongs to another call"
    mend = "Use a new key for a new call; the same key only for the very same one."


class CursorRefused(BadInput):
    """The cursor is not one of ours."""

    code, title, field = "cursor.refused", "The cursor cannot be read", "/cursor"
    mend = "Send next_cursor as it came, or none to begin."


class UrlRefused(Refused):
    """A webhook URL that leads inside, or that is not https."""

    code, title, field = "webhook.url_refused", "This URL cannot receive webhooks", "/url"
    mend = "Use an https URL with a public address, port 443 or 8443, and no user part."


class PublicKeyUnusable(Refused):
    """A key that is weak, broken, or of another kind than its algorithm."""

    code, title, field = "key.unusable", "This public key cannot be used", "/public_jwk"
    mend = "Send an Ed25519, P-256 or RSA key (from 2048 bits) with the algorithm it is for."


class ProofRefused(Refused):
    """The proof is not the new key's signature."""

    code, title, field = "key.proof_refused", "The proof is not this key's", "/proof"
    mend = "Sign the three lines that the docs show with the private half of the new key."


class RangeRefused(Problem):
    """A Range that is not one range of bytes, or that begins behind the end."""

    code, status, title = "range.refused", 416, "This range of the file cannot be given"
    mend = "Send one range such as bytes=0-1048575 that begins before the end of the file."

    def __init__(self, size: int) -> None:
        super().__init__(f"the file has {size} bytes")
        self.size = size


class FileTooLong(Refused):
    """A file is longer than one answer may be."""

    code, title = "file.too_long", "The file is longer than one answer may be"


class NotHere(Problem):
    """No such path or method here."""

    code, status, title = "not_found", 404, "There is nothing here under this path"
    mend = "See /docs for what there is."
