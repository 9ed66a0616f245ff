"""A customer's phone in a store, from the code on the screen to a paid payment; a guarantor's."""

import re
from datetime import timedelta

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from lending.credit_lines import securities
from lending.credit_lines import service as credit_lines
from lending.credit_lines.model import LineState
from lending.operations import service as tickets
from lending.operations.model import NewTicket, Outcome, TicketKind
from scenarios.offline_credit import disputes, stores
from scenarios.offline_credit.applying import Actor
from simulators.magic import MAGIC_CARDS, somebody
from tests.hosted.buyer import CONSENTS, MOBILE, PERSON, Buyer
from tests.loans.world import PUBLIC_URL, World
from tests.offline_credit.shop import HERE, Shop
from tests.outside import OutsideWorld
from tests.today import TODAY

HERE_TOLD = {"latitude": HERE[0] / 1e6, "longitude": HERE[1] / 1e6, "accuracy": "12.5"}


class Customer(Buyer):
    """Somebody with a phone in a store; `link` is the journey that the phone is on."""

    def scan(self, code: str) -> TestResponse:
        answer = self.get(f"/s/{code}")
        if answer.status_code == 303:
            self.link = str(answer.headers["location"])
        return answer

    def apply(self, amount: str = "30000") -> None:
        self.went("locate", "store_wish", **HERE_TOLD)
        self.went("wish", "mobile", amount=amount)
        self.prove_mobile()
        self.went("identify", "verify", **PERSON)
        self.went("no-face", "card")
        self.went("card", "waiting", card_number=MAGIC_CARDS["works"], fingerprint="f" * 64)
        self.world.work()

    def agree(self) -> None:
        assert self.due() == "store_agreement"
        self.page()
        self.went("read", "store_sign", agreed="yes")
        self.world.clock.advance(timedelta(minutes=2))
        self.went("send-sign-code", "store_sign")
        self.went("sign", "store_done", code=self.outside.last_code(self.mobile))

    def show_code(self) -> str:
        answer = self.post("/me/line/code", csrf=self.csrf("/me/line"), **HERE_TOLD)
        assert answer.status_code == 200, answer.text
        found = re.search(r'data-code="(\d+)"', answer.text)
        assert found is not None
        return found[1]

    def confirm(self, payment_id: str, periods: int = 6) -> None:
        self.link = f"/me/payments/{payment_id}"
        self.went("choose", "cost", periods=str(periods))
        self.page()
        self.world.clock.advance(timedelta(minutes=2))
        assert self.act("scrolled").status_code == 204
        self.went("confirm", "pay_sign", understood="yes")
        self.went("send-sign-code", "pay_sign")
        self.went("sign", "pay_paying", code=self.outside.last_code(self.mobile))


@pytest.fixture
def shop(world: World) -> Shop:
    made = Shop(world)
    with world.database.unit_of_work() as tx:
        credit_lines.close(tx, made.line_id, actor=Actor("operator", "op"))
        tx.run("DELETE FROM partner_agreement WHERE product_code <> 'store-standard'")
    return made


@pytest.fixture
def customer(app: Flask, outside: OutsideWorld, shop: Shop) -> Customer:
    return Customer(app, shop.world, outside)


def code(shop: Shop) -> str:
    with shop.world.database.unit_of_work() as tx:
        shown = stores.code(tx, shop.world.keys, shop.world.partner_id, shop.appliances, PUBLIC_URL)
    return str(shown["url"]).removeprefix(f"{PUBLIC_URL}/s/")


def with_line(customer: Customer, shop: Shop) -> None:
    """A customer whose line is open, signed in at the own page."""
    customer.scan(code(shop))
    customer.apply()
    customer.agree()
    customer.sign_in(MOBILE)


class TestAtTheStoresCode:
    def test_a_phone_in_the_store_is_led_to_a_line(self, customer: Customer, shop: Shop):
        assert customer.scan(code(shop)).status_code == 303
        assert customer.due() == "store_arrive"
        customer.apply()
        customer.agree()
        assert "额度已开通" in customer.page().text
        (line,) = shop.world.rows("SELECT state FROM credit_line WHERE state <> 'closed'")
        assert line["state"] == "open"

    def test_a_phone_elsewhere_is_told_to_come(self, customer: Customer, shop: Shop):
        customer.scan(code(shop))
        far = HERE_TOLD | {"latitude": 39.9}
        answer = customer.act("locate", **far)
        assert answer.status_code == 422
        assert "门店附近" in answer.text
        assert customer.due() == "store_arrive"

    @pytest.mark.parametrize("told", [{}, {"latitude": "x"}, HERE_TOLD | {"accuracy": "NaN"}])
    def test_a_phone_that_tells_no_position_is_asked_for_it(
        self, customer: Customer, shop: Shop, told: dict[str, object]
    ):
        customer.scan(code(shop))
        assert customer.act("locate", **told).status_code == 422

    def test_a_photograph_of_the_code_is_refused_in_words(self, customer: Customer, shop: Shop):
        old = code(shop)
        shop.world.clock.advance(timedelta(minutes=5))
        answer = customer.scan(old)
        assert answer.status_code == 422
        assert "最新二维码" in answer.text
        assert shop.world.count("SELECT count(*) FROM store_visit") == 1

    def test_a_forged_code_is_refused_in_words(self, customer: Customer):
        answer = customer.scan("sto_x.1.abc")
        assert answer.status_code == 422
        assert "二维码无效" in answer.text

    def test_an_odd_amount_is_asked_for_again(self, customer: Customer, shop: Shop):
        customer.scan(code(shop))
        customer.went("locate", "store_wish", **HERE_TOLD)
        for amount in ("", "abc", "-5", "1", "99999999999"):
            assert customer.act("wish", amount=amount).status_code == 422


