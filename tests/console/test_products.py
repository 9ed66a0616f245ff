"""Products at the console: a version in days and one in weeks, sold, lent, aged and repaid (M3)."""

import re
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from console.products.pages import ASKED, CHOICES, FORMS
from lending.batch import end_of_day
from lending.channels import service as channels
from lending.engine.events import DueDatesMoved
from lending.foundation import business_day
from lending.loans import life
from lending.loans import service as loans
from lending.loans import store as loan_store
from lending.loans.model import LoanState
from lending.products import form as version_form
from lending.products import guarded
from lending.products import service as products
from lending.products.model import Bands, Funding, RiskPricing
from lending.repayments.model import What
from lending.risk.decision_tables import GRADES
from lending.system.model import Role
from processes.seed import PRODUCTS
from scenarios.mall_installment import intake
from tests.console.test_loans_and_approvals import Desk, digest_of, waiting
from tests.console.test_sign_in import composed
from tests.loans.world import AMOUNT_FEN, PRODUCT, World
from tests.repayments.test_auto_debit import send
from tests.repayments.test_paying import pay
from tests.today import TODAY

AT = f"/products/{PRODUCT.code}"


def form(**changes: str) -> dict[str, str]:
    """The published version as its page fills the form in, changed here and there."""
    return version_form.shown(PRODUCT) | changes


JOINT = {
    "own_percent": "40",
    "funders_percent": "30,30",
    "own_max_percent": "50",
    "fallback_own": "yes",
    "wait_minutes": "45",
}
FORTNIGHTS = form(unit="day", every="14", day_count="act/365", rounding="half-even")


@pytest.fixture
def desks(world: World, tmp_path: Path) -> tuple[Desk, Desk]:
    """Two persons of finance."""
    app = composed(world, tmp_path)
    made = (("zhou", "周经办"), ("zheng", "郑复核"))
    zhou, zheng = (Desk(app, world, login, name, Role.FINANCE) for login, name in made)
    return zhou, zheng


def two_do(desks: tuple[Desk, Desk], at: str, kind: str, **filled: str) -> str:
    """One proposes, the other sees it and approves; what the second read last."""
    zhou, zheng = desks
    status, text = zhou.post(f"{at}/propose", at, kind=kind, reason="新品立项", **filled)
    assert status == 200, text
    proposal = waiting(zheng)
    page = zheng.get(proposal)[1]
    status, text = zheng.post(f"{proposal}/approve", proposal, digest=digest_of(page))
    assert status == 200, text
    return text


class TestAVersionInDays:
    def test_is_made_by_two_quoted_lent_aged_moved_and_repaid(
        self, world: World, desks: tuple[Desk, Desk]
    ):
        assert f'href="/console{AT}"' in two_do(desks, AT, "product.publish", **FORTNIGHTS)
        assert "每 14 天" in desks[0].get(AT)[1]
        with world.database.unit_of_work() as tx:
            made = products.published(tx, PRODUCT.code)
            quoted = intake.quote(tx, world.partner_id, amount_fen=AMOUNT_FEN, periods=[6])
        assert (made.version, made.every, made.unit, made.rounding) == (2, 14, "day", "half-even")
        (offer,) = quoted["offers"]
        assert [row["due_after"] for row in offer["plan"]] == [14, 28, 42, 56, 70, 84]
        assert abs(Decimal(offer["rate_annual"]) - PRODUCT.rate_annual) < Decimal("0.0002")
        assert "/14天 × 6 期" in quoted["message"]

        order_id, loan_id = world.paid(periods=6)
        seen = world.view(order_id)
        assert (seen["periods"], seen["every"], seen["unit"]) == (6, 14, "day")
        for day in range(15):
            world.clock.advance(timedelta(days=1))
            assert end_of_day.run(world.context, TODAY + timedelta(days=day))
        with world.database.unit_of_work() as tx:
            loan = loans.loan(tx, loan_id)
            today = business_day.today(tx)
            rows = loan_store.instalments(tx, loan_id, loan.plan_version)
            standing = life.position(tx, loan, today)
        fell_due = [TODAY + timedelta(days=14 * k) for k in range(1, 7)]
        assert [row.due_date for row in rows] == fell_due
        assert (standing.days_past_due, standing.rows[0].penalty_fen > 0) == (1, True)

        send(world)  # collected as of the due date, so that the night's penalty is not owed
        with world.database.unit_of_work() as tx:
            moved = DueDatesMoved(today, fell_due[1] + timedelta(days=3))
            life.record(tx, life.locked(tx, loan_id), moved, source_id="evt_1", kind="test")
        with world.database.unit_of_work() as tx:
            after = life.position(tx, loans.loan(tx, loan_id), today)
        assert [row.due_date for row in after.rows[1:]] == [
            due + timedelta(days=3) for due in fell_due[1:]
        ]
        pay(world, loan_id, What.PAYOFF)
        with world.database.unit_of_work() as tx:
            assert loans.loan(tx, loan_id).state is LoanState.SETTLED
        assert world.trial_balance() == 0

    def test_of_a_new_product_is_sold_by_who_agreed_to_it(
        self, world: World, desks: tuple[Desk, Desk]
    ):
        at = "/products/mall-weekly"
        assert desks[0].get("/products", code="mall-weekly")[0] == 302
        assert "首个版本" in desks[0].get(at)[1]
        weekly = form(unit="week", every="4", day_count="act/act", product_name="四周分期", free="")
        two_do(desks, at, "product.publish", **weekly)
        agreed = {"partner_id": world.partner_id, "merchant_fee_percent": "0.8"}
        two_do(desks, at, "partner.agree", settlement_days="1", **agreed)
        with world.database.unit_of_work() as tx:
            found = channels.agreement(tx, world.partner_id, "mall-weekly")
            quoted = intake.quote(
                tx, world.partner_id, amount_fen=AMOUNT_FEN, product_code="mall-weekly"
            )
        assert (found.merchant_fee_rate, found.settlement_days) == (Decimal("0.008"), 1)
        assert {offer["unit"] for offer in quoted["offers"]} == {"week"}
        assert "四周分期" in desks[0].get("/products")[1]
        again = {"kind": "partner.agree", "reason": "x", "settlement_days": "0"}
        assert desks[0].post(f"{at}/propose", at, **again, **agreed)[0] == 400


