"""Hundreds of altered requests, none accepted."""

import random
from collections.abc import Iterator

import pytest
from cf_partner_sdk.http_signatures import (
    Message,
    SignatureRefused,
    sign_request,
    verify_request,
)

from tests.sdk.platform import NOW, PARTNER

URL = "https://api.lender.example/v1/mall/orders?limit=20&state=paid"
BODY = b'{"amount_fen":599900,"order_no":"A-77"}'
HEADERS = {
    "content-type": "application/json",
    "idempotency-key": "A-77",
    "cf-version": "2026-11-01",
    "authorization": "Bearer token",
}
MUTANTS = 600


def original() -> Message:
    plain = Message.of_url("POST", URL, HEADERS, BODY)
    added = sign_request(plain, PARTNER, created=NOW, nonce="n" * 24)
    return Message.of_url("POST", URL, {**HEADERS, **_lower(added)}, BODY)


def _lower(headers: dict[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def accepted(message: Message) -> bool:
    try:
        verify_request(message, key_of={PARTNER.keyid: PARTNER.public}.get, now=NOW)
    except SignatureRefused:
        return False
    return True


def altered_text(text: str, chance: random.Random) -> str:
    """One character changed, dropped, doubled or two swapped: never the same text."""
    while True:
        at = chance.randrange(len(text))
        other = chr(chance.randrange(0x21, 0x7F))
        made = chance.choice(
            [
                text[:at] + other + text[at + 1 :],
                text[:at] + text[at + 1 :],
                text[:at] + text[at] + text[at:],
                text[:at] + text[at + 1 : at + 2] + text[at] + text[at + 2 :],
            ]
        )
        if made != text and made.strip() == made and made:
            return made


PARTS = ("method", "authority", "path", "query", "body", *HEADERS)
SIGNATURE_PARTS = ("content-digest", "signature-input", "signature")


def mutant(message: Message, part: str, chance: random.Random) -> Message:
    fields = {
        "method": message.method,
        "authority": message.authority,
        "path": message.path,
        "query": message.query,
        "body": message.body.decode(),
    }
    headers = dict(message.headers)
    if part in fields:
        fields[part] = altered_text(fields[part], chance)
    else:
        headers[part] = altered_text(headers[part], chance)
    body = fields.pop("body").encode()
    return Message(scheme="https", headers=headers, body=body, **fields)


def mutants(parts: tuple[str, ...], seed: int) -> Iterator[tuple[str, Message]]:
    chance = random.Random(seed)
    for number in range(MUTANTS):
        part = parts[number % len(parts)]
        yield part, mutant(original(), part, chance)


class TestOneAlteration:
    def test_of_the_original_alone_is_what_makes_it_refused(self):
        assert accepted(original())

    @pytest.mark.parametrize("seed", [1, 2])
    def test_of_anything_that_is_covered_is_never_accepted(self, seed):
        let_in = [
            (part, message)
            for part, message in mutants(PARTS, seed)
            if accepted(message) and not _same_meaning(part, message)
        ]
        assert let_in == []

    @pytest.mark.parametrize("seed", [3, 4])
    def test_of_the_signature_headers_is_never_accepted(self, seed):
        let_in = [
            (part, message.headers[part])
            for part, message in mutants(SIGNATURE_PARTS, seed)
            if accepted(message)
        ]
        assert let_in == []


def _same_meaning(part: str, message: Message) -> bool:
    """A host is the same in capitals."""
    return part == "authority" and message.authority == original().authority


class TestTwoAlterations:
    def test_at_once_are_never_accepted(self):
        chance = random.Random(5)
        for _ in range(MUTANTS):
            first, second = chance.sample((*PARTS, *SIGNATURE_PARTS), 2)
            message = mutant(mutant(original(), first, chance), second, chance)
            assert not accepted(message), (first, second, message.headers)


class TestEveryBit:
    def test_of_the_signature_counts(self):
        message = original()
        value = message.headers["signature"]
        for at in range(4, len(value) - 1):
            for other in "Aw9+/=":
                if value[at] != other:
                    text = value[:at] + other + value[at + 1 :]
                    headers = {**message.headers, "signature": text}
                    assert not accepted(Message.of_url("POST", URL, headers, BODY)), text
