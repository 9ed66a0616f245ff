"""An installation for benchmarks: every part a process of its own, on ports and data of its own."""

import json
import os
import shutil
import socket
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
from cf_partner_sdk import Client, PrivateKey

from benchmarks import cpu
from lending.foundation.settings import Settings
from processes import installation
from processes.parts import all_parts
from processes.postgres import EmbeddedPostgres
from processes.supervisor import Supervisor


@dataclass(frozen=True)
class Running:
    """What a benchmark needs to know."""

    settings: Settings
    config: dict[str, str]
    database_url: str

    def client(self) -> Client:
        """A merchant's client."""
        return Client(
            app_id=self.config["app_id"],
            key=PrivateKey.from_pem(Path(self.config["private_key"]).read_text()),
            base_url=self.config["base_url"],
            root_keyid=self.config["root_keyid"],
        )


@contextmanager
def running(app: str = "demo_shop") -> Iterator[Running]:
    """Starts everything but the shop, and stops it; `app` is whose client it gives."""
    var = Path(tempfile.mkdtemp(prefix="cf-bench-"))
    ports = [free_port() for _ in range(3)]
    settings = Settings(
        var=var,
        front_port=ports[0],
        simulators_port=ports[1],
        shop_port=ports[2],
        read_seconds_min=1,
    )
    prepared = installation.prepare(settings)
    environment = {
        "CF_VAR": str(var),
        "CF_FRONT_PORT": str(ports[0]),
        "CF_SIMULATORS_PORT": str(ports[1]),
        "CF_READ_SECONDS_MIN": "1",
        "DATABASE_URL": prepared.database.url,
    }
    prepared.database.close()
    os.environ.update(environment)
    supervisor = Supervisor(var / "log", environment)
    try:
        for part in all_parts(settings, shop=False):
            supervisor.start(part)
        config = json.loads((var / f"{app}.json").read_text())
        yield Running(settings, config, environment["DATABASE_URL"])
    finally:
        supervisor.stop()
        server = EmbeddedPostgres(var / "postgres")
        server.start()
        server.stop()
        shutil.rmtree(var, ignore_errors=True)


def cpu_s(system: Running) -> dict[str, float]:
    """Seconds of CPU that the callers, each part and PostgreSQL have used up to now."""
    me = psutil.Process()
    used: dict[str, float] = defaultdict(float)
    used["callers"] = cpu.of(me)
    for child in me.children():
        name = child.cmdline()[-1]
        for each in (child, *child.children(recursive=True)):
            used[name] += cpu.of(each)
    used["postgres"] = cpu.of_postgres(system.settings.var / "postgres")
    return dict(used)


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
