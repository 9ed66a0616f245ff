"""Either client of a fake lender, called in the same words."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from anyio.from_thread import start_blocking_portal
from cf_partner_sdk.testing import FakeGateway

Ask = Callable[..., Any]
"""Takes a path such as `leads.get` and what it is given; returns what the client returns."""


@contextmanager
def asked_in_a_row(gateway: FakeGateway) -> Iterator[Ask]:
    """Calls through the client that waits; a list is gone through."""
    with gateway.client() as cf:

        def ask(path: str, *given: Any, **named: Any) -> Any:
            answer = _method(cf, path)(*given, **named)
            return list(answer) if hasattr(answer, "__next__") else answer

        yield ask


@contextmanager
def asked_in_a_loop(gateway: FakeGateway) -> Iterator[Ask]:
    """Calls through the client for event loops; a list is gone through."""
    with (
        start_blocking_portal() as portal,
        portal.wrap_async_context_manager(gateway.async_client()) as cf,
    ):

        def ask(path: str, *given: Any, **named: Any) -> Any:
            async def within() -> Any:
                answer = _method(cf, path)(*given, **named)
                if hasattr(answer, "__aiter__"):
                    return [each async for each in answer]
                return await answer

            return portal.call(within)

        yield ask


BOTH = pytest.mark.parametrize("client", [asked_in_a_row, asked_in_a_loop])


def _method(cf: Any, path: str) -> Any:
    for name in path.split("."):
        cf = getattr(cf, name)
    return cf
