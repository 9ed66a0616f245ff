import json
from dataclasses import replace
from datetime import UTC, date, datetime
from hashlib import sha256

import pytest

from connectors.bank import BankUnavailable
from connectors.bank_messages import Asked, DailyFileBroken, read_daily_file, read_result
from connectors.http import Answer
from lending.foundation.clock import shanghai_date
from lending.foundation.ports import ChannelState, DebitOrder, PayoutOrder
from simulators.magic import MAGIC_CARDS
from tests.outside import OutsideWorld

PAYOUT = PayoutOrder(
    channel_order_no="co_1",
    amount_fen=596_400,
    account_no="6230580000000010012",
    account_name="小满数码有限公司",
    purpose="disbursement",
)
DEBIT = DebitOrder(
    channel_order_no="co_2",
    amount_fen=52_000,
    card_no=MAGIC_CARDS["works"],
    name="王小明",
    purpose="repayment",
)


class TestPayingOut:
    def test_moves_the_money_once_however_often_it_is_sent(self, outside: OutsideWorld):
        bank = outside.plugged.channel
        first, again = bank.pay_out(PAYOUT), bank.pay_out(PAYOUT)
        assert first.state is ChannelState.PAID
        assert first.amount_fen == 596_400
        assert again.reference == first.reference
        assert bank.book()["payout_fen"] == 596_400

    def test_with_other_content_under_the_same_number_is_not_known_to_have_happened(
        self, outside: OutsideWorld
    ):
        bank = outside.plugged.channel
        bank.pay_out(PAYOUT)
        assert bank.pay_out(replace(PAYOUT, amount_fen=1)).state is ChannelState.UNKNOWN
        assert bank.book()["payout_fen"] == 596_400

    def test_to_a_closed_account_fails_for_good(self, outside: OutsideWorld):
        result = outside.plugged.channel.pay_out(replace(PAYOUT, account_no=MAGIC_CARDS["dead"]))
        assert (result.state, result.code) == (ChannelState.FAILED, "ACCOUNT_CLOSED")

    @pytest.mark.parametrize("fault", ["error_after", "unsigned"])
    def test_is_unknown_when_it_was_done_and_the_answer_cannot_be_believed(
        self, outside: OutsideWorld, fault: str
    ):
        outside.fault("bank", "payout", fault)
        bank = outside.plugged.channel
        assert bank.pay_out(PAYOUT).state is ChannelState.UNKNOWN
        assert bank.query_payout("co_1").state is ChannelState.PAID

    @pytest.mark.parametrize("fault", ["error_before", "unavailable"])
    def test_is_unknown_when_it_never_happened_and_asking_says_so(
        self, outside: OutsideWorld, fault: str
    ):
        outside.fault("bank", "payout", fault)
        bank = outside.plugged.channel
        assert bank.pay_out(PAYOUT).state is ChannelState.UNKNOWN
        assert bank.query_payout("co_1").state is ChannelState.NOT_FOUND

    def test_is_declined_on_demand_and_stays_declined(self, outside: OutsideWorld):
        outside.fault("bank", "payout", "declined")
        bank = outside.plugged.channel
        assert bank.pay_out(PAYOUT).code == "DECLINED"
        assert bank.pay_out(PAYOUT).state is ChannelState.FAILED
        assert bank.query_payout("co_1").state is ChannelState.FAILED

    def test_that_takes_time_is_processing_until_the_bank_says_otherwise(
        self, outside: OutsideWorld
    ):
        outside.fault("bank", "payout", "processing", delay_ms=3_600_000)
        bank = outside.plugged.channel
        result = bank.pay_out(PAYOUT)
        assert (result.state, result.finished_at) == (ChannelState.PROCESSING, None)
        assert bank.query_payout("co_1").state is ChannelState.PROCESSING
        assert bank.book()["payout_fen"] == 0

    def test_that_took_its_time_is_paid(self, outside: OutsideWorld):
        outside.fault("bank", "payout", "processing", delay_ms=0)
        bank = outside.plugged.channel
        bank.pay_out(PAYOUT)
        assert bank.query_payout("co_1").state is ChannelState.PAID

    def test_is_not_found_among_debits(self, outside: OutsideWorld):
        bank = outside.plugged.channel
        bank.pay_out(PAYOUT)
        assert bank.query_debit("co_1").state is ChannelState.NOT_FOUND

    def test_is_unknown_when_asking_is_not_answered(self, outside: OutsideWorld):
        bank = outside.plugged.channel
        bank.pay_out(PAYOUT)
        outside.fault("bank", "query-payout", "unavailable")
        assert bank.query_payout("co_1").state is ChannelState.UNKNOWN
        assert bank.query_payout("co_1").state is ChannelState.PAID

    def test_is_unknown_when_the_line_is_cut(self, outside: OutsideWorld):
        outside.transport.broken = True
        assert outside.plugged.channel.pay_out(PAYOUT).state is ChannelState.UNKNOWN


