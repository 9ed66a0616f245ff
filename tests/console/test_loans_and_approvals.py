"""Running loans at the console: find, look, propose, approve (M6, T18)."""

import re
from datetime import date

import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_bootstrap import Bootstrap5
from werkzeug.test import TestResponse

import console
import hosted
from console import rights
from console.repayments.pages import FORMS
from lending.customers import service as customers
from lending.foundation import audit
from lending.ledger.chart import Code
from lending.repayments import guarded, service
from lending.repayments.model import RepaymentState, What
from lending.system import service as system
from lending.system.model import RIGHTS, Right, Role
from tests.console.chinese import english_in
from tests.loans.world import World

PASSWORD = "correct horse battery"
URL = "https://lender.example"


@pytest.fixture
def app(world: World) -> Flask:
    made = Flask("console_test", static_folder=None)
    made.config["BOOTSTRAP_SERVE_LOCAL"] = True
    Bootstrap5(made)
    made.register_blueprint(hosted.create_blueprint(world.context))
    made.register_blueprint(console.create_blueprint(world.context, guarded.kinds()))
    return made


class Desk:
    """An operator's browser."""

    def __init__(self, app: Flask, world: World, login: str, name: str, role: Role) -> None:
        with world.database.unit_of_work() as tx:
            system.add_operator(
                tx, login=login, name=name, role=role, password=PASSWORD, actor=audit.SYSTEM
            )
        self.client: FlaskClient = app.test_client()
        answer = self.client.post(
            "/console/sign-in", data={"login": login, "password": PASSWORD}, base_url=URL
        )
        assert answer.status_code == 302

    def get(self, path: str, **query: str) -> tuple[int, str]:
        answer = self.client.get(f"/console{path}", query_string=query, base_url=URL)
        return _read(answer)

    def post(self, path: str, page: str, **form: str) -> tuple[int, str]:
        """Sends a form of a page, with the page's token."""
        csrf = re.search(r'name="csrf" value="([^"]+)"', self.get(page)[1])
        assert csrf is not None
        answer = self.client.post(
            f"/console{path}",
            data={"csrf": csrf[1], **form},
            base_url=URL,
            follow_redirects=True,
        )
        return _read(answer)


def _read(answer: TestResponse) -> tuple[int, str]:
    """An answer's page, which whoever asked for it can read in Chinese."""
    page = answer.get_data(as_text=True)
    if answer.status_code not in range(300, 400):
        assert english_in(page) == []
    return answer.status_code, page


@pytest.fixture
def zhou(app: Flask, world: World) -> Desk:
    return Desk(app, world, "zhou", "周经办", Role.FINANCE)


@pytest.fixture
def zheng(app: Flask, world: World) -> Desk:
    return Desk(app, world, "zheng", "郑复核", Role.FINANCE)


def propose(desk: Desk, loan_id: str, kind: str, **form: str) -> tuple[int, str]:
    return desk.post(
        f"/loans/{loan_id}/propose",
        f"/loans/{loan_id}",
        kind=kind,
        **{"reason": "客户来电申请", **form},
    )


def waiting(desk: Desk) -> str:
    """The one proposal that waits."""
    (found,) = set(re.findall(r"/console(/approvals/prp_\w+)", desk.get("/approvals")[1]))
    return str(found)


def digest_of(page: str) -> str:
    found = re.search(r'name="digest" value="(\w{64})"', page)
    assert found is not None
    return found[1]


