"""What a worker says of its jobs."""

import pytest

from lending.foundation.errors import NotFound
from processes.worker import telling


def broken(**_: str) -> None:
    raise ZeroDivisionError


def refused(**_: str) -> None:
    raise NotFound("no such loan")


class TestAJobThatFails:
    @pytest.mark.parametrize(
        ("handler", "fault", "has_trace"),
        [(broken, ZeroDivisionError, True), (refused, NotFound, False)],
    )
    def test_is_told_with_what_it_was_given_and_goes_on_to_be_tried_again(
        self, caplog, handler, fault, has_trace
    ):
        with pytest.raises(fault):
            telling("loans.decide", handler)(application_id="app_1")
        (line,) = caplog.records
        assert "loans.decide" in line.getMessage()
        assert "app_1" in line.getMessage()
        assert bool(line.exc_info) is has_trace
