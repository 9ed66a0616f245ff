"""Trying again: when it may help, never twice the same signature, always the same key."""

import pytest
import requests
from cf_partner_sdk import (
    AnswerNotTrusted,
    Conflict,
    NotAuthenticated,
    ProblemError,
    ServerFault,
    TransportError,
)

from tests.sdk.platform import client, problem, reply
from tests.sdk.test_client import ITEM, ORDER


def place(cf):
    return cf.mall.orders.create(
        order_no="A-77", amount_fen=599900, items=[ITEM], return_url="https://shop.example/back"
    )


class TestAWriteThatGotNoAnswer:
    @pytest.mark.parametrize(
        "fault", [requests.ConnectionError("reset"), requests.ReadTimeout("slow")]
    )
    def test_is_sent_again_with_its_key_and_a_new_nonce(self, cf, platform, fault):
        platform.answers = [fault, reply(201, ORDER)]
        assert place(cf).id == "ord_1"
        first, second = platform.calls
        assert first.headers["idempotency-key"] == second.headers["idempotency-key"]
        assert first.headers["signature-input"] != second.headers["signature-input"]
        assert first.headers["signature"] != second.headers["signature"]
        assert first.body == second.body

    def test_in_the_end_tells_its_key(self, cf, platform):
        platform.answers = [requests.ConnectionError("reset")] * 4
        with pytest.raises(TransportError) as failed:
            place(cf)
        assert failed.value.retryable
        assert failed.value.attempts == len(platform.calls) == 4
        assert failed.value.idempotency_key == platform.calls[0].headers["idempotency-key"]

    def test_but_a_5xx_of_a_proxy_is_sent_again(self, cf, platform):
        def from_proxy_once(_):
            platform.alter = lambda other: other
            return 502, {"Content-Type": "text/html"}, b"<h1>Bad gateway</h1>"

        platform.alter = from_proxy_once
        platform.answers = [reply(201, ORDER), reply(201, ORDER)]
        assert place(cf).id == "ord_1"
        assert len(platform.calls) == 2


class TestARefusal:
    def test_that_may_pass_is_tried_again(self, cf, platform):
        platform.answers = [
            problem(409, "idempotency.running", retryable=True),
            problem(503, "core.busy", retryable=True),
            reply(201, ORDER),
        ]
        assert place(cf).id == "ord_1"
        assert len(platform.calls) == 3

    @pytest.mark.parametrize("status", [409, 422, 429, 500, 503])
    def test_that_will_not_pass_is_final(self, cf, platform, status):
        platform.answers = [problem(status, "no", retryable=False)]
        with pytest.raises(ProblemError) as refused:
            place(cf)
        assert refused.value.status == status
        assert len(platform.calls) == 1
        assert platform.clock.slept == []

    @pytest.mark.parametrize(("status", "tries"), [(429, 2), (503, 2), (500, 1), (409, 1)])
    def test_that_does_not_say_goes_by_its_status(self, cf, platform, status, tries):
        platform.answers = [reply(status, {"code": "x"}), reply(201, ORDER)]
        if tries == 2:
            place(cf)
        else:
            with pytest.raises((ServerFault, Conflict)):
                place(cf)
        assert len(platform.calls) == tries


