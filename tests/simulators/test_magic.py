import re
from pathlib import Path

import pytest

from simulators import magic
from tests.outside import OutsideWorld


def luhn(number: str) -> int:
    digits = [int(d) for d in reversed(number)]
    return sum(sum(divmod(d * (1 + i % 2), 10)) for i, d in enumerate(digits)) % 10


class TestMagicValues:
    def test_have_right_check_characters(self):
        assert all(luhn(number) == 0 for number in magic.MAGIC_CARDS.values())
        assert all(magic.is_identity_no(number) for number in magic.MAGIC.values())

    def test_mean_what_they_are_named_for(self):
        assert {name: magic.fate_of_person(number) for name, number in magic.MAGIC.items()} == {
            name: name for name in magic.MAGIC
        }
        fates = {name: magic.fate_of_card(number) for name, number in magic.MAGIC_CARDS.items()}
        assert fates.pop("works") is None
        assert all(name == fate for name, fate in fates.items())

    def test_are_told_to_whoever_asks(self, outside: OutsideWorld):
        told = outside.app.test_client().get("/magic").json
        assert told == {"persons": magic.MAGIC, "cards": magic.MAGIC_CARDS}

    def test_are_all_in_the_readme(self):
        text = Path(magic.__file__).with_name("README.md").read_text(encoding="utf-8")
        assert set(magic.MAGIC.values()) <= set(re.findall(r"`(\d{17}[\dX])`", text))
        assert all(f"| {digits} |" in text for digits in (*magic.SEQUENCES, *magic.CARDS))


class TestIdentityNumbers:
    def test_end_as_in_the_standard(self):
        # GB 11643-1999, annex: 34052419800101001X
        assert magic.identity_no("340524", "19800101", "001") == "34052419800101001X"

    @pytest.mark.parametrize(
        "number", ["34052419800101001x", "110101199003071006", "11010119900307600X"]
    )
    def test_are_recognised(self, number: str):
        assert magic.is_identity_no(number)

    @pytest.mark.parametrize("number", ["", "110101199003071007", "1101011990030710", "１" * 18])
    def test_are_told_from_others(self, number: str):
        assert not magic.is_identity_no(number)
