"""Quotes per second through the gateway: verified, nonce spent, priced by the engine, signed.

Twice: through the SDK, which signs and verifies on the same two cores; and by two processes that
have signed their requests beforehand, so that the server alone is measured. The bare route answers
the same bytes on the same server to the same callers.
"""

import http.client
import json
import multiprocessing
import threading
import time
from collections.abc import Callable
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Barrier
from pathlib import Path
from urllib.parse import urlsplit

import requests
from cf_partner_sdk import PrivateKey
from cf_partner_sdk.http_signatures import Message, new_nonce, sign_request
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from benchmarks import bare
from benchmarks.signing import CryptographySigner
from benchmarks.system import Running, free_port, running
from gateway import rate_limits
from gateway.rate_model import Limit, RateGroup
from lending.channels import service as channels
from lending.foundation.audit import SYSTEM
from lending.foundation.database import Database

AMOUNT_FEN = 599_900
BODY = json.dumps({"amount_fen": AMOUNT_FEN}).encode()
PLAIN = {"Content-Type": "application/json"}
SECONDS = 6.0
PROCESSES, THREADS, SIGNED_EACH = 2, 4, 6_000
Signed = list[dict[str, str]]


def sign_many(config: dict[str, str], count: int) -> Signed:
    """Headers of so many requests, each with a nonce of its own."""
    pem = config["pem"]
    keyid = PrivateKey.from_pem(pem).keyid
    signer = CryptographySigner(keyid, load_pem_private_key(pem.encode(), None))
    url = f"{config['base_url']}/v1/mall/quotes"
    now = int(time.time())
    return [
        {
            **PLAIN,
            **sign_request(
                Message.of_url("POST", url, PLAIN, BODY), signer, created=now, nonce=new_nonce()
            ),
        }
        for _ in range(count)
    ]


def send(url: str, signed: Signed, until: float, counted: list[int]) -> None:
    """Sends requests over one connection until the time is over, counting good answers."""
    where = urlsplit(url)
    assert where.hostname
    connection = http.client.HTTPConnection(where.hostname, where.port)
    while signed and time.perf_counter() < until:
        connection.request("POST", where.path, BODY, signed.pop())
        answer = connection.getresponse()
        answer.read()
        assert answer.status in (200, 201), answer.status
        counted.append(1)


def one_process(url: str, config: dict[str, str], start: Barrier, rates: "Queue[float]") -> None:
    """Signs, waits for the others, sends from several threads; tells its rate."""
    signed = sign_many(config, SIGNED_EACH)
    counted: list[int] = []
    start.wait()
    begun = time.perf_counter()
    threads = [
        threading.Thread(target=send, args=(url, signed, begun + SECONDS, counted))
        for _ in range(THREADS)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    rates.put(len(counted) / (time.perf_counter() - begun))


def signed_beforehand(url: str, config: dict[str, str]) -> float:
    """Answers a second to all processes together."""
    context = multiprocessing.get_context("spawn")
    start, rates = context.Barrier(PROCESSES), context.Queue()
    senders = [
        context.Process(target=one_process, args=(url, config, start, rates))
        for _ in range(PROCESSES)
    ]
    for sender in senders:
        sender.start()
    total = sum(rates.get() for _ in senders)
    for sender in senders:
        sender.join()
    return total


def agree(system: Running, limit: Limit) -> None:
    """Sets how many quotes the merchant may ask for: counted as ever, and enough."""
    database = Database(system.database_url)
    with database.unit_of_work() as tx:
        partner = channels.partner_by_app_id(tx, system.config["app_id"])
        rate_limits.agree(tx, partner.id, RateGroup.QUOTES, limit, SYSTEM)
    database.close()


def megabytes_a_worker(port: int) -> list[float]:
    """What each worker of the front has resident."""
    found = []
    for status in Path("/proc").glob("[0-9]*/status"):
        try:
            environment = status.with_name("environ").read_bytes()
            command = status.with_name("cmdline").read_bytes()
            text = status.read_text()
        except OSError:
            continue
        if f"CF_FRONT_PORT={port}".encode() in environment and b"\0front\0" in command:
            resident = next(line for line in text.splitlines() if line.startswith("VmRSS"))
            found.append(int(resident.split()[1]) / 1024)
    return found


def main() -> None:
    """Prints the figures."""
    with running() as system:
        pem = Path(system.config["private_key"]).read_text()
        config = {**system.config, "pem": pem}
        url = f"{config['base_url']}/v1/mall/quotes"
        agree(system, Limit(1_000_000, 1_000_000, 60))
        answer = requests.post(url, BODY, headers=sign_many(config, 1)[0], timeout=10).json()

        def caller(_number: int) -> Callable[[], object]:
            cf = system.client()
            return lambda: cf.mall.quotes.create(amount_fen=AMOUNT_FEN)

        through_sdk = bare.calls_per_second(caller, SECONDS)
        alone = signed_beforehand(url, config)
        memory = sorted(megabytes_a_worker(system.settings.front_port))
    print(f"memory of each worker      {', '.join(f'{each:.0f} MB' for each in memory)}")
    question = {"amount_fen": AMOUNT_FEN}
    to_sdk = bare.answers_per_second(answer, question, port=free_port(), seconds=4)
    with bare.served(answer, port=free_port()) as url:
        to_senders = signed_beforehand(url, config)
    print(f"quotes, SDK                {through_sdk:8.1f}/s   {through_sdk / to_sdk:.2f} x a bare"
          f" route ({to_sdk:,.0f}/s, same callers unsigned)")  # fmt: skip
    print(f"quotes, signed beforehand  {alone:8.1f}/s   {alone / to_senders:.2f} x a bare"
          f" route ({to_senders:,.0f}/s, same callers)")  # fmt: skip


if __name__ == "__main__":
    main()
