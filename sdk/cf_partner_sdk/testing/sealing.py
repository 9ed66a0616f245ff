"""What sensitive fields are sealed to at the fake lender: published, so it protects nothing."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from Crypto.PublicKey import RSA

from cf_partner_sdk.field_encryption import FieldNotReadable, decrypt
from cf_partner_sdk.http_signatures.thumbprints import thumbprint

from .wire import Problem

PARTS = {"enc", "nonce", "ciphertext", "tag"}
KEY_PEM = """\
-----BEGIN PRIVATE KEY-----
MIIEvAIBADANBgkqhkiG9w0BAQEFAASCBKYwggSiAgEAAoIBAQC0kGPsRUE7H8Eo
WwsOrkZcRyGI7jaOosxj9P9gu3rvJOrbA4Qi91ZgNW5R/q9Vq7ooOCDdWWjak8lf
DqEc1a5cE3OPbyHV9pzID8hssIMLhWMrHMm/TpKhd4g60FefanhNblnkEW++p99r
wJRhSjViEYl3YK2QDRwJ17uFp3rwFpF4+zehVAYEiN9vu56Ovv10qh3YWm+Daui/
dbyhLmNdgnbOkNu5bfwd1WOwV3dYYQNM03ngLa1yxSzt31eoauJLkljBhVvyvBV4
lLj7aIeu0YNhaM67oEPKTGe6OZuZVjT3JnaVGVQfviHSOj740/HzOAfBE19Gv/yM
93zOQRTzAgMBAAECggEAWbyK1IEErrgU3JQGtkiZckHtoipVVeUFtEWt56q1KYXM
7ITeVixbMpxLVBfBls+uSE/A0ZEeYcbh5MqV+okdyufl3iqKg9Y4y9rALng44HBt
vR7lCx0nFXUc8LHbYkBdQootxYF+6h9vE5OVipaBWlhB2+Dh0T4aqa+cJAv8trWB
L9+Yev6IdVk/0KhY/53kXfJs1jswROWlj3S9sLh9EKMo/WBNYW7iyjguD8/HxFGu
bLEfLIYNJiu1z6skdR0zWLhHYlnX4U/pmlPZFkgF5Cpo1AkOb2XLqgi7upZdAmGR
1Y+AJG8vwhjBGYAvKEw8DhyBnTOln0sl002G6cxGfQKBgQD0HrRWlc0Whe+Njw10
2G8KmTyCfIy/O8L//p+jdCFbrL3hCd/Xc9ibAQHkbbf7VZpu6HGSMGvFBxthhgaO
5WI4LcXlmhxbjNYASkmxm51EWsvwpUJRJUjyNrh4XSAFXXODafSCF7KsG5ftnZYy
0PEqkD+huF7ZFzm5vnauPMI6ZQKBgQC9WeS44mFrtH0N8AmIYXQ74Gq4VjP/IyjD
qGTICe99ilrdZCFxOjpTLBsiOxkwpEji9t7WuUsr3knwimMsCbNinKDkvWj968QM
1vFZK767pkvrSeVuQsjuwXDnycUTpOaSGmktSiv0Deg8MnYd+Gi9YNX7euErbJn1
9wmlRiEwdwKBgC49uq9EBOslR7EqzcO6U55QVHPrH8YBjfhrxNVzY/Y3jGgaNLpd
CUSjNjaMyfLjzjL/+LNWVLOnmvooJwneTXKSyQ+q14BH9ylq6PapoWqXQFY/F4bD
Z0PqNZsnGK+refwEj/osfv225FpwJUlO5r/HPyZlBCJfEeIrP9PVUn05AoGATZuD
iFeY0Fk4jDbe4Vv4FPaFJyqFw0O42ICzVd3kn9LOLUF2B39zGlXQhTYtu+cJzKSc
buuhKMjCC2nc/da4BGnn8/jCCJjSUOTkJMUuNqERKs2t0IRk8J6uVQI42TVUH3vd
seddnnj4v3t7OAtxenUvHxSdJ3wqmkp3VJsqzT8CgYAogX9/jDzXk8P8MADkQm8b
xPLum9lIwr7DOeH4s+0u6HRlhANotrTKS9h+mzK2/FFrJf01I2Ovg9Y4d2cCz/sm
cGLSjA8uvVkN7p2lhZOhM0rBM8Z1XEhL2mxydKTYHE2JxqicubWbdgrkiR8hRq+r
6S5Qs0FAXCMpfhuo1Vx0Xg==
-----END PRIVATE KEY-----
"""
"""The examples of the lender's docs are sealed to it as well."""


@lru_cache(maxsize=1)
def key() -> RSA.RsaKey:
    """Return the private key."""
    return RSA.import_key(KEY_PEM)


@lru_cache(maxsize=1)
def jwk() -> dict[str, str]:
    """Return the public key as the directory has it."""
    numbers = key()
    plain = {"kty": "RSA", "n": _number(numbers.n), "e": _number(numbers.e)}
    about = {"alg": "RSA-OAEP-256", "use": "enc", "purpose": "encryption"}
    return {**plain, "kid": thumbprint(plain), **about}


def opened(body: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a body with its sealed fields in clear. Raises Problem."""
    pointers = list(_sealed(body))
    if not pointers:
        return body
    try:
        return decrypt(body, pointers, key=key())
    except FieldNotReadable:
        raise Problem(
            400,
            "field-not-opened",
            "This encrypted field does not open",
            field=pointers[0],
            mend="Seal it anew: a content key for each message, a nonce for each field.",
        ) from None


def check(value: Any, at: str) -> None:
    """Check that a field is sealed."""
    if not isinstance(value, dict) or set(value) != PARTS:
        raise Problem(
            400,
            "field-not-encrypted",
            "This field is taken encrypted only",
            field=at,
            mend="Seal the field that `field` points to; the SDK does so, see the docs on signing.",
        )


def _sealed(value: Any, at: str = "") -> Iterator[str]:
    if isinstance(value, Mapping):
        if set(value) == PARTS:
            yield at
        else:
            for name, member in value.items():
                yield from _sealed(member, f"{at}/{name}")
    elif isinstance(value, list):
        for place, member in enumerate(value):
            yield from _sealed(member, f"{at}/{place}")


def _number(value: int) -> str:
    raw = value.to_bytes((value.bit_length() + 7) // 8, "big")
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")