class TestFindingALoan:
    def test_by_its_id_the_order_number_and_the_borrowers_mobile(self, world: World, zhou: Desk):
        order_id, loan_id = world.paid("ORDER-77")
        with world.database.unit_of_work() as tx:
            mobile = customers.profile(tx, world.keys, world.customer_id).mobile
        for text in (loan_id, "ORDER-77", order_id, mobile, ""):
            status, page = zhou.get("/loans", q=text)
            assert status == 200
            assert loan_id in page, text
            assert mobile not in page.replace(f'value="{mobile}"', "")
        for text in ("ORDER-78", "13900000009", "x' OR 1=1", "<b>"):
            status, page = zhou.get("/loans", q=text)
            assert status == 200
            assert loan_id not in page

    def test_shows_plan_entries_events_and_receipt_with_personal_data_masked(
        self, world: World, zhou: Desk
    ):
        _, loan_id = world.paid()
        with world.database.unit_of_work() as tx:
            asked = service.quote(tx, loan_id, What.NEXT)
        made = service.pay(world.context, loan_id, What.NEXT, amount_fen=asked.amount_fen)
        status, page = zhou.get(f"/loans/{loan_id}")
        assert status == 200
        for text in ("还款计划", asked.due_date.isoformat(), Code.LOAN_PRINCIPAL.value, made.id):
            assert text in page
        assert "****" in page
        receipt = zhou.client.get(f"/console/repayments/{made.id}/receipt.pdf", base_url=URL)
        assert receipt.mimetype == "application/pdf"
        assert receipt.data.startswith(b"%PDF")

    def test_of_nobody_is_not_found(self, world: World, zhou: Desk):
        assert zhou.get("/loans/loan_none")[0] == 404
        assert zhou.get("/repayments/rep_none/receipt.pdf")[0] == 404
        assert zhou.get("/approvals/prp_none")[0] == 404


class TestATransferAtTheConsole:
    def test_is_entered_by_one_and_done_by_another(self, world: World, zhou: Desk, zheng: Desk):
        _, loan_id = world.paid()
        status, page = propose(
            zhou,
            loan_id,
            "repayment.transfer",
            amount="1,234.5",
            arrived_on="2026-11-23",
            reference="BANK-9",
            what="due",
        )
        assert status == 200
        assert "1,234.50 元" in page
        assert "须由另一位同事复核" in page
        assert "转入溢缴款" in page  # the rehearsal's result: nothing is due yet
        path = waiting(zheng)
        status, page = zheng.get(path)
        status, page = zheng.post(f"{path}/approve", path, digest=digest_of(page))
        assert status == 200
        assert "已通过并执行" in page
        assert world.balance(Code.BORROWER_CREDIT, world.customer_id) == -123_450
        with world.database.unit_of_work() as tx:
            (made,) = service.of_loan(tx, loan_id)
        assert (made.state, made.business_date) == (RepaymentState.RECEIVED, date(2026, 11, 23))

    def test_is_not_done_by_who_entered_it_or_with_another_digest(
        self, world: World, zhou: Desk, zheng: Desk
    ):
        _, loan_id = world.paid()
        propose(
            zhou,
            loan_id,
            "repayment.transfer",
            amount="1",
            arrived_on="2026-11-23",
            reference="BANK-9",
            what="due",
        )
        path = waiting(zheng)
        digest = digest_of(zheng.get(path)[1])
        assert zhou.post(f"{path}/approve", f"/loans/{loan_id}", digest=digest)[0] == 403
        assert zheng.post(f"{path}/approve", path, digest="0" * 64)[0] == 409
        assert zheng.post(f"{path}/approve", path)[0] == 409
        assert world.balance(Code.BORROWER_CREDIT, world.customer_id) == 0

    @pytest.mark.parametrize("amount", ["", "0", "-1", "1.234", "1e3", "一百", "9" * 13])
    def test_of_a_wrong_amount_is_refused(self, world: World, zhou: Desk, amount: str):
        _, loan_id = world.paid()
        status, page = propose(
            zhou,
            loan_id,
            "repayment.transfer",
            amount=amount,
            arrived_on="2026-11-23",
            reference="BANK-9",
            what="due",
        )
        assert status == 400
        assert "填写的内容不正确" in page
        assert "/amount" in page
        assert world.count("SELECT count(*) FROM proposal") == 0

    def test_can_be_refused_with_a_reason(self, world: World, zhou: Desk, zheng: Desk):
        _, loan_id = world.paid()
        propose(zhou, loan_id, "loan.move_due_dates", first_due="2027-01-05")
        path = waiting(zheng)
        assert zheng.post(f"{path}/refuse", path, note="")[0] == 400
        status, page = zheng.post(f"{path}/refuse", path, note="客户改期")
        assert status == 200
        assert "已退回" in page
        assert "客户改期" in page


