"""`cf up | front | core | postloan | simulators`: the parts of the system as processes."""

import argparse
import logging
import os
import signal
import time
from typing import Any

from lending.foundation.settings import Settings
from processes import installation, metrics_page, ports
from processes.sandbox import commands as sandbox_commands
from processes.seed_funders import FUNDERS
from processes.supervisor import Part, Supervisor

HEADERS_MS_MAX = 5_000
"""A connection whose headers take longer is closed."""

log = logging.getLogger(__name__)


def add_commands(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Adds the commands that start a part or all of them."""
    up = commands.add_parser("up", help="start everything and stay up until Ctrl-C")
    up.add_argument("--prove", action="store_true", help="play one order through the SDK as proof")
    up.add_argument("--no-shop", action="store_true", help="leave the demo shop out")
    up.set_defaults(func=_up)
    for name, text, function in (
        ("front", "the partners' API, the borrower's pages, the console", _front),
        ("core", "decisions and payouts", _core),
        ("postloan", "repayments, and webhooks to partners", _postloan),
        ("simulators", "the outside world: bank, credit bureaus, identity check, SMS", _simulators),
    ):
        commands.add_parser(name, help=text).set_defaults(func=function)


def all_parts(settings: Settings, *, shop: bool) -> list[Part]:
    """Every part of an installation, in the order in which they start."""
    found = [
        Part(
            "simulators",
            ("processes.cli", "simulators"),
            f"http://127.0.0.1:{settings.simulators_port}/healthz",
        ),
        Part("core", ("processes.cli", "core")),
        Part("postloan", ("processes.cli", "postloan")),
        *(
            [Part("sandbox", ("processes.cli", "sandbox"))]
            if settings.environment == "test"
            else []
        ),
        Part(
            "front",
            ("processes.cli", "front"),
            f"http://{settings.front_host}:{settings.front_port}/readyz",
        ),
    ]
    if shop:
        found.append(
            Part("shop", ("examples.demo_shop",), f"http://127.0.0.1:{settings.shop_port}/")
        )
        found += funders(settings)
    return found


def funders(settings: Settings) -> list[Part]:
    """The example funders, who fund a product of the demo shop with us."""
    return [
        Part(
            f"funder_{each.temper}",
            ("examples.funder", each.temper),
            f"http://127.0.0.1:{settings.funder_port + number}/",
        )
        for number, each in enumerate(FUNDERS)
    ]


def _up(args: argparse.Namespace) -> int:
    from processes import proof  # noqa: PLC0415  rich is for people at a terminal only

    settings: Settings = args.settings
    logging.getLogger().setLevel(logging.WARNING)
    ports.require_free(settings.front_host, settings.front_port, "CF_FRONT_PORT")
    ports.require_free("127.0.0.1", settings.simulators_port, "CF_SIMULATORS_PORT")
    if not args.no_shop:
        ports.require_free("127.0.0.1", settings.shop_port, "CF_SHOP_PORT")
        for number in range(len(FUNDERS)):
            ports.require_free("127.0.0.1", settings.funder_port + number, "CF_FUNDER_PORT")
    with proof.say("database"):
        prepared = installation.prepare(settings)
        prepared.database.close()
        sandbox_commands.migrate_all(settings)
    supervisor = Supervisor(
        settings.var / "log",
        {"DATABASE_URL": prepared.database.url, "CF_VAR": str(settings.var.resolve())},
    )
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        for part in all_parts(settings, shop=not args.no_shop):
            with proof.say(part.name):
                supervisor.start(part)
        proof.addresses(settings, shop=not args.no_shop)
        if args.prove:
            proof.play(settings)
            if not args.no_shop:
                proof.play_joint(settings)
        proof.staying_up(settings)
        told: set[str] = set()
        while True:
            time.sleep(1)
            for name in supervisor.ended():
                if name not in told:
                    told.add(name)
                    proof.ended(name, settings.var / "log" / f"{name}.log")
    finally:
        supervisor.stop()


def _front(args: argparse.Namespace) -> int:
    from granian.http import HTTP1Settings  # noqa: PLC0415  only the server needs it

    settings: Settings = args.settings
    ports.require_free(settings.front_host, settings.front_port, "CF_FRONT_PORT")
    if settings.metrics_port:
        metrics_page.serve(settings)
    _serve(
        settings,
        "processes.application:application",
        address=settings.front_host,
        port=settings.front_port,
        workers=settings.front_workers,
        blocking_threads=settings.front_threads,
        http1_settings=HTTP1Settings(header_read_timeout=HEADERS_MS_MAX),
    )
    return 0


def _core(args: argparse.Namespace) -> int:
    from processes.workers import core  # noqa: PLC0415  each part loads what it needs

    core(args.context()).run()
    return 0


def _postloan(args: argparse.Namespace) -> int:
    from processes.workers import postloan  # noqa: PLC0415

    postloan(args.context()).run()
    return 0


def _simulators(args: argparse.Namespace) -> int:
    settings: Settings = args.settings
    ports.require_free("127.0.0.1", settings.simulators_port, "CF_SIMULATORS_PORT")
    _serve(
        settings,
        "processes.outside:application",
        address="127.0.0.1",
        port=settings.simulators_port,
        workers=1,
        blocking_threads=8,
    )
    return 0


def _serve(settings: Settings, application: str, **options: Any) -> None:
    """Serves until it is told to end; its workers make the application out of the environment."""
    from granian import Granian  # noqa: PLC0415  only the servers need it
    from granian.constants import Interfaces  # noqa: PLC0415

    os.environ["CF_VAR"] = str(settings.var.resolve())
    Granian(
        application,
        interface=Interfaces.WSGI,
        respawn_failed_workers=True,
        log_access=False,
        factory=True,
        websockets=False,
        **options,
    ).serve()