REFUSED = (
    ({"unit": "day", "every": "14"}, "day_count", "不能按整月计息。请按实际天数"),
    ({"unit": "week", "every": "0", "day_count": "act/365"}, "every", "1 至 366"),
    ({"unit": "year"}, "unit", "从列表中选择"),
    ({"rounding": "down"}, "rounding", "从列表中选择"),
    ({"periods": "3,six"}, "periods", "示例"),
    ({"periods": "6,3"}, "periods", "从小到大"),
    ({"periods": "3,601"}, "periods", "601 期排不出还款计划"),
    ({"tiers": "0"}, "tiers", "示例"),
    ({"tiers": "0:2"}, "tiers", "每档至少允许 3 期"),
    ({"free": "4:merchant"}, "free", "3、6、12、24 期"),
    ({"rate_percent": "24.1"}, "rate_percent", "不高于 24% 的年利率"),
    ({"rate_percent": "NaN"}, "rate_percent", "示例"),
    ({"rate_percent": "23.9", "day_count": "act/360"}, "rate_percent", "高于上限 24%"),
    ({"penalty_percent": "21.7"}, "penalty_percent", "不高于 21.6%"),
    ({"payee": "borrower"}, "payee", "商户"),
    ({"amount_min_fen": "-1"}, "amount_min_fen", "元"),
    ({"amount_max_fen": "0"}, "amount_min_fen", "不高于最高金额"),
    ({"reason": " "}, "reason", "一句话说明依据"),
    ({"risk_prices": "A:24.5"}, "risk_prices", "A 级年利率高于综合成本上限"),
    ({"risk_prices": "A:9,A:10"}, "risk_prices", "每级只填一次"),
    ({"risk_prices": "F:9"}, "risk_prices", "A、B、C、D、E、T"),
    ({"risk_prices": "A 9"}, "risk_prices", "示例"),
    ({"challenger_prices": "A:9"}, "risk_prices", "请先填写风险定价"),
    (
        {"risk_prices": "A:9", "challenger_prices": "B:23.99", "fee_upfront_percent": "1"},
        "challenger_prices",
        "B 级6 期的年化综合成本",
    ),
    ({"risk_prices": "A:9", "challenger_percent": "20"}, "challenger_percent", "没有时填 0"),
    ({"own_percent": "40"}, "own_percent", "没有资金方"),
    ({"own_percent": "40", "funders_percent": "29.99,30.01"}, "funders_percent", "不得低于 30%"),
    ({"own_percent": "20", "funders_percent": "80"}, "own_percent", "不得低于 30%"),
    ({"own_percent": "40", "funders_percent": "50"}, "funders_percent", "合计不是 100%"),
    ({"own_percent": "40", "funders_percent": "20,20,20"}, "funders_percent", "两家或三家"),
    ({"own_percent": "40.001", "funders_percent": "60"}, "own_percent", "示例"),
    ({"own_percent": "40", "funders_percent": "60"}, "own_max_percent", "不高于 70"),
    ({**JOINT, "wait_minutes": "0"}, "wait_minutes", "大于 0"),
    ({**JOINT, "scenario": "offline_credit"}, "funders_percent", "当场答复"),
)