class TestCollecting:
    def test_moves_the_money_to_our_account(self, outside: OutsideWorld):
        bank = outside.plugged.channel
        before = bank.book()["our_balance_fen"]
        assert bank.debit(DEBIT).state is ChannelState.PAID
        assert bank.book()["our_balance_fen"] == before + 52_000

    def test_from_an_empty_card_fails_for_good(self, outside: OutsideWorld):
        result = outside.plugged.channel.debit(replace(DEBIT, card_no=MAGIC_CARDS["insufficient"]))
        assert (result.state, result.code) == (ChannelState.FAILED, "INSUFFICIENT")

    @pytest.mark.parametrize("fault", ["error_after", "unsigned"])
    def test_is_unknown_when_it_was_done_and_the_answer_cannot_be_believed(
        self, outside: OutsideWorld, fault: str
    ):
        outside.fault("bank", "debit", fault)
        bank = outside.plugged.channel
        assert bank.debit(DEBIT).state is ChannelState.UNKNOWN
        assert bank.query_debit("co_2").state is ChannelState.PAID
        assert bank.debit(DEBIT).amount_fen == 52_000
        assert bank.book()["debit_count"] == 1


ASKED = Asked("co_1", "payout", 596_400)
SAID = {
    "channel_order_no": "co_1",
    "kind": "payout",
    "status": "paid",
    "amount_fen": 596_400,
    "reference": "BK01",
    "code": "",
    "message": "",
    "finished_at": "2026-11-23T02:00:00.000Z",
}


class TestReadingWhatTheBankSays:
    def test_of_our_payment_takes_all_of_it(self):
        result = read_result(Answer(200, json.dumps(SAID).encode()), ASKED)
        assert result.state is ChannelState.PAID
        assert result.reference == "BK01"
        assert result.finished_at == datetime(2026, 11, 23, 2, tzinfo=UTC)

    @pytest.mark.parametrize(
        "change",
        [
            {"channel_order_no": "co_9"},
            {"kind": "debit"},
            {"amount_fen": 596_401},
            {"amount_fen": "596400"},
            {"amount_fen": 596_400.0},
            {"amount_fen": None},
            {"status": "perhaps"},
            {"status": ["paid"]},
            {"finished_at": "yesterday"},
            {"finished_at": "2026-11-23T02:00:00"},
            {"finished_at": 7},
        ],
    )
    def test_of_anything_else_is_unknown_and_written_to_the_log(
        self, change: dict[str, object], caplog: pytest.LogCaptureFixture
    ):
        result = read_result(Answer(200, json.dumps(SAID | change).encode()), ASKED)
        assert result.state is ChannelState.UNKNOWN
        assert result.channel_order_no == "co_1"
        assert "co_1 is not believed" in caplog.text

    @pytest.mark.parametrize("status", [201, 400, 401, 404, 409, 422])
    def test_with_another_status_is_unknown(self, status: int):
        answer = Answer(status, json.dumps(SAID).encode())
        assert read_result(answer, ASKED).state is ChannelState.UNKNOWN

    @pytest.mark.parametrize("missing", sorted(SAID))
    def test_with_a_gap_is_unknown(self, missing: str):
        said = {key: value for key, value in SAID.items() if key != missing}
        answer = Answer(200, json.dumps(said).encode())
        assert read_result(answer, ASKED).state is ChannelState.UNKNOWN

    def test_not_found_is_believed_of_a_question_only(self):
        answer = Answer(404, b'{"status": "not_found", "channel_order_no": "co_1"}')
        question = replace(ASKED, amount_fen=None)
        assert read_result(answer, question).state is ChannelState.NOT_FOUND
        assert read_result(answer, ASKED).state is ChannelState.UNKNOWN


