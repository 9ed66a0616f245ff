import json
import time
from pathlib import Path

import pytest
from cf_partner_sdk.http_signatures import Message, new_nonce, sign_request
from cf_partner_sdk.keys import PrivateKey, PublicKey

from connectors.callbacks import TAG_EVENT, CallbackRefused, ChannelCallback, read
from simulators.book import Book
from simulators.signing import NONCES, Institution, load_or_make_key

URL = "http://127.0.0.1:8080/channel/bank/callbacks"
PAID = {
    "channel_order_no": "co_1",
    "kind": "payout",
    "status": "paid",
    "amount_fen": 596_400,
    "reference": "BK01",
}
BANK = PrivateKey.generate()


def callback(
    body: object = PAID, *, key: PrivateKey = BANK, age_s: int = 0, tag: str = TAG_EVENT
) -> Message:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    now = int(time.time()) - age_s
    headers = {
        "content-type": "application/json",
        "webhook-id": "evt_0123456789abcdef",
        "webhook-timestamp": str(now),
    }
    asked = Message.of_url("POST", URL, headers, content)
    headers |= sign_request(asked, key, created=now, nonce=new_nonce(), tag=tag)
    return Message.of_url("POST", URL, headers, content)


class TestACallback:
    def test_of_the_bank_names_the_payment_to_ask_about(self):
        assert read(callback(), BANK.public) == ChannelCallback(
            "payout", "co_1", "paid", 596_400, "BK01"
        )

    @pytest.mark.parametrize(
        ("changed", "code"),
        [
            ({"key": PrivateKey.generate()}, "key-unknown"),
            ({"age_s": 310}, "signature-expired"),
            ({"age_s": -310}, "signature-expired"),
            ({"tag": "cf-channel-1-request"}, "signature-missing"),
        ],
    )
    def test_of_another_time_or_sender_or_purpose_is_refused(
        self, changed: dict[str, object], code: str
    ):
        with pytest.raises(CallbackRefused, match=code):
            read(callback(**changed), BANK.public)

    @pytest.mark.parametrize("part", ["url", "amount", "unsigned", "id"])
    def test_that_was_altered_is_refused(self, part: str):
        found = callback()
        headers, url, body = dict(found.headers), URL, found.body
        if part == "url":
            url = URL.replace("bank", "bonk")
        elif part == "amount":
            body = body.replace(b"596400", b"596401")
        elif part == "unsigned":
            del headers["signature"]
        else:
            headers["webhook-id"] = "evt_another0123456789"
        with pytest.raises(CallbackRefused):
            read(Message.of_url("POST", url, headers, body), BANK.public)

    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"[]",
            b"{",
            b"\xff\xfe",
            {key: value for key, value in PAID.items() if key != "kind"},
            PAID | {"amount_fen": "596400"},
            PAID | {"amount_fen": True},
            PAID | {"channel_order_no": 7},
            PAID | {"kind": "gift"},
            PAID | {"status": "processing"},
        ],
    )
    def test_that_is_signed_but_makes_no_sense_is_refused(self, body: object):
        with pytest.raises(CallbackRefused):
            read(callback(body), BANK.public)

    def test_as_the_simulated_bank_signs_it_is_believed(self, tmp_path: Path):
        key = load_or_make_key(tmp_path / "key.pem")
        public = PublicKey.from_pem((tmp_path / "public.pem").read_text())
        bank = Institution(key, public.keyid, {}, Book(tmp_path / "n.sqlite", NONCES))
        body = json.dumps(PAID).encode()
        headers = bank.sign_callback(URL, body)
        assert read(Message.of_url("POST", URL, headers, body), public).reference == "BK01"
