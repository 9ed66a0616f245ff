"""Lists that are fetched page by page, keep their filters, and go on after an error."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Generic, Optional, TypeVar

from ._calls import Call, Page, at_cursor
from ._errors import AnswerNotUnderstood

T = TypeVar("T")


class _Place(Generic[T]):
    """Where a reader of a list is."""

    def __init__(self, call: Call[Page[T]]) -> None:
        self._call = call
        self._cursor_next: Optional[str] = call.query.get("cursor")
        self._ended = False
        self._rows: deque[T] = deque()
        self.cursor = self._cursor_next

    def page_wanted(self) -> Optional[Call[Page[T]]]:
        """Return the page to fetch, None if there is a row left or the list is at its end."""
        if self._rows or self._ended:
            return None
        if self._cursor_next is None:
            return self._call
        return at_cursor(self._call, self._cursor_next)

    def put(self, page: Page[T]) -> None:
        if page.next_cursor is not None and page.next_cursor == self._cursor_next:
            raise AnswerNotUnderstood("a list goes in a circle")
        self.cursor = self._cursor_next
        self._rows.extend(page.rows)
        self._cursor_next = page.next_cursor
        self._ended = page.next_cursor is None

    def take(self) -> Optional[T]:
        return self._rows.popleft() if self._rows else None


class Pages(Iterator[T]):
    """The rows of a list. An error while a page is fetched loses nothing: call `next` again.

    `cursor` names the page that the last row was on. Keep it to go on from there later, even in
    another process, by `resume` on the same list; the rows of that page come again.
    """

    def __init__(self, fetch: Callable[[Call[Page[T]]], Page[T]], call: Call[Page[T]]) -> None:
        self._fetch = fetch
        self._call = call
        self._place = _Place(call)

    def resume(self, cursor: Optional[str]) -> Pages[T]:
        """Return the same list from the page that `cursor` names on; None is the first."""
        return self if cursor is None else Pages(self._fetch, at_cursor(self._call, cursor))

    @property
    def cursor(self) -> Optional[str]:
        """The page that the last row was on; None is the first."""
        return self._place.cursor

    def __iter__(self) -> Pages[T]:
        return self

    def __next__(self) -> T:
        while (wanted := self._place.page_wanted()) is not None:
            self._place.put(self._fetch(wanted))
        row = self._place.take()
        if row is None:
            raise StopIteration
        return row


class AsyncPages(AsyncIterator[T]):
    """The rows of a list, for `async for`; otherwise as `Pages`."""

    def __init__(
        self, fetch: Callable[[Call[Page[T]]], Awaitable[Page[T]]], call: Call[Page[T]]
    ) -> None:
        self._fetch = fetch
        self._call = call
        self._place = _Place(call)

    def resume(self, cursor: Optional[str]) -> AsyncPages[T]:
        """Return the same list from the page that `cursor` names on; None is the first."""
        return self if cursor is None else AsyncPages(self._fetch, at_cursor(self._call, cursor))

    @property
    def cursor(self) -> Optional[str]:
        """The page that the last row was on; None is the first."""
        return self._place.cursor

    def __aiter__(self) -> AsyncPages[T]:
        return self

    async def __anext__(self) -> T:
        while (wanted := self._place.page_wanted()) is not None:
            self._place.put(await self._fetch(wanted))
        row = self._place.take()
        if row is None:
            raise StopAsyncIteration
        return row
