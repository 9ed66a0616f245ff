"""How fields look that are sealed: to a published key, under a fixed content key."""

from functools import cache
from hashlib import sha256
from typing import Any

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from gateway.sealed import CIPHER, NONCE_BYTES, TAG_BYTES, encode, step

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
"""A key made for the docs: public, so nobody may use it for anything else."""
KID = "VPOKB6fwV5dpLSEFSTVIxWdV0HVGi_wdZa_DST7OilA"
CONTENT_KEY = bytes(range(32))
WRAPPED_KEY = (
    "emdoj-qbcf6SHT96ttU6k3LAcG98sHXil0mOWnpznwCtuAyfa1pieci-"
    "ODDhjb6oxy4nZ0D8Qpyu0XBzn0040FLzlT3B7T_t7q0sNGzATblHH7RPgZFJPiwnYHhCbHse3HIkCfZsS5HUmH-"
    "jFWHulQuB-kOlfvF4WhOxZZqEVO3l15708wZFv7E9Gn8zwC9yBrH9U6WVu7FJLWD-"
    "P70eqXVjd7SNo_uQpb4h0ngGvBqHBASezyMv6yG_2otUHzHWNGt3uVgLPWDwryPr5FXVpZcsTkmlPXIIq-"
    "E_8hQROg0pDmkJjNUamXKXOfgpEuf6EQX0s6fXpH9761_Zj5Xekw"
)
"""The content key, wrapped to the key of the docs."""


@cache
def key() -> rsa.RSAPrivateKey:
    """What opens the examples."""
    found = load_pem_private_key(KEY_PEM.encode(), None)
    assert isinstance(found, rsa.RSAPrivateKey)
    return found


class Plain(str):
    """What is to be sealed in an example."""

    __slots__ = ()


def sealed(value: Any, at: str = "") -> Any:
    """An example with its plain parts sealed, each for its own place; the same each time."""
    if isinstance(value, Plain):
        nonce = sha256(at.encode()).digest()[:NONCE_BYTES]
        associated = f"{KID}\n{at}".encode()
        made = AESGCM(CONTENT_KEY).encrypt(nonce, value.encode(), associated)
        return {
            "enc": CIPHER,
            "nonce": encode(nonce),
            "ciphertext": encode(made[:-TAG_BYTES]),
            "tag": encode(made[-TAG_BYTES:]),
        }
    if isinstance(value, dict):
        return {name: sealed(each, f"{at}/{step(name)}") for name, each in value.items()}
    if isinstance(value, list):
        return [sealed(each, f"{at}/{place}") for place, each in enumerate(value)]
    return value
