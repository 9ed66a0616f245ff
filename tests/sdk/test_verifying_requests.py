"""Each way in which the signature of a request can be wrong."""

from collections.abc import Callable

import pytest
from cf_partner_sdk.http_signatures import (
    TAG_EVENT,
    TAG_REQUEST,
    TARGET_URI,
    Message,
    SignatureRefused,
    Verified,
    build_base,
    content_digest,
    new_nonce,
    parse_signature_input,
    sign_request,
    verify_request,
)
from cf_partner_sdk.http_signatures.profile import MEANINGFUL
from cf_partner_sdk.http_signatures.structured import encode_bytes

from tests.keys import partner_key
from tests.sdk.platform import NOW, PARTNER, STRANGER

BODY = b'{"amount_fen":599900}'
NONCE = "n" * 16
PLAIN = {"Content-Type": "application/json", "Idempotency-Key": "order-1"}
URL = "http://127.0.0.1:8080/v1/mall/orders?a=1"


def unsigned(**changes) -> Message:
    fields = {"method": "POST", "url": URL, "headers": PLAIN, "body": BODY, **changes}
    return Message.of_url(**fields)


def signed(message: Message | None = None, **options) -> Message:
    message = message or unsigned()
    how = {"created": NOW, "nonce": NONCE, **options}
    added = sign_request(message, how.pop("signer", PARTNER), **how)
    return replaced(message, headers={**message.headers, **added})


def replaced(message: Message, **changes) -> Message:
    names = ("method", "scheme", "authority", "path", "query", "headers", "body")
    return Message(**{name: changes.get(name, getattr(message, name)) for name in names})


def with_input(change: Callable[[str], str], message: Message | None = None) -> Message:
    """The request with an altered Signature-Input, signed properly over what it then says."""
    message = message or signed()
    text = change(message.headers["signature-input"])
    ours = next(one for one in parse_signature_input(text) if one.label == "cf")
    signature = PARTNER.sign(build_base(message, ours.components, ours.text))
    added = {"Signature-Input": text, "Signature": f"cf={encode_bytes(signature)}"}
    return replaced(message, headers={**message.headers, **_lower(added)})


