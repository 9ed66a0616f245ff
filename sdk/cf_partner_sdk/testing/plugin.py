"""Fixtures for pytest. In your `conftest.py`:

pytest_plugins = ["cf_partner_sdk.testing.plugin"]
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from cf_partner_sdk import Client

from .gateway import FakeGateway


@pytest.fixture
def cf_gateway() -> Iterator[FakeGateway]:
    """A fake lender that answers every call of this test's clients."""
    with FakeGateway() as gateway:
        yield gateway


@pytest.fixture
def cf_client(cf_gateway: FakeGateway) -> Iterator[Client]:
    """A client of the fake lender."""
    with cf_gateway.client() as client:
        yield client