class TestPaying:
    def test_by_a_code_goes_from_the_phone_to_the_merchant(self, customer: Customer, shop: Shop):
        with_line(customer, shop)
        assert "可使用" in customer.get("/me/line").text
        shown = customer.show_code()
        assert customer.get("/me/line/waiting").json == {"step": "waiting"}
        payment = shop.take(300_000, shown)
        assert customer.get("/me/line/waiting").json["to"] == f"/me/payments/{payment.id}"
        customer.confirm(payment.id)
        shop.work()
        assert customer.due() == "pay_done"
        assert "付款成功" in customer.page().text
        assert shop.payment(payment.id).state == "paid"
        assert "¥17,000.00" in customer.get("/me/line").text

    def test_by_the_tills_code_is_taken_by_whoever_signs_in(self, customer: Customer, shop: Shop):
        with_line(customer, shop)
        payment = shop.take(300_000)
        path = shop.view(payment.id)["pay_url"].removeprefix(PUBLIC_URL)
        assert "¥3,000.00" in customer.get(path).text
        answer = customer.post(f"{path}/claim", csrf=customer.csrf(path), **HERE_TOLD)
        assert answer.headers["location"] == f"/me/payments/{payment.id}"
        customer.confirm(payment.id)

    def test_refused_on_the_phone_holds_nothing(self, customer: Customer, shop: Shop):
        with_line(customer, shop)
        payment = shop.take(300_000, customer.show_code())
        customer.link = f"/me/payments/{payment.id}"
        customer.went("refuse", "pay_ended")
        assert shop.payment(payment.id).state == "cancelled"

    def test_of_another_customer_looks_like_none(self, customer: Customer, shop: Shop, app: Flask):
        with_line(customer, shop)
        payment = shop.take(300_000, customer.show_code())
        stranger = Customer(app, shop.world, customer.outside)
        assert stranger.get(f"/me/payments/{payment.id}").status_code == 404

    def test_needs_the_sign_in_and_comes_back_after_it(self, customer: Customer, shop: Shop):
        payment = shop.take(300_000)
        path = shop.view(payment.id)["pay_url"].removeprefix(PUBLIC_URL)
        assert customer.get(path).headers["location"] == "/me"
        customer.post("/me/send-code", csrf=customer.csrf("/me"), mobile=MOBILE)
        sms = customer.outside.last_code(MOBILE)
        back = customer.post("/me/sign-in", csrf=customer.csrf("/me"), code=sms)
        assert back.headers["location"] == path


class TestConfirmingSmallPaymentsBeforehand:
    def confirm_beforehand(self, customer: Customer) -> None:
        found = re.search(r"(/me/quick/[\w-]+)", customer.get("/me/line").text)
        assert found is not None
        customer.link = found[1]
        customer.went("choose", "cost", periods="3")
        customer.page()
        customer.world.clock.advance(timedelta(seconds=11))
        assert customer.act("scrolled").status_code == 204
        customer.went("confirm", "quick_done", understood="yes")

    def test_pays_them_as_soon_as_the_code_is_scanned(self, customer: Customer, shop: Shop):
        with_line(customer, shop)
        self.confirm_beforehand(customer)
        small = shop.take(19_900, customer.show_code())
        assert small.state == "signed"
        large = shop.take(20_100, customer.show_code(), payment_no="P-2")
        assert large.state == "confirming"

    def test_can_be_withdrawn(self, customer: Customer, shop: Shop):
        with_line(customer, shop)
        self.confirm_beforehand(customer)
        customer.went("withdraw", "quick_choose")
        assert shop.take(19_900, customer.show_code()).state == "confirming"


