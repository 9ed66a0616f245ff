"""What the client believes: nothing that the lender did not sign, to this request, now."""

import os
import threading

import pytest
import requests
from cf_partner_sdk import (
    AnswerNotTrusted,
    AnswerNotUnderstood,
    HttpOptions,
    KeyDirectory,
    PrivateKey,
    TransportError,
    _sync,
)
from cf_partner_sdk._sync import Http
from cf_partner_sdk.directory import FRESH_S, REFETCH_S_MIN, STALE_S_MAX

from tests.sdk.platform import (
    BASE,
    EVENT,
    RESPONSE,
    ROOT,
    STRANGER,
    client,
    reply,
)
from tests.sdk.test_client import ORDER


def refusal(cf) -> AnswerNotTrusted:
    with pytest.raises(AnswerNotTrusted) as refused:
        cf.mall.orders.cancel("ord_1", idempotency_key="k-1")
    return refused.value


class TestAnAnswer:
    @pytest.mark.parametrize("status", [200, 201, 302, 400, 401, 404, 422, 429])
    def test_without_a_signature_is_refused(self, cf, platform, status):
        platform.sign_answers = False
        platform.answers = [reply(status, ORDER)]
        refused = refusal(cf)
        assert refused.code == "signature-missing"
        assert refused.idempotency_key == "k-1"
        assert len(platform.calls) == 1

    def test_of_an_unknown_key_is_refused(self, cf, platform):
        platform.signing_key = STRANGER
        platform.answers = [reply(200, ORDER)]
        assert refusal(cf).code == "key-unknown"

    def test_of_the_key_for_events_is_refused(self, cf, platform):
        platform.signing_key = EVENT
        platform.answers = [reply(200, ORDER)]
        assert refusal(cf).code == "key-unknown"

    @pytest.mark.parametrize(
        ("alter", "code"),
        [
            (lambda a: (a[0], a[1], a[2] + b" "), "digest-mismatch"),
            (lambda a: (201, a[1], a[2]), "signature-mismatch"),
            (lambda a: (a[0], {**a[1], "request-id": "req_9"}, a[2]), "signature-mismatch"),
            (lambda a: (a[0], {**a[1], "Content-Type": "text/html"}, a[2]), "signature-mismatch"),
        ],
    )
    def test_that_was_altered_is_refused(self, cf, platform, alter, code):
        platform.alter = alter
        platform.answers = [reply(200, ORDER)]
        assert refusal(cf).code == code

    def test_with_a_broken_signature_is_not_taken_for_a_proxys_even_if_5xx(self, cf, platform):
        platform.alter = lambda a: (a[0], a[1], a[2] + b" ")
        platform.answers = [reply(503, {"code": "x", "retryable": True})]
        assert refusal(cf).code == "digest-mismatch"
        assert len(platform.calls) == 1

    def test_to_an_earlier_request_is_refused(self, cf, platform):
        kept = []

        def keep_first(answer):
            kept.append(answer)
            return kept[0]

        platform.alter = keep_first
        platform.answers = [reply(200, ORDER), reply(200, ORDER)]
        cf.mall.orders.get("ord_1")
        with pytest.raises(AnswerNotTrusted) as refused:
            cf.mall.orders.get("ord_1")
        assert refused.value.code == "signature-replayed"

    def test_that_came_long_ago_by_its_own_word_is_refused(self, cf, platform):
        platform.answers = [reply(200, ORDER)]
        platform.server_offset_s = 10

        def arrive_late(answer):
            platform.clock.wall += 400
            return answer

        platform.alter = arrive_late
        assert refusal(cf).code == "signature-expired"

    def test_that_is_compressed_unasked_is_refused(self, cf, platform):
        platform.alter = lambda a: (a[0], {**a[1], "Content-Encoding": "gzip"}, a[2])
        platform.answers = [reply(200, ORDER)]
        assert refusal(cf).code == "signature-malformed"
        assert platform.calls[0].headers["accept-encoding"] == "identity"

    def test_that_is_longer_than_agreed_is_refused(self, cf, platform, monkeypatch):
        monkeypatch.setattr(_sync, "ANSWER_BYTES_MAX", 1000)
        platform.answers = [reply(200, {**ORDER, "metadata": {"pad": "x" * 1000}})]
        assert refusal(cf).code == "signature-malformed"

    def test_that_is_signed_but_no_json_is_not_understood(self, cf, platform):
        platform.answers = [(200, {"Content-Type": "application/json"}, b"{")]
        with pytest.raises(AnswerNotUnderstood):
            cf.mall.orders.get("ord_1")

    def test_that_is_a_signed_redirect_is_not_understood(self, cf, platform):
        platform.answers = [reply(302, Location="https://other.example/")]
        with pytest.raises(AnswerNotUnderstood):
            cf.mall.orders.get("ord_1")

    @pytest.mark.parametrize("page", [{}, {"data": {}}, []])
    def test_that_is_no_list_is_not_understood(self, cf, platform, page):
        platform.answers = [reply(200, page)]
        with pytest.raises(AnswerNotUnderstood):
            list(cf.mall.orders.list())

    def test_may_redirect_nobody(self, cf, platform):
        platform.sign_answers = False
        platform.answers = [(302, {"Location": "https://evil.example/"}, b"")]
        assert refusal(cf).code == "signature-missing"


