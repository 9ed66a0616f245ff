"""Signing: builds what the profile asks, so that a caller can forget nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Optional

from .base import build_base, component_value
from .digest import content_digest
from .errors import SignatureRefused
from .message import Message
from .profile import (
    LIFETIME_S_MAX,
    MEANINGFUL,
    MEANINGFUL_IN_ANSWER,
    REQUIRED_FIELDS,
    TAG_REQUEST,
    TAG_RESPONSE,
    TARGET_PARTS,
    TARGET_URI,
    Signer,
    is_nonce,
    kind_of,
)
from .structured import (
    Component,
    SignatureInput,
    components_of,
    encode_bytes,
    parse_signature_input,
)

LABEL = "cf"


@dataclass(frozen=True)
class _Parameters:
    signer: Signer
    created: int
    expires: int
    nonce: Optional[str]
    tag: str

    def text(self) -> str:
        nonce = "" if self.nonce is None else f'nonce="{self.nonce}";'
        return (
            f";created={self.created};expires={self.expires};{nonce}"
            f'keyid="{self.signer.keyid}";tag="{self.tag}"'
        )


def sign_request(
    message: Message,
    signer: Signer,
    *,
    created: int,
    nonce: str,
    lifetime_s: int = LIFETIME_S_MAX,
    tag: str = TAG_REQUEST,
    cover: Sequence[str] = (),
    target: Sequence[str] = TARGET_PARTS,
) -> dict[str, str]:
    """Sign a request or an event; return the headers to add to it.

    Covered are the method, the target, content-type and content-digest where there is a body, all
    headers that the profile gives a meaning to, the webhook headers of an event, and `cover`.
    `created` is in seconds since 1970; `target` is `TARGET_PARTS`, which does not name the scheme
    and so passes a proxy that ends TLS, or `TARGET_URI`.

    Raises ValueError for a nonce, lifetime, tag or target outside the profile, for a body without
    a content-type, and if a header to be covered is absent, given twice or unprintable.
    """
    kind = kind_of(tag)
    if kind == "response" or message.status is not None:
        raise ValueError("an answer is signed by sign_response")
    if not is_nonce(nonce):
        raise ValueError("a nonce has 16 to 64 unreserved ASCII characters")
    if tuple(target) not in (TARGET_URI, TARGET_PARTS):
        raise ValueError("the target is TARGET_URI or TARGET_PARTS")
    names = ["@method", *target, *REQUIRED_FIELDS[kind]]
    digest = _digest_headers(message, names)
    names += [name for name in MEANINGFUL if name in message.headers and name not in names]
    names += [name for name in cover if name not in names]
    components = components_of([f'"{name}"' for name in names])
    parameters = _parameters(signer, created, lifetime_s, nonce, tag)
    return _signed(message, components, parameters, digest)


def sign_response(
    message: Message,
    signer: Signer,
    *,
    created: int,
    nonce: Optional[str],
    lifetime_s: int = LIFETIME_S_MAX,
    tag: str = TAG_RESPONSE,
) -> dict[str, str]:
    """Sign an answer, bound to `message.request`; return the headers to add to it.

    `nonce` is the request's, or None if it had none that is one (see `request_nonce`). Covered are
    the status, `request-id`, content-type and content-digest where there is a body, content-range
    and repr-digest where they are present, and of the request its method, its target in the form
    that it signed, its content-digest and its idempotency-key, the last two unless they are so
    broken that no base can hold them.

    Raises ValueError as `sign_request` does, and if there is no request.
    """
    if kind_of(tag) != "response" or message.status is None or message.request is None:
        raise ValueError("an answer has a status, its request, and a tag that ends in -response")
    if nonce is not None and not is_nonce(nonce):
        raise ValueError("a nonce has 16 to 64 unreserved ASCII characters")
    names = list(REQUIRED_FIELDS["response"])
    digest = _digest_headers(message, names)
    names += [name for name in MEANINGFUL_IN_ANSWER if name in message.headers]
    texts = [f'"{name}"' for name in names]
    tag_of_request = f"{tag.removesuffix('response')}request"
    texts += [f'"{name}";req' for name in _request_names(message.request, tag_of_request)]
    components = components_of(texts)
    parameters = _parameters(signer, created, lifetime_s, nonce, tag)
    return _signed(message, components, parameters, digest)


def request_nonce(request: Message, *, tag: str = TAG_REQUEST) -> Optional[str]:
    """Return the nonce that an answer to `request` must carry, or None.

    It is the nonce of the request's signature under `tag`, verified or not; None if the request
    has no such readable signature, several, or one without a nonce that the profile allows.
    """
    signatures = _request_signatures(request, tag)
    nonce = signatures[0].parameters.get("nonce") if len(signatures) == 1 else None
    return nonce if isinstance(nonce, str) and is_nonce(nonce) else None


def _parameters(
    signer: Signer, created: int, lifetime_s: int, nonce: Optional[str], tag: str
) -> _Parameters:
    if not 0 < lifetime_s <= LIFETIME_S_MAX:
        raise ValueError(f"a signature lives 1 to {LIFETIME_S_MAX} seconds")
    if not signer.keyid.isprintable() or '"' in signer.keyid or "\\" in signer.keyid:
        raise ValueError("a keyid is printable and has no quotes")
    return _Parameters(signer, created, created + lifetime_s, nonce, tag)


def _digest_headers(message: Message, names: list[str]) -> dict[str, str]:
    if not message.body:
        return {}
    if "content-type" not in message.headers:
        raise ValueError("a body needs a content-type")
    names += ["content-type", "content-digest"]
    return {"Content-Digest": content_digest(message.body)}


def _signed(
    message: Message,
    components: Sequence[Component],
    parameters: _Parameters,
    added: dict[str, str],
) -> dict[str, str]:
    covered = " ".join([component.text for component in components])
    params = f"({covered}){parameters.text()}"
    fields = {name.lower(): value for name, value in added.items()}
    try:
        base = build_base(message, components, params, added=fields)
    except SignatureRefused as refused:
        raise ValueError(refused.detail) from None
    signature = parameters.signer.sign(base)
    return {
        **added,
        "Signature-Input": f"{LABEL}={params}",
        "Signature": f"{LABEL}={encode_bytes(signature)}",
    }


def _request_names(request: Message, tag: str) -> list[str]:
    headers = [
        name
        for name in ("content-digest", "idempotency-key")
        if name in request.headers and _can_be_covered(request, name)
    ]
    return ["@method", *_request_target(request, tag), *headers]


def _request_target(request: Message, tag: str) -> Sequence[str]:
    signatures = _request_signatures(request, tag)
    uri = len(signatures) == 1 and any(
        component.name == "@target-uri" for component in signatures[0].components
    )
    return TARGET_URI if uri else TARGET_PARTS


def _request_signatures(request: Message, tag: str) -> list[SignatureInput]:
    try:
        found = parse_signature_input(request.headers.get("signature-input", ""))
    except SignatureRefused:
        return []
    return [one for one in found if one.parameters.get("tag") == tag]


def _can_be_covered(request: Message, name: str) -> bool:
    try:
        component_value(request, name)
    except SignatureRefused:
        return False
    return True
