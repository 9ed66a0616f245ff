"""Starts several parts as processes of their own, and stops everything that it started."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import requests


class PartDidNotStart(RuntimeError):
    """A part ended, or did not answer in time; the end of its log is in the message."""


@dataclass(frozen=True, slots=True)
class Part:
    """One process: the arguments of `python -m`, and how it shows that it is up."""

    name: str
    arguments: tuple[str, ...]
    ready_url: str = ""
    """Answers 200 once the part is up; empty for a part without a port."""


class Supervisor:
    """The parts that run, each with a log under `var/log`."""

    def __init__(self, logs: Path, environment: Mapping[str, str]) -> None:
        self._logs = logs
        self._environment = {**os.environ, **environment}
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        logs.mkdir(parents=True, exist_ok=True)

    def start(self, part: Part, *, timeout_s: float = 30) -> None:
        """Starts a part and waits until it answers.

        Raises PartDidNotStart.
        """
        with self._log(part.name).open("ab") as log:
            process = subprocess.Popen(  # noqa: S603  our own command line
                [sys.executable, "-m", *part.arguments],
                stdout=log,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                env=self._environment,
                start_new_session=True,
            )
        self._running[part.name] = process
        if part.ready_url:
            self._wait(part, process, timeout_s)

    def pid(self, name: str) -> int:
        """The process id of a part that was started."""
        return self._running[name].pid

    def kill(self, name: str) -> None:
        """Kills a part and its children at once, as a power cut would."""
        process = self._running.pop(name)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def ended(self) -> list[str]:
        """Names of the parts that have ended by themselves."""
        return [name for name, process in self._running.items() if process.poll() is not None]

    def stop(self) -> None:
        """Asks every part to finish, in the order opposite to their start; kills who does not."""
        for process in reversed(self._running.values()):
            if process.poll() is None:
                process.terminate()
        deadline = time.monotonic() + 12
        for process in reversed(self._running.values()):
            try:
                process.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        self._running.clear()

    def _wait(self, part: Part, process: subprocess.Popen[bytes], timeout_s: float) -> None:
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            if process.poll() is not None:
                raise PartDidNotStart(f"{part.name} ended at once:\n{self._tail(part.name)}")
            try:
                if requests.get(part.ready_url, timeout=2).status_code == 200:
                    return
            except requests.RequestException:
                pass
            time.sleep(0.1)
        raise PartDidNotStart(
            f"{part.name} does not answer at {part.ready_url}:\n{self._tail(part.name)}"
        )

    def _log(self, name: str) -> Path:
        return self._logs / f"{name}.log"

    def _tail(self, name: str) -> str:
        return "\n".join(self._log(name).read_text(errors="replace").splitlines()[-15:])
