import re
from decimal import Decimal
from pathlib import Path

import pytest

from lending.foundation.money import half_up
from simulators import magic
from tests.outside import OutsideWorld

DEMO_FEE_RATE = Decimal("0.006")


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
        fates = {name: magic.fate_of_wallet(no) for name, no in magic.MAGIC_WALLETS.items()}
        assert fates == {name: None if name == "works" else name for name in fates}

    def test_are_told_to_whoever_asks(self, outside: OutsideWorld):
        told = outside.app.test_client().get("/magic").json
        assert told == {
            "persons": magic.MAGIC,
            "cards": magic.MAGIC_CARDS,
            "wallets": magic.MAGIC_WALLETS,
            "amounts": magic.MAGIC_AMOUNTS,
        }

    def test_are_all_in_the_readme(self):
        text = Path(magic.__file__).with_name("README.md").read_text(encoding="utf-8")
        assert set(magic.MAGIC.values()) <= set(re.findall(r"`(\d{17}[\dX])`", text))
        for fate in (*magic.SEQUENCES, *magic.CARDS):
            assert f"| {fate.digits} | `{fate.name}` | {fate.says} |" in text
        for amount in magic.AMOUNTS:
            assert f"| `{amount.name}` | {amount.says} |" in text

    def test_are_all_in_the_docs(self):
        text = (Path(magic.__file__).parents[1] / "docs" / "sandbox.md").read_text("utf-8")
        for fates, examples in (
            (magic.SEQUENCES, magic.MAGIC),
            (magic.CARDS, magic.MAGIC_CARDS),
        ):
            for fate in fates:
                row = f"| `{fate.name}` | {fate.digits} | {fate.says} | `{examples[fate.name]}` |"
                assert row in text
        for amount in magic.AMOUNTS:
            assert f"| `{amount.name}` | {amount.order_fen} | {amount.says} |" in text

    def test_make_somebody_new_each_time_with_the_fate_that_is_asked_for(self):
        one, other = magic.somebody("declined", "dead"), magic.somebody("declined", "dead")
        assert one.identity_no[-4:-1] == other.identity_no[-4:-1] == "200"
        assert magic.fate_of_card(one.card_no) == "dead"
        assert luhn(one.card_no) == 0
        assert magic.is_identity_no(one.identity_no)
        assert {one.mobile, one.card_no} & {other.mobile, other.card_no} == set()

    def test_make_the_same_mobile_again_for_the_same_order(self):
        mobiles = {magic.somebody(of=f"ord_{n}").mobile for n in range(50)}
        assert len(mobiles) == 50
        assert magic.somebody("referred", of="ord_7").mobile == magic.somebody(of="ord_7").mobile

    def test_know_the_payout_of_their_order(self):
        for amount in magic.AMOUNTS:
            fee_fen = half_up(amount.order_fen * DEMO_FEE_RATE)
            assert amount.payout_fen == amount.order_fen - fee_fen


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