class TestThePause:
    def test_is_at_least_what_the_lender_asks(self, cf, platform):
        busy = problem(429, "rate", retryable=True, headers={"Retry-After": "7"})
        platform.answers = [busy, reply(201, ORDER)]
        place(cf)
        assert 7 <= platform.clock.slept[0] <= 7.25

    def test_may_be_asked_as_a_date(self, cf, platform):
        headers = {
            "Retry-After": "Mon, 23 Nov 2026 02:00:09 GMT",
            "Date": "Mon, 23 Nov 2026 02:00:00 GMT",
        }
        platform.answers = [problem(503, "x", retryable=True, headers=headers), reply(201, ORDER)]
        place(cf)
        assert 9 <= platform.clock.slept[0] <= 9.25

    def test_is_not_waited_for_beyond_the_deadline(self, platform, wall):
        busy = problem(503, "busy", retryable=True, headers={"Retry-After": "60"})
        platform.answers = [busy]
        with client(wall, deadline_s=30) as cf, pytest.raises(ServerFault) as failed:
            place(cf)
        assert failed.value.retry_after_s == 60
        assert wall.slept == []

    def test_is_drawn_below_a_bound_that_doubles(self, platform, wall):
        drawn = []
        for _ in range(20):
            wall.slept.clear()
            platform.answers = [requests.ConnectionError("x")] * 4
            with client(wall) as cf, pytest.raises(TransportError):
                place(cf)
            drawn.append(tuple(wall.slept))
        for number, bound in enumerate((0.25, 0.5, 1.0)):
            pauses = [pause[number] for pause in drawn]
            assert all(0 <= pause <= bound for pause in pauses)
            assert len(set(pauses)) > 10

    def test_ends_with_the_whole_calls_deadline(self, platform, wall):
        class Slow(requests.ReadTimeout):
            def __init__(self):
                super().__init__("slow")
                wall.pass_time(25)

        platform.answers = []
        answers = iter(range(10))
        platform.alter = lambda answer: answer
        platform.refuses = lambda: next(answers) >= 0 and Slow()
        with client(wall, deadline_s=60, attempts_max=10) as cf, pytest.raises(TransportError):
            place(cf)
        assert len(platform.calls) == 3

    def test_asked_in_words_is_the_clients_own(self, cf, platform):
        busy = problem(429, "rate", retryable=True, headers={"Retry-After": "soon"})
        platform.answers = [busy, reply(201, ORDER)]
        place(cf)
        assert platform.clock.slept[0] <= 0.25


class TestAnAnswerThatDripsIn:
    def test_is_given_up_at_the_deadline(self, platform, wall):
        def drip(answer):
            wall.pass_time(31)
            return answer

        platform.alter = drip
        platform.answers = [reply(201, ORDER)] * 4
        with client(wall, deadline_s=30) as cf, pytest.raises(TransportError, match="arriving"):
            place(cf)
        assert len(platform.calls) == 1


class TestAClockThatIsWrong:
    @pytest.mark.parametrize("offset", [-86_400, -400, 31, 400, 86_400])
    def test_is_corrected_once_by_the_lenders_signed_word(self, cf, platform, offset):
        platform.server_offset_s = -offset
        platform.answers = [reply(201, ORDER), reply(200, ORDER)]
        assert place(cf).id == "ord_1"
        assert len(platform.calls) == 2
        keys = {call.headers["idempotency-key"] for call in platform.calls}
        assert len(keys) == 1
        cf.mall.orders.get("ord_1")
        assert len(platform.calls) == 3

    def test_is_not_corrected_twice(self, cf, platform):
        platform.refuses = lambda: problem(
            401, "signature-expired", server_time=int(platform.clock.wall) - 900
        )
        with pytest.raises(NotAuthenticated) as refused:
            place(cf)
        assert refused.value.code == "signature-expired"
        assert len(platform.calls) == 2

    @pytest.mark.parametrize("told", ["2026-11-23T02:00:00Z", "2026-11-23T10:00:00+08:00"])
    def test_takes_an_rfc_3339_instant_too(self, cf, platform, told):
        platform.server_offset_s = 1_795_399_200 - int(platform.clock.wall)
        platform.refuses = lambda: (
            problem(401, "signature-expired", server_time=told)
            if len(platform.calls) == 1
            else None
        )
        platform.answers = [reply(201, ORDER)]
        assert place(cf).id == "ord_1"

    @pytest.mark.parametrize("told", [None, "soon", True, 1.5, "2026-11-23T02:00:00"])
    def test_is_left_alone_if_no_time_is_told(self, cf, platform, told):
        platform.refuses = lambda: problem(401, "signature-expired", server_time=told)
        with pytest.raises(NotAuthenticated):
            place(cf)
        assert len(platform.calls) == 1

    def test_is_not_corrected_by_a_stranger(self, cf, platform):
        platform.sign_answers = False
        platform.refuses = lambda: problem(401, "signature-expired", server_time=1)
        with pytest.raises(AnswerNotTrusted):
            place(cf)
        assert cf._http.clock.offset_s == 0

    def test_is_not_touched_by_other_refusals(self, cf, platform):
        platform.refuses = lambda: problem(401, "key-revoked", server_time=1)
        with pytest.raises(NotAuthenticated) as refused:
            place(cf)
        assert refused.value.code == "key-revoked"
        assert cf._http.clock.offset_s == 0
