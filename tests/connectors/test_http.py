from collections.abc import Callable
from io import BytesIO

import pytest
import requests
from cf_partner_sdk.keys import PrivateKey
from urllib3 import HTTPResponse

from connectors import http as outgoing
from connectors import plug
from connectors.http import Answer, NoAnswer, SignedHttp
from tests.outside import OutsideWorld

Spoil = Callable[[requests.Response], None]


def spoilt(outside: OutsideWorld, spoil: Spoil) -> SignedHttp:
    """A client whose answers are tampered with on their way."""
    send = outside.transport.send

    def tamper(request: requests.PreparedRequest, **more: object) -> requests.Response:
        answer = send(request, **more)
        spoil(answer)
        return answer

    outside.transport.send = tamper  # type: ignore[method-assign]
    return outside.plugged.channel._http


def body(content: bytes) -> Spoil:
    def spoil(answer: requests.Response) -> None:
        answer.raw = HTTPResponse(body=BytesIO(content), preload_content=False)

    return spoil


def header(name: str, value: str | None) -> Spoil:
    def spoil(answer: requests.Response) -> None:
        if value is None:
            del answer.headers[name]
        else:
            answer.headers[name] = value

    return spoil


def status(code: int) -> Spoil:
    def spoil(answer: requests.Response) -> None:
        answer.status_code = code

    return spoil


class TestAnAnswer:
    def test_that_is_signed_for_the_call_is_believed(self, outside: OutsideWorld):
        answer = spoilt(outside, lambda _: None).call("GET", "/bank/book")
        assert answer.status == 200
        assert answer.json()["off_fen"] == 0

    @pytest.mark.parametrize(
        "spoil",
        [
            pytest.param(body(b'{"off_fen": 1}'), id="another body"),
            pytest.param(status(404), id="another status"),
            pytest.param(status(302), id="a redirect"),
            pytest.param(status(502), id="a proxy's error"),
            pytest.param(header("Signature", None), id="unsigned"),
            pytest.param(header("Signature-Input", None), id="no signature input"),
            pytest.param(header("Content-Digest", None), id="no digest"),
            pytest.param(header("Content-Type", "text/html"), id="another type"),
        ],
    )
    def test_that_was_tampered_with_is_none(self, outside: OutsideWorld, spoil: Spoil):
        with pytest.raises(NoAnswer):
            spoilt(outside, spoil).call("GET", "/bank/book")

    def test_to_an_earlier_call_is_none(self, outside: OutsideWorld):
        seen: list[requests.Response] = []

        def the_first_one(answer: requests.Response) -> None:
            seen.append(answer)
            answer.headers = seen[0].headers

        http = spoilt(outside, the_first_one)
        http.call("GET", "/bank/book")
        with pytest.raises(NoAnswer, match="signature-replayed"):
            http.call("GET", "/bank/book")

    def test_from_somebody_elses_key_is_none(self, outside: OutsideWorld):
        http = SignedHttp(
            outside.settings.institutions_url,
            key=plug.our_key(outside.settings),
            institution_key=PrivateKey.generate().public,
            transport=outside.transport,
        )
        with pytest.raises(NoAnswer, match="key-unknown"):
            http.call("GET", "/bank/book")

    def test_without_end_is_none(self, outside: OutsideWorld, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setattr(outgoing, "ANSWER_BYTES_MAX", 10_000)
        with pytest.raises(NoAnswer, match="too long"):
            spoilt(outside, body(b"x" * 200_000)).call("GET", "/bank/book")

    @pytest.mark.parametrize("content", [b"", b"[1]", b"{", b"\xff"])
    def test_that_is_no_object_cannot_be_read(self, content: bytes):
        with pytest.raises(NoAnswer):
            Answer(200, content).json()


class TestAClientWithoutAnInstitution:
    def test_hears_nothing_from_a_dead_port(self, outside: OutsideWorld):
        http = SignedHttp(
            "http://127.0.0.1:9",
            key=plug.our_key(outside.settings),
            institution_key=outside.plugged.institution_key,
            timeout_s=2,
        )
        with pytest.raises(NoAnswer, match="ConnectionError"):
            http.call("GET", "/bank/book")

    def test_does_not_know_the_institution_before_keys_are_exchanged(self, tmp_path):
        with pytest.raises(plug.SettingMissing, match="cf seed"):
            plug.outside(plug.Settings(var=tmp_path))
