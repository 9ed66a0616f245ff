"""The borrower's own page: a part ahead, reckoning, credit back, receipts (M6, R-PREPAY)."""

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_bootstrap import Bootstrap5

import hosted
from hosted import me_repay
from hosted import session as sessions
from lending.foundation import business_day
from lending.foundation.audit import Actor
from lending.ledger.chart import Code
from lending.loans import statements
from lending.loans.model import LoanState
from lending.repayments import service, transfers
from lending.repayments.model import RepaymentState, What
from lending.repayments.transfers import Transfer
from tests.loans.world import AMOUNT_FEN, World
from tests.today import TODAY

URL = "https://lender.example"


class Phone:
    """A signed-in borrower's browser."""

    def __init__(self, world: World, customer_id: str) -> None:
        app = Flask("me_test", static_folder=None)
        app.config["BOOTSTRAP_SERVE_LOCAL"] = True
        Bootstrap5(app)
        app.register_blueprint(hosted.create_blueprint(world.context))
        with world.database.unit_of_work() as tx:
            made = sessions.begin(tx, None)
            made.state |= {"signed_in": True, "customer_ids": [customer_id]}
            sessions.save(tx, world.keys, made)
        self.csrf = made.csrf
        self.client: FlaskClient = app.test_client()
        self.client.set_cookie("cf_me", made.id, domain="lender.example", secure=True)

    def get(self, path: str, **query: str) -> tuple[int, str]:
        answer = self.client.get(f"/me{path}", query_string=query, base_url=URL)
        return answer.status_code, answer.get_data(as_text=True)

    def post(self, path: str, **form: str) -> tuple[int, str]:
        answer = self.client.post(
            f"/me{path}",
            data={"csrf": self.csrf, **form},
            base_url=URL,
            follow_redirects=True,
        )
        return answer.status_code, answer.get_data(as_text=True)

    def agree(self, loan_id: str, what: What, amount: str, **changed: str) -> tuple[int, str]:
        """Looks at both plans and agrees to one, by its form."""
        _, page = self.get(f"/loans/{loan_id}/prepay", amount=amount)
        forms = re.findall(r"<form method=\"post\".*?</form>", page, re.DOTALL)
        (form,) = [one for one in forms if f'value="{what.value}"' in one]
        fields = dict(re.findall(r'name="(\w+)" value="([^"]*)"', form))
        return self.post(f"/loans/{loan_id}/pay", **{**fields, **changed})


@pytest.fixture
def phone(world: World) -> Phone:
    return Phone(world, world.customer_id)


def statement(world: World, loan_id: str) -> statements.Statement:
    with world.database.unit_of_work() as tx:
        return statements.statement(tx, loan_id)


def days_later(world: World, days: int) -> None:
    for _ in range(days):
        with world.database.unit_of_work() as tx:
            business_day.close(tx)


def enter(world: World, loan_id: str, amount_fen: int) -> None:
    with world.database.unit_of_work() as tx:
        transfers.enter(
            tx, loan_id, Transfer(amount_fen, TODAY, "B-1", What.DUE), Actor("operator", "opr_1")
        )


