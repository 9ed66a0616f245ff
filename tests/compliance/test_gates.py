from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lending.compliance import errors, gates
from lending.compliance.gates import CostRates, EntrustedPayment
from lending.compliance.model import Act, Parameters, Place
from lending.compliance.parameters import DEFAULTS
from lending.foundation.lender import LENDER_ZH


def in_force(on: date = date(2026, 11, 23), **changed: str) -> Parameters:
    values = {
        p.code: p.value
        for p in DEFAULTS
        if p.valid_from <= on and (p.valid_to is None or on <= p.valid_to)
    }
    return Parameters(on, values | {key.replace("__", "."): v for key, v in changed.items()})


RULES = in_force()
SOLD = ("phone", "appliance")


def table(**changed: Any) -> dict[str, Any]:
    return {
        "principal_fen": 599_900,
        "items": [
            {
                "name": "interest",
                "label": "利息",
                "how": "按月计息",
                "rate_annual": "0.1476",
                "amount_fen": 48_000,
                "collector": LENDER_ZH,
            }
        ],
        "contingent": [
            {
                "name": "penalty",
                "label": "罚息",
                "how": "逾期本金按日计收",
                "rate_annual": "0.2214",
                "collector": LENDER_ZH,
            }
        ],
        "rate_annual_total": "0.1476",
        "cost_total_fen": 48_000,
        "nothing_else": "除上述项目外,不收取任何其他费用。",
    } | changed


class TestPurpose:
    def test_passes_goods_that_the_product_lists(self) -> None:
        gates.require_purpose("phone", allowed=SOLD, rules=RULES)

    def test_refuses_what_the_product_does_not_list(self) -> None:
        with pytest.raises(errors.PurposeNotAllowed):
            gates.require_purpose("boat", allowed=SOLD, rules=RULES)

    def test_refuses_what_an_operator_has_barred_in_capitals(self) -> None:
        rules = in_force(purpose__blocked="House,Ｐhone")
        for barred in ("house", "phone"):
            with pytest.raises(errors.PurposeNotAllowed):
                gates.require_purpose(barred, allowed=[barred], rules=rules)

    @pytest.mark.parametrize(
        "barred", ["house", "car", "stock", "fund", "futures", "lending_repay"]
    )
    def test_refuses_barred_purposes_even_when_a_product_lists_them(self, barred: str) -> None:
        with pytest.raises(errors.PurposeNotAllowed):
            gates.require_purpose(barred, allowed=[barred], rules=RULES)

    @pytest.mark.parametrize("disguised", ["STOCK", "ｓｔｏｃｋ", " stock ", "Ｓtock"])
    def test_is_not_evaded_by_other_forms_of_the_letters(self, disguised: str) -> None:
        with pytest.raises(errors.PurposeNotAllowed, match="barred"):
            gates.require_purpose(disguised, allowed=[disguised], rules=RULES)

    @pytest.mark.parametrize("mcc", ["6211", "７９９５", "6051"])
    def test_refuses_a_merchant_of_a_barred_kind_whatever_the_goods(self, mcc: str) -> None:
        with pytest.raises(errors.PurposeNotAllowed):
            gates.require_purpose("phone", allowed=SOLD, rules=RULES, mcc=mcc)


class TestSceneAndStudent:
    @pytest.mark.parametrize("scene", ["k12_training", "rent_prepaid", "Ｋ12_training"])
    def test_refuses_barred_scenes(self, scene: str) -> None:
        with pytest.raises(errors.SceneBlocked):
            gates.require_scene(scene, RULES)

    def test_passes_a_mall(self) -> None:
        gates.require_scene("mall", RULES)

    def test_refuses_a_student_without_a_second_source(self) -> None:
        with pytest.raises(errors.StudentWithoutSecondSource):
            gates.require_student_second_source(
                student=True, second_source_confirmed=False, rules=RULES
            )

    @pytest.mark.parametrize(("student", "second"), [(True, True), (False, False)])
    def test_passes_others(self, student: bool, second: bool) -> None:
        gates.require_student_second_source(
            student=student, second_source_confirmed=second, rules=RULES
        )


def rates(nominal: str, items: str = "0", effective: str = "0") -> CostRates:
    return CostRates(Decimal(nominal), Decimal(items), Decimal(effective))


