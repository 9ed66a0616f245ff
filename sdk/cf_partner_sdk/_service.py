"""Services are written once. Each method says what to call; the client it belongs to calls it.

    class Orders(Service[R]):
        @call
        def get(self, order_id: str) -> Call[Order]:
            return read(f"/v1/mall/orders/{segment(order_id)}", Order.from_json)

Of a `Client`, `orders.get("ord_1")` is an `Order`; of an `AsyncClient` it is awaited for one.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, Generic, TypeVar, overload

from ._calls import Call, Page, at_cursor
from ._clock import Clock
from ._pages import AsyncPages, Pages
from ._steps import Pause, Steps

if TYPE_CHECKING:
    from typing_extensions import Concatenate, ParamSpec

    from ._async import AsyncRunner
    from ._sync import Runner

    P = ParamSpec("P")
else:
    P = TypeVar("P")

T = TypeVar("T")
R = TypeVar("R")
"""Who runs the calls: `Runner` or `AsyncRunner`."""


class Service(Generic[R]):
    """Base of all services; keeps who runs their calls."""

    def __init__(self, runner: R) -> None:
        self.runner: Any = runner

    def _converse(self, asked: Call[T]) -> Steps[T]:
        """Make a call within `@steps`: `order = yield from self._converse(read(…))`."""
        conversation: Steps[T] = self.runner.wire.converse(asked)
        return conversation

    def _all(self, first: Call[Page[T]]) -> Steps[list[T]]:
        """Fetch a whole list within `@steps`."""
        rows: list[T] = []
        wanted = first
        while True:
            page = yield from self._converse(wanted)
            rows.extend(page.rows)
            if page.next_cursor is None:
                return rows
            wanted = at_cursor(first, page.next_cursor)

    def _wait(
        self, asked: Call[T], is_so: Callable[[T], bool], *, wait_s: float, pause_s: float
    ) -> Steps[T]:
        """Ask until it is so, or the time is over, within `@steps`; return what was seen last."""
        until = self._clock.monotonic() + wait_s
        while True:
            seen = yield from self._converse(asked)
            if is_so(seen) or self._clock.monotonic() + pause_s > until:
                return seen
            yield Pause(pause_s)

    @property
    def _app_id(self) -> str:
        app_id: str = self.runner.wire.app_id
        return app_id

    @property
    def _clock(self) -> Clock:
        clock: Clock = self.runner.wire.clock
        return clock


class _Method:
    def __init__(self, build: Callable[..., Any]) -> None:
        self._build = build
        functools.update_wrapper(self, build)  # type: ignore[arg-type]


class call(_Method, Generic[P, T]):  # noqa: N801 - a decorator
    """A method that makes one call."""

    if TYPE_CHECKING:

        def __init__(self, build: Callable[Concatenate[Any, P], Call[T]]) -> None: ...

    @overload
    def __get__(self, service: Service[Runner], owner: Any = None) -> Callable[P, T]: ...
    @overload
    def __get__(
        self, service: Service[AsyncRunner], owner: Any = None
    ) -> Callable[P, Coroutine[Any, Any, T]]: ...
    def __get__(self, service: Any, owner: Any = None) -> Any:
        return self if service is None else service.runner.call(self._build.__get__(service))


class steps(_Method, Generic[P, T]):  # noqa: N801 - a decorator
    """A method that makes several calls, or waits between them."""

    if TYPE_CHECKING:

        def __init__(self, build: Callable[Concatenate[Any, P], Steps[T]]) -> None: ...

    @overload
    def __get__(self, service: Service[Runner], owner: Any = None) -> Callable[P, T]: ...
    @overload
    def __get__(
        self, service: Service[AsyncRunner], owner: Any = None
    ) -> Callable[P, Coroutine[Any, Any, T]]: ...
    def __get__(self, service: Any, owner: Any = None) -> Any:
        return self if service is None else service.runner.steps(self._build.__get__(service))


class listing(_Method, Generic[P, T]):  # noqa: N801 - a decorator
    """A method that goes through a list."""

    if TYPE_CHECKING:

        def __init__(self, build: Callable[Concatenate[Any, P], Call[Page[T]]]) -> None: ...

    @overload
    def __get__(self, service: Service[Runner], owner: Any = None) -> Callable[P, Pages[T]]: ...
    @overload
    def __get__(
        self, service: Service[AsyncRunner], owner: Any = None
    ) -> Callable[P, AsyncPages[T]]: ...
    def __get__(self, service: Any, owner: Any = None) -> Any:
        return self if service is None else service.runner.listing(self._build.__get__(service))