class TestEveryForm:
    def test_proposes_what_it_says(self, world: World, zhou: Desk):
        _, loan_id = world.paid()
        assert propose(zhou, loan_id, "loan.waive", penalty="0.01")[0] == 422
        assert propose(zhou, loan_id, "loan.charge", name="service", amount="1")[0] == 422
        assert propose(zhou, loan_id, "loan.write_off")[0] == 422
        assert propose(zhou, loan_id, "credit.refund", amount="1")[0] == 422
        assert propose(zhou, loan_id, "repayment.reverse", repayment="x", because="y")[0] == 404
        assert propose(zhou, loan_id, "loan.forgive_everything")[0] == 400
        assert propose(zhou, loan_id, "loan.move_due_dates", first_due="2027-01-05")[0] == 200
        twice = propose(zhou, loan_id, "loan.move_due_dates", first_due="2027-01-05")
        assert twice[0] == 409

    def test_wants_its_token(self, world: World, zhou: Desk):
        _, loan_id = world.paid()
        answer = zhou.client.post(
            f"/console/loans/{loan_id}/propose",
            data={"kind": "loan.move_due_dates", "first_due": "2027-01-05", "reason": "x"},
            base_url=URL,
        )
        assert answer.status_code == 400
        assert world.count("SELECT count(*) FROM proposal") == 0

    def test_is_shown_for_every_kind_that_can_be_proposed(self, world: World, zhou: Desk):
        assert set(FORMS) == set(guarded.kinds())


class TestRightsOfTheLoanPages:
    def test_every_route_of_the_console_is_listed_with_its_right(self, app: Flask):
        endpoints = {
            rule.endpoint for rule in app.url_map.iter_rules() if "console." in rule.endpoint
        }
        assert endpoints == set(rights.ROUTES) | rights.OPEN

    @pytest.mark.parametrize("role", list(Role))
    def test_who_lacks_the_right_neither_sees_nor_proposes(
        self, world: World, app: Flask, role: Role
    ):
        _, loan_id = world.paid()
        desk = Desk(app, world, "someone", "某人", role)
        sees = Right.SEE_LOANS in RIGHTS[role]
        for path in ("/loans", f"/loans/{loan_id}", "/approvals"):
            assert (desk.get(path)[0] == 200) == sees
        status, _ = desk.post(
            f"/loans/{loan_id}/propose",
            "/",
            kind="loan.move_due_dates",
            first_due="2027-01-05",
            reason="x",
        )
        assert (status == 200) == (Right.PROPOSE_LOAN_CHANGES in RIGHTS[role])
        if not sees:
            assert status == 403


class TestAFraud:
    def test_is_flagged_by_one_and_lifted_by_two(
        self, app: Flask, world: World, zhou: Desk, zheng: Desk
    ):
        _, loan_id = world.paid()
        feng = Desk(app, world, "feng", "冯风控", Role.RISK)
        at, form = f"/loans/{loan_id}", {"fraud_kind": "collusion"}
        assert zhou.post(f"{at}/flag-fraud", at, because="空买空卖", **form)[0] == 403
        assert feng.post(f"{at}/flag-fraud", at, because="", **form)[0] == 400
        status, page = feng.post(f"{at}/flag-fraud", at, because="空买空卖", **form)
        assert (status, "合谋套现" in page, "空买空卖" in page) == (200, True, True)
        assert propose(zhou, loan_id, "loan.lift_fraud")[0] == 200
        proposal = waiting(zheng)
        digest = digest_of(zheng.get(proposal)[1])
        assert zheng.post(f"{proposal}/approve", proposal, digest=digest)[0] == 200
        assert "空买空卖" not in zhou.get(at)[1]
