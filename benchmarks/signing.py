"""Whole requests signed and verified a second: our builder beside PyPI http-message-signatures.

All run in turn in one process on one core, in short rounds that take turns, so that the ratios hold
on a busy machine. A request has a JSON body of about 400 bytes, eight covered components and
Ed25519; a verification recomputes the digest and checks every rule of the profile.
"""

import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime

import http_message_signatures as other
import requests
from cf_partner_sdk import PrivateKey
from cf_partner_sdk.http_signatures import (
    TAG_REQUEST,
    TARGET_PARTS,
    Message,
    new_nonce,
    sign_request,
    verify_request,
)
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.serialization import load_pem_private_key

ROUNDS = 9
ROUND_S = 0.12
URL = "https://api.lender.example/v1/mall/orders?limit=20"
BODY = (
    b'{"items":[' + b",".join([b'{"sku":"P-1","quantity":1,"unit_price_fen":599900}'] * 8) + b"]}"
)
PLAIN = {"Content-Type": "application/json", "Idempotency-Key": "A-77"}

Work = Callable[[], object]


class CryptographySigner:
    """An Ed25519 private key of `cryptography` as a `Signer`."""

    algorithm = "ed25519"

    def __init__(self, keyid: str, key: ed25519.Ed25519PrivateKey) -> None:
        self.keyid = keyid
        self.sign = key.sign


class CryptographyVerifier:
    """An Ed25519 public key of `cryptography` as a `Verifier`."""

    algorithm = "ed25519"

    def __init__(self, keyid: str, key: ed25519.Ed25519PublicKey) -> None:
        self.keyid = keyid
        self._key = key

    def verify(self, base: bytes, signature: bytes) -> bool:
        try:
            self._key.verify(signature, base)
        except InvalidSignature:
            return False
        return True


def ours(signer, verifier) -> tuple[Work, Work]:
    def sign() -> Message:
        now = int(time.time())
        message = Message("POST", "https", "api.lender.example", "/v1/mall/orders", "limit=20",
                          PLAIN, BODY)  # fmt: skip
        added = sign_request(message, signer, created=now, nonce=new_nonce())
        return Message("POST", "https", "api.lender.example", "/v1/mall/orders", "limit=20",
                       {**PLAIN, **added}, BODY)  # fmt: skip

    headers = dict(sign().headers)
    key_of = {verifier.keyid: verifier}.get

    def verify() -> object:
        message = Message("POST", "https", "api.lender.example", "/v1/mall/orders", "limit=20",
                          headers, BODY)  # fmt: skip
        return verify_request(message, key_of=key_of, now=int(time.time()))

    return sign, verify


def theirs(keyid: str, private: ed25519.Ed25519PrivateKey) -> tuple[Work, Work]:
    keys = other.MappingKeyResolver(
        private_keys={keyid: private}, public_keys={keyid: private.public_key()}
    )
    algorithm = other.algorithms.ED25519
    signer = other.HTTPMessageSigner(signature_algorithm=algorithm, key_resolver=keys)
    verifier = other.HTTPMessageVerifier(signature_algorithm=algorithm, key_resolver=keys)
    covered = ("@method", *TARGET_PARTS, "content-type", "content-digest", "idempotency-key")
    plain = requests.Request("POST", URL, headers=PLAIN, data=BODY).prepare()

    def sign() -> requests.PreparedRequest:
        sent = plain.copy()
        now = int(time.time())
        signer.sign(
            sent,
            key_id=keyid,
            created=datetime.fromtimestamp(now, UTC),
            expires=datetime.fromtimestamp(now + 300, UTC),
            nonce=new_nonce(),
            tag=TAG_REQUEST,
            covered_component_ids=covered,
            body=BODY,
        )
        return sent

    signed = sign()

    def verify() -> object:
        return verifier.verify(
            signed, expect_tag=TAG_REQUEST, require_components=covered, body=BODY
        )

    return sign, verify


def light_again(key: PrivateKey) -> PrivateKey:
    """The same key where `cryptography` is not installed."""
    name = "cf_partner_sdk._fast_keys"
    kept = sys.modules.pop(name)
    sys.modules[name] = None  # type: ignore[assignment]
    try:
        return PrivateKey.from_pem(key.to_pem())
    finally:
        sys.modules[name] = kept


def rate(work: Work) -> float:
    done, start = 0, time.perf_counter()
    while (passed := time.perf_counter() - start) < ROUND_S:
        work()
        done += 1
    return done / passed


def main() -> None:
    quick = PrivateKey.generate()
    light = light_again(quick)
    fast = load_pem_private_key(light.to_pem().encode(), None)
    base = b"b" * 500
    signature = light.sign(base)
    ours_fast = ours(
        CryptographySigner(light.keyid, fast), CryptographyVerifier(light.keyid, fast.public_key())
    )
    rows: dict[str, tuple[Work, Work]] = {
        "PyPI http-message-signatures, cryptography": theirs(light.keyid, fast),
        "the SDK, light: pycryptodome": ours(light, light.public),
        "the SDK with its extra `fast`": ours(quick, quick.public),
        "the gateway, cryptography": ours_fast,
        "the bare keys, pycryptodome": (
            lambda: light.sign(base),
            lambda: light.public.verify(base, signature),
        ),
        "the bare keys, cryptography": (
            lambda: fast.sign(base),
            lambda: fast.public_key().verify(signature, base),
        ),
    }
    best = {name: [0.0, 0.0] for name in rows}
    for _ in range(ROUNDS):
        for name, works in rows.items():
            for number, work in enumerate(works):
                best[name][number] = max(best[name][number], rate(work))
    yardstick = next(iter(best.values()))
    print(f"{'':44}{'sign/s':>9}{'x':>6}{'verify/s':>11}{'x':>6}")
    for name, (signs, verifies) in best.items():
        ratios = (signs / yardstick[0], verifies / yardstick[1])
        print(f"{name:44}{signs:9,.0f}{ratios[0]:6.1f}{verifies:11,.0f}{ratios[1]:6.1f}")


if __name__ == "__main__":
    main()
