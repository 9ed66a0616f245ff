import pytest
import requests

from connectors.http import SignedHttp
from tests.outside import OutsideWorld


def captured(outside: OutsideWorld) -> requests.PreparedRequest:
    """A signed call as it went over the wire."""
    seen: list[requests.PreparedRequest] = []
    send = outside.transport.send

    def keep(request: requests.PreparedRequest, **more: object) -> requests.Response:
        seen.append(request)
        return send(request, **more)

    outside.transport.send = keep  # type: ignore[method-assign]
    outside.plugged.sms.send(mobile="13800138000", text="x")
    outside.transport.send = send  # type: ignore[method-assign]
    return seen[0]


class TestASignedCall:
    def test_is_taken_once_and_its_replay_refused(self, outside: OutsideWorld):
        call = captured(outside)
        assert outside.transport.send(call).status_code == 401

    @pytest.mark.parametrize("change", ["body", "path", "unsigned"])
    def test_is_refused_when_altered(self, outside: OutsideWorld, change: str):
        call = captured(outside)
        if change == "body":
            call.body = b'{"mobile": "13900139000", "text": "x"}'
        elif change == "path":
            call.url = (call.url or "").replace("/sms/messages", "/bank/payouts")
        else:
            del call.headers["Signature"]
        assert outside.transport.send(call).status_code == 401

    def test_is_answered_with_a_signature_that_is_bound_to_it(self, outside: OutsideWorld):
        http: SignedHttp = outside.plugged.channel._http
        assert http.call("GET", "/bank/book").status == 200


class TestFaults:
    def test_of_an_unknown_kind_are_refused(self, outside: OutsideWorld):
        answer = outside.app.test_client().post(
            "/faults", json={"institution": "bank", "operation": "payout", "fault": "explode"}
        )
        assert answer.status_code == 400

    def test_are_listed_until_they_happen(self, outside: OutsideWorld):
        outside.fault("bank", "payout", "declined", count=2)
        client = outside.app.test_client()
        assert client.get("/faults").json[0]["count"] == 2
        client.delete("/faults")
        assert client.get("/faults").json == []
