"""JWK thumbprints (RFC 7638), by which keys are named."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from typing import Any

_REQUIRED = {"OKP": ("crv", "kty", "x"), "EC": ("crv", "kty", "x", "y"), "RSA": ("e", "kty", "n")}


def thumbprint(public_jwk: Mapping[str, Any]) -> str:
    """Return the SHA-256 thumbprint of a JWK, base64url without padding.

    Raises ValueError if the key type is not OKP, EC or RSA or a required member is no string.
    """
    names = _REQUIRED.get(str(public_jwk.get("kty")))
    if names is None:
        raise ValueError("only OKP, EC and RSA keys have a thumbprint here")
    members = {name: public_jwk.get(name) for name in names}
    if not all(isinstance(value, str) for value in members.values()):
        raise ValueError(f"a {members['kty']} key needs {', '.join(names)}")
    text = json.dumps(members, sort_keys=True, separators=(",", ":"))
    digest = hashlib.sha256(text.encode("utf-8")).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")