class TestAFormThatCannotBe:
    def test_is_shown_again_with_what_was_typed_and_in_chinese_why_at_the_field(
        self, desks: tuple[Desk, Desk], world: World
    ):
        for changes, field, mend in REFUSED:
            sent = {"reason": "新品立项", **form(**changes)}
            status, text = desks[0].post(f"{AT}/propose", AT, kind="product.publish", **sent)
            assert status in (400, 422), (changes, text)
            (told,) = re.findall(
                r'<div class="invalid-feedback d-block" id="(.+?)">(.+?)</div>', text
            )
            assert told[0] == f"why-{field}", (changes, told)
            assert mend in told[1], (changes, told)
            assert not re.search(r"[A-Za-z]{3,} [A-Za-z]{3,} ", told[1]), told
            assert text.count('aria-invalid="true"') == 1
            for name, typed in changes.items():
                assert f'value="{typed}"' in text or name in CHOICES or name == "reason", changes
        assert world.count("SELECT count(*) FROM product_version") == 1

    def test_of_an_agreement_is_shown_again_too(self, desks: tuple[Desk, Desk], world: World):
        sent = {"partner_id": world.partner_id, "merchant_fee_percent": "101", "reason": "x"}
        status, text = desks[0].post(
            f"{AT}/propose", AT, kind="partner.agree", settlement_days="1", **sent
        )
        assert status == 400
        assert '<div class="invalid-feedback d-block" id="why-merchant_fee_percent">' in text


class TestPricesByRiskAndJointShares:
    def test_are_published_by_two(self, world: World, desks: tuple[Desk, Desk]):
        prices = {"risk_prices": "A:9, B:14.4", "challenger_prices": "A:8.5"}
        text = two_do(
            *(desks, AT, "product.publish"),
            **form(challenger_percent="20", **prices, **JOINT),
        )
        for said in ("各等级年利率(%)", "A:9, B:14.4", "没有资金方时由我方全额出资", "30,30"):
            assert said in text
        with world.database.unit_of_work() as tx:
            made = products.published(tx, PRODUCT.code)
        assert made.risk_pricing == RiskPricing(
            Bands((("A", Decimal("0.09")), ("B", Decimal("0.144")))),
            Bands((("A", Decimal("0.085")),)),
            20,
        )
        assert made.funding == Funding(4000, (3000, 3000), 5000, fallback_own=True, wait_minutes=45)
        filled = desks[0].get(AT)[1]
        assert 'name="risk_prices" type="text" value="A:9,B:14.4"' in filled
        assert 'name="funders_percent" type="text" value="30,30"' in filled

    def test_are_read_as_they_are_shown(self):
        for each in PRODUCTS:
            shown = version_form.shown(each)
            assert set(shown) == set(version_form.FIELDS)
            amounts = {
                name: int(Decimal(shown[name]) * (100 if name.endswith("_fen") else 1))
                for name in version_form.WHOLE
            }
            read = version_form.read(each.code, {**shown, **amounts}, GRADES)
            assert replace(read, version=each.version) == each


def test_every_kind_has_its_form():
    assert set(FORMS) == {*guarded.kinds(GRADES), "partner.agree"}
    assert set(ASKED) == set(FORMS)


class TestAnAgreementPostedPastItsForm:
    def test_with_nobody_is_refused_at_its_field(self, desks: tuple[Desk, Desk]):
        typed = {"merchant_fee_percent": "0.8", "settlement_days": "1", "reason": "新商户"}
        status, text = desks[0].post(
            f"{AT}/propose", AT, kind="partner.agree", partner_id="ptn_none", **typed
        )
        assert (status, 'id="why-partner_id">没有这个合作方' in text) == (400, True)

    def test_for_a_product_that_is_not_published_says_so(
        self, world: World, desks: tuple[Desk, Desk]
    ):
        at = "/products/mall-never"
        status, text = desks[0].post(
            f"{at}/propose",
            at,
            kind="partner.agree",
            partner_id=world.partner_id,
            merchant_fee_percent="0.8",
            settlement_days="1",
            reason="新商户",
        )
        assert (status, "该产品尚未发布" in text) == (400, True)