class TestAServicePaidAhead:
    def paid(self, customer: Customer, shop: Shop) -> str:
        with_line(customer, shop)
        payment = shop.take(
            120_000,
            customer.show_code(),
            store_id=shop.gym,
            till=shop.gym_till,
            release_parts=4,
        )
        customer.confirm(payment.id)
        shop.work()
        return payment.id

    def test_is_stopped_by_the_customer(self, customer: Customer, shop: Shop):
        payment_id = self.paid(customer, shop)
        assert "停止服务" in customer.page().text
        assert customer.act("stop", because="x").status_code == 422
        customer.went("stop", "pay_done", because="门店关闭")
        parts = shop.view(payment_id)["release"]
        assert {each["state"] for each in parts} == {"stopped"}

    def test_is_held_by_a_dispute_which_the_customer_follows(self, customer: Customer, shop: Shop):
        payment_id = self.paid(customer, shop)
        customer.went("complain", "pay_done", because="教练离职")
        assert all(each["held"] for each in shop.view(payment_id)["release"])
        page = customer.page().text
        assert "已暂停" in page
        assert "提交争议" not in page
        found = re.search(r"/me/tickets/(tkt_\w+)", page)
        assert found is not None
        at = found[0]
        assert "待处理" in customer.get(at).text
        assert customer.post(at, csrf=customer.csrf(at), text="x").status_code == 422
        assert customer.post(at, csrf=customer.csrf(at), text="已两周没课").status_code == 303
        with shop.world.database.unit_of_work() as tx:
            two = Actor("operator", "two")
            disputes.decide(tx, found[1], Outcome.CONTINUE, "门店已安排新教练", two)
        page = customer.get(at).text
        for each in ("已答复", "服务继续", "门店已安排新教练", "已两周没课"):
            assert each in page
        assert "对答复有异议" not in page
        assert not any(each["held"] for each in shop.view(payment_id)["release"])
        assert "提交争议" in customer.page().text


class TestAComplaint:
    def test_is_sent_and_answered_on_the_own_pages(self, customer: Customer, shop: Shop):
        with_line(customer, shop)
        page = customer.get("/me/tickets").text
        assert "15 日内答复" in page
        csrf = customer.csrf("/me/tickets")
        refused = customer.post("/me/tickets", csrf=csrf, kind="dispute", text="不能用")
        assert refused.status_code == 422
        sent = customer.post("/me/tickets", csrf=csrf, kind="complaint", text="客服态度差")
        assert sent.status_code == 303
        at = str(sent.headers["location"])
        with shop.world.database.unit_of_work() as tx:
            tickets.note(tx, at.rpartition("/")[2], "内部备注", Actor("operator", "op"))
        page = customer.get(at).text
        assert "客服态度差" in page
        assert "内部备注" not in page
        assert "客服态度差" in customer.get("/me/tickets").text

    def test_of_another_customer_looks_like_none(self, customer: Customer, shop: Shop):
        with_line(customer, shop)
        with shop.world.database.unit_of_work() as tx:
            new = NewTicket(TicketKind.QUERY, "别人的", TODAY, customer_id=shop.world.customer_id)
            other = tickets.open_ticket(tx, new, Actor("customer", shop.world.customer_id))
        assert customer.get(f"/me/tickets/{other}").status_code == 404
        answer = customer.post(f"/me/tickets/{other}", csrf=customer.csrf("/me"), text="偷看")
        assert answer.status_code == 404


class TestAGuarantor:
    def test_signs_on_a_page_of_their_own(self, customer: Customer, shop: Shop, app: Flask):
        with shop.world.database.unit_of_work() as tx:
            tx.run(
                "UPDATE regulation_parameter SET value = '1000' WHERE code = 'security.free_fen'"
            )
        customer.scan(code(shop))
        customer.apply()
        customer.agree()
        assert "还需办理担保" in customer.page().text
        customer.sign_in(MOBILE)
        customer.post(
            "/me/line/securities",
            csrf=customer.csrf("/me/line"),
            kind="guarantor",
            description="我的哥哥",
        )
        found = re.search(r"(/guarantee/[\w-]+)", customer.get("/me/line").text)
        assert found is not None
        brother = somebody()
        guarantor = Customer(app, shop.world, customer.outside)
        guarantor.mobile, guarantor.link = brother.mobile, found[1]
        guarantor.prove_mobile()
        guarantor.went(
            "identify",
            "guarantee_read",
            name=brother.name,
            identity_no=brother.identity_no,
            **CONSENTS,
        )
        assert "连带责任" in guarantor.page().text
        guarantor.went("read", "guarantee_sign", agreed="yes")
        shop.world.clock.advance(timedelta(minutes=2))
        guarantor.went("send-sign-code", "guarantee_sign")
        guarantor.went("sign", "guarantee_done", code=customer.outside.last_code(brother.mobile))
        with shop.world.database.unit_of_work() as tx:
            (row,) = tx.all("SELECT id, line_id, state FROM line_security")
            assert row["state"] == "signed"
            securities.register(
                tx,
                row["id"],
                valued_fen=100_000_000,
                registration_no="G-1",
                actor=Actor("operator", "op"),
            )
            assert credit_lines.get(tx, row["line_id"]).state is LineState.OPEN

    def test_with_a_wrong_link_finds_nothing(self, customer: Customer):
        assert customer.get("/guarantee/guess").status_code == 404
