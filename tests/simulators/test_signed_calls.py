import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import requests
from cf_partner_sdk.http_signatures import (
    Message,
    content_digest,
    new_nonce,
    sign_request,
    verify_response,
)
from cf_partner_sdk.keys import PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from http_message_signatures import HTTPMessageSigner, MappingKeyResolver, algorithms
from werkzeug.test import TestResponse

from connectors import plug
from connectors.http import TAG_REQUEST, TAG_RESPONSE
from tests.outside import OutsideWorld

URL = "http://127.0.0.1:9/sms/messages"
JSON = {"content-type": "application/json"}
SMS = json.dumps({"mobile": "13800138000", "text": "x"}).encode()
Change = Callable[[Message], Message]
COVERED = ("@method", "@authority", "@path", "@query", "content-type", "content-digest")


def signed(
    outside: OutsideWorld,
    *,
    created: int = 0,
    lifetime_s: int = 300,
    tag: str = TAG_REQUEST,
    key: PrivateKey | None = None,
) -> Message:
    """A call that is in order unless a parameter says otherwise; `created` counts from now."""
    asked = Message.of_url("POST", URL, JSON, SMS)
    headers = sign_request(
        asked,
        key or plug.our_key(outside.settings),
        created=int(time.time()) + created,
        nonce=new_nonce(),
        lifetime_s=lifetime_s,
        tag=tag,
    )
    return Message.of_url("POST", URL, JSON | headers, SMS)


def signed_by_the_library(
    outside: OutsideWorld, left_out: str | None, nonce: str | None
) -> Message:
    """A call with a true signature of ours that covers all but one component."""
    key = plug.our_key(outside.settings)
    resolver = MappingKeyResolver(
        private_keys={key.keyid: load_pem_private_key(key.to_pem().encode(), None)},
        public_keys={},
    )
    now = datetime.now(UTC)
    call = requests.Request("POST", URL, headers=JSON, data=SMS).prepare()
    HTTPMessageSigner(signature_algorithm=algorithms.ED25519, key_resolver=resolver).sign(
        call,
        key_id=key.keyid,
        created=now,
        expires=now + timedelta(seconds=300),
        nonce=nonce,
        tag=TAG_REQUEST,
        covered_component_ids=[name for name in COVERED if name != left_out],
        body=SMS if left_out != "content-digest" else None,
    )
    call.headers.setdefault("Content-Digest", content_digest(SMS))
    return Message.of_url("POST", URL, call.headers, SMS)


def send(outside: OutsideWorld, call: Message) -> TestResponse:
    return outside.app.test_client().open(
        call.path,
        method=call.method,
        query_string=call.query,
        headers=dict(call.headers),
        data=call.body,
        base_url=f"http://{call.authority}",
    )


def without(name: str) -> Change:
    def change(call: Message) -> Message:
        kept = {key: value for key, value in call.headers.items() if key != name}
        return Message.of_url(call.method, URL, kept, call.body)

    return change


def other(**parts: object) -> Change:
    def change(call: Message) -> Message:
        given = {
            "method": call.method,
            "authority": call.authority,
            "path": call.path,
            "query": call.query,
            "body": call.body,
        } | parts
        return Message(
            str(given["method"]),
            "http",
            str(given["authority"]),
            str(given["path"]),
            str(given["query"]),
            {**call.headers, **given.get("headers", {})},  # type: ignore[dict-item]
            given["body"],  # type: ignore[arg-type]
        )

    return change


def digest_dropped_from_coverage(call: Message) -> Message:
    thin = call.headers["signature-input"].replace(' "content-digest"', "")
    return other(headers={"signature-input": thin})(call)


def signed_twice(call: Message) -> Message:
    given, value = call.headers["signature-input"], call.headers["signature"]
    label = given.partition("=")[0]
    again = given.replace(f"{label}=", "again=", 1)
    twice = {
        "signature-input": f"{given}, {again}",
        "signature": f"{value}, {value.replace(f'{label}=', 'again=', 1)}",
    }
    return other(headers=twice)(call)


