"""Runs the jobs of one or more queues, and takes over those of a worker that was killed."""

import asyncio
import contextlib
import functools
import logging
import signal
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import procrastinate
from procrastinate import PsycopgConnector, RetryStrategy

from lending.foundation.errors import Problem

HEARTBEAT_S = 1.0
STALLED_S = 4.0
"""A worker that has been silent for so long is taken to be dead."""
RETRY = RetryStrategy(max_attempts=8, exponential_wait=2)
"""A job that raises is tried eight times, the last after about four minutes, then parked."""

log = logging.getLogger(__name__)

Handler = Callable[..., Any]


@dataclass(frozen=True)
class Loop:
    """Work that is not asked for by a job: called again and again with a pause between."""

    name: str
    step: Callable[[], bool]
    """One round; whether there may be more to do at once."""
    pause_s: float


@dataclass(frozen=True)
class Worker:
    """What one process works on."""

    name: str
    database_url: str
    queues: Sequence[str]
    handlers: Mapping[str, Handler]
    concurrency: int
    loops: Sequence[Loop] = field(default_factory=tuple)

    def run(self) -> None:
        """Works until SIGTERM or SIGINT; then finishes the jobs in hand."""
        asyncio.run(self._run())

    async def _run(self) -> None:
        stop = asyncio.Event()
        for sig in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(sig, stop.set)
        await self.serve(stop)

    async def serve(self, stop: asyncio.Event) -> None:
        """Works until it is told to stop, beside others in one program."""
        app = procrastinate.App(
            connector=PsycopgConnector(conninfo=self.database_url, max_size=self.concurrency + 2)
        )
        for name, handler in self.handlers.items():
            app.task(name=name, retry=RETRY)(telling(name, handler))
        async with app.open_async():
            jobs = asyncio.create_task(
                app.run_worker_async(
                    queues=list(self.queues),
                    name=self.name,
                    concurrency=self.concurrency,
                    fetch_job_polling_interval=1.0,
                    update_heartbeat_interval=HEARTBEAT_S,
                    stalled_worker_timeout=STALLED_S,
                    install_signal_handlers=False,
                    delete_jobs="successful",
                    shutdown_graceful_timeout=10,
                )
            )
            threads = ThreadPoolExecutor(max(1, len(self.loops)), f"{self.name}-loop")
            others = [asyncio.create_task(_recover(app))]
            others += [asyncio.create_task(_repeat(loop, threads, stop)) for loop in self.loops]
            waiting = asyncio.create_task(stop.wait())
            await asyncio.wait([jobs, waiting], return_when=asyncio.FIRST_COMPLETED)
            for task in (jobs, waiting, *others):
                task.cancel()
            threads.shutdown(wait=False)
            with contextlib.suppress(asyncio.CancelledError):
                await jobs


def telling(name: str, handler: Handler) -> Handler:
    """The handler of a job, with a word in the log when it fails; a refusal needs no trace."""

    @functools.wraps(handler)
    def told(**given: Any) -> Any:
        try:
            return handler(**given)
        except Problem as refused:
            log.warning("job %s %s failed: %s", name, given, refused)
            raise
        except Exception:
            log.exception("job %s %s failed", name, given)
            raise

    return told


async def _recover(app: procrastinate.App) -> None:
    """Hands the jobs of dead workers to the living."""
    while True:
        await asyncio.sleep(HEARTBEAT_S)
        try:
            for job in await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=STALLED_S):
                log.warning("job %s of a dead worker is run again", job.id)
                await app.job_manager.retry_job(job)
        except Exception:
            log.exception("looking for stalled jobs failed; it is tried again")


async def _repeat(loop: Loop, threads: ThreadPoolExecutor, stop: asyncio.Event) -> None:
    """In threads that no job takes: were all busy with a slow bank, no news would go out."""
    while not stop.is_set():
        more = False
        try:
            more = await asyncio.get_running_loop().run_in_executor(threads, loop.step)
        except Exception:
            log.exception("%s failed; it is tried again", loop.name)
        if not more:
            await asyncio.sleep(loop.pause_s)
