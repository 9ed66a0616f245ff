from tests.gateway.conftest import *  # noqa: F403  the front of the gateway's tests
