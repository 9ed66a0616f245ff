"""An answer is believed only if the lender signed it and it answers this very request."""

import base64

import pytest
from cf_partner_sdk.http_signatures import (
    TARGET_URI,
    Message,
    SignatureRefused,
    Verified,
    build_base,
    content_digest,
    parse_signature_input,
    request_nonce,
    sign_request,
    sign_response,
    verify_response,
)
from cf_partner_sdk.http_signatures.structured import encode_bytes

from tests.sdk.platform import NOW, PARTNER, RESPONSE, STRANGER

BODY = b'{"amount_fen":599900}'
NONCE = "n" * 20
URL = "https://api.lender.example/v1/mall/orders?a=1"


def asked(*, url: str = URL, method: str = "POST", body: bytes = BODY, **options) -> Message:
    headers = {"Content-Type": "application/json", "Idempotency-Key": "order-1"} if body else {}
    plain = Message.of_url(method, url, headers, body)
    added = sign_request(plain, PARTNER, created=NOW, nonce=NONCE, **options)
    return Message.of_url(method, url, {**headers, **added}, body)


def answered(
    request: Message,
    *,
    status: int = 201,
    body: bytes = b'{"id":"ord_1"}',
    key=RESPONSE,
    created: int = NOW,
    nonce: str | None = NONCE,
) -> Message:
    headers = {"request-id": "req_1"}
    if body:
        headers["Content-Type"] = "application/json"
    plain = request.answered(status, headers, body)
    added = sign_response(plain, key, created=created, nonce=nonce)
    return request.answered(status, {**headers, **added}, body)


def verify(answer: Message, *, now: int | None = NOW, nonce: str | None = NONCE) -> Verified:
    keys = {RESPONSE.keyid: RESPONSE.public}
    return verify_response(answer, key_of=keys.get, now=now, nonce=nonce)


def refusal(answer: Message, **options) -> SignatureRefused:
    with pytest.raises(SignatureRefused) as refused:
        verify(answer, **options)
    return refused.value


def altered(answer: Message, *, request: Message | None = None, **changes) -> Message:
    headers = {**answer.headers, **changes.pop("headers", {})}
    for name in changes.pop("without", ()):
        del headers[name]
    status = changes.get("status", answer.status)
    return (request or answer.request).answered(status, headers, changes.get("body", answer.body))


class TestAGoodAnswer:
    @pytest.mark.parametrize("target", [("@authority", "@path", "@query"), TARGET_URI])
    def test_covers_the_request_in_the_form_it_was_signed(self, target):
        answer = answered(asked(target=target))
        covered = answer.headers["signature-input"]
        assert all(f'"{name}";req' in covered for name in target)
        assert '"content-digest";req "idempotency-key";req' in covered
        assert verify(answer).nonce == NONCE

    def test_has_no_body(self):
        answer = answered(asked(), status=204, body=b"")
        assert "content-digest" not in answer.headers
        assert verify(answer).keyid == RESPONSE.keyid

    @pytest.mark.parametrize("status", [400, 401, 409, 429, 500, 503])
    def test_may_be_an_error(self, status):
        assert verify(answered(asked(), status=status)).nonce == NONCE

    @pytest.mark.parametrize("skew", [-300, 300])
    def test_is_good_for_five_minutes_both_ways(self, skew):
        assert verify(answered(asked()), now=NOW + skew).created == NOW

    def test_is_fresh_by_its_nonce_where_the_clock_cannot_say(self):
        assert verify(answered(asked()), now=None).created == NOW
        assert refusal(answered(asked()), now=NOW + 9000).code == "signature-expired"

    def test_to_an_unsigned_request_has_no_nonce(self):
        plain = Message.of_url("GET", URL)
        answer = answered(plain, status=401, nonce=request_nonce(plain))
        assert "nonce" not in answer.headers["signature-input"]
        assert verify(answer, nonce=None).nonce is None

    def test_must_be_fresh_by_one_or_the_other(self):
        with pytest.raises(ValueError, match="fresh"):
            verify(answered(asked()), now=None, nonce=None)


class TestSigningAnAnswer:
    def test_needs_a_status_and_a_request(self):
        request = asked()
        with pytest.raises(ValueError, match="status"):
            sign_response(request, RESPONSE, created=NOW, nonce=NONCE)
        with pytest.raises(ValueError, match="request"):
            verify(request)

    def test_needs_a_nonce_of_the_profile_or_none(self):
        with pytest.raises(ValueError, match="nonce"):
            answered(asked(), nonce="short")

    def test_needs_a_request_id(self):
        with pytest.raises(ValueError, match="request-id"):
            sign_response(asked().answered(204), RESPONSE, created=NOW, nonce=NONCE)


