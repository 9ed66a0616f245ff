"""Tickets at the console: found, taken, answered; a dispute decided by two persons (M9, T18)."""

import re

import pytest
from flask import Flask
from flask_bootstrap import Bootstrap5

import console
import hosted
from lending.foundation.audit import Actor
from lending.operations import service as tickets
from lending.operations.model import Ticket
from lending.repayments import guarded
from lending.system.model import Role
from scenarios.offline_credit import disputes, servicing
from scenarios.offline_credit import guarded as ticket_guarded
from scenarios.offline_credit.model import Payment
from tests.console.test_credit_lines import two_do
from tests.console.test_loans_and_approvals import Desk
from tests.loans.world import MERCHANT_ACCOUNTS, World
from tests.offline_credit.shop import Shop


@pytest.fixture
def app(world: World) -> Flask:
    made = Flask("console_test", static_folder=None)
    made.config["BOOTSTRAP_SERVE_LOCAL"] = True
    Bootstrap5(made)
    made.register_blueprint(hosted.create_blueprint(world.context))
    kinds = {**guarded.kinds(), **ticket_guarded.kinds()}
    made.register_blueprint(console.create_blueprint(world.context, kinds))
    return made


@pytest.fixture
def zhou(app: Flask, world: World) -> Desk:
    return Desk(app, world, "zhou", "周经办", Role.FINANCE)


@pytest.fixture
def zheng(app: Flask, world: World) -> Desk:
    return Desk(app, world, "zheng", "郑复核", Role.FINANCE)


@pytest.fixture
def feng(app: Flask, world: World) -> Desk:
    return Desk(app, world, "feng", "冯风控", Role.RISK)


@pytest.fixture
def shop(world: World) -> Shop:
    return Shop(world)


def paid_ahead(shop: Shop) -> Payment:
    return shop.paid(300_000, till=shop.gym_till, store_id=shop.gym, release_parts=3)


def disputed(shop: Shop) -> tuple[Payment, str]:
    """A payment ahead that its customer disputes: the payment and the ticket."""
    paid = paid_ahead(shop)
    with shop.world.database.unit_of_work() as tx:
        buyer = Actor("customer", shop.world.customer_id)
        return paid, disputes.open_dispute(tx, paid, "教练离职", buyer)


def seen(world: World, ticket_id: str) -> Ticket:
    with world.database.unit_of_work() as tx:
        return tickets.get(tx, ticket_id)


class TestATicket:
    def test_is_opened_taken_noted_answered_and_closed(self, world: World, shop: Shop, feng: Desk):
        paid = paid_ahead(shop)
        status, text = feng.post(
            "/tickets", "/tickets", kind="complaint", subject=paid.id, text="客户来电:态度差"
        )
        assert status == 200
        found = re.search(r"tkt_\w+", text)
        assert found is not None
        at = f"/tickets/{found[0]}"
        assert seen(world, found[0]).customer_id == world.customer_id
        assert feng.post(f"{at}/answer", at, text="已处理")[0] == 409
        assert "冯风控" in feng.post(f"{at}/take", at)[1]
        feng.post(f"{at}/note", at, text="已联系门店")
        feng.post(f"{at}/ask", at, text="请补充日期")
        assert "待客户补充" in feng.get(at)[1]
        feng.post(f"{at}/answer", at, text="门店已道歉")
        status, text = feng.post(f"{at}/close", at)
        assert "已关闭" in text
        for each in ("受理", "领取", "已联系门店", "请补充日期", "门店已道歉"):
            assert each in text

    def test_is_found_by_what_it_is_about_and_only_by_whom_it_concerns(
        self, app: Flask, world: World, shop: Shop, feng: Desk
    ):
        paid, ticket_id = disputed(shop)
        for query in ({"q": paid.id}, {"kind": "dispute"}, {"state": "open"}, {}):
            assert ticket_id in feng.get("/tickets", **query)[1], query
        for query in ({"q": "spy_x"}, {"kind": "query"}, {"mine": "1"}, {"overdue": "1"}):
            assert ticket_id not in feng.get("/tickets", **query)[1], query
        assert ticket_id in feng.get(f"/loans/{paid.loan_id}")[1]
        reader = Desk(app, world, "reader", "钱阅览", Role.VIEWER)
        assert reader.get("/tickets")[0] == 403
        admin = Desk(app, world, "admin", "孙管理", Role.ADMIN)
        assert ticket_id in admin.get("/tickets")[1]
        at = f"/tickets/{ticket_id}"
        assert admin.post(f"{at}/take", at)[0] == 403


