"""The yardstick: a bare Flask route that answers the same JSON, on the same server."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
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
