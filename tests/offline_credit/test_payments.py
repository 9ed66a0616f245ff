from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from lending.compliance.errors import CostTableNotConfirmed
from lending.credit_lines import service as credit_lines
from lending.credit_lines.errors import LineFrozen, LineTooSmall, SceneNotAllowed
from lending.engine.errors import RefundTooLarge
from lending.foundation.audit import SYSTEM
from lending.ledger.chart import Code
from lending.loans import fraud
from lending.loans.fraud import FraudKind
from lending.products.errors import AmountOutsideProduct, PeriodsNotOffered
from scenarios.offline_credit import paying, payments, servicing, stores
from scenarios.offline_credit.errors import (
    CodeExpired,
    CodeUnknown,
    CodeUsed,
    NoSuchStore,
    NotATill,
    NotPaidYet,
    PaymentEnded,
    PaymentNoTaken,
    ReleaseNeeded,
    StoreClosed,
    TillOfAnotherStore,
)
from tests.loans.world import World
from tests.offline_credit.shop import HERE, Shop

QUICK_FEN = 20_000


@pytest.fixture
def shop(world: World) -> Shop:
    return Shop(world)


def nothing_happened(shop: Shop) -> None:
    assert shop.world.count("SELECT count(*) FROM store_payment") == 0
    assert shop.world.count("SELECT count(*) FROM ledger_hold") == 0
    assert shop.world.count("SELECT count(*) FROM payment_code WHERE used_at IS NOT NULL") == 0


class TestTakingAPayment:
    def test_against_a_code_waits_for_the_customers_word_and_then_pays_the_merchant(
        self, shop: Shop
    ):
        payment = shop.take(300_000, shop.code())
        assert payment.state == "confirming"
        assert shop.standing().held_fen == 0
        shop.agree(payment)
        assert shop.standing().held_fen == 300_000
        shop.work()
        paid = shop.payment(payment.id)
        assert paid.state == "paid"
        assert shop.standing().used_fen == 300_000
        assert [each.account_no for each in shop.world.bank.paid()] == ["6230580000000010012"]
        assert shop.events(payment.id) == [
            "payment.created",
            "payment.confirming",
            "payment.signed",
            "payment.paid",
        ]
        shop.world.require_books_agree()

    def test_says_from_when_its_merchant_is_paid_once_the_customer_has_agreed(self, shop: Shop):
        with shop.world.database.unit_of_work() as tx:
            tx.run("UPDATE partner_agreement SET settlement_days = 2")
        payment = shop.take(300_000, shop.code())
        assert shop.view(payment.id)["payout_due_on"] is None
        shop.agree(payment)
        shop.work()
        assert shop.view(payment.id)["payout_due_on"] == "2026-11-25"
        assert shop.payment(payment.id).state == "signed"

    def test_by_the_tills_own_code_is_the_customers_who_scans_it(self, shop: Shop):
        payment = shop.take(300_000)
        url = shop.view(payment.id)["pay_url"]
        assert payment.state == "waiting"
        token = url.removeprefix("https://lender.example/pay/")
        for _ in range(2):
            with shop.world.database.unit_of_work() as tx:
                claimed = paying.claim(tx, shop.world.keys, token, shop.payer)
            assert claimed.state == "confirming"
        shop.agree(claimed)
        shop.work()
        assert shop.payment(payment.id).state == "paid"
        assert shop.view(payment.id)["pay_url"] is None

    def test_scanned_by_another_customer_after_the_first_is_over_for_them(self, shop: Shop):
        payment = shop.take(300_000)
        token = shop.view(payment.id)["pay_url"].rpartition("/")[2]
        with shop.world.database.unit_of_work() as tx:
            paying.claim(tx, shop.world.keys, token, shop.payer)
        other = shop.payer.__class__("line_x", "card_x", {}, None)
        with shop.world.database.unit_of_work() as tx, pytest.raises(PaymentEnded):
            paying.claim(tx, shop.world.keys, token, other)

    def test_of_the_same_number_is_refused_and_keeps_nothing(self, shop: Shop):
        shop.take(300_000, shop.code())
        code = shop.code()
        with pytest.raises(PaymentNoTaken):
            shop.take(400_000, code)
        assert shop.world.count("SELECT count(*) FROM store_payment") == 1
        shop.take(400_000, code, payment_no="P-2")

    def test_is_found_by_its_number_when_the_answer_was_lost(self, shop: Shop):
        payment = shop.take(300_000, shop.code())
        with shop.world.database.unit_of_work() as tx:
            found, following = payments.page(
                tx,
                shop.world.partner_id,
                wanted={"payment_no": "P-1", "store_id": None, "state": None},
                before=None,
                limit=10,
            )
        assert [each.id for each in found] == [payment.id]
        assert following is None

    def test_above_what_is_available_is_refused_at_the_till(self, shop: Shop):
        with pytest.raises(LineTooSmall):
            shop.take(2_000_001, shop.code())
        nothing_happened(shop)

    def test_above_what_is_left_when_it_is_agreed_to_holds_nothing(self, shop: Shop):
        first = shop.take(1_200_000, shop.code())
        second = shop.take(1_200_000, shop.code(), payment_no="P-2")
        shop.agree(first)
        with pytest.raises(LineTooSmall):
            shop.agree(second)
        assert shop.standing().held_fen == 1_200_000

    def test_not_agreed_to_in_time_expires_and_leaves_nothing(self, shop: Shop):
        payment = shop.take(300_000, shop.code())
        waiting = shop.take(100_000, payment_no="P-2")
        shop.world.clock.advance(timedelta(minutes=11))
        assert not servicing.expire_due(shop.world.context)
        assert shop.payment(payment.id).state == "expired"
        assert shop.payment(waiting.id).state == "expired"
        assert shop.standing().held_fen == 0

    def test_agreed_to_on_a_table_of_another_term_is_refused(self, shop: Shop):
        payment = shop.take(300_000, shop.code())
        showing_id = shop.confirmed(payment, 6)
        with pytest.raises(Exception, match=r"费用|成本"):
            shop.agree(payment, 12, showing_id)
        assert shop.standing().held_fen == 0

    def test_in_a_term_that_is_not_on_offer_is_refused(self, shop: Shop):
        payment = shop.take(300_000, shop.code())
        with pytest.raises(PeriodsNotOffered):
            shop.agree(payment, 7)

    def test_refused_by_the_customer_holds_nothing(self, shop: Shop):
        payment = shop.take(300_000, shop.code())
        for _ in range(2):
            with shop.world.database.unit_of_work() as tx:
                paying.refuse(tx, payment)
        assert shop.payment(payment.id).state == "cancelled"
        with pytest.raises(PaymentEnded):
            shop.agree(shop.payment(payment.id), showing_id="x")

    def test_cancelled_at_the_till_gives_the_line_back(self, shop: Shop):
        payment = shop.take(300_000, shop.code())
        shop.agree(payment)
        with shop.world.database.unit_of_work() as tx:
            servicing.cancel(tx, shop.world.partner_id, payment.id)
            again = servicing.cancel(tx, shop.world.partner_id, payment.id)
        assert again.state == "cancelled"
        assert shop.standing().available_fen == 2_000_000