class TestADispute:
    def test_holds_the_money_until_two_let_the_service_go_on(
        self, world: World, shop: Shop, zhou: Desk, zheng: Desk
    ):
        paid, ticket_id = disputed(shop)
        assert {each["held"] for each in shop.view(paid.id)["release"]} == {True}
        at = f"/loans/{paid.loan_id}"
        refused = zhou.post(f"{at}/propose", at, kind="release.let_go", reason="客户同意")
        assert refused[0] == 422
        two_do(
            world,
            zhou,
            zheng,
            f"/tickets/{ticket_id}",
            kind="dispute.decide",
            outcome="continue",
            answer="门店已安排新教练",
        )
        assert {each["held"] for each in shop.view(paid.id)["release"]} == {False}
        found = seen(world, ticket_id)
        assert (found.outcome, found.answer) == ("continue", "门店已安排新教练")
        assert shop.events(paid.id)[-2:] == ["payment.disputed", "payment.dispute_decided"]

    def test_that_is_decided_to_stop_takes_the_rest_off_the_loan(
        self, world: World, shop: Shop, zhou: Desk, zheng: Desk
    ):
        paid, ticket_id = disputed(shop)
        at = f"/tickets/{ticket_id}"
        two_do(world, zhou, zheng, at, kind="dispute.decide", outcome="stop", answer="停止服务")
        shop.work()
        assert {each["state"] for each in shop.view(paid.id)["release"]} == {"stopped"}
        assert shop.events(paid.id)[-2:] == ["release.stopped", "payment.dispute_decided"]
        assert "停止服务,退回未划转部分" in zhou.get(at)[1]
        world.require_books_agree()

    def test_is_given_more_time_by_two(self, world: World, shop: Shop, zhou: Desk, zheng: Desk):
        _, ticket_id = disputed(shop)
        before = seen(world, ticket_id).answer_by
        two_do(world, zhou, zheng, f"/tickets/{ticket_id}", kind="ticket.extend")
        assert (seen(world, ticket_id).answer_by - before).days == 15


class TestAPartThatNoAccountTook:
    def test_is_a_ticket_and_is_tried_again_at_the_console(
        self, world: World, shop: Shop, zhou: Desk, feng: Desk
    ):
        paid = paid_ahead(shop)
        world.bank.refuse = set(MERCHANT_ACCOUNTS)
        with world.database.unit_of_work() as tx:
            tx.run("UPDATE loan_release SET due_date = (SELECT business_date FROM business_day)")
            servicing.confirm_service(tx, world.partner_id, paid.id, 2)
        shop.work()
        at = f"/loans/{paid.loan_id}"
        assert shop.view(paid.id)["release"][0]["state"] == "failed"
        assert "系统提示" in zhou.get(at)[1]
        assert "第 2 期划转失败" in feng.get("/tickets", kind="fault")[1]
        assert feng.post(f"{at}/retry-release", at, part="2")[0] == 403
        assert zhou.post(f"{at}/retry-release", at, part="3")[0] == 409
        world.bank.refuse = set()
        assert zhou.post(f"{at}/retry-release", at, part="2")[0] == 200
        shop.work()
        assert shop.view(paid.id)["release"][0]["state"] == "paid"
