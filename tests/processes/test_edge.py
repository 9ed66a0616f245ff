"""What stands before the application: slow bodies, proxies, the public scheme."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from io import BytesIO
from threading import Event, Thread
from typing import Any

import pytest
from werkzeug.test import Client, EnvironBuilder

from lending.foundation.settings import Settings
from processes import edge

SETTINGS = Settings(front_url="https://api.lender.example", front_threads=4)
HOST = "api.lender.example"


def telling(environ: dict[str, Any], start: Any) -> list[bytes]:
    """An application that says what it was given."""
    start("200 OK", [("content-type", "text/plain")])
    body = environ["wsgi.input"].read()
    return [f"{environ['wsgi.url_scheme']} {environ['REMOTE_ADDR']} {len(body)}".encode()]


def told(settings: Settings, **given: Any) -> str:
    given.setdefault("base_url", f"http://{HOST}")
    given.setdefault("environ_overrides", {"REMOTE_ADDR": "10.0.0.7"})
    return Client(edge.guarded(telling, settings)).get("/", **given).get_data(as_text=True)


class Slow(BytesIO):
    """A body that does not end before it is let go."""

    def __init__(self) -> None:
        super().__init__(b"x" * 10)
        self.began, self.go = Event(), Event()

    def read(self, *size: Any) -> bytes:
        self.began.set()
        assert self.go.wait(30)
        return super().read(*size)


def post(app: edge.Wsgi, address: str, body: BytesIO | None = None) -> str:
    """The status of an answer to ten bytes."""
    environ = EnvironBuilder("/", method="POST", data=b"x" * 10).get_environ()
    environ |= {"REMOTE_ADDR": address} | ({"wsgi.input": body} if body else {})
    found: list[str] = []
    list(app(environ, lambda status, _headers: found.append(status)))
    return found[0]


class TestTheAddressOfACaller:
    def test_is_the_connections_where_no_proxy_is_trusted(self):
        assert told(SETTINGS, headers={"X-Forwarded-For": "1.2.3.4"}) == "https 10.0.0.7 0"

    @pytest.mark.parametrize(
        ("proxies", "address"), [(1, "5.6.7.8"), (2, "1.2.3.4"), (3, "10.0.0.7")]
    )
    def test_is_what_the_outermost_trusted_proxy_saw(self, proxies, address):
        settings = replace(SETTINGS, trusted_proxies=proxies)
        headers = {"X-Forwarded-For": "1.2.3.4, 5.6.7.8"}
        assert told(settings, headers=headers) == f"https {address} 0"


class TestTheScheme:
    def test_is_that_of_the_public_address_where_tls_ends_before_us(self):
        assert told(SETTINGS).startswith("https ")
        assert told(SETTINGS, base_url=f"http://{HOST.upper()}").startswith("https ")

    def test_is_the_connections_on_any_other_host(self):
        assert told(SETTINGS, base_url="http://127.0.0.1:8080").startswith("http ")

    def test_comes_from_no_header(self):
        settings = replace(SETTINGS, trusted_proxies=1, front_url="http://api.lender.example")
        headers = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "evil.example"}
        assert told(settings, headers=headers).startswith("http ")


class TestABody:
    def test_is_whole_before_the_application_runs(self):
        assert told(SETTINGS, data=b"x" * 1000).endswith(" 1000")

    def test_of_unknown_length_is_read_too(self):
        environ = EnvironBuilder("/", method="POST").get_environ()
        environ |= {"HTTP_TRANSFER_ENCODING": "chunked", "REMOTE_ADDR": "10.0.0.7"}
        environ["wsgi.input"] = BytesIO(b"x" * 77)
        answer = edge.WholeBodies(telling, at_once_max=1)(environ, lambda *_: None)
        assert b"".join(answer).endswith(b" 77")

    def test_of_a_file_lies_on_the_disk_and_is_gone_with_its_answer(self):
        seen: list[Any] = []

        def keeping(environ: edge.Environ, start: Any) -> list[bytes]:
            seen.append(environ["wsgi.input"])
            return telling(environ, start)

        for size, on_disk in ((edge.MEMORY_MAX, False), (edge.MEMORY_MAX + 1, True)):
            environ = EnvironBuilder("/", method="POST", data=b"x" * size).get_environ()
            environ |= {"REMOTE_ADDR": "10.0.0.7"}
            answer = edge.WholeBodies(keeping, at_once_max=1)(environ, lambda *_: None)
            assert b"".join(answer).endswith(b" %d" % size)
            assert seen[-1]._rolled is on_disk
            assert seen[-1].closed

    def test_longer_than_any_route_takes_is_left_to_the_application(self):
        environ = EnvironBuilder("/", method="POST", data=b"x").get_environ()
        unread = Slow()
        environ |= {"CONTENT_LENGTH": str(edge.BODY_MAX + 1), "wsgi.input": unread}
        unread.go.set()
        list(edge.WholeBodies(lambda *_: [b""], at_once_max=1)(environ, lambda *_: None))
        assert not unread.began.is_set()


class TestSlowBodiesOfOneAddress:
    @pytest.fixture
    def app(self) -> edge.Wsgi:
        return edge.guarded(telling, SETTINGS)

    @pytest.fixture
    def let_go(self, app: edge.Wsgi) -> Iterator[Callable[[], None]]:
        """Half of the threads are held by one address until this is called."""
        bodies = [Slow() for _ in range(SETTINGS.front_threads // 2)]
        threads = [Thread(target=post, args=(app, "10.0.0.7", each)) for each in bodies]
        for thread in threads:
            thread.start()
        for body in bodies:
            assert body.began.wait(30)

        def end() -> None:
            for body, thread in zip(bodies, threads, strict=True):
                body.go.set()
                thread.join()

        yield end
        end()

    def test_hold_half_of_the_threads_at_most(self, app, let_go):
        assert post(app, "10.0.0.7").startswith("503")
        let_go()
        assert post(app, "10.0.0.7").startswith("200")

    @pytest.mark.usefixtures("let_go")
    def test_keep_nobody_else_out(self, app):
        assert post(app, "10.0.0.8").startswith("200")
        environ = EnvironBuilder("/").get_environ() | {"REMOTE_ADDR": "10.0.0.7"}
        assert list(app(environ, lambda *_: None)), "a call without a body waits for nobody"
