"""The checkout from page to page: each in its turn, nothing for the borrower to be rushed past."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest

from lending.foundation.audit import SYSTEM
from lending.products import service as products
from scenarios.mall_installment import servicing
from simulators.magic import MAGIC
from tests.hosted.buyer import CONSENTS, MOBILE, PERSON, Buyer
from tests.loans.world import PRODUCT, PUBLIC_URL, World

STEPS = ("offers", "mobile", "identity", "verify", "card", "choose", "cost", "contract", "sign")
OWN_PAGE = {
    "start": "offers",
    "send-code": "mobile",
    "check-code": "mobile",
    "identify": "identity",
    "face": "verify",
    "no-face": "verify",
    "card": "card",
    "review": "declined",
    "choose": "choose",
    "scrolled": "cost",
    "confirm": "cost",
    "back": "cost",
    "read": "contract",
    "send-sign-code": "sign",
    "sign": "sign",
}


def fault_of(page: str) -> str:
    """The sentence beside the field that is wrong."""
    (found,) = re.findall(r'<p class="fault[^"]*" role="alert">([^<]+)</p>', page)
    return str(found)


class TestTakingThePagesInTurn:
    def test_a_form_of_another_page_does_nothing_and_leads_to_the_page_that_is_due(
        self, buyer: Buyer, world: World
    ):
        buyer.open(world.order())
        for step in STEPS:
            buyer.forward(step)
            for action in (each for each, page in OWN_PAGE.items() if page != step):
                answer = buyer.act(action, understood="yes", agreed="yes", periods="12", **PERSON)
                assert (answer.status_code, answer.location) == (303, buyer.link), (step, action)
                assert buyer.due() == step, action

    def test_the_contract_is_not_there_before_its_time(self, buyer: Buyer, world: World):
        buyer.walk_to("cost", world.order())
        assert buyer.get(f"{buyer.link}/contract.pdf").status_code == 404
        buyer.read_costs()
        assert buyer.get(f"{buyer.link}/contract.pdf").data.startswith(b"%PDF")

    def test_a_form_that_does_not_exist_is_not_found(self, buyer: Buyer, world: World):
        buyer.open(world.order())
        assert buyer.act("approve").status_code == 404

    def test_the_bare_link_in_another_browser_shows_the_order_and_no_more(
        self, buyer: Buyer, world: World, app, outside
    ):
        order_id = world.order()
        buyer.walk_to("contract", order_id)
        stranger = Buyer(app, world, outside)
        page = stranger.open(order_id).text
        assert stranger.due() == "offers"
        assert PERSON["name"] not in page
        assert stranger.get(f"{stranger.link}/contract.pdf").status_code == 404

    def test_another_mobile_cannot_go_on_with_an_application_that_was_handed_in(
        self, buyer: Buyer, world: World, app, outside
    ):
        order_id = world.order()
        buyer.walk_to("choose", order_id)
        stranger = Buyer(app, world, outside)
        stranger.open(order_id)
        stranger.went("start", "mobile")
        stranger.went("send-code", "mobile", mobile="13900000002")
        answer = stranger.act("check-code", code=outside.last_code("13900000002"))
        assert answer.status_code == 422
        assert "其他手机号" in answer.text
        assert stranger.due() == "mobile"


class TestProvingTheMobile:
    def test_a_wrong_code_is_told_and_the_right_one_still_counts(self, buyer: Buyer, world: World):
        buyer.walk_to("mobile", world.order())
        buyer.went("send-code", "mobile", mobile=MOBILE)
        right = buyer.outside.last_code(MOBILE)
        wrong = f"{(int(right) + 1) % 1_000_000:06d}"
        answer = buyer.act("check-code", code=wrong)
        assert answer.status_code == 422
        assert fault_of(answer.text) == "验证码不正确,请重新输入"
        assert buyer.due() == "mobile"
        buyer.went("check-code", "identity", code=right)

    def test_five_wrong_codes_lock_the_right_one(self, buyer: Buyer, world: World):
        buyer.walk_to("mobile", world.order())
        buyer.went("send-code", "mobile", mobile=MOBILE)
        right = buyer.outside.last_code(MOBILE)
        for _ in range(5):
            buyer.act("check-code", code=f"{(int(right) + 1) % 1_000_000:06d}")
        assert "错误次数过多" in fault_of(buyer.act("check-code", code=right).text)

    def test_a_code_is_worth_nothing_after_five_minutes(self, buyer: Buyer, world: World):
        buyer.walk_to("mobile", world.order())
        buyer.went("send-code", "mobile", mobile=MOBILE)
        world.clock.advance(timedelta(minutes=5))
        answer = buyer.act("check-code", code=buyer.outside.last_code(MOBILE))
        assert "已失效" in fault_of(answer.text)

    def test_a_code_of_another_order_does_not_count(self, buyer: Buyer, world: World):
        buyer.walk_to("mobile", world.order("A-1"))
        buyer.went("send-code", "mobile", mobile=MOBILE)
        other = buyer.outside.last_code(MOBILE)
        world.clock.advance(timedelta(minutes=2))
        buyer.walk_to("mobile", world.order("A-2"))
        buyer.went("send-code", "mobile", mobile=MOBILE)
        assert buyer.act("check-code", code=other).status_code == 422
        assert buyer.due() == "mobile"

    def test_what_is_no_mobile_is_told_at_its_field(self, buyer: Buyer, world: World):
        buyer.walk_to("mobile", world.order())
        answer = buyer.act("send-code", mobile="12345")
        assert fault_of(answer.text).startswith("手机号码不正确")

    def test_a_second_code_must_wait(self, buyer: Buyer, world: World):
        buyer.walk_to("mobile", world.order())
        buyer.went("send-code", "mobile", mobile=MOBILE)
        assert buyer.act("send-code", mobile=MOBILE).status_code == 422


class TestIdentifying:
    def test_a_wrong_identity_number_is_named_in_chinese_at_its_field(
        self, buyer: Buyer, world: World
    ):
        buyer.walk_to("identity", world.order())
        for number in (MAGIC["approved"][:-1] + "0", "123", "", "９" * 18):
            assert number != MAGIC["approved"]
            answer = buyer.act("identify", **{**PERSON, "identity_no": number})
            assert answer.status_code == 422, number
            at = answer.text.index('id="identity_no"')
            told = "身份证号码不正确 请核对 18 位身份证号码后重新输入。"
            assert fault_of(answer.text[at:]) == told
            assert buyer.due() == "identity", number

    def test_what_was_typed_is_still_there(self, buyer: Buyer, world: World):
        buyer.walk_to("identity", world.order())
        page = buyer.act("identify", **{**PERSON, "identity_no": "123"}).text
        assert 'value="李四"' in page
        assert 'value="123"' in page

    def test_each_consent_is_wanted_by_itself(self, buyer: Buyer, world: World):
        buyer.walk_to("identity", world.order())
        given = "SELECT count(*) FROM consent WHERE channel = 'hosted_checkout'"
        for left_out in CONSENTS:
            form = {name: value for name, value in PERSON.items() if name != left_out}
            answer = buyer.act("identify", **form)
            assert answer.status_code == 422, left_out
            assert "请阅读并勾选" in fault_of(answer.text)
            assert world.count(given) == 0, left_out

    def test_a_face_without_its_consent_is_not_sent_and_there_is_another_way(
        self, buyer: Buyer, world: World
    ):
        buyer.walk_to("verify", world.order())
        answer = buyer.act("face", image=buyer.picture())
        assert "先勾选同意处理人脸信息" in fault_of(answer.text)
        buyer.went("no-face", "card")

    def test_a_service_that_is_down_is_told_in_chinese(self, buyer: Buyer, world: World):
        buyer.walk_to("identity", world.order())
        buyer.outside.transport.broken = True
        told = fault_of(buyer.act("identify", **PERSON).text)
        assert not re.search(r"[A-Za-z]", told), told
        buyer.outside.transport.broken = False
        buyer.went("identify", "verify", **PERSON)


class TestTickingNothingBeforehand:
    def test_no_page_comes_with_a_box_ticked_or_a_term_chosen(self, buyer: Buyer, world: World):
        wanted = {"identity": 3, "verify": 1, "choose": 3, "cost": 1, "contract": 1}
        buyer.open(world.order())
        for step in STEPS:
            buyer.forward(step)
            page = buyer.page().text
            boxes = re.findall(r'<input type="(?:checkbox|radio)"[^>]*>', page)
            assert len(boxes) >= wanted.get(step, 0), step
            assert not re.search(r"<(input|option)[^>]*\s(checked|selected)\b", page), step


class TestReadingTheCosts:
    @pytest.fixture
    def reader(self, buyer: Buyer, world: World) -> Buyer:
        buyer.walk_to("cost", world.order())
        buyer.page()
        return buyer

    def test_they_cannot_be_confirmed_before_the_reading_time(self, reader: Buyer, world: World):
        reader.act("scrolled")
        world.clock.advance(timedelta(seconds=9))
        answer = reader.act("confirm", understood="yes")
        assert fault_of(answer.text) == "阅读时间不足 请再阅读 1 秒后确认。"
        assert reader.due() == "cost"
        world.clock.advance(timedelta(seconds=1))
        reader.went("confirm", "contract", understood="yes")

    def test_they_cannot_be_confirmed_unscrolled_however_long_they_are_open(
        self, reader: Buyer, world: World
    ):
        world.clock.advance(timedelta(minutes=10))
        answer = reader.act("confirm", understood="yes")
        assert "滑动到底部" in fault_of(answer.text)
        assert reader.due() == "cost"

    def test_they_cannot_be_confirmed_without_the_tick(self, reader: Buyer, world: World):
        reader.act("scrolled")
        world.clock.advance(timedelta(seconds=11))
        assert fault_of(reader.act("confirm").text) == "请勾选已阅读并理解"
        assert reader.due() == "cost"

    def test_opening_the_page_again_does_not_start_the_time_again(
        self, reader: Buyer, world: World
    ):
        world.clock.advance(timedelta(seconds=6))
        assert 'data-countdown="4"' in reader.page().text

    def test_another_term_is_read_anew(self, reader: Buyer, world: World):
        reader.act("scrolled")
        world.clock.advance(timedelta(seconds=60))
        reader.went("back", "choose")
        reader.went("choose", "cost", periods="6")
        assert 'data-countdown="10"' in reader.page().text
        assert reader.act("confirm", understood="yes").status_code == 422


class TestChoosingATerm:
    def test_one_that_is_not_offered_is_refused(self, buyer: Buyer, world: World):
        buyer.walk_to("choose", world.order())
        for periods in ("", "5", "0", "-3", "abc", "999999", "００１２", "00120000"):
            answer = buyer.act("choose", periods=periods)
            assert answer.status_code == 422, periods
            assert not re.search(r"[A-Za-z]", fault_of(answer.text))
            assert buyer.due() == "choose", periods
            assert buyer.page().status_code == 200


class TestComingBackToTheLink:
    def test_of_a_cancelled_order_says_so(self, buyer: Buyer, world: World):
        order_id = world.order()
        buyer.walk_to("identity", order_id)
        with world.database.unit_of_work() as tx:
            servicing.cancel(tx, world.keys, world.partner_id, order_id, PUBLIC_URL)
        assert "已取消" in buyer.page().text
        assert buyer.due() == "ended"

    def test_of_an_expired_order_says_so(self, buyer: Buyer, world: World):
        order_id = world.order()
        world.work(timedelta(minutes=121))
        assert "已过期" in buyer.open(order_id).text
        assert buyer.due() == "ended"

    def test_of_a_paid_order_says_so_to_its_buyer_and_gives_the_contract(
        self, buyer: Buyer, world: World
    ):
        fortnightly = replace(PRODUCT, unit="day", every=14, day_count="act/365")
        with world.database.unit_of_work() as tx:
            products.publish(tx, fortnightly, SYSTEM)
        buyer.walk_to("done", world.order())
        page = buyer.page().text
        assert "支付成功" in page
        assert re.search(r"分 12 期 <small>每 14 天一期</small>", page)
        assert buyer.get(f"{buyer.link}/contract.pdf").data.startswith(b"%PDF")

    def test_an_ended_order_takes_no_form(self, buyer: Buyer, world: World):
        order_id = world.order()
        buyer.walk_to("card", order_id)
        csrf = buyer.csrf(buyer.link)
        with world.database.unit_of_work() as tx:
            servicing.cancel(tx, world.keys, world.partner_id, order_id, PUBLIC_URL)
        for action in OWN_PAGE:
            answer = buyer.post(f"{buyer.link}/{action}", csrf=csrf)
            assert (answer.status_code, answer.location) == (303, buyer.link), action
        assert world.state(order_id) == "cancelled"
