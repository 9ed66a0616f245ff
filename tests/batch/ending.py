"""Processes that end days, some of which kill themselves on the way."""

import multiprocessing
import os
import signal
from collections.abc import Callable
from datetime import datetime
from itertools import count
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path

import psycopg

from lending.batch import end_of_day
from lending.foundation import crypto
from lending.foundation.clock import FixedClock
from lending.foundation.context import Context
from lending.foundation.database import Database
from lending.foundation.files import FileStore
from lending.foundation.settings import Settings
from tests.loans.world import Bank, Seams

PART_SIZE = 7


def context(url: str, folder: Path, now: datetime) -> Context:
    return Context(
        database=Database(url, clock=FixedClock(now)),
        keys=crypto.load_or_make(folder / "keys.json"),
        files=FileStore(folder),
        settings=Settings(),
        channel=Bank(Seams()),
        bureaus=(),
        identity=None,
        sms=None,
    )


def begin(url: str, folder: Path, until: datetime, *, die_at: int = 0) -> BaseProcess:
    """A process that has just begun to end all days until then.

    It is forked by a server that has read the program once, which takes longer than a run. With
    `die_at` it is killed (SIGKILL) as it sends that statement or commit, whatever its other worker
    is at.
    """
    processes = multiprocessing.get_context("forkserver")
    processes.set_forkserver_preload([__name__])
    ours, theirs = processes.Pipe(duplex=False)
    process = processes.Process(target=_run, args=(url, folder, until, die_at, theirs))
    process.start()
    assert ours.recv() == "ready"
    return process


def _run(url: str, folder: Path, until: datetime, die_at: int, begun: Connection) -> None:
    end_of_day.PART_SIZE = PART_SIZE
    sent = count(1)

    def live_or_die() -> None:
        if next(sent) == die_at:
            os.kill(os.getpid(), signal.SIGKILL)

    for kind, name in ((psycopg.Cursor, "execute"), (psycopg.Connection, "commit")):
        setattr(kind, name, _after(live_or_die, getattr(kind, name)))
    begun.send("ready")
    end_of_day.catch_up(context(url, folder, until), workers=2)


def _after(first: Callable[[], None], method: Callable[..., object]) -> Callable[..., object]:
    def called(*args: object, **named: object) -> object:
        first()
        return method(*args, **named)

    return called
