"""How either client behaves on real sockets: time-outs, pools, proxies, certificates, forks."""

import os
import socket
import threading
import time

import pytest
from cf_partner_sdk import ArgumentInvalid, HttpOptions, TransportError

from tests.sdk.lines import ANSWER, AsyncLine, SyncLine, certificates, read_request, server


@pytest.fixture(params=[SyncLine, AsyncLine], ids=["Client", "AsyncClient"])
def line(request):
    return request.param


@pytest.fixture(scope="module")
def pki(tmp_path_factory):
    return certificates(tmp_path_factory.mktemp("pki"))


def answer(connection: socket.socket) -> None:
    while read_request(connection):
        connection.sendall(ANSWER)


def say_nothing(connection: socket.socket) -> None:
    read_request(connection)
    time.sleep(2)


def drip(connection: socket.socket) -> None:
    read_request(connection)
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n")
    for _ in range(50):
        connection.sendall(b"x")
        time.sleep(0.05)


def hang_up(connection: socket.socket) -> None:
    read_request(connection)


def code_of(refused) -> str:
    return refused.value.code


class TestTimeOuts:
    def test_are_set_unless_chosen_otherwise(self):
        options = HttpOptions()
        assert (options.connect_timeout_s, options.read_timeout_s) == (5, 20)
        assert options.deadline_s == 60

    def test_end_a_wait_for_a_silent_server(self, line):
        with server(say_nothing) as origin, pytest.raises(TransportError) as refused:
            line(read_timeout_s=0.1).get(origin)
        assert code_of(refused) == "read-timeout"
        assert refused.value.retryable

    def test_are_cut_to_what_is_left_before_the_deadline(self, line):
        began = time.monotonic()
        with server(say_nothing) as origin, pytest.raises(TransportError):
            line().get(origin, within_s=0.1)
        assert time.monotonic() - began < 1.5

    def test_do_not_let_an_answer_drip_in_past_the_deadline(self, line):
        with server(drip) as origin, pytest.raises(TransportError) as refused:
            line().get(origin, within_s=0.3)
        assert code_of(refused) in {"deadline", "read-timeout"}

    def test_that_are_none_are_refused(self):
        for name in ("connect_timeout_s", "read_timeout_s", "deadline_s"):
            with pytest.raises(ArgumentInvalid) as refused:
                HttpOptions(**{name: 0})
            assert refused.value.field == name


class TestAPool:
    def test_makes_a_call_wait_no_longer_than_its_deadline(self, line):
        began = time.monotonic()
        with server(say_nothing) as origin:
            got = line(connections_max=1).several(origin, 3, within_s=0.3)
        assert all(isinstance(one, TransportError) for one in got)
        assert time.monotonic() - began < 1.5

    def test_says_that_no_connection_was_free(self):
        line = SyncLine(connections_max=1)
        line.http._connections(secure=False).slots.acquire()
        with pytest.raises(TransportError) as refused:
            line.get("http://localhost:9", within_s=0.05)
        assert code_of(refused) == "pool-timeout"

    def test_opens_no_more_connections_than_allowed(self, line):
        open_now, most, lock = 0, 0, threading.Lock()

        def count(connection: socket.socket) -> None:
            nonlocal open_now, most
            with lock:
                open_now += 1
                most = max(most, open_now)
            try:
                while read_request(connection):
                    time.sleep(0.02)
                    connection.sendall(ANSWER)
            finally:
                with lock:
                    open_now -= 1

        with server(count) as origin:
            got = line(connections_max=2).several(origin, 8, within_s=5)
        assert [one.body for one in got] == [b"ok"] * 8
        assert most == 2

    def test_uses_a_connection_again(self):
        accepted = []

        def count(connection: socket.socket) -> None:
            accepted.append(1)
            answer(connection)

        with server(count) as origin:
            line = SyncLine()
            for _ in range(3):
                line.get(origin)
        assert len(accepted) == 1

    def test_leaves_a_connection_that_the_server_closed_meanwhile(self):
        def once(connection: socket.socket) -> None:
            read_request(connection)
            connection.sendall(ANSWER)

        with server(once) as origin:
            line = SyncLine()
            for _ in range(3):
                assert line.get(origin).body == b"ok"
                time.sleep(0.05)

    @pytest.mark.parametrize("manners", [say_nothing, hang_up, drip])
    def test_has_every_place_back_after_an_error(self, manners):
        with server(manners) as origin:
            line = SyncLine(connections_max=1, read_timeout_s=0.05)
            for _ in range(3):
                with pytest.raises(TransportError) as refused:
                    line.get(origin, within_s=0.2)
                assert code_of(refused) != "pool-timeout"

    def test_of_a_forked_process_is_its_own(self):
        with server(answer) as origin:
            line = SyncLine()
            line.get(origin)
            child = os.fork()
            if child == 0:
                good = line.get(origin).body == b"ok" and len(line.http._by_process) == 2
                os._exit(0 if good else 1)
            assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
            assert line.get(origin).body == b"ok"


class TestNobodyThere:
    def test_is_told_as_such(self, line):
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        with pytest.raises(TransportError) as refused:
            line().get(f"http://127.0.0.1:{port}")
        assert code_of(refused) == "connect-failed"

    def test_any_more_after_a_hang_up_is_told_as_such(self, line):
        with server(hang_up) as origin, pytest.raises(TransportError) as refused:
            line().get(origin)
        assert code_of(refused) == "connection-broken"


class TestAProxy:
    def test_is_what_calls_go_through(self, line):
        asked = []

        def note(connection: socket.socket) -> None:
            asked.append(read_request(connection).split(b"\r\n", 1)[0])
            connection.sendall(ANSWER)

        with server(note) as proxy:
            got = line(proxies={"http": proxy}).get("http://lender.invalid/v1/x?y=1")
        assert got.body == b"ok"
        assert asked == [b"GET http://lender.invalid/v1/x?y=1 HTTP/1.1"]

    def test_of_the_environment_is_not_used(self, line, monkeypatch):
        monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
        monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
        with server(answer) as origin:
            assert line().get(origin).body == b"ok"


class TestMutualTls:
    def options(self, pki):
        return {
            "ca_file": str(pki.ca),
            "client_certificate_file": str(pki.certificate),
            "client_key_file": str(pki.key),
            "client_key_password": "secret",
        }

    def test_shows_the_clients_certificate(self, line, pki):
        with server(answer, pki.server_context()) as origin:
            assert line(**self.options(pki)).get(origin).body == b"ok"

    def test_fails_without_one(self, line, pki):
        with server(answer, pki.server_context()) as origin, pytest.raises(TransportError):
            line(ca_file=str(pki.ca)).get(origin)

    def test_trusts_no_server_outside_the_bundle(self, line, pki):
        tls = pki.server_context()
        with server(answer, tls) as origin, pytest.raises(TransportError) as refused:
            line().get(origin)
        assert code_of(refused) == "certificate-refused"
        assert not refused.value.retryable
        assert "ca_file" in refused.value.mend

    @pytest.mark.parametrize("name", ["ca_file", "client_certificate_file", "client_key_file"])
    def test_says_which_file_is_not_there(self, name):
        with pytest.raises(ArgumentInvalid) as refused:
            HttpOptions(**{name: "/nowhere.pem"})
        assert refused.value.field == name

    def test_says_that_the_key_cannot_be_read(self, pki):
        options = HttpOptions(**{**self.options(pki), "client_key_password": "wrong"})
        with pytest.raises(ArgumentInvalid) as refused:
            options.tls_context()
        assert refused.value.field == "client_certificate_file"
        assert "wrong" not in repr(options)
