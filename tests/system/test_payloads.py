"""What a proposal's payload carries: read as it stands there, or refused by its field."""

from datetime import date
from decimal import Decimal

import pytest

from lending.foundation.money import FEN_MAX
from lending.system.approvals import whole_number
from lending.system.errors import PayloadWrong
from lending.system.payloads import day, rate


class TestARate:
    @pytest.mark.parametrize("text", ["0", "0.2", " 1 ", "-3", "0.00000001"])
    def test_is_a_plain_decimal(self, text: str):
        assert rate({"rate": text}, "rate") == Decimal(text.strip())

    @pytest.mark.parametrize(
        "text", ["NaN", "sNaN", "Infinity", "1E-9999999", "1e400", "\uff10.2", "1_0", ".5", "1,5"]
    )
    def test_is_nothing_that_is_no_number_or_reads_otherwise(self, text: str):
        with pytest.raises(PayloadWrong) as refused:
            rate({"rate": text}, "rate")
        assert refused.value.field == "/rate"


class TestADate:
    def test_is_written_in_one_way(self):
        assert day({"on": "2026-11-30"}, "on") == date(2026, 11, 30)
        for text in ("20261130", "2026-W48-1", "2026-02-30"):
            with pytest.raises(PayloadWrong):
                day({"on": text}, "on")


class TestAWholeNumber:
    def test_is_none_that_no_amount_can_be(self):
        assert whole_number({"fen": FEN_MAX}, "fen") == FEN_MAX
        with pytest.raises(PayloadWrong):
            whole_number({"fen": FEN_MAX + 1}, "fen")