class TestCost:
    def test_passes_at_the_cap_exactly(self) -> None:
        gates.require_cost(rates("0.24"), RULES)

    def test_takes_the_solver_s_last_digits_for_the_cap_itself(self) -> None:
        gates.require_cost(rates("0.2400000000009"), RULES)

    def test_refuses_the_least_bit_above_the_cap(self) -> None:
        with pytest.raises(errors.CostOverCap) as caught:
            gates.require_cost(rates("0.24000001"), RULES)
        assert caught.value.rule == "R-COST-24"

    def test_refuses_when_only_the_sum_of_items_is_above(self) -> None:
        with pytest.raises(errors.CostOverCap):
            gates.require_cost(rates("0.21", items="0.2651"), RULES)

    def test_leaves_the_effective_rate_aside_unless_the_basis_says_so(self) -> None:
        gates.require_cost(rates("0.219099", "0.216461", "0.242496"), RULES)
        with pytest.raises(errors.CostOverCap):
            gates.require_cost(
                rates("0.219099", "0.216461", "0.242496"), in_force(cost__basis="effective")
            )

    def test_gives_notice_above_the_target(self) -> None:
        assert [n.rule for n in gates.require_cost(rates("0.21"), RULES)] == ["R-COST-TARGET"]
        assert gates.require_cost(rates("0.20"), RULES) == []


class TestCostTable:
    def test_passes_when_it_names_everything(self) -> None:
        gates.require_cost_table(table())

    def test_passes_a_cost_of_zero(self) -> None:
        free = table()
        free["items"][0] |= {"rate_annual": "0", "amount_fen": 0}
        gates.require_cost_table(free | {"cost_total_fen": 0, "rate_annual_total": "0"})

    @pytest.mark.parametrize("field", gates.TABLE_FIELDS)
    def test_refuses_without_any_one_field(self, field: str) -> None:
        with pytest.raises(errors.CostTableIncomplete) as caught:
            gates.require_cost_table(table(**{field: None}))
        assert caught.value.field == f"/{field}"

    @pytest.mark.parametrize("field", gates.ITEM_FIELDS)
    def test_refuses_an_item_without_any_one_field(self, field: str) -> None:
        shown = table()
        del shown["items"][0][field]
        with pytest.raises(errors.CostTableIncomplete) as caught:
            gates.require_cost_table(shown)
        assert caught.value.field == f"/items/0/{field}"

    @pytest.mark.parametrize("field", gates.CONTINGENT_FIELDS)
    def test_refuses_a_default_item_without_any_one_field(self, field: str) -> None:
        shown = table()
        shown["contingent"][0][field] = ""
        with pytest.raises(errors.CostTableIncomplete):
            gates.require_cost_table(shown)

    @pytest.mark.parametrize("kind", ["items", "contingent"])
    def test_refuses_an_empty_list(self, kind: str) -> None:
        with pytest.raises(errors.CostTableIncomplete):
            gates.require_cost_table(table(**{kind: []}))

    def test_bars_charges_that_it_does_not_name(self) -> None:
        gates.require_charges_in_table(["interest", "penalty"], table())
        with pytest.raises(errors.ChargeNotInTable):
            gates.require_charges_in_table(["interest", "guarantee_fee"], table())


class TestFeeNames:
    def test_passes_fees_on_the_list(self) -> None:
        gates.require_fee_names(["interest", "guarantee_fee"], RULES)

    @pytest.mark.parametrize(
        "name", ["vip_fee", "VIP", "ｖｉｐ", "membership", "咨询费", "adviser_fee", "account_fee"]
    )
    def test_refuses_others(self, name: str) -> None:
        with pytest.raises(errors.FeeNotAllowed):
            gates.require_fee_names([name], RULES)


class TestCollectors:
    FEE = {  # noqa: RUF012 - read alone
        "name": "guarantee_fee",
        "label": "担保费",
        "how": "随每期还款收取",
        "rate_annual": "0.0300",
        "amount_fen": 9_000,
    }

    def collected_by(self, interest: str, guarantee_fee: str) -> dict[str, Any]:
        rows = [
            {**table()["items"][0], "collector": interest},
            {**self.FEE, "collector": guarantee_fee},
        ]
        return table(items=rows)

    def test_pass_where_the_lender_and_an_enhancer_on_the_list_take_their_own(self) -> None:
        gates.require_collectors(
            self.collected_by(LENDER_ZH, "诚信担保"), lender=LENDER_ZH, enhancers={"诚信担保"}
        )

    @pytest.mark.parametrize(
        ("interest", "fee", "field"),
        [
            ("某流量平台", "诚信担保", "/items/0/collector"),
            ("诚信担保", "诚信担保", "/items/0/collector"),
            (LENDER_ZH, LENDER_ZH, "/items/1/collector"),
            (LENDER_ZH, "无牌照公司", "/items/1/collector"),
        ],
    )
    def test_refuse_anybody_else(self, interest: str, fee: str, field: str) -> None:
        with pytest.raises(errors.CollectorNotAllowed) as refused:
            gates.require_collectors(
                self.collected_by(interest, fee), lender=LENDER_ZH, enhancers={"诚信担保"}
            )
        assert refused.value.field == field