class TestPayingAPartAhead:
    def test_shows_both_plans_before_anything_happens(self, world: World, phone: Phone):
        _, loan_id = world.paid()
        days_later(world, 10)
        status, page = phone.get(f"/loans/{loan_id}/prepay", amount="3,000")
        assert status == 200
        for text in ("缩短期限", "减少每期", "少付利息", "确认还款 ¥3,000.00"):
            assert text in page
        assert statement(world, loan_id).outstanding_principal_fen == AMOUNT_FEN
        assert world.count("SELECT count(*) FROM repayment") == 0

    @pytest.mark.parametrize("what", list(me_repay.PART))
    def test_leaves_exactly_the_plan_that_was_shown(self, world: World, phone: Phone, what: What):
        _, loan_id = world.paid()
        days_later(world, 10)
        with world.database.unit_of_work() as tx:
            shown = service.preview(tx, loan_id, what, amount_fen=300_000)
        status, _ = phone.agree(loan_id, what, "3000")
        assert status == 200
        found = statement(world, loan_id)
        assert found.rows == shown.after
        with world.database.unit_of_work() as tx:
            (made,) = service.of_loan(tx, loan_id)
        assert (made.what, made.state) == (what, RepaymentState.RECEIVED)
        assert shown.interest_saved_fen > 0
        assert world.trial_balance() == 0

    def test_shorter_ends_earlier_and_smaller_asks_less_each_time(self, world: World, phone: Phone):
        _, loan_id = world.paid()
        with world.database.unit_of_work() as tx:
            shorter, smaller = (one.preview for one in me_repay.choices(tx, loan_id, 300_000))
        assert len(shorter.open_after) < len(smaller.open_after) == len(smaller.open_before)
        first = [one.open_after[0].open().total_fen for one in (shorter, smaller)]
        assert first[1] < first[0]
        assert shorter.interest_saved_fen > smaller.interest_saved_fen > 0
        for shown in (shorter, smaller):
            parts = (shown.principal_fen, shown.interest_fen, shown.fee_fen, shown.penalty_fen)
            assert sum(parts) == shown.amount_fen

    @pytest.mark.parametrize("amount", ["0", "-5", "x", "1.234", "5999", "6000", "1e3"])
    def test_of_an_amount_that_is_no_part_says_so(self, world: World, phone: Phone, amount: str):
        _, loan_id = world.paid()
        status, page = phone.get(f"/loans/{loan_id}/prepay", amount=amount)
        assert status == 422
        assert 'role="alert"' in page
        assert "确认还款" not in page

    def test_is_refused_when_the_plan_is_no_longer_the_one_that_was_shown(
        self, world: World, phone: Phone
    ):
        _, loan_id = world.paid()
        for changed in ({"seen": ""}, {"seen": "0" * 32}, {"amount_fen": "300001"}):
            status, page = phone.agree(loan_id, What.PART_SHORTER, "3000", **changed)
            assert status == 422
            assert "还款计划已变化" in page
        _, page = phone.get(f"/loans/{loan_id}/prepay", amount="3000")
        form = dict(re.findall(r'name="(\w+)" value="([^"]*)"', page))
        days_later(world, 1)
        status, page = phone.post(f"/loans/{loan_id}/pay", **form)
        assert status == 422
        assert world.count("SELECT count(*) FROM repayment") == 0

    def test_while_overdue_takes_what_is_due_first(self, world: World, phone: Phone):
        _, loan_id = world.paid()
        days_later(world, 35)
        with world.database.unit_of_work() as tx:
            due = service.quote(tx, loan_id, What.DUE)
            (shown, _) = me_repay.choices(tx, loan_id, 300_000)
        assert shown.preview.penalty_fen == due.penalty_fen > 0
        assert not shown.preview.after[0].open().total_fen


class TestReckoning:
    def test_tells_what_closes_the_loan_on_the_day(self, world: World, phone: Phone):
        _, loan_id = world.paid()
        status, page = phone.get(f"/loans/{loan_id}/reckon", on="2026-12-08")
        assert status == 200
        assert "6,035.00" in page  # 15 days of interest on CNY 5,999.00 at 14.40 %
        assert "今天结清" in page
        with world.database.unit_of_work() as tx:
            assert service.of_loan(tx, loan_id) == []

    @pytest.mark.parametrize("on", ["2026-11-22", "2028-01-01", "x", "9999-99-99"])
    def test_refuses_a_day_that_is_past_or_far(self, world: World, phone: Phone, on: str):
        _, loan_id = world.paid()
        status, page = phone.get(f"/loans/{loan_id}/reckon", on=on)
        assert status == 422
        assert 'role="alert"' in page

    def test_is_what_paying_off_then_costs(self, world: World, phone: Phone):
        _, loan_id = world.paid()
        days_later(world, 15)
        _, page = phone.get(f"/loans/{loan_id}")
        form = next(one for one in page.split("<form")[1:] if 'value="payoff"' in one)
        fields = dict(re.findall(r'name="(\w+)" value="([^"]*)"', form))
        assert fields["amount_fen"] == "603500"
        status, _ = phone.post(f"/loans/{loan_id}/pay", **fields)
        assert status == 200
        assert statement(world, loan_id).loan.state is LoanState.SETTLED