class TestTheKeyDirectory:
    def test_is_fetched_once_for_many_calls(self, cf, platform):
        platform.answers = [reply(200, ORDER)] * 3
        for _ in range(3):
            cf.mall.orders.get("ord_1")
        assert platform.directory_calls == 1

    def test_is_refused_if_another_key_signed_it(self, cf, platform):
        platform.directory_key = STRANGER
        platform.keys.append((STRANGER, "root"))
        platform.answers = [reply(200, ORDER)]
        assert refusal(cf).code == "key-unknown"

    def test_is_refused_if_its_own_response_key_signed_it(self, cf, platform):
        platform.directory_key = RESPONSE
        platform.answers = [reply(200, ORDER)]
        assert refusal(cf).code == "key-unknown"

    def test_cannot_name_another_key_as_the_root(self, cf, platform):
        platform.directory_key = STRANGER
        claimed = {**STRANGER.public.jwk, "kid": ROOT.keyid, "use": "root"}
        listed = platform.directory()
        platform.directory = lambda: [claimed, *listed[1:]]
        platform.answers = [reply(200, ORDER)]
        assert refusal(cf).code == "key-unknown"

    def test_without_the_nonce_is_judged_by_the_clock(self, cf, platform):
        platform.directory_binds = False
        platform.answers = [reply(200, ORDER)]
        assert cf.mall.orders.get("ord_1").id == "ord_1"

    def test_brings_a_new_key_at_most_once_a_minute(self, cf, platform):
        platform.answers = [reply(200, ORDER)] * 5
        cf.mall.orders.get("ord_1")
        fresh = PrivateKey.generate()
        platform.signing_key = fresh
        refusal(cf)
        assert platform.directory_calls == 1
        platform.clock.pass_time(REFETCH_S_MIN)
        platform.keys.append((fresh, "response"))
        assert cf.mall.orders.get("ord_1").id == "ord_1"
        assert platform.directory_calls == 2
        platform.signing_key = STRANGER
        refusal(cf)
        refusal(cf)
        assert platform.directory_calls == 2

    def test_forgets_a_key_that_is_no_longer_published(self, cf, platform):
        platform.answers = [reply(200, ORDER)] * 2
        cf.mall.orders.get("ord_1")
        platform.keys = [(key, use) for key, use in platform.keys if key is not RESPONSE]
        platform.clock.pass_time(FRESH_S)
        assert refusal(cf).code == "key-unknown"

    def test_skips_keys_of_kinds_not_known_yet(self, cf, platform):
        listed = platform.directory()
        unknown = [{"kty": "AKP", "alg": "ML-DSA-44", "purpose": "response"}, {"kty": "oct"}]
        platform.directory = lambda: [*unknown, *listed]
        platform.answers = [reply(200, ORDER)]
        assert cf.mall.orders.get("ord_1").id == "ord_1"

    def test_that_is_away_makes_a_call_fail_as_transport_does(self, cf, platform):
        platform.directory_fault = requests.ConnectionError("down")
        platform.answers = [reply(200, ORDER)] * 4
        with pytest.raises(TransportError):
            cf.mall.orders.get("ord_1")
        assert len(platform.calls) == 4

    def test_that_is_away_for_a_while_is_believed_as_it_was(self, cf, platform):
        platform.answers = [reply(200, ORDER)] * 9
        cf.mall.orders.get("ord_1")
        platform.directory_fault = requests.ConnectionError("down")
        platform.clock.pass_time(FRESH_S)
        cf.mall.orders.get("ord_1")
        cf.mall.orders.get("ord_1")
        assert platform.directory_calls == 2
        platform.clock.pass_time(STALE_S_MAX)
        with pytest.raises(TransportError):
            cf.mall.orders.get("ord_1")

    @pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"keys":[1]}', b"[" * 100_000])
    def test_that_is_no_key_set_is_refused(self, cf, platform, body):
        platform.directory_answer = (200, {"Content-Type": "application/json"}, body)
        platform.answers = [reply(200, ORDER)]
        assert refusal(cf).code == "signature-malformed"

    def test_that_is_not_there_is_refused(self, cf, platform):
        platform.directory_answer = reply(404, {})
        platform.answers = [reply(200, ORDER)]
        assert refusal(cf).code == "key-unknown"

    def test_has_the_key_to_encrypt_to(self, cf, platform):
        jwk = {"kty": "RSA", "n": "AQAB", "e": "AQAB", "purpose": "encryption"}
        listed = platform.directory()
        platform.directory = lambda: [*listed, jwk]
        assert cf.directory.encryption_key() == jwk
        assert cf.directory.encryption_key() == jwk
        assert platform.directory_calls == 1

    def test_alone_needs_no_partner_key(self, platform, wall):
        http = Http(HttpOptions(), wall.for_sdk())
        directory = KeyDirectory(base_url=BASE, root_keyid=ROOT.keyid, http=http)
        key = directory.key_of("event")(EVENT.keyid)
        assert (key.algorithm, key.keyid) == ("ecdsa-p256-sha256", EVENT.keyid)
        assert directory.key_of("response")(EVENT.keyid) is None
        with pytest.raises(LookupError):
            directory.encryption_key()


