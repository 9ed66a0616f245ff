from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from lending.finance import rules
from lending.finance.model import DifferenceKind as Kind
from lending.finance.model import LoneEntry, Order, OrderState
from lending.foundation.ports import ChannelTransaction

OUT = ChannelTransaction("co_1", "payout", 600, "paid", "BK1")
IN = ChannelTransaction("co_2", "debit", 55, "paid", "BK2")
REFUSED = ChannelTransaction("co_3", "payout", 70, "failed", "BK3")
BANK = [OUT, IN, REFUSED]
OURS = [
    Order("co_1", "payout", 600, OrderState.PAID, "jnl_1", -600),
    Order("co_2", "debit", 55, OrderState.PAID, "jnl_2", 55),
    Order("co_3", "payout", 70, OrderState.FAILED, None, 0),
]


def kinds(bank: list[ChannelTransaction], ours: list[Order]) -> list[tuple[str, Kind]]:
    found = rules.compare(bank, ours, [])
    assert found.agree is not bool(found.items)
    return [(item.channel_order_no, item.kind) for item in found.items]


def changed(number: int, **values: object) -> list[Order]:
    return [replace(row, **values) if i == number else row for i, row in enumerate(OURS)]


class TestComparing:
    def test_finds_nothing_where_three_books_agree(self):
        found = rules.compare(BANK, OURS, [])
        assert found.agree
        assert found.bank_fen == found.rows_fen == found.ledger_fen == -545

    def test_finds_what_the_bank_never_had(self):
        assert kinds([IN, REFUSED], OURS) == [("co_1", Kind.MISSING_IN_BANK)]

    def test_finds_what_we_never_ordered(self):
        stranger = ChannelTransaction("co_9", "payout", 1, "paid", "BK9")
        assert kinds([*BANK, stranger], OURS) == [("co_9", Kind.MISSING_HERE)]

    def test_finds_one_fen(self):
        assert kinds([replace(OUT, amount_fen=601), IN, REFUSED], OURS) == [
            ("co_1", Kind.AMOUNT_DIFFERS)
        ]

    def test_finds_money_that_went_the_other_way(self):
        assert kinds([replace(OUT, kind="debit"), IN, REFUSED], OURS) == [
            ("co_1", Kind.AMOUNT_DIFFERS)
        ]

    def test_finds_what_failed_there_and_was_paid_here(self):
        assert kinds([replace(OUT, state="failed"), IN, REFUSED], OURS) == [
            ("co_1", Kind.STATE_DIFFERS)
        ]

    def test_finds_what_was_paid_there_and_failed_here(self):
        assert kinds([OUT, IN, replace(REFUSED, state="paid")], OURS) == [
            ("co_3", Kind.STATE_DIFFERS)
        ]

    def test_finds_what_the_bank_has_decided_and_we_still_wait_for(self):
        ours = changed(1, state=OrderState.IN_FLIGHT, entry_id=None, ledger_fen=0)
        assert kinds(BANK, ours) == [("co_2", Kind.STATE_DIFFERS)]

    def test_counts_what_neither_has_decided_as_on_the_way(self):
        ours = changed(1, state=OrderState.IN_FLIGHT, entry_id=None, ledger_fen=0)
        for bank in ([OUT, REFUSED], [OUT, REFUSED, replace(IN, state="processing")]):
            found = rules.compare(bank, ours, [])
            assert found.agree
            assert found.in_flight == ("co_2",)

    def test_finds_a_payment_that_the_ledger_does_not_have(self):
        assert kinds(BANK, changed(0, ledger_fen=0)) == [("co_1", Kind.LEDGER_DIFFERS)]

    def test_finds_an_entry_for_a_payment_that_failed(self):
        assert kinds(BANK, changed(2, ledger_fen=-70)) == [("co_3", Kind.LEDGER_DIFFERS)]

    def test_finds_an_entry_without_an_order(self):
        (item,) = rules.compare(BANK, OURS, [LoneEntry("jnl_9", "typo", "loan_1", 3)]).items
        assert (item.kind, item.channel_order_no) == (Kind.LEDGER_ALONE, "jnl_9")
        assert (item.bank_fen, item.rows_fen, item.ledger_fen) == (None, None, 3)

    def test_finds_that_the_bank_paid_twice(self):
        assert kinds([*BANK, OUT], OURS) == [("co_1", Kind.TWICE_IN_BANK)]


orders = st.lists(
    st.tuples(
        st.sampled_from(["payout", "debit"]),
        st.integers(1, 10**9),
        st.sampled_from(["paid", "failed"]),
    ),
    max_size=8,
)


@given(orders, st.data())
def test_x3_books_agree_exactly_when_no_fen_and_no_state_was_touched(
    made: list[tuple[str, int, str]], data: st.DataObject
):
    bank = [
        ChannelTransaction(f"co_{i}", kind, fen, state, "")
        for i, (kind, fen, state) in enumerate(made)
    ]
    ours = [
        Order(
            f"co_{i}",
            kind,
            fen,
            OrderState(state),
            f"jnl_{i}",
            rules.signed_fen(kind, fen) if state == "paid" else 0,
        )
        for i, (kind, fen, state) in enumerate(made)
    ]
    found = rules.compare(bank, ours, [])
    assert found.agree
    assert found.bank_fen == found.rows_fen == found.ledger_fen
    if made:
        place = data.draw(st.integers(0, len(made) - 1))
        off = data.draw(st.integers(1, 5))
        bank[place] = replace(bank[place], amount_fen=bank[place].amount_fen + off)
        assert not rules.compare(bank, ours, []).agree
        ours[place] = replace(ours[place], ledger_fen=ours[place].ledger_fen + off)
        assert not rules.compare(bank, ours, []).agree