class TestASignedCall:
    def test_is_taken_once_and_its_replay_refused(self, outside: OutsideWorld):
        call = signed(outside)
        assert send(outside, call).status_code == 200
        assert send(outside, call).status_code == 401

    def test_is_still_known_after_a_restart(self, tmp_path: Path):
        call = signed(OutsideWorld(tmp_path))
        assert send(OutsideWorld(tmp_path), call).status_code == 200
        assert send(OutsideWorld(tmp_path), call).status_code == 401

    def test_wins_once_when_it_comes_many_times_at_once(self, outside: OutsideWorld):
        call = signed(outside)
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda _: send(outside, call).status_code, range(24)))
        assert sorted(answers) == [200] + [401] * 23

    @pytest.mark.parametrize(
        "change",
        [
            pytest.param(other(body=b'{"mobile": "13900139000", "text": "x"}'), id="body"),
            pytest.param(other(path="/bank/payouts"), id="path"),
            pytest.param(other(query="a=1"), id="query"),
            pytest.param(other(authority="127.0.0.1:10"), id="host"),
            pytest.param(other(headers={"content-type": "text/plain"}), id="content type"),
            pytest.param(without("signature"), id="unsigned"),
            pytest.param(without("signature-input"), id="no signature input"),
            pytest.param(without("content-digest"), id="no digest"),
            pytest.param(digest_dropped_from_coverage, id="digest not covered"),
            pytest.param(signed_twice, id="two signatures with our tag"),
        ],
    )
    def test_is_refused_when_altered(self, outside: OutsideWorld, change: Change):
        assert send(outside, change(signed(outside))).status_code == 401
        assert outside.app.test_client().get("/sms/outbox").json == []

    @pytest.mark.parametrize(
        ("created", "lifetime_s"), [(-310, 300), (-20, 10), (60, 300), (-250, 240)]
    )
    def test_is_refused_outside_its_time(
        self, outside: OutsideWorld, created: int, lifetime_s: int
    ):
        call = signed(outside, created=created, lifetime_s=lifetime_s)
        assert send(outside, call).status_code == 401

    @pytest.mark.parametrize(
        "left_out",
        ["@method", "@authority", "@path", "@query", "content-type", "content-digest", None],
    )
    @pytest.mark.parametrize("nonce", ["0123456789abcdef", "short", None])
    def test_is_refused_when_a_true_signature_covers_too_little(
        self, outside: OutsideWorld, left_out: str | None, nonce: str | None
    ):
        call = signed_by_the_library(outside, left_out, nonce)
        in_order = left_out is None and nonce == "0123456789abcdef"
        assert send(outside, call).status_code == (200 if in_order else 401)

    def test_may_be_a_few_seconds_ahead(self, outside: OutsideWorld):
        assert send(outside, signed(outside, created=20)).status_code == 200

    def test_is_refused_with_a_strangers_key(self, outside: OutsideWorld):
        assert send(outside, signed(outside, key=PrivateKey.generate())).status_code == 401

    def test_is_refused_with_the_tag_of_another_contract(self, outside: OutsideWorld):
        assert send(outside, signed(outside, tag="cf-partner-1-request")).status_code == 401

    def test_is_answered_with_a_signature_that_is_bound_to_it(self, outside: OutsideWorld):
        call = signed(outside)
        answer = send(outside, call)
        key = outside.plugged.institution_key
        nonce = call.headers["signature-input"].partition('nonce="')[2].partition('"')[0]
        verify_response(
            call.answered(answer.status_code, answer.headers, answer.data),
            key_of={key.keyid: key}.get,
            now=int(time.time()),
            nonce=nonce,
            tag=TAG_RESPONSE,
        )

    def test_that_is_signed_but_says_nothing_is_a_400_and_changes_nothing(
        self, outside: OutsideWorld
    ):
        http = outside.plugged.channel._http
        for body in ({}, {"amount_fen": -1}, {"channel_order_no": "a", "amount_fen": True}):
            assert http.call("POST", "/bank/payouts", body).status == 400
        assert http.call("POST", "/bank/payouts", []).status == 400  # type: ignore[arg-type]
        assert http.call("GET", "/bank/files/yesterday").status == 400
        assert outside.plugged.channel.book()["payout_count"] == 0
