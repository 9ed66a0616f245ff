"""What users of other payment SDKs complain of, each tried here."""

import os
import re
import subprocess
import sys
import threading
import time
import warnings
from pathlib import Path

import pytest
import requests
from cf_partner_sdk import (
    AnswerNotTrusted,
    AnswerNotUnderstood,
    CfDeprecationWarning,
    Client,
    Hook,
    HttpOptions,
    OrderPaid,
    Pages,
    PrivateKey,
    RequestInvalid,
    ServerFault,
    TransportError,
    WebhookRefused,
)
from cf_partner_sdk.directory import FRESH_S, STALE_S_MAX
from cf_partner_sdk.http_signatures import parse_signature_input

from tests.sdk.platform import BASE, PARTNER, RESPONSE, ROOT, client, problem, reply
from tests.sdk.test_client import EVENT, ITEM, ORDER
from tests.sdk.test_retries import place


def signers(platform) -> set[str]:
    inputs = [call.headers["signature-input"] for call in platform.calls]
    return {str(parse_signature_input(one)[0].parameters["keyid"]) for one in inputs}


@pytest.fixture(scope="module")
def start() -> dict[str, float]:
    """What the benchmark of a program's start measured."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.sdk_start"],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=True,
    )
    found = re.findall(r"^(.+?)  +([0-9.]+)", done.stdout, re.MULTILINE)
    return {name: float(value) for name, value in found}


class TestSlowImport:
    def test_is_not_ours(self, start):
        assert start["import cf_partner_sdk / import requests"] <= 1.5


class TestSlowCreationOfClients:
    def test_is_not_ours(self, start):
        assert start["one Client"] < 500  # microseconds


class TestAGlobalKey:
    def test_does_not_exist_so_two_clients_never_mix(self, platform, wall):
        other = PrivateKey.generate()
        platform.refuses = lambda: reply(200, ORDER)
        given = {"base_url": BASE, "root_keyid": ROOT.keyid, "clock": wall.for_sdk()}
        both = [Client(app_id="a", key=PARTNER, **given), Client(app_id="b", key=other, **given)]
        threads = [
            threading.Thread(target=lambda cf=cf: [cf.mall.orders.get("ord_1") for _ in range(5)])
            for cf in both
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        by_agent = {}
        for call in platform.calls:
            signed = parse_signature_input(call.headers["signature-input"])[0]
            agent = call.headers["user-agent"].rpartition("(")[2]
            by_agent.setdefault(agent, set()).add(signed.parameters["keyid"])
        assert by_agent == {"a)": {PARTNER.keyid}, "b)": {other.keyid}}


class TestLeakingConnections:
    @pytest.mark.parametrize(
        "spoil",
        [
            lambda a: (a[0], {**a[1], "Content-Encoding": "gzip"}, a[2]),
            lambda a: (a[0], a[1], a[2] + b" "),
            lambda _: (502, {}, b"bad gateway"),
            lambda _: (200, {}, b"unsigned"),
        ],
    )
    def test_are_not_left_by_any_kind_of_answer(self, platform, wall, spoil):
        platform.alter = spoil
        with client(wall, connections_max=1, attempts_max=1) as cf:
            for _ in range(3):
                platform.answers = [reply(200, ORDER)]
                with pytest.raises((AnswerNotTrusted, TransportError)) as refused:
                    cf.mall.orders.get("ord_1")
                assert refused.value.code != "pool-timeout"


class TestParsingBeforeVerifying:
    @pytest.mark.parametrize("status", [200, 401, 422])
    def test_is_not_done_to_answers(self, cf, platform, status, monkeypatch):
        platform.answers = [reply(200, ORDER)]
        cf.mall.orders.get("ord_1")
        monkeypatch.setattr(
            "cf_partner_sdk._answers.json.loads", lambda _: pytest.fail("parsed too early")
        )
        platform.alter = lambda a: (a[0], {**a[1], "request-id": "req_other"}, a[2])
        platform.answers = [reply(status, {"code": "signature-expired", "server_time": 1})]
        with pytest.raises(AnswerNotTrusted):
            cf.mall.orders.get("ord_1")


class TestUntypedEvents:
    def test_are_not_what_a_list_gives(self, cf, platform):
        platform.answers = [reply(200, {"data": [EVENT], "next_cursor": None})]
        (event,) = cf.events.list()
        assert isinstance(event, OrderPaid)
        assert event.order.order_no == "A-77"


class TestAnIterator:
    def test_keeps_its_filters_on_every_page(self, cf, platform):
        pages = [reply(200, {"data": [ORDER], "next_cursor": f"c{n}"}) for n in (2, 3)]
        platform.answers = [*pages, reply(200, {"data": [ORDER], "next_cursor": None})]
        assert len(list(cf.mall.orders.list(state="paid", limit=1))) == 3
        assert all(call.query.startswith("state=paid&limit=1") for call in platform.calls)

    def test_goes_on_after_an_error_without_losing_or_doubling_a_row(self, cf, platform):
        rows = [{**ORDER, "id": f"ord_{n}"} for n in range(4)]
        platform.answers = [
            reply(200, {"data": rows[:2], "next_cursor": "c2"}),
            problem(500, "core.fault"),
            reply(200, {"data": rows[2:], "next_cursor": None}),
        ]
        orders = cf.mall.orders.list(state="paid")
        found = [next(orders).id, next(orders).id]
        with pytest.raises(ServerFault):
            next(orders)
        found += [order.id for order in orders]
        assert found == ["ord_0", "ord_1", "ord_2", "ord_3"]

    def test_is_resumed_elsewhere_by_its_cursor(self, cf, platform):
        platform.answers = [
            reply(200, {"data": [ORDER], "next_cursor": "c2"}),
            reply(200, {"data": [ORDER], "next_cursor": "c3"}),
            reply(200, {"data": [ORDER], "next_cursor": None}),
        ]
        orders = cf.mall.orders.list(state="paid")
        next(orders)
        assert orders.cursor is None
        next(orders)
        later = cf.mall.orders.list(state="paid").resume(orders.cursor)
        assert isinstance(later, Pages)
        assert len(list(later)) == 1
        assert platform.calls[-1].query == "state=paid&cursor=c2"

    def test_that_goes_in_a_circle_is_stopped(self, cf, platform):
        platform.answers = [reply(200, {"data": [ORDER], "next_cursor": "c2"})] * 3
        with pytest.raises(AnswerNotUnderstood, match="circle"):
            list(cf.mall.orders.list())


class TestAVerificationThatOnlySaysNo:
    def test_is_not_ours_for_answers(self, cf, platform):
        platform.alter = lambda a: (a[0], a[1], a[2] + b" ")
        platform.answers = [reply(200, ORDER)]
        with pytest.raises(AnswerNotTrusted) as refused:
            cf.mall.orders.get("ord_1")
        fault = refused.value
        assert (fault.code, fault.request_id, fault.retryable) == (
            "digest-mismatch",
            "req_1",
            False,
        )
        assert fault.mend

    def test_is_not_ours_for_events(self, cf, platform):
        headers = platform.event(b"{}", url="https://shop.example/cf", webhook_id="evt_1")
        with pytest.raises(WebhookRefused) as refused:
            cf.webhooks.verify(headers=headers, body=b"{} ", url="https://shop.example/cf")
        assert (refused.value.step, refused.value.code) == ("digest", "webhook.digest")


class TestALockOutAfterIdling:
    def test_does_not_come_when_all_keys_changed_meanwhile(self, cf, platform):
        platform.answers = [reply(200, ORDER)] * 2
        cf.mall.orders.get("ord_1")
        platform.clock.pass_time(30 * STALE_S_MAX)
        new = PrivateKey.generate()
        platform.keys = [(ROOT, "root"), (new, "response")]
        platform.signing_key = new
        assert cf.mall.orders.get("ord_1").id == "ord_1"


class TestBothKeysDuringARotation:
    def test_are_believed_whichever_signs(self, cf, platform):
        new = PrivateKey.generate()
        platform.keys.append((new, "response"))
        platform.answers = [reply(200, ORDER)] * 4
        for key in (RESPONSE, new, RESPONSE, new):
            platform.signing_key = key
            assert cf.mall.orders.get("ord_1").id == "ord_1"
        assert platform.directory_calls == 1

    def test_are_asked_for_in_time(self, cf, platform):
        platform.answers = [reply(200, ORDER)] * 2
        cf.mall.orders.get("ord_1")
        platform.clock.pass_time(FRESH_S)
        cf.mall.orders.get("ord_1")
        assert platform.directory_calls == 2


class TestNoTimeOut:
    def test_is_never_sent_to_the_socket(self, cf, platform, monkeypatch):
        seen = []
        real = requests.Session.send

        def noted(session, request, **how):
            seen.append(how["timeout"])
            return real(session, request, **how)

        monkeypatch.setattr(requests.Session, "send", noted)
        platform.answers = [reply(200, ORDER)]
        cf.mall.orders.get("ord_1")
        assert seen == [(5.0, 20.0)] * 2  # the call, and the directory


class TestBookingTwice:
    def test_is_kept_out_by_a_key_on_every_write_that_its_retries_keep(self, cf, platform):
        lost = requests.ConnectionError("the answer was lost")
        platform.answers = [lost, lost, reply(201, ORDER)]
        place(cf)
        keys = [call.headers["idempotency-key"] for call in platform.calls]
        assert len(keys) == 3
        assert len(set(keys)) == 1


class TestAnEmpty200:
    @pytest.mark.parametrize("answer", [reply(200), reply(200, None), (200, {}, b"")])
    def test_is_no_order(self, cf, platform, answer):
        platform.answers = [answer]
        with pytest.raises(AnswerNotUnderstood) as refused:
            place(cf)
        assert refused.value.idempotency_key == platform.calls[0].headers["idempotency-key"]


class TestErrors:
    def test_all_tell_the_same_five_things(self, cf, platform):
        platform.answers = [problem(400, "body.invalid", field="/amount_fen", mend="Mend it.")]
        faults = []
        for wrong in (lambda: place(cf), lambda: cf.mall.orders.get("a/b")):
            with pytest.raises(Exception) as refused:
                wrong()
            faults.append(refused.value)
        for fault in faults:
            for name in ("code", "field", "mend", "request_id", "retryable"):
                assert hasattr(fault, name)
        assert isinstance(faults[0], RequestInvalid)
        assert (faults[0].field, faults[0].request_id) == ("/amount_fen", "req_1")
        assert isinstance(faults[1], ValueError)


class TestRateLimits:
    def test_are_waited_for_as_the_header_says(self, cf, platform):
        limits = {"RateLimit": '"key";r=0;t=9, "partner";r=40;t=30'}
        platform.answers = [problem(429, "rate", retryable=True, headers=limits), reply(201, ORDER)]
        place(cf)
        assert 9 <= platform.clock.slept[0] <= 9.25


class TestAHook:
    def test_is_told_of_every_try_but_of_no_body_and_no_secret(self, platform, wall):
        told = []

        class Noting(Hook):
            def before(self, attempt):
                told.append(attempt)

            def after(self, attempt, outcome):
                told.append(outcome)
                raise RuntimeError("a broken hook stops no call")

        platform.answers = [problem(503, "busy", retryable=True), reply(201, ORDER)]
        given = {"app_id": "a", "key": PARTNER, "base_url": BASE, "root_keyid": ROOT.keyid}
        with Client(**given, clock=wall.for_sdk(), hook=Noting()) as cf:
            cf.mall.orders.create(
                order_no="A-77", amount_fen=1, items=[ITEM], return_url="https://s.example/"
            )
        first, failed, second, done = told
        assert (first.number, second.number, first.method) == (1, 2, "POST")
        assert (failed.status, failed.code, failed.request_id) == (503, "busy", "req_1")
        assert failed.pause_s == pytest.approx(wall.slept[0])
        assert (done.status, done.code, done.pause_s) == (201, None, None)
        assert "A-77" not in str(told)
        assert "signature" not in str(told)


class TestAWarningOfAnEnd:
    def test_points_at_the_callers_own_line(self, cf, platform):
        platform.answers = [reply(200, ORDER, Sunset="Sat, 01 May 2027 00:00:00 GMT")]
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            cf.mall.orders.get("ord_1")
        assert [one.category for one in caught] == [CfDeprecationWarning]
        assert caught[0].filename == __file__


class TestTheDeadline:
    def test_bounds_a_call_whose_keys_another_thread_is_fetching(self, platform, wall):
        platform.answers = [reply(200, ORDER)]
        with Client(
            app_id="a",
            key=PARTNER,
            base_url=BASE,
            root_keyid=ROOT.keyid,
            options=HttpOptions(deadline_s=0.1, attempts_max=1),
        ) as cf:
            platform.clock.wall = time.time()
            lock = cf._http._locks.setdefault(os.getpid(), threading.Lock())
            lock.acquire()
            with pytest.raises(TransportError) as refused:
                cf.mall.orders.get("ord_1")
        assert refused.value.code == "deadline"