class TestAnAnswerToABrokenRequest:
    @pytest.mark.parametrize(
        "headers",
        [
            {"Signature-Input": "nonsense", "Signature": "nonsense"},
            {"Signature-Input": 'cf=();nonce="short";tag="cf-partner-1-request"'},
            {"Signature-Input": 'cf=();nonce=1;tag="cf-partner-1-request"'},
            {"Idempotency-Key": "a\u00e9"},
            {"Content-Digest": "a\nb"},
            {},
        ],
    )
    def test_is_signed_all_the_same(self, headers):
        request = Message.of_url("POST", URL, headers, b"{}")
        assert request_nonce(request) is None
        answer = answered(request, status=401, nonce=request_nonce(request))
        keys = {RESPONSE.keyid: RESPONSE.public}
        signature = answer.headers["signature-input"]
        found = parse_signature_input(signature)[0]
        assert '"@method";req' in signature
        assert keys[RESPONSE.keyid].verify(
            build_base(answer, found.components, found.text), _bytes(answer)
        )

    def test_repeats_its_nonce_if_that_much_could_be_read(self):
        request = asked()
        broken = Message.of_url("POST", URL, {**request.headers, "signature": "x"}, BODY)
        assert request_nonce(broken) == NONCE


def _bytes(answer: Message) -> bytes:
    return base64.b64decode(answer.headers["signature"].split(":")[1])


class TestAnAnswerNotTrusted:
    def test_is_unsigned(self):
        answer = altered(answered(asked()), without=("signature", "signature-input"))
        assert refusal(answer).code == "signature-missing"

    def test_is_signed_by_a_stranger(self):
        assert refusal(answered(asked(), key=STRANGER)).code == "key-unknown"

    def test_is_to_another_nonce(self):
        assert refusal(answered(asked()), nonce="m" * 20).code == "signature-replayed"

    def test_has_no_nonce(self):
        assert refusal(answered(asked(), nonce=None)).code == "signature-malformed"

    @pytest.mark.parametrize(
        "other",
        [
            {"url": URL + "1"},
            {"url": URL.replace("orders", "refunds")},
            {"url": URL.replace("api", "test")},
            {"method": "PUT"},
            {"body": BODY.replace(b"5", b"6")},
        ],
    )
    def test_is_to_another_request(self, other):
        answer = altered(answered(asked()), request=asked(**other))
        assert refusal(answer).code == "signature-mismatch"

    def test_is_to_a_request_without_its_idempotency_key(self):
        request = asked(method="GET", body=b"")
        answer = altered(answered(request), request=asked())
        assert refusal(answer).missing == ["content-digest;req", "idempotency-key;req"]

    def test_has_another_status(self):
        assert refusal(altered(answered(asked()), status=200)).code == "signature-mismatch"

    def test_has_another_body(self):
        assert refusal(altered(answered(asked()), body=b"{}")).code == "digest-mismatch"

    def test_has_another_body_and_digest(self):
        headers = {"content-digest": content_digest(b"{}")}
        answer = altered(answered(asked()), body=b"{}", headers=headers)
        assert refusal(answer).code == "signature-mismatch"

    def test_has_a_body_where_there_was_none(self):
        answer = altered(answered(asked(), status=204, body=b""), body=b"{}")
        assert refusal(answer).missing == ["content-type", "content-digest"]

    def test_has_another_request_id(self):
        answer = altered(answered(asked()), headers={"request-id": "req_2"})
        assert refusal(answer).code == "signature-mismatch"

    @pytest.mark.parametrize("skew", [-301, 301])
    def test_is_too_old_or_too_new(self, skew):
        assert refusal(answered(asked()), now=NOW + skew).code == "signature-expired"

    @pytest.mark.parametrize(
        ("component", "missing"),
        [
            ('"@status"', "@status"),
            ('"request-id"', "request-id"),
            ('"content-type"', "content-type"),
            ('"content-digest"', "content-digest"),
            ('"@method";req', "@method;req"),
            ('"@path";req', "@path;req"),
            ('"content-digest";req', "content-digest;req"),
            ('"idempotency-key";req', "idempotency-key;req"),
        ],
    )
    def test_covers_too_little(self, component, missing):
        answer = answered(asked())
        inside = answer.headers["signature-input"]
        parts = inside[inside.index("(") + 1 : inside.index(")")].split(" ")
        parts.remove(component)
        text = f"cf=({' '.join(parts)}){inside.partition(')')[2]}"
        chosen = parse_signature_input(text)[0]
        value = RESPONSE.sign(build_base(answer, chosen.components, chosen.text))
        headers = {"signature-input": text, "signature": f"cf={encode_bytes(value)}"}
        refused = refusal(altered(answer, headers=headers))
        assert (refused.code, refused.missing) == ("component-not-covered", [missing])

    def test_covers_the_request_without_req(self):
        answer = answered(asked())
        text = answer.headers["signature-input"].replace('"@method";req', '"@method"')
        refused = refusal(altered(answer, headers={"signature-input": text}))
        assert refused.missing == ["@method;req"]
