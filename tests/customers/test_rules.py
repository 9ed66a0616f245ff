from datetime import date

import pytest

from lending.customers import rules
from lending.customers.errors import (
    CardNumberInvalid,
    CustomerTooYoung,
    IdentityNoInvalid,
    MobileInvalid,
)


class TestIdentityNumber:
    def test_with_a_right_check_character_is_taken(self):
        assert rules.identity_no("11010519491231002x") == "11010519491231002X"

    @pytest.mark.parametrize(
        "raw",
        [
            "110105194912310021",
            "11010519491331002X",
            "1101051949123100",
            "11010519491231002X\u200b",
            "１１０１０５19491231002X",
            "",
        ],
    )
    def test_otherwise_is_refused(self, raw: str):
        with pytest.raises(IdentityNoInvalid):
            rules.identity_no(raw)

    def test_carries_the_date_of_birth(self):
        assert rules.birth_date("11010519491231002X") == date(1949, 12, 31)


class TestAge:
    def test_eighteen_today_is_adult(self):
        rules.require_adult(date(2008, 11, 23), date(2026, 11, 23))

    def test_eighteen_tomorrow_is_not(self):
        with pytest.raises(CustomerTooYoung):
            rules.require_adult(date(2008, 11, 24), date(2026, 11, 23))


class TestMobile:
    @pytest.mark.parametrize("raw", ["13800138000", "+86 138 0013 8000", "138-0013-8000"])
    def test_is_brought_to_eleven_digits(self, raw: str):
        assert rules.mobile(raw) == "13800138000"

    @pytest.mark.parametrize(
        "raw", ["12800138000", "1380013800", "１３８00138000", "+1 3800138000"]
    )
    def test_of_another_shape_is_refused(self, raw: str):
        with pytest.raises(MobileInvalid):
            rules.mobile(raw)


class TestCardNumber:
    def test_with_a_right_last_digit_is_taken(self):
        assert rules.card_number("6222 0212 3456 7890 128") == "6222021234567890128"

    @pytest.mark.parametrize("raw", ["6222021234567890129", "4111", "41111111111111112", "abc"])
    def test_otherwise_is_refused(self, raw: str):
        with pytest.raises(CardNumberInvalid):
            rules.card_number(raw)
