import pytest

from tests.outside import OutsideWorld

FAULT = {"institution": "bank", "operation": "payout", "fault": "declined"}


class TestFaults:
    @pytest.mark.parametrize(
        "change",
        [
            {"fault": "explode"},
            {"institution": "post office"},
            {"operation": "payouts"},
            {"count": 0},
            {"count": "2"},
            {"delay_ms": -1},
            {"colour": "red"},
        ],
    )
    def test_that_could_never_happen_are_refused(
        self, outside: OutsideWorld, change: dict[str, object]
    ):
        client = outside.app.test_client()
        answer = client.post("/faults", json=FAULT | change)
        assert answer.status_code == 400
        assert answer.json["error"]
        assert client.get("/faults").json == []

    def test_are_listed_until_they_happen(self, outside: OutsideWorld):
        outside.fault("sms", "send", "slow", count=2, delay_ms=1)
        client = outside.app.test_client()
        counts = []
        for _ in range(3):
            counts.append([fault["count"] for fault in client.get("/faults").json])
            outside.plugged.sms.send(mobile="13800138000", text="x")
        assert counts == [[2], [1], []]

    def test_can_be_forgotten(self, outside: OutsideWorld):
        outside.fault("bank", "payout", "declined")
        client = outside.app.test_client()
        assert client.delete("/faults").status_code == 204
        assert client.get("/faults").json == []