class TestACodeOfTheCustomer:
    def test_is_good_once(self, shop: Shop):
        code = shop.code()
        shop.take(300_000, code)
        with pytest.raises(CodeUsed):
            shop.take(300_000, code, payment_no="P-2")

    def test_is_good_for_a_minute(self, shop: Shop):
        code = shop.code()
        shop.world.clock.advance(timedelta(seconds=60))
        with pytest.raises(CodeExpired):
            shop.take(300_000, code)
        nothing_happened(shop)

    def test_ends_the_one_before(self, shop: Shop):
        first, second = shop.code(), shop.code()
        with pytest.raises(CodeExpired):
            shop.take(300_000, first)
        shop.take(300_000, second)

    @pytest.mark.parametrize("code", ["", "68000000000000000000", "\0", "x" * 500])
    def test_that_is_not_ours_is_refused(self, shop: Shop, code: str):
        with pytest.raises(CodeUnknown):
            shop.take(300_000, code)
        nothing_happened(shop)

    def test_scanned_at_many_tills_at_once_pays_once(self, shop: Shop):
        """T21, STORE-5: real threads, real rows."""
        code = shop.code()

        def till(number: int) -> bool:
            try:
                shop.take(300_000, code, payment_no=f"P-{number}")
            except CodeUsed:
                return False
            return True

        with ThreadPoolExecutor(8) as tills:
            assert sum(tills.map(till, range(8))) == 1
        assert shop.world.count("SELECT count(*) FROM store_payment") == 1

    def test_is_not_made_for_a_frozen_line(self, shop: Shop):
        with shop.world.database.unit_of_work() as tx:
            credit_lines.freeze(tx, shop.line_id, because="lost phone", actor=SYSTEM)
        with pytest.raises(LineFrozen):
            shop.code()

    def test_is_kept_by_its_digest_only(self, shop: Shop):
        code = shop.code()
        (row,) = shop.world.rows("SELECT * FROM payment_code")
        assert code not in str(row)