class TestPenalty:
    @pytest.mark.parametrize(
        ("contract", "most"), [("0.18", "0.24"), ("0.10", "0.15"), ("0.24", "0.24")]
    )
    def test_is_at_most_half_more_than_the_rate_and_at_most_the_cap(
        self, contract: str, most: str
    ) -> None:
        gates.require_penalty(
            rate_contract=Decimal(contract), rate_penalty=Decimal(most), rules=RULES
        )
        with pytest.raises(errors.PenaltyTooHigh):
            gates.require_penalty(
                rate_contract=Decimal(contract),
                rate_penalty=Decimal(most) + Decimal("0.0001"),
                rules=RULES,
            )

    def test_gives_notice_below_the_usual_factor(self) -> None:
        low = gates.require_penalty(
            rate_contract=Decimal("0.10"), rate_penalty=Decimal("0.12"), rules=RULES
        )
        assert [n.rule for n in low] == ["R-PENALTY-50"]

    def test_lets_the_cap_win_over_the_usual_factor(self) -> None:
        found = gates.require_penalty(
            rate_contract=Decimal("0.20"), rate_penalty=Decimal("0.24"), rules=RULES
        )
        assert found == []

    @given(contract=st.decimals("0", "0.24", places=4), penalty=st.decimals("0", "0.5", places=4))
    def test_whatever_passes_is_within_both_bounds(
        self, contract: Decimal, penalty: Decimal
    ) -> None:
        try:
            gates.require_penalty(rate_contract=contract, rate_penalty=penalty, rules=RULES)
        except errors.PenaltyTooHigh:
            assert penalty > contract * Decimal("1.5") or penalty > Decimal("0.24")
        else:
            assert penalty <= contract * Decimal("1.5")
            assert penalty <= Decimal("0.24")


class TestAnnualRate:
    def test_passes_the_price_message(self) -> None:
        text = "¥523.00/月起 · 12期 · 年化利率（单利）14.76%"
        gates.require_annual_rate_shown(text, Decimal("0.1476"), RULES)

    @pytest.mark.parametrize(
        "text",
        [
            "¥523.00/月起 · 12期",
            "月费率 0.65% · 年化利率（单利）14.76%",
            "年化利率 14.76%",
            "年化利率（单利）14.7%",
            "利率（单利）14.76%",
        ],
    )
    def test_refuses_a_message_without_it(self, text: str) -> None:
        with pytest.raises(errors.AnnualRateNotShown):
            gates.require_annual_rate_shown(text, Decimal("0.1476"), RULES)

    @pytest.mark.parametrize("field", gates.ORDER_PAGE_FIELDS)
    def test_refuses_an_order_page_without_any_part_of_the_cost(self, field: str) -> None:
        offer: dict[str, Any] = dict.fromkeys(gates.ORDER_PAGE_FIELDS, 0)
        gates.require_order_page(offer)
        with pytest.raises(errors.OrderPageIncomplete) as caught:
            gates.require_order_page(offer | {field: None})
        assert caught.value.field == f"/{field}"


def payment(**changed: Any) -> EntrustedPayment:
    facts: dict[str, Any] = {
        "payee_partner_id": "ptn_a",
        "order_partner_id": "ptn_a",
        "gross_fen": 500_000,
        "order_fen": 600_000,
        "refunded_fen": 100_000,
    }
    return EntrustedPayment(**(facts | changed))


class TestEntrustedPayment:
    def test_passes_to_the_order_s_merchant_for_the_order_less_its_refunds(self) -> None:
        gates.require_entrusted_payment(payment(), RULES)

    @pytest.mark.parametrize(
        "wrong",
        [
            {"payee_partner_id": "ptn_b"},
            {"payee_partner_id": ""},
            {"payee_partner_id": "", "order_partner_id": ""},
            {"gross_fen": 500_001},
            {"gross_fen": 600_000},
            {"gross_fen": 0, "refunded_fen": 600_000},
        ],
    )
    def test_refuses_any_other(self, wrong: dict[str, Any]) -> None:
        with pytest.raises(errors.PayeeNotMerchant):
            gates.require_entrusted_payment(payment(**wrong), RULES)


class TestOwnPage:
    @pytest.mark.parametrize("act", list(Act))
    def test_refuses_what_binds_in_a_partner_s_call(self, act: Act) -> None:
        with pytest.raises(errors.OwnPageRequired):
            gates.require_own_page(act, place=Place.PARTNER_API, hops=0, rules=RULES)

    def test_allows_one_hop_and_no_second(self) -> None:
        gates.require_own_page(Act.SIGNING, place=Place.OWN_PAGE, hops=1, rules=RULES)
        with pytest.raises(errors.OwnPageRequired):
            gates.require_own_page(Act.SIGNING, place=Place.OWN_PAGE, hops=2, rules=RULES)

    def test_was_not_asked_for_the_day_before_the_rule(self) -> None:
        before = in_force(date(2026, 9, 29))
        gates.require_own_page(Act.SIGNING, place=Place.PARTNER_API, hops=3, rules=before)
        with pytest.raises(errors.OwnPageRequired):
            gates.require_own_page(
                Act.SIGNING, place=Place.PARTNER_API, hops=0, rules=in_force(date(2026, 9, 30))
            )
