import pytest
from flask import Flask

from console import forms
from lending.system.errors import PayloadWrong


def typed(amount: str) -> int:
    with Flask(__name__).test_request_context(method="POST", data={"amount": amount}):
        return forms.fen("amount")


class TestAnAmount:
    @pytest.mark.parametrize(
        ("amount", "fen"),
        [
            ("", 0),
            ("0.05", 5),
            (" 1234.5 ", 123_450),
            ("1,234.50", 123_450),
            ("1,234,567", 123_456_700),
        ],
    )
    def test_is_read_in_yuan(self, amount: str, fen: int):
        assert typed(amount) == fen

    @pytest.mark.parametrize(
        "amount", ["1,5", "12,34", "1,2345", ",1", "-5", "1e3", "1.234", "\uff11\uff10", "NaN"]
    )
    def test_that_can_be_read_in_two_ways_or_is_none_names_its_field(self, amount: str):
        with pytest.raises(PayloadWrong) as refused:
            typed(amount)
        assert refused.value.field == "/amount"