class TestTheEnvironment:
    def test_adds_nothing_below_the_signature(self, platform, wall, tmp_path, monkeypatch):
        netrc = tmp_path / "netrc"
        netrc.write_text("machine api.lender.example login somebody password secret\n")
        monkeypatch.setenv("NETRC", os.fspath(netrc))
        platform.answers = [reply(200, ORDER)]
        with client(wall) as cf:
            cf.mall.orders.get("ord_1")
        assert "authorization" not in platform.calls[0].headers

    def test_of_cookies_is_not_kept(self, cf, platform):
        platform.alter = lambda a: (a[0], {**a[1], "Set-Cookie": "session=1; Path=/"}, a[2])
        platform.answers = [reply(200, ORDER)] * 2
        cf.mall.orders.get("ord_1")
        cf.mall.orders.get("ord_1")
        assert "cookie" not in platform.calls[1].headers


class TestThreads:
    def test_share_a_client(self, cf, platform):
        platform.answers = [reply(200, ORDER)] * 80
        found, faults = [], []

        def work():
            try:
                found.extend(cf.mall.orders.get("ord_1").id for _ in range(10))
            except Exception as fault:  # noqa: BLE001 - shown by the assertion below
                faults.append(fault)

        threads = [threading.Thread(target=work) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert faults == []
        assert found == ["ord_1"] * 80
        assert platform.directory_calls == 1