class TestConfirmingBeforehand:
    def quick(self, shop: Shop, periods: int = 6) -> str:
        with shop.world.database.unit_of_work() as tx:
            line = paying.line_of(tx, shop.world.customer_id)
            tx.run("UPDATE credit_line SET product_code = 'store-standard', product_version = 1")
            line = paying.line_of(tx, shop.world.customer_id)
            showing_id = paying.show_quick_table(tx, line, periods)
        shop.read(showing_id)
        return showing_id

    def test_pays_small_amounts_without_another_word(self, shop: Shop):
        payment = shop.take(QUICK_FEN - 1, shop.code(quick_showing_id=self.quick(shop)))
        assert payment.state == "signed"
        shop.work()
        assert shop.payment(payment.id).state == "paid"
        (contract,) = shop.world.rows("SELECT evidence FROM contract")
        assert contract["evidence"]["method"] == "payment_code"

    def test_leaves_larger_amounts_to_be_confirmed_on_the_phone(self, shop: Shop):
        payment = shop.take(QUICK_FEN + 1, shop.code(quick_showing_id=self.quick(shop)))
        assert payment.state == "confirming"

    def test_needs_a_table_that_was_read_and_confirmed(self, shop: Shop):
        with shop.world.database.unit_of_work() as tx:
            tx.run("UPDATE credit_line SET product_code = 'store-standard', product_version = 1")
            line = paying.line_of(tx, shop.world.customer_id)
            showing_id = paying.show_quick_table(tx, line, 6)
        with pytest.raises(CostTableNotConfirmed):
            shop.code(quick_showing_id=showing_id)


class TestATill:
    def test_of_another_store_takes_nothing(self, shop: Shop):
        with pytest.raises(TillOfAnotherStore):
            shop.take(300_000, shop.code(), till=shop.gym_till)
        nothing_happened(shop)

    def test_whose_key_is_no_tills_takes_nothing(self, shop: Shop):
        with pytest.raises(NotATill):
            shop.take(300_000, shop.code(), till="nobody's")
        nothing_happened(shop)

    def test_that_was_retired_takes_nothing(self, shop: Shop):
        with shop.world.database.unit_of_work() as tx:
            (till,) = stores.tills(tx, shop.world.partner_id, shop.appliances)
            stores.retire_till(tx, shop.world.partner_id, till["id"])
        with pytest.raises(NotATill):
            shop.take(300_000, shop.code())

    def test_of_a_closed_store_takes_nothing(self, shop: Shop):
        with shop.world.database.unit_of_work() as tx:
            stores.set_open(tx, shop.world.partner_id, shop.appliances, is_open=False)
        with pytest.raises(StoreClosed):
            shop.take(300_000, shop.code())

    def test_may_name_no_foreign_store(self, shop: Shop):
        with pytest.raises(NoSuchStore):
            shop.take(300_000, shop.code(), store_id="sto_foreign")

    @pytest.mark.parametrize("amount_fen", [1, 99_999_999])
    def test_takes_no_amount_that_the_product_does_not_lend(self, shop: Shop, amount_fen: int):
        with pytest.raises(AmountOutsideProduct):
            shop.take(amount_fen, shop.code())
        nothing_happened(shop)

    def test_takes_nothing_in_a_scene_that_the_line_is_not_for(self, shop: Shop):
        courses = shop.store("S-9", "courses")
        with pytest.raises(SceneNotAllowed):
            shop.take(
                300_000,
                shop.code(),
                store_id=courses,
                till=shop.add_till(courses),
                release_parts=3,
            )
        nothing_happened(shop)


class TestRefunding:
    def test_the_same_day_shrinks_the_loan_and_gives_the_line_back(self, shop: Shop):
        payment = shop.paid(300_000)
        made = shop.refund(payment.id, 100_000)
        assert made["loan_reduction_fen"] == 100_000
        assert shop.payment(payment.id).state == "part_refunded"
        assert shop.standing().used_fen == 200_000
        assert shop.world.balance(Code.MERCHANT_CLAIM, shop.world.partner_id) == 100_000
        shop.refund(payment.id, 200_000, "R-2")
        assert shop.payment(payment.id).state == "refunded"
        assert shop.standing().used_fen == 0
        assert shop.events(payment.id)[-2:] == ["payment.refunded", "payment.refunded"]

    def test_more_than_was_paid_is_refused(self, shop: Shop):
        payment = shop.paid(300_000)
        shop.refund(payment.id, 200_000)
        with pytest.raises(RefundTooLarge):
            shop.refund(payment.id, 100_001, "R-2")

    def test_what_is_not_paid_is_refused(self, shop: Shop):
        payment = shop.take(300_000, shop.code())
        with pytest.raises(NotPaidYet):
            shop.refund(payment.id, 100)