class TestTheBanksBook:
    def test_always_balances(self, outside: OutsideWorld):
        bank = outside.plugged.channel
        bank.pay_out(PAYOUT)
        bank.debit(DEBIT)
        book = bank.book()
        assert book["off_fen"] == 0
        assert book["our_balance_fen"] == book["our_opening_fen"] - 596_400 + 52_000

    def test_keeps_an_account_for_the_merchant(self, outside: OutsideWorld):
        http = outside.plugged.channel._http
        assert http.call("GET", f"/bank/accounts/{PAYOUT.account_no}").status == 404
        outside.plugged.channel.pay_out(PAYOUT)
        answer = http.call("GET", f"/bank/accounts/{PAYOUT.account_no}")
        assert answer.json()["balance_fen"] == 596_400

    def test_cannot_be_seen_when_the_bank_is_out_of_order(self, outside: OutsideWorld):
        outside.fault("bank", "book", "error_before")
        with pytest.raises(BankUnavailable):
            outside.plugged.channel.book()

    def test_is_told_day_by_day_in_a_file_that_sums_itself_up(self, outside: OutsideWorld):
        bank = outside.plugged.channel
        bank.pay_out(PAYOUT)
        bank.debit(DEBIT)
        rows = bank.daily_file(shanghai_date(datetime.now(UTC)))
        assert [(row.channel_order_no, row.kind, row.amount_fen, row.state) for row in rows] == [
            ("co_1", "payout", 596_400, "paid"),
            ("co_2", "debit", 52_000, "paid"),
        ]

    def test_has_no_file_for_a_day_when_it_is_out_of_order(self, outside: OutsideWorld):
        outside.fault("bank", "file", "unavailable")
        with pytest.raises(BankUnavailable):
            outside.plugged.channel.daily_file(date(2026, 11, 23))
        assert outside.plugged.channel.daily_file(date(2000, 1, 1)) == []


HEAD = "channel_order_no,kind,amount_fen,status,reference\n"


def daily_file(*rows: str, paid_fen: int) -> bytes:
    body = HEAD + "".join(f"{row}\n" for row in rows)
    digest = sha256(body.encode()).hexdigest()
    return f"{body}#rows={len(rows)},paid_fen={paid_fen},sha256={digest}\n".encode()


class TestReadingADailyFile:
    def test_counts_what_was_paid_only(self):
        content = daily_file("co_1,payout,7,paid,r1", "co_2,debit,5,failed,r2", paid_fen=7)
        assert [row.state for row in read_daily_file(content)] == ["paid", "failed"]

    @pytest.mark.parametrize(
        "content",
        [
            b"",
            b"\xff\xfe",
            HEAD.encode() + b"co_1,payout,1,",
            daily_file("co_1,payout,7,paid,r1", paid_fen=7).rpartition(b"#")[0],
            daily_file("co_1,payout,7,paid,r1", paid_fen=7).replace(b",7,", b",8,"),
            daily_file("co_1,payout,7,paid,r1", paid_fen=8),
            daily_file("co_1,payout,7,paid,r1", "co_1,payout,7,paid,r1", paid_fen=14),
            daily_file("co_1,payout,-7,paid,r1", paid_fen=-7),
            daily_file("co_1,gift,7,paid,r1", paid_fen=7),
            daily_file("co_1,payout,7,processing,r1", paid_fen=0),
            daily_file("co_1,payout", paid_fen=0),
        ],
    )
    def test_that_is_not_whole_is_refused(self, content: bytes):
        with pytest.raises(DailyFileBroken):
            read_daily_file(content)


class TestCheckingAnAccount:
    def test_tells_whose_it_is(self, outside: OutsideWorld):
        check = outside.plugged.channel.check_account
        person = {"name": "王小明", "identity_no": "110101199003071006", "mobile": "13800138000"}
        assert check(account_no=MAGIC_CARDS["works"], **person).matched
        assert {
            fate: check(account_no=MAGIC_CARDS[fate], **person).reason
            for fate in ("not_yours", "other_mobile", "other_identity")
        } == {
            "not_yours": "name_mismatch",
            "other_mobile": "mobile_mismatch",
            "other_identity": "identity_mismatch",
        }
        assert not check(account_no=MAGIC_CARDS["not_yours"], **person).matched

    def test_does_not_match_on_demand(self, outside: OutsideWorld):
        outside.fault("bank", "account-check", "declined")
        check = outside.plugged.channel.check_account(
            name="王小明", identity_no="1", account_no=MAGIC_CARDS["works"], mobile="3"
        )
        assert (check.matched, check.reason) == (False, "declined")

    def test_that_names_nobody_is_not_answered(self, outside: OutsideWorld):
        with pytest.raises(BankUnavailable):
            outside.plugged.channel.check_account(
                name="", identity_no="1", account_no="2", mobile="3"
            )

    def test_says_when_the_bank_does_not_answer(self, outside: OutsideWorld):
        outside.transport.broken = True
        with pytest.raises(BankUnavailable):
            outside.plugged.channel.check_account(
                name="王小明", identity_no="1", account_no="2", mobile="3"
            )
