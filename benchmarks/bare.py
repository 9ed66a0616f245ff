"""The yardstick: a bare Flask route that answers the same JSON, on the same server."""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import requests
from flask import Flask, Response, request


def application() -> Flask:
    """Answers every POST with the JSON it was given to answer, and reads the body."""
    app = Flask("bare")
    body = json.loads(os.environ["BARE_ANSWER"])

    @app.post("/bare")
    def bare() -> Response:
        request.get_json()
        return app.json.response(body)

    return app


@contextmanager
def served(answer: object, *, port: int, workers: int = 2, threads: int = 8) -> Iterator[str]:
    """The bare route on granian, as our front is served; its address."""
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "granian", "--interface", "wsgi", "--factory"),
            *("--host", "127.0.0.1", "--port", str(port), "--no-ws", "--log-level", "error"),
            *("--workers", str(workers), "--blocking-threads", str(threads)),
            "benchmarks.bare:application",
        ],
        env={**os.environ, "BARE_ANSWER": json.dumps(answer)},
    )
    url = f"http://127.0.0.1:{port}/bare"
    try:
        for _ in range(100):
            try:
                requests.post(url, json={}, timeout=1)
                break
            except requests.RequestException:
                time.sleep(0.1)
        yield url
    finally:
        process.terminate()
        process.wait(10)


def calls_per_second(caller: Callable[[int], Callable[[], object]], seconds: float) -> float:
    """How many calls eight callers make a second, each over a connection of its own."""
    counted = [0] * 8

    def keep_calling(number: int, until: float) -> None:
        call = caller(number)
        while time.perf_counter() < until:
            call()
            counted[number] += 1

    until = time.perf_counter() + seconds
    threads = [threading.Thread(target=keep_calling, args=(n, until)) for n in range(len(counted))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counted) / seconds


def answers_per_second(answer: object, question: object, *, port: int, seconds: float) -> float:
    """What the bare route does for the same eight callers."""
    with served(answer, port=port) as url:

        def caller(_number: int) -> Callable[[], object]:
            http = requests.Session()
            return lambda: http.post(url, json=question, timeout=10)

        return calls_per_second(caller, seconds)