class TestAServicePaidAhead:
    def gym(self, shop: Shop, **how: object) -> object:
        return shop.paid(
            120_000,
            store_id=shop.gym,
            till=shop.gym_till,
            release_parts=4,
            description="年卡",
            **how,
        )

    def test_goes_to_the_merchant_by_period(self, shop: Shop):
        payment = self.gym(shop)
        parts = shop.view(payment.id)["release"]
        assert [each["state"] for each in parts] == ["planned"] * 3
        assert sum(each["gross_fen"] for each in parts) == 90_000
        shop.world.require_books_agree()

    def test_must_name_its_parts(self, shop: Shop):
        with pytest.raises(ReleaseNeeded):
            shop.take(120_000, shop.code(), store_id=shop.gym, till=shop.gym_till)

    def test_is_free_for_the_customer_only(self, shop: Shop):
        payment = shop.take(
            120_000, shop.code(), store_id=shop.gym, till=shop.gym_till, release_parts=4
        )
        with pytest.raises(PeriodsNotOffered):
            shop.agree(payment, 12, showing_id="x")

    def test_stopped_goes_off_the_loan_and_the_line(self, shop: Shop):
        payment = self.gym(shop)
        with shop.world.database.unit_of_work() as tx:
            servicing.stop_service(tx, payment, because="closed", actor=SYSTEM)
        shop.work()
        assert shop.standing().used_fen == 30_000
        assert shop.events(payment.id)[-1] == "release.stopped"
        with pytest.raises(RefundTooLarge):
            shop.refund(payment.id, 30_001)
        shop.refund(payment.id, 30_000)
        assert shop.standing().used_fen == 0

    def test_confirmed_and_due_is_paid_and_told(self, shop: Shop):
        payment = self.gym(shop)
        with shop.world.database.unit_of_work() as tx:
            tx.run("UPDATE loan_release SET due_date = '2026-11-23' WHERE part = 2")
            servicing.confirm_service(tx, shop.world.partner_id, payment.id, 2)
        shop.work()
        assert shop.events(payment.id)[-1] == "release.paid"
        assert shop.view(payment.id)["release"][0]["state"] == "paid"


class TestSignals:
    def test_of_a_phone_far_from_the_till_are_kept_with_the_decision(self, shop: Shop):
        payment = shop.take(300_000)
        token = shop.view(payment.id)["pay_url"].rpartition("/")[2]
        away = (HERE[0] + 9_000_000, HERE[1])
        payer = shop.payer.__class__(shop.line_id, shop.world.card_id, {"fingerprint": "f"}, away)
        with shop.world.database.unit_of_work() as tx:
            paying.claim(tx, shop.world.keys, token, payer)
        (row,) = shop.world.rows(
            "SELECT features -> 'draw_distance_m' ->> 'value' AS away FROM decision"
            " WHERE features ? 'draw_distance_m'"
        )
        assert 990_000 < int(row["away"]) < 1_010_000


class TestFlaggingTheCustomerForFraud:
    def test_cancels_what_is_not_paid_out_and_lets_the_line_pay_nothing_more(self, shop: Shop):
        agreed = shop.take(300_000, shop.code())
        shop.agree(agreed)
        asked = shop.take(200_000, shop.code(), payment_no="P-2")
        with shop.world.database.unit_of_work() as tx:
            fraud.flag(
                tx,
                shop.world.keys,
                shop.world.customer_id,
                FraudKind.COLLUSION,
                because="空买空卖",
                actor=SYSTEM,
            )
        shop.work()
        assert shop.events(agreed.id)[-2:] == ["payment.signed", "payment.cancelled"]
        assert shop.events(asked.id)[-2:] == ["payment.confirming", "payment.cancelled"]
        assert shop.standing().held_fen == 0
        assert shop.world.bank.paid() == []
        assert shop.take(200_000, shop.code(), payment_no="P-3").state == "declined"
        shop.world.require_books_agree()
