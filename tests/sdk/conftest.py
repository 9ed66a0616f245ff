from collections.abc import Iterator

import pytest
import responses
from cf_partner_sdk import Client

from tests.sdk import platform as platforms
from tests.sdk.platform import ManualClock, Platform


@pytest.fixture
def wall() -> ManualClock:
    return ManualClock()


@pytest.fixture
def platform(wall: ManualClock) -> Iterator[Platform]:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield Platform(mock, wall)


@pytest.fixture
def cf(platform: Platform, wall: ManualClock) -> Iterator[Client]:  # noqa: ARG001 - answers it
    with platforms.client(wall) as opened:
        yield opened
