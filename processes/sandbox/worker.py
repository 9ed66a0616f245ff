"""Works for all test tenants in one program; each is started, stopped and begun afresh."""

import asyncio
import logging
import signal
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta

from gateway.platform_keys import PlatformKeys
from lending.foundation import jobs
from lending.foundation.context import Context
from processes import workers
from processes.sandbox import jobs as sandbox_jobs
from processes.sandbox.store import Tenant
from processes.sandbox.tenants import Tenants
from processes.worker import Loop, Worker

LOOK_S = 0.3
"""How often the register is looked at."""
ASLEEP_AFTER = timedelta(minutes=15)
"""A tenant that nobody has called for so long sleeps until it is called again."""
DROP_AFTER_S = 10.0
"""An old generation stays so long for calls that are under way."""
CONCURRENCY = 3
LOOP_PAUSE_S = 0.5
THREADS = 48

log = logging.getLogger(__name__)


@dataclass
class _Running:
    tenant: Tenant
    context: Context
    task: "asyncio.Task[None]"
    stop: asyncio.Event = field(default_factory=asyncio.Event)


class SandboxWorker:
    """The one process that works for all test tenants, and the main sandbox's own queue."""

    def __init__(self, context: Context, tenants: Tenants) -> None:
        self._context = context
        self._tenants = tenants
        self._keys = PlatformKeys.load_or_make(context.settings.keys)
        self._running: dict[str, _Running] = {}
        self._dropping: set[asyncio.Task[None]] = set()

    def run(self) -> None:
        """Works until SIGTERM or SIGINT; then finishes the jobs in hand."""
        asyncio.run(self._run())

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        loop.set_default_executor(ThreadPoolExecutor(THREADS, "sandbox"))
        stop = asyncio.Event()
        for sig in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(sig, stop.set)
        main = asyncio.create_task(self._main().serve(stop))
        while not stop.is_set():
            try:
                await self.look()
            except Exception:
                log.exception("looking after the tenants failed; it is tried again")
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), LOOK_S)
        await asyncio.gather(main, self.end())

    async def end(self) -> None:
        """Lets every tenant's worker finish the jobs in hand."""
        await asyncio.gather(*(self._end(name) for name in list(self._running)))

    @property
    def awake(self) -> list[str]:
        """The tenants that are worked for, each with its generation."""
        return sorted(each.tenant.installation for each in self._running.values())

    def _main(self) -> Worker:
        """What the owner of the main sandbox asks for; core and postloan do the rest."""
        return Worker(
            name="sandbox",
            database_url=self._context.database.url,
            queues=(jobs.SANDBOX,),
            handlers=sandbox_jobs.handlers(self._context, "main"),
            concurrency=CONCURRENCY,
        )

    async def look(self) -> None:
        """Starts who is awake, stops who sleeps or is gone, makes the generations asked for."""
        there = {each.name: each for each in await asyncio.to_thread(self._tenants.all)}
        awake_since = self._context.database.clock.now() - ASLEEP_AFTER
        awake = {
            name
            for name, each in there.items()
            if each.used_at >= awake_since and each.state == "ready"
        }
        for name, running in list(self._running.items()):
            if name not in awake or running.task.done():
                await self._end(name)
        for name, tenant in there.items():
            if tenant.state == "resetting":
                await self._reset(tenant)
            elif name in awake and name not in self._running:
                self._start(tenant)

    def _start(self, tenant: Tenant) -> None:
        context = self._tenants.context(tenant)
        stop = asyncio.Event()
        worker = self._of_tenant(tenant, context)
        task = asyncio.create_task(worker.serve(stop), name=tenant.installation)
        self._running[tenant.name] = _Running(tenant, context, task, stop)
        log.info("%s is awake", tenant.installation)

    def _of_tenant(self, tenant: Tenant, context: Context) -> Worker:
        core, postloan = workers.core(context), workers.postloan(context, self._keys)
        return Worker(
            name=tenant.installation,
            database_url=context.database.url,
            queues=(*core.queues, *postloan.queues, jobs.SANDBOX),
            handlers={
                **core.handlers,
                **postloan.handlers,
                **sandbox_jobs.handlers(context, tenant.installation),
            },
            concurrency=CONCURRENCY,
            loops=[_rarer(loop) for loop in (*core.loops, *postloan.loops)],
        )

    async def _end(self, name: str) -> None:
        running = self._running.pop(name)
        running.stop.set()
        try:
            await running.task
        except Exception:
            log.exception("the worker of %s had failed", name)
        await asyncio.to_thread(running.context.database.close)
        log.info("%s sleeps", running.tenant.installation)

    async def _reset(self, tenant: Tenant) -> None:
        await asyncio.to_thread(self._tenants.reset, tenant)
        task = asyncio.create_task(self._drop_later(tenant))
        self._dropping.add(task)
        task.add_done_callback(self._dropping.discard)

    async def _drop_later(self, tenant: Tenant) -> None:
        await asyncio.sleep(DROP_AFTER_S)
        await asyncio.to_thread(self._tenants.drop, tenant)


def _rarer(loop: Loop) -> Loop:
    """Many tenants share one machine: each is looked after less often."""
    return replace(loop, pause_s=max(loop.pause_s, LOOP_PAUSE_S))