def _lower(headers: dict[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def with_headers(message: Message, **changes: str | None) -> Message:
    given = {name.replace("_", "-"): value for name, value in changes.items()}
    kept = {name: value for name, value in message.headers.items() if name not in given}
    return replaced(message, headers={**kept, **{k: v for k, v in given.items() if v is not None}})


def verify(message: Message, *, now: int = NOW, key_of=None, tag: str = TAG_REQUEST) -> Verified:
    keys = {PARTNER.keyid: PARTNER.public}
    return verify_request(message, key_of=key_of or keys.get, now=now, tag=tag)


def refusal(message: Message, **options) -> SignatureRefused:
    with pytest.raises(SignatureRefused) as refused:
        verify(message, **options)
    return refused.value


class TestAGoodSignature:
    def test_tells_who_signed_and_when(self):
        found = verify(signed())
        assert (found.keyid, found.nonce, found.label) == (PARTNER.keyid, NONCE, "cf")
        assert (found.created, found.expires) == (NOW, NOW + 300)

    @pytest.mark.parametrize(
        "algorithm", ["ed25519", "ecdsa-p256-sha256", "rsa-pss-sha512", "rsa-v1_5-sha256"]
    )
    def test_may_be_of_any_algorithm_of_the_profile(self, algorithm):
        key = partner_key(algorithm)
        found = verify(signed(signer=key), key_of={key.keyid: key.public}.get)
        assert found.keyid == key.keyid

    def test_may_cover_the_target_as_one(self):
        message = signed(target=TARGET_URI)
        assert '"@target-uri"' in message.headers["signature-input"]
        assert verify(message).nonce == NONCE

    def test_needs_no_digest_without_a_body(self):
        message = signed(unsigned(method="GET", body=b"", headers={}))
        assert "content-digest" not in message.headers
        assert verify(message).nonce == NONCE

    def test_may_carry_its_algorithm(self):
        assert verify(with_input(lambda text: text + ';alg="ed25519"')).nonce == NONCE

    def test_may_have_any_label(self):
        message = signed()
        renamed = {
            name: "sig1" + message.headers[name][2:] for name in ("signature", "signature-input")
        }
        assert verify(replaced(message, headers={**message.headers, **renamed})).label == "sig1"

    def test_may_have_its_components_in_any_order(self):
        def turned(text: str) -> str:
            inner = text[text.index("(") + 1 : text.index(")")]
            return text.replace(inner, " ".join(reversed(inner.split(" "))))

        assert verify(with_input(turned)).nonce == NONCE

    def test_may_stand_beside_one_with_another_tag(self):
        message = signed()
        proxy = 'proxy=("@method");created=1;keyid="p";tag="their-proxy"'
        both = with_headers(
            message,
            signature_input=f"{proxy}, {message.headers['signature-input']}",
            signature=f"proxy=:AAAA:, {message.headers['signature']}",
        )
        assert verify(both).label == "cf"

    def test_covers_the_lower_case_host_without_the_default_port(self):
        message = signed(unsigned(url="https://API.Lender.Example:443/v1/mall/orders?a=1"))
        seen = replaced(message, authority="api.lender.example")
        assert verify(seen).nonce == NONCE

    def test_with_a_sha_512_digest_is_good_too(self):
        message = unsigned(headers={**PLAIN, "Content-Digest": content_digest(BODY, "sha-512")})
        good = with_input(lambda text: text, message_with_own_digest(message))
        assert verify(good).nonce == NONCE


def message_with_own_digest(message: Message) -> Message:
    added = sign_request(message, PARTNER, created=NOW, nonce=NONCE)
    del added["Content-Digest"]
    return replaced(message, headers={**message.headers, **_lower(added)})


class TestAMissingSignature:
    @pytest.mark.parametrize("header", ["signature", "signature_input"])
    def test_is_named(self, header):
        assert refusal(with_headers(signed(), **{header: None})).code == "signature-missing"

    def test_is_one_with_another_tag_only(self):
        message = signed(tag="cf-channel-1-request")
        assert refusal(message).code == "signature-missing"

    def test_is_not_made_good_by_the_tag_of_an_event(self):
        webhook = {**PLAIN, "webhook-id": "evt_1", "webhook-timestamp": str(NOW)}
        message = signed(unsigned(headers=webhook), tag=TAG_EVENT)
        assert refusal(message).code == "signature-missing"
        assert verify(message, tag=TAG_EVENT).nonce == NONCE


class TestAMalformedSignature:
    @pytest.mark.parametrize(
        "change",
        [
            lambda text: text.replace('"@method" ', '"@method"  '),
            lambda text: text.replace('("@method"', '( "@method"'),
            lambda text: text.replace('"@method"', '"@method";req=?1'),
            lambda text: text.replace(f"created={NOW}", f"created=0{NOW}"),
            lambda text: text.replace(f"created={NOW}", f"created={NOW}.0"),
            lambda text: text.replace('"@method"', "@method"),
            lambda text: text.replace("cf=", "CF="),
            lambda text: text + ",",
            lambda text: text + ";",
            lambda text: text + f";created={NOW}",
            lambda text: f"{text}, {text}",
            lambda text: text.replace(")", "", 1),
            lambda _: "cf=:AAAA:",
            lambda _: "",
            lambda text: text.replace('"@method"', '"@m\u00e9thod"'),
            lambda text: text.replace(";tag=", ";tag=cf-partner-1-request;x="),
            lambda _: "cf=" + "(" * 4000,
        ],
    )
    def test_is_one_not_written_canonically(self, change):
        message = signed()
        text = change(message.headers["signature-input"])
        refused = refusal(with_headers(message, signature_input=text))
        assert refused.code in {"signature-malformed", "signature-missing"}

    @pytest.mark.parametrize(
        "value", ["cf=AAAA", "cf=:AAA:", "cf=:A===:", "cf=:AB==:", "cf=:AA AA:", "sig=:AAAA:", "cf"]
    )
    def test_is_one_whose_bytes_cannot_be_read(self, value):
        assert refusal(with_headers(signed(), signature=value)).code == "signature-malformed"

    @pytest.mark.parametrize("name", ["created", "expires", "nonce", "keyid"])
    def test_lacks_a_parameter(self, name):
        def without(text: str) -> str:
            head, _, parameters = text.partition(")")
            kept = [part for part in parameters.split(";") if not part.startswith(name)]
            return f"{head}){';'.join(kept)}"

        assert refusal(with_input(without)).code == "signature-malformed"

    def test_has_a_parameter_that_nobody_knows(self):
        refused = refusal(with_input(lambda text: text + ';extra="1"'))
        assert refused.code == "signature-malformed"

    @pytest.mark.parametrize("parameter", [';created="1"', ";keyid=1", ";nonce=1", ";alg=1"])
    def test_has_a_parameter_of_another_type(self, parameter):
        name = parameter[1:].partition("=")[0]

        def swapped(text: str) -> str:
            head, _, parameters = text.partition(")")
            kept = [part for part in parameters.split(";") if not part.startswith(name)]
            return f"{head}){';'.join(kept)}{parameter}"

        assert refusal(with_input(swapped)).code == "signature-malformed"

    @pytest.mark.parametrize("nonce", ["n" * 15, "n" * 65, "n" * 15 + "+", "n" * 15 + " "])
    def test_has_a_nonce_outside_the_profile(self, nonce):
        refused = refusal(with_input(lambda text: text.replace(NONCE, nonce)))
        assert refused.code == "signature-malformed"

    def test_is_two_with_our_tag(self):
        message = signed()
        twice = with_headers(
            message,
            signature_input=f"{message.headers['signature-input']}, "
            f"b{message.headers['signature-input'][2:]}",
            signature=f"{message.headers['signature']}, b{message.headers['signature'][2:]}",
        )
        assert refusal(twice).code == "signature-malformed"

    def test_covers_more_than_sixteen_components(self):
        extra = {f"x-{number}": "1" for number in range(12)}
        message = unsigned(headers={**PLAIN, **extra})
        assert refusal(signed(message, cover=sorted(extra))).code == "signature-malformed"
        fewer = sorted(extra)[:9]
        assert verify(signed(message, cover=fewer)).nonce == NONCE

    def test_is_longer_than_eight_kilobytes(self):
        padding = 'pad=("@method");keyid="' + "p" * 8200 + '"'
        message = signed()
        long = with_headers(
            message, signature_input=f"{message.headers['signature-input']}, {padding}"
        )
        assert refusal(long).code == "signature-malformed"

    def test_covers_a_component_twice(self):
        refused = refusal_unsigned(lambda text: text.replace('"@method"', '"@method" "@method"'))
        assert refused.code == "signature-malformed"

    @pytest.mark.parametrize(
        "component",
        [
            '"@status"',
            '"@query-param";name="a"',
            '"@request-target"',
            '"@method";req',
            '"content-type";sf',
            '"content-type";bs',
            '"content-digest";key="sha-256"',
            '"Content-Type"',
            '"x-absent"',
            '"@signature-params"',
            '""',
        ],
    )
    def test_covers_what_the_profile_does_not_know(self, component):
        refused = refusal_unsigned(lambda text: text.replace('("', f'({component} "', 1))
        assert refused.code == "signature-malformed"

    @pytest.mark.parametrize("name", ["content-type", "idempotency-key", "content-digest"])
    def test_covers_a_header_given_twice(self, name):
        message = signed()
        pairs = [*message.headers.items(), (name.title(), message.headers[name])]
        assert refusal(replaced(message, headers=pairs)).code == "signature-malformed"

    def test_covers_a_header_given_twice_that_a_server_joined(self):
        joined = unsigned(headers={**PLAIN, "Idempotency-Key": "order-1"})
        message = with_headers(signed(joined), idempotency_key="order-1, order-2")
        assert refusal(message).code == "signature-malformed"

    @pytest.mark.parametrize("path", ["/a ", "/a\n", "/\u00e9", "/a\x7f"])
    def test_covers_a_path_that_no_base_can_hold(self, path):
        assert refusal(replaced(signed(), path=path)).code == "signature-malformed"

    @pytest.mark.parametrize("value", ["a\nb", "a\u00e9", "a\tb"])
    def test_covers_a_header_that_is_not_printable_ascii(self, value):
        message = with_headers(signed(), idempotency_key=value)
        assert refusal(message).code == "signature-malformed"


def refusal_unsigned(change: Callable[[str], str]) -> SignatureRefused:
    message = signed()
    return refusal(
        with_headers(message, signature_input=change(message.headers["signature-input"]))
    )


class TestAComponentNotCovered:
    @pytest.mark.parametrize("name", ["@method", "content-type", "content-digest"])
    def test_is_named_as_missing(self, name):
        refused = refusal(with_input(lambda text: drop(text, name)))
        assert (refused.code, refused.missing) == ("component-not-covered", [name])

    @pytest.mark.parametrize("name", ["@authority", "@path", "@query"])
    def test_is_a_part_of_the_target(self, name):
        refused = refusal(with_input(lambda text: drop(text, name)))
        assert (refused.code, refused.missing) == ("component-not-covered", [name])

    def test_is_the_whole_target(self):
        def without_target(text: str) -> str:
            return drop(drop(drop(text, "@authority"), "@path"), "@query")

        refused = refusal(with_input(without_target))
        assert refused.missing == ["@target-uri"]

    @pytest.mark.parametrize("name", [each for each in MEANINGFUL if each != "content-digest"])
    def test_is_a_header_with_a_meaning_that_is_present(self, name):
        bare = signed(unsigned(headers={"Content-Type": "application/json"}))
        refused = refusal(with_headers(bare, **{name.replace("-", "_"): "2026-11-01"}))
        assert (refused.code, refused.missing) == ("component-not-covered", [name])

    def test_is_the_digest_of_a_body_slipped_under_a_signed_get(self):
        message = signed(unsigned(method="GET", body=b"", headers={}))
        refused = refusal(replaced(message, body=BODY))
        assert refused.missing == ["content-type", "content-digest"]

    def test_is_the_digest_even_of_no_body(self):
        message = signed(unsigned(method="GET", body=b"", headers={}))
        refused = refusal(with_headers(message, content_digest=content_digest(b"")))
        assert refused.missing == ["content-digest"]

    @pytest.mark.parametrize("name", ["webhook-id", "webhook-timestamp"])
    def test_is_a_webhook_header_of_an_event(self, name):
        webhook = {**PLAIN, "webhook-id": "evt_1", "webhook-timestamp": str(NOW)}
        message = signed(unsigned(headers=webhook), tag=TAG_EVENT)
        refused = refusal(with_input(lambda text: drop(text, name), message), tag=TAG_EVENT)
        assert (refused.code, refused.missing) == ("component-not-covered", [name])


def drop(text: str, name: str) -> str:
    return text.replace(f'"{name}" ', "", 1).replace(f' "{name}"', "", 1)


class TestTheWindow:
    @pytest.mark.parametrize("age", [299, 1, 0, -1, -29, -30])
    def test_is_open(self, age):
        assert verify(signed(created=NOW - age)).created == NOW - age

    @pytest.mark.parametrize("age", [301, 300, -31, 100_000, -100_000])
    def test_is_closed(self, age):
        assert refusal(signed(created=NOW - age)).code == "signature-expired"

    @pytest.mark.parametrize(("lifetime", "age", "good"), [(10, 9, True), (10, 10, False)])
    def test_ends_when_the_signature_says(self, lifetime, age, good):
        message = signed(created=NOW - age, lifetime_s=lifetime)
        assert good == (code_of(message) == "")

    @pytest.mark.parametrize("expires", [NOW + 301, NOW, NOW - 1, 999_999_999_999_999])
    def test_is_not_stretched_by_expires(self, expires):
        message = with_input(lambda text: text.replace(str(NOW + 300), str(expires)))
        assert refusal(message).code == "signature-expired"

    @pytest.mark.parametrize(("age", "good"), [(300, True), (301, False), (-300, True)])
    def test_of_an_event_looks_300_seconds_both_ways(self, age, good):
        webhook = {**PLAIN, "webhook-id": "evt_1", "webhook-timestamp": str(NOW)}
        message = signed(unsigned(headers=webhook), tag=TAG_EVENT, created=NOW - age)
        assert good == (code_of(message, tag=TAG_EVENT) == "")


def code_of(message: Message, **options) -> str:
    try:
        verify(message, **options)
    except SignatureRefused as refused:
        return refused.code
    return ""


class TestTheKey:
    def test_is_unknown(self):
        refused = refusal(signed(signer=STRANGER))
        assert (refused.code, refused.keyid) == ("key-unknown", STRANGER.keyid)

    def test_is_revoked_as_the_look_up_says(self):
        def revoked(keyid: str):
            raise SignatureRefused("key-revoked", "revoked yesterday", keyid=keyid)

        assert refusal(signed(), key_of=revoked).code == "key-revoked"

    def test_is_claimed_by_somebody_without_it(self):
        message = signed(signer=STRANGER)
        text = message.headers["signature-input"].replace(STRANGER.keyid, PARTNER.keyid)
        refused = refusal(with_headers(message, signature_input=text))
        assert refused.code == "signature-mismatch"
        assert refused.base is not None
        assert b'"@path": /v1/mall/orders\n' in refused.base
        assert BODY not in refused.base

    @pytest.mark.parametrize("named", ["rsa-pss-sha512", "hmac-sha256", "ED25519", ""])
    def test_says_the_algorithm_and_not_the_message(self, named):
        refused = refusal(with_input(lambda text: f'{text};alg="{named}"'))
        assert refused.code == "algorithm-not-allowed"

    def test_of_a_shared_secret_is_never_taken(self):
        class SharedSecret:
            keyid, algorithm = PARTNER.keyid, "hmac-sha256"

            def verify(self, base: bytes, signature: bytes) -> bool:
                return True

        refused = refusal(signed(), key_of=lambda _: SharedSecret())
        assert refused.code == "algorithm-not-allowed"

    def test_found_under_another_name_is_a_fault_of_ours(self):
        with pytest.raises(ValueError, match="another keyid"):
            verify(signed(), key_of=lambda _: STRANGER.public)


class TestAnAlteredRequest:
    def test_body_no_longer_fits_its_digest(self):
        refused = refusal(replaced(signed(), body=BODY.replace(b"5", b"6")))
        assert refused.code == "digest-mismatch"

    def test_digest_no_longer_fits_the_signature(self):
        other = BODY.replace(b"5", b"6")
        message = with_headers(signed(), content_digest=content_digest(other))
        assert refusal(replaced(message, body=other)).code == "signature-mismatch"

    @pytest.mark.parametrize(
        "change",
        [
            {"method": "PUT"},
            {"path": "/v1/mall/orders/"},
            {"path": "/v1/mall/refunds"},
            {"query": "a=2"},
            {"query": ""},
            {"authority": "127.0.0.1:8081"},
            {"authority": "other.example"},
        ],
    )
    def test_goes_elsewhere(self, change):
        assert refusal(replaced(signed(), **change)).code == "signature-mismatch"

    def test_comes_by_another_scheme_if_the_whole_target_is_covered(self):
        message = signed(target=TARGET_URI)
        assert refusal(replaced(message, scheme="https")).code == "signature-mismatch"

    @pytest.mark.parametrize("name", ["content_type", "idempotency_key"])
    def test_has_another_covered_header(self, name):
        assert refusal(with_headers(signed(), **{name: "other"})).code == "signature-mismatch"

    @pytest.mark.parametrize("name", ["content_type", "idempotency_key", "content_digest"])
    def test_lacks_a_covered_header(self, name):
        assert refusal(with_headers(signed(), **{name: None})).code == "signature-malformed"


class TestSigning:
    @pytest.mark.parametrize(
        "options",
        [
            {"nonce": "short"},
            {"nonce": 'quote"quote"quote'},
            {"lifetime_s": 0},
            {"lifetime_s": 301},
            {"tag": "cf-partner-1-response"},
            {"tag": "Cf-Request"},
            {"target": ("@path",)},
            {"cover": ["x-absent"]},
            {"cover": ["@query-param"]},
            {"cover": ['x"y']},
            {"cover": ["Content-Type"]},
        ],
    )
    def test_refuses_what_nobody_would_accept(self, options):
        with pytest.raises(ValueError, match=r"."):
            signed(**options)

    def test_needs_a_content_type_for_a_body(self):
        with pytest.raises(ValueError, match="content-type"):
            signed(unsigned(headers={}))

    def test_refuses_a_header_with_a_line_break(self):
        with pytest.raises(ValueError, match="printable"):
            signed(unsigned(headers={**PLAIN, "Idempotency-Key": "a\r\nb: c"}))

    def test_refuses_an_answer_and_a_keyid_with_quotes(self):
        class Odd:
            keyid, algorithm = 'a"b', "ed25519"

            def sign(self, base: bytes) -> bytes:
                return base

        with pytest.raises(ValueError, match="keyid"):
            signed(signer=Odd())
        with pytest.raises(ValueError, match="sign_response"):
            sign_request(unsigned().answered(200), PARTNER, created=NOW, nonce=NONCE)

    def test_makes_nonces_of_the_profile_that_differ(self):
        nonces = {new_nonce() for _ in range(100)}
        assert len(nonces) == 100
        assert verify(signed(nonce=nonces.pop())).nonce not in nonces
