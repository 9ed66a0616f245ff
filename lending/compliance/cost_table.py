"""The cost table (综合融资成本明示表) as it is shown: from the engine's figures to a document.

R-COST-TABLE (金规〔2026〕2号, in force 2026-08-01). The fields are those that
`gates.require_cost_table` asks for; texts are Chinese, rates decimal strings to six places, amounts
fen. The same figures always give the same document, so its digest can tie it to a contract.
"""

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from lending.compliance.gates import CostRates
from lending.engine.cost import CostItem, CostTable
from lending.engine.plans import Method
from lending.foundation.money import percent

NOTHING_ELSE = "除本表所列项目外,不再收取任何其他费用。"
"""The sentence that the rule asks for: nothing else is charged."""

_HOW = {
    Method.EQUAL_INSTALMENT: "等额本息,按月计收",
    Method.EQUAL_PRINCIPAL: "等额本金,按月计收",
    Method.INTEREST_ONLY: "先息后本,按月计收",
    Method.BULLET: "到期一次计收",
    Method.FLAT: "按贷款金额等额分期计收",
    Method.INTEREST_FREE: "免息,借款人不支付利息",
}
_INTEREST, _FEE = "interest", "instalment_fee"
_NAME_OF_CODE = {"interest": _INTEREST, "fee": _FEE}
_LABEL = {_INTEREST: "利息", _FEE: "分期手续费"}


def document(
    cost: CostTable, *, method: str, lender: str, penalty_rate_annual: Decimal
) -> dict[str, Any]:
    """The table of one offer.

    Interest stands there even when the offer is free of it: the borrower then reads zero. Without
    a penalty rate the default item still stands there, at zero.
    """
    charged = {_NAME_OF_CODE[item.code]: item for item in cost.items}
    free = CostItem("interest", 0, lender, Decimal(0))
    items = [_item(_INTEREST, charged.pop(_INTEREST, free), _HOW[Method(method)], lender)]
    items += [_item(name, item, "随各期还款计收", lender) for name, item in charged.items()]
    return {
        "principal_fen": cost.principal_fen,
        "items": items,
        "contingent": [
            {
                "name": "penalty_interest",
                "label": "逾期罚息",
                "how": "仅对逾期本金,自逾期之日起按日计收",
                "rate_annual": _rate(penalty_rate_annual),
                "collector": lender,
            },
            {
                "name": "prepayment_fee",
                "label": "提前还款费用",
                "how": "提前还款不收取费用,利息计至还款当日",
                "rate_annual": _rate(Decimal(0)),
                "collector": lender,
            },
        ],
        "rate_annual_total": _rate(cost.rate_gate),
        "rate_annual_text": f"年化利率(单利){percent(cost.rate_gate)}",
        "cost_total_fen": cost.total_fen,
        "nothing_else": NOTHING_ELSE,
    }


def rates(cost: CostTable) -> CostRates:
    """The engine's figures as the gate on the all-in cost takes them (R-COST-24)."""
    return CostRates(
        nominal=cost.rate_annual,
        items_sum=sum((item.rate_annual for item in cost.items), Decimal(0)),
        effective=cost.rate_effective,
    )


def _item(name: str, item: CostItem, how: str, lender: str) -> dict[str, Any]:
    return {
        "name": name,
        "label": _LABEL[name],
        "how": how,
        "rate_annual": _rate(item.rate_annual),
        "amount_fen": item.total_fen,
        "collector": lender if item.collector == "lender" else item.collector,
    }


def _rate(rate: Decimal) -> str:
    return f"{rate.quantize(Decimal('1e-6'), ROUND_HALF_UP):f}"
