"""A good partner beside bad ones: how long its quotes take alone, and while others misbehave.

The good one asks at a steady pace from 127.0.0.1. The bad ones come from 127.0.0.2, in a process of
their own, each for a few seconds: a flood that nobody signed, one of wrong signatures that name the
good partner's own key, one that is signed right but beyond what was agreed, and bodies that never
end. No call of the good partner may fail. All share the machine's cores, so a part of what the
floods cost is the flooders' own work; their pace is bounded for that.
"""

import http.client
import json
import multiprocessing
import socket
import statistics
import threading
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from benchmarks.gateway_quotes import BODY, PLAIN, sign_many
from benchmarks.system import Running, running
from gateway import rate_limits
from gateway.rate_model import Limit
from lending.channels import service as channels
from lending.foundation.audit import SYSTEM
from lending.foundation.database import Database

SECONDS = 6.0
GOOD_A_SECOND, BAD_A_SECOND = 15, 300
SLOW_BODIES = 60
BAD_ADDRESS = ("127.0.0.2", 0)
BAD_QUOTA = 60
PATH = "/v1/mall/quotes"

Config = dict[str, str]


def ask(connection: http.client.HTTPConnection, headers: dict[str, str]) -> int:
    connection.request("POST", PATH, BODY, headers)
    answer = connection.getresponse()
    answer.read()
    return answer.status


def connect(config: Config, source: tuple[str, int] | None = None) -> http.client.HTTPConnection:
    where = urlsplit(config["base_url"])
    assert where.hostname
    return http.client.HTTPConnection(where.hostname, where.port, 20, source)


def good(config: Config, seconds: float = SECONDS) -> list[float]:
    """Seconds that each call of the good partner took, from when it was due."""
    signed = sign_many(config, int(seconds * GOOD_A_SECOND))
    connection, took = connect(config), []
    begun = time.perf_counter()
    for number, headers in enumerate(signed):
        due = begun + number / GOOD_A_SECOND
        time.sleep(max(0.0, due - time.perf_counter()))
        assert ask(connection, headers) == 200
        took.append(time.perf_counter() - due)
    return took


def flood(config: Config, headers: list[dict[str, str]], until: float) -> None:
    """Sends at a bounded pace; what is answered is nobody's concern but that it is a refusal."""
    connection, sent = connect(config, BAD_ADDRESS), 0
    begun = time.perf_counter()
    while time.perf_counter() < until:
        time.sleep(max(0.0, begun + sent / BAD_A_SECOND - time.perf_counter()))
        status = ask(connection, headers[sent % len(headers)])
        assert status in (200, 401, 429, 503), status
        sent += 1


def unsigned(good_: Config, _bad: Config, until: float) -> None:
    flood(good_, [dict(PLAIN)], until)


def wrong(good_: Config, _bad: Config, until: float) -> None:
    """Under the good partner's own key, as seen on the wire."""
    signed = sign_many(good_, 50)
    flood(good_, [{**each, "Signature": "cf=:" + "A" * 86 + "==:"} for each in signed], until)


def over_limit(_good: Config, bad: Config, until: float) -> None:
    flood(bad, sign_many(bad, int(BAD_A_SECOND * SECONDS * 1.5)), until)


def slow_bodies(good_: Config, _bad: Config, until: float) -> None:
    """Bodies of which one byte comes a second."""
    where = urlsplit(good_["base_url"])
    assert where.hostname
    assert where.port
    head = f"POST {PATH} HTTP/1.1\r\nHost: {where.netloc}\r\nContent-Length: 1000\r\n\r\n".encode()
    lines = []
    for _ in range(SLOW_BODIES):
        line = socket.create_connection((where.hostname, where.port), 5, BAD_ADDRESS)
        line.sendall(head)
        lines.append(line)
    while time.perf_counter() < until:
        time.sleep(1)
        for line in lines:
            try:
                line.sendall(b"x")
            except OSError:
                continue  # answered and closed already
    for line in lines:
        line.close()


BAD: dict[str, Callable[[Config, Config, float], None]] = {
    "unsigned flood": unsigned,
    "wrong signatures, its key": wrong,
    "flood over the limit": over_limit,
    f"{SLOW_BODIES} slow bodies": slow_bodies,
}


def misbehave(names: tuple[str, ...], good_: Config, bad: Config, seconds: float) -> None:
    """All ways named, at once, from this process."""
    until = time.perf_counter() + seconds
    threads = [threading.Thread(target=BAD[name], args=(good_, bad, until)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def beside(names: tuple[str, ...], good_: Config, bad: Config) -> list[float]:
    """The good partner's times while others do what is named."""
    spawn = multiprocessing.get_context("spawn")
    others = spawn.Process(target=misbehave, args=(names, good_, bad, SECONDS + 3))
    others.start()
    time.sleep(2)  # until they are at it
    try:
        return good(good_)
    finally:
        others.join()


def agreed_little(system: Running, bad: Config) -> None:
    """Lets the bad partner have few quotes a minute, so that its flood is beyond them."""
    database = Database(system.database_url)
    with database.unit_of_work() as tx:
        partner = channels.partner_by_app_id(tx, bad["app_id"])
        rate_limits.agree(tx, partner.id, "quotes", Limit(BAD_QUOTA, BAD_QUOTA, 60), SYSTEM)
    database.close()


def with_pem(config: Config) -> Config:
    return {**config, "pem": Path(config["private_key"]).read_text()}


def main() -> None:
    """Prints the figures."""
    with running() as system:
        good_ = with_pem(system.config)
        bad = with_pem(json.loads((system.settings.var / "other_shop.json").read_text()))
        agreed_little(system, bad)
        good(good_, 1)
        told("alone", good(good_))
        for name in BAD:
            told(f"beside: {name}", beside((name,), good_, bad))
        told("beside all of these", beside(tuple(BAD), good_, bad))


def told(who: str, took: list[float]) -> None:
    cut = statistics.quantiles(took, n=100)
    print(f"{who:36} p50 {cut[49] * 1000:7.1f} ms   p99 {cut[98] * 1000:7.1f} ms")


if __name__ == "__main__":
    main()
