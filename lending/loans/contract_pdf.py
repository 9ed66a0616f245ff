"""The contract as a document: 个人消费贷款合同 with its cost table and plan, in Chinese."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from io import BytesIO
from typing import Any

from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.platypus import Flowable, Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

from lending.engine.plans import Plan
from lending.foundation.money import percent, yuan

FONT = "STSong-Light"
"""A font that every PDF reader brings for Chinese; the file stays small."""
pdfmetrics.registerFont(UnicodeCIDFont(FONT))

_TITLE = ParagraphStyle("title", fontName=FONT, fontSize=17, leading=24, alignment=1, spaceAfter=8)
_HEADING = ParagraphStyle("heading", fontName=FONT, fontSize=11.5, leading=18, spaceBefore=8)
_TEXT = ParagraphStyle("text", fontName=FONT, fontSize=9.5, leading=15, wordWrap="CJK")
_STRONG = ParagraphStyle(
    "strong", parent=_TEXT, backColor=colors.HexColor("#fff4d6"), borderPadding=2
)
_GRID = TableStyle(
    [
        ("FONT", (0, 0), (-1, -1), FONT, 8.5),
        ("GRID", (0, 0), (-1, -1), 0.4, colors.HexColor("#9aa3ad")),
        ("BACKGROUND", (0, 0), (-1, 0), colors.HexColor("#eef2f7")),
        ("VALIGN", (0, 0), (-1, -1), "MIDDLE"),
    ]
)


@dataclass(frozen=True, slots=True)
class Good:
    """One kind of goods that the loan pays for."""

    name: str
    quantity: int
    amount_fen: int


@dataclass(frozen=True, slots=True)
class ContractFacts:
    """All that the document says. Identity number and mobile come masked."""

    number: str
    signed_on: date
    lender: str
    borrower_name: str
    borrower_identity_no: str
    borrower_mobile: str
    merchant: str
    goods: tuple[Good, ...]
    principal_fen: int
    plan: Plan
    cost_table: dict[str, Any]
    payee: str
    card: str
    evidence: dict[str, Any]
    """What the signature rests on; empty for a draft that is shown before signing."""
    pays_borrower: bool = False
    """Whether the money goes to the borrower, and not to a merchant for goods."""
    purpose: str = ""
    """What the borrower spends it on, where there are no goods."""
    lenders: tuple[tuple[str, str], ...] = ()
    """Of a joint loan every lender, ours first, and its share (JOINT-6); else empty."""

    @property
    def lender_text(self) -> str:
        """Who lends, as the borrower reads it."""
        if not self.lenders:
            return self.lender
        named = "、".join(f"{name}(出资 {share})" for name, share in self.lenders)
        return f"{named}。各贷款人按出资比例共同发放本笔贷款,由{self.lender}统一签约、收款和服务"


def render(facts: ContractFacts) -> bytes:
    """The PDF. The same facts give the same bytes."""
    buffer = BytesIO()
    document = SimpleDocTemplate(
        buffer,
        pagesize=A4,
        topMargin=18 * mm,
        bottomMargin=18 * mm,
        leftMargin=20 * mm,
        rightMargin=20 * mm,
        title=f"个人消费贷款合同 {facts.number}",
        author=facts.lender,
        invariant=1,
    )
    document.build(
        [
            Paragraph("个人消费贷款合同", _TITLE),
            *_parties(facts),
            *_purpose(facts),
            *_cost(facts),
            *_plan(facts),
            *_clauses(facts),
            *_signature(facts),
        ]
    )
    return buffer.getvalue()


def _parties(facts: ContractFacts) -> list[Flowable]:
    return [
        Paragraph(f"合同编号:{facts.number}", _TEXT),
        Paragraph(f"签订日期:{facts.signed_on:%Y年%m月%d日}", _TEXT),
        Paragraph(f"贷款人:{_safe(facts.lender_text)}", _TEXT),
        Paragraph(
            f"借款人:{_safe(facts.borrower_name)} 身份证号:{facts.borrower_identity_no}"
            f" 手机:{facts.borrower_mobile}",
            _TEXT,
        ),
    ]


def _purpose(facts: ContractFacts) -> list[Flowable]:
    if facts.pays_borrower:
        return [
            Paragraph("一、借款用途与支付", _HEADING),
            Paragraph(
                f"借款本金人民币 {yuan(facts.principal_fen)} 元,仅用于{_safe(facts.purpose)},"
                f"不得用于购房、投资及偿还其他借款。款项支付至借款人本人账户"
                f"({_safe(facts.payee)})。借款人经{_safe(facts.merchant)}引荐,该机构不收取借款人"
                "任何费用,不参与审批、签约和放款。",
                _TEXT,
            ),
        ]
    rows = [["商品", "数量", "金额(元)"]]
    rows += [[good.name, str(good.quantity), yuan(good.amount_fen)] for good in facts.goods]
    return [
        Paragraph("一、借款用途与受托支付", _HEADING),
        Paragraph(
            f"借款本金人民币 {yuan(facts.principal_fen)} 元,仅用于向"
            f"{_safe(facts.merchant)}购买下列商品,"
            f"不得用于购房、投资及偿还其他借款。借款人委托贷款人将款项直接支付至商户结算账户"
            f"({_safe(facts.payee)}),款项不经过借款人账户。",
            _TEXT,
        ),
        Spacer(1, 4),
        Table(rows, colWidths=[90 * mm, 30 * mm, 50 * mm], style=_GRID),
    ]


def _cost(facts: ContractFacts) -> list[Flowable]:
    table = facts.cost_table
    rows = [["项目", "收取方式", "年化利率", "金额(元)", "收取方"]]
    rows += [
        [item["label"], item["how"], _rate(item), yuan(item["amount_fen"]), item["collector"]]
        for item in table["items"]
    ]
    rows += [
        [item["label"], item["how"], _rate(item), "违约时", item["collector"]]
        for item in table["contingent"]
    ]
    cells = [[Paragraph(_safe(cell), _TEXT) for cell in row] for row in rows]
    return [
        Paragraph("二、综合融资成本明示表", _HEADING),
        Paragraph(
            f"<b>{table['rate_label']}</b>,正常履约总成本 {yuan(table['cost_total_fen'])} 元。"
            f"年化利率按内部收益率法计算({table['rate_how']})。",
            _STRONG,
        ),
        Spacer(1, 6),
        Table(cells, colWidths=[22 * mm, 56 * mm, 24 * mm, 26 * mm, 42 * mm], style=_GRID),
        Spacer(1, 4),
        Paragraph(table["nothing_else"], _STRONG),
    ]


def _plan(facts: ContractFacts) -> list[Flowable]:
    rows = [["期数", "应还日期", "本金(元)", "利息(元)", "费用(元)", "合计(元)", "剩余本金(元)"]]
    rows += [
        [
            str(row.number),
            row.due_date.isoformat(),
            yuan(row.principal_fen),
            yuan(row.interest_fen),
            yuan(row.fee_fen),
            yuan(row.total_fen),
            yuan(row.balance_fen),
        ]
        for row in facts.plan.instalments
    ]
    return [
        Paragraph("三、还款计划", _HEADING),
        Paragraph(
            f"{facts.cost_table['repaid']},还款账户:{_safe(facts.card)}。计划自放款日起算;"
            "如放款日晚于签订日,应还日期相应顺延,各期金额不变。",
            _TEXT,
        ),
        Spacer(1, 4),
        Table(
            rows,
            colWidths=[14 * mm, 26 * mm, 26 * mm, 24 * mm, 24 * mm, 26 * mm, 30 * mm],
            style=_GRID,
            repeatRows=1,
        ),
    ]


def _clauses(facts: ContractFacts) -> list[Flowable]:
    penalty = percent(Decimal(facts.cost_table["contingent"][0]["rate_annual"]))
    default = (
        f"逾期未还的,自逾期次日起对逾期本金按年利率 {penalty} 计收罚息,不对利息和罚息计收复利。"
        "还款按每期费用、罚息、利息、本金的顺序清偿,先清偿最早到期的一期。"
    )
    returns = (
        "商户确认退货的,退款先冲减未还本金,剩余各期本金等比例减少,自退货日起利息按减少后的本金计收;"
        "退款超过未还本金的部分退回借款人还款账户。"
    )
    misuse = "借款人应保留用途凭证;贷款人发现借款未按约定用途使用的,有权停止支付并要求提前归还。"
    privacy = (
        "贷款人仅为本合同的订立与履行处理借款人个人信息;查询和报送征信信息以借款人单独授权为准,"
        "报送不良信息前将事先告知。"
    )
    disputes = (
        "借款人可通过还款页面或客服热线投诉,贷款人在 15 日内答复;协商不成的,"
        "可向金融消费纠纷调解组织申请调解,或向借款人住所地人民法院起诉。"
    )
    clauses = [
        ("四、提前还款", facts.cost_table["early_repayment"]),
        ("五、逾期", default),
        ("六、资金用途", misuse) if facts.pays_borrower else ("六、退货", returns),
        ("七、个人信息", privacy),
        ("八、投诉与争议", disputes),
    ]
    flow: list[Flowable] = []
    for heading, text in clauses:
        flow += [Paragraph(heading, _HEADING), Paragraph(text, _TEXT)]
    return flow


def _signature(facts: ContractFacts) -> list[Flowable]:
    flow: list[Flowable] = [Paragraph("九、签署", _HEADING)]
    if not facts.evidence:
        return [*flow, Paragraph("(草稿,签署后生效)", _TEXT)]
    return [
        *flow,
        Paragraph(
            "借款人已阅读并确认综合融资成本明示表及本合同全文,以手机短信验证码完成电子签名,"
            "与手写签名具有同等法律效力。",
            _TEXT,
        ),
        *(
            Paragraph(f"{_safe(str(name))}:{_safe(str(value))}", _TEXT)
            for name, value in sorted(facts.evidence.items())
        ),
    ]


def _rate(item: dict[str, Any]) -> str:
    return percent(Decimal(item["rate_annual"]))


def _safe(text: str) -> str:
    """Text from outside, with what the layout would take for markup made harmless."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