class TestTheLoansPage:
    def test_offers_both_ways_at_once_and_lists_the_receipt(self, world: World, phone: Phone):
        _, loan_id = world.paid()
        _, page = phone.get(f"/loans/{loan_id}")
        assert 'id="pay-next"' in page
        assert 'id="pay-payoff"' in page
        fields = dict(re.findall(r'name="(\w+)" value="([^"]*)"', page.split("<form")[1]))
        assert phone.post(f"/loans/{loan_id}/pay", **fields)[0] == 200
        _, page = phone.get(f"/loans/{loan_id}")
        path = re.search(r'href="(/me/repayments/rep_\w+\.pdf)"', page)
        assert path is not None
        receipt = phone.client.get(path[1], base_url=URL)
        assert receipt.mimetype == "application/pdf"
        assert receipt.data.startswith(b"%PDF")

    def test_of_a_loan_that_is_closed_still_opens(self, world: World, phone: Phone):
        _, loan_id = world.paid()
        enter(world, loan_id, 700_000)
        with world.database.unit_of_work() as tx:
            asked = service.quote(tx, loan_id, What.PAYOFF).amount_fen
        service.pay(world.context, loan_id, What.PAYOFF, amount_fen=asked)
        status, page = phone.get(f"/loans/{loan_id}")
        assert status == 200
        assert 'id="pay-next"' not in page
        assert phone.get("")[0] == 200


class TestCreditOnThePage:
    def test_goes_back_to_the_card_once(self, world: World, phone: Phone):
        _, loan_id = world.paid()
        enter(world, loan_id, 12_345)
        _, page = phone.get(f"/loans/{loan_id}")
        assert "退回 ¥123.45" in page
        path = f"/loans/{loan_id}/refund-credit"
        assert phone.post(path, amount_fen="12345")[0] == 200
        status, page = phone.post(path, amount_fen="12345")
        assert status == 422
        assert "可退的溢缴款不足" in page
        world.work_until_quiet()
        assert world.balance(Code.BORROWER_CREDIT, world.customer_id) == 0
        assert [one.amount_fen for one in world.bank.paid()].count(12_345) == 1
        assert "溢缴款" not in phone.get(f"/loans/{loan_id}")[1]

    @pytest.mark.parametrize("amount", ["0", "-1", "12346", "x", "²", ""])
    def test_is_never_more_than_is_there(self, world: World, phone: Phone, amount: str):
        _, loan_id = world.paid()
        enter(world, loan_id, 12_345)
        assert phone.post(f"/loans/{loan_id}/refund-credit", amount_fen=amount)[0] == 422
        assert world.balance(Code.BORROWER_CREDIT, world.customer_id) == -12_345


class TestSomebodyElse:
    def test_sees_and_does_nothing(self, world: World):
        _, loan_id = world.paid()
        enter(world, loan_id, 100)
        with world.database.unit_of_work() as tx:
            (made,) = service.of_loan(tx, loan_id)
        stranger = Phone(world, "cus_stranger")
        for path in (f"/loans/{loan_id}", f"/loans/{loan_id}/prepay", f"/loans/{loan_id}/reckon"):
            assert stranger.get(path)[0] == 404
        assert stranger.get(f"/repayments/{made.id}.pdf")[0] == 404
        assert stranger.post(f"/loans/{loan_id}/refund-credit", amount_fen="100")[0] == 404
        assert stranger.post(f"/loans/{loan_id}/pay", what="next", amount_fen="1")[0] == 404
        assert world.balance(Code.BORROWER_CREDIT, world.customer_id) == -100

    def test_without_a_session_or_a_token_is_turned_away(self, world: World, phone: Phone):
        _, loan_id = world.paid()
        enter(world, loan_id, 100)
        phone.csrf = "forged"
        assert phone.post(f"/loans/{loan_id}/refund-credit", amount_fen="100")[0] == 400
        phone.client.delete_cookie("cf_me", domain="lender.example")
        for path in ("", "/prepay", "/reckon"):
            assert phone.get(f"/loans/{loan_id}{path}")[0] == 404
        assert world.balance(Code.BORROWER_CREDIT, world.customer_id) == -100
