"""What the core asks to be done, so that the same core serves threads and event loops.

The core is written as generators. Each yields a step, is given its result, or has its fault thrown
in, and in the end returns. Whoever drives it does the input and output: `_sync` with requests,
`_async` with httpx.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any, TypeVar, Union

from .http_signatures import Message

T = TypeVar("T")


@dataclass(frozen=True)
class Send:
    """Exchange this request for an answer, unverified, before `deadline` on the monotonic clock.

    What fails is thrown in as TransportError or AnswerNotTrusted.
    """

    message: Message
    deadline: float


@dataclass(frozen=True)
class Pause:
    """Wait."""

    seconds: float


@dataclass(frozen=True)
class Alone:
    """Go through these steps while nobody else does; wait for that until `deadline` only."""

    steps: Callable[[], Steps[None]]
    deadline: float


Step = Union[Send, Pause, Alone]
Steps = Generator[Step, Any, T]
