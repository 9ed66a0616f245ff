"""A month's bill as a document: 助贷佣金结算单."""

from io import BytesIO

from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.platypus import Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

from lending.commissions.model import Bill
from lending.foundation.lender import LENDER_ZH
from lending.foundation.money import percent, yuan
from lending.loans.contract_pdf import FONT

_TITLE = ParagraphStyle("title", fontName=FONT, fontSize=16, leading=24, alignment=1, spaceAfter=8)
_TEXT = ParagraphStyle("text", fontName=FONT, fontSize=9.5, leading=15, wordWrap="CJK")
_GRID = TableStyle(
    [
        ("FONT", (0, 0), (-1, -1), FONT, 9),
        ("GRID", (0, 0), (-1, -1), 0.4, colors.HexColor("#9aa3ad")),
        ("ALIGN", (1, 0), (1, -1), "RIGHT"),
    ]
)


def render(bill: Bill, platform: str) -> bytes:
    """The PDF. The same bill gives the same bytes."""
    buffer = BytesIO()
    document = SimpleDocTemplate(
        buffer,
        pagesize=A4,
        topMargin=18 * mm,
        bottomMargin=18 * mm,
        leftMargin=20 * mm,
        rightMargin=20 * mm,
        title=f"助贷佣金结算单 {bill.id}",
        author=LENDER_ZH,
        invariant=1,
    )
    document.build(
        [
            Paragraph("助贷佣金结算单", _TITLE),
            Paragraph(f"结算单编号:{bill.id} 结算月份:{bill.month:%Y年%m月}", _TEXT),
            Paragraph(f"付款方:{LENDER_ZH} 收款方:{_safe(platform)}", _TEXT),
            Spacer(1, 6),
            Table(_amounts(bill), colWidths=[90 * mm, 60 * mm], style=_GRID),
            Spacer(1, 8),
            Paragraph(f"明细对账单:{bill.statement_id},SHA-256 {bill.statement_sha256}。", _TEXT),
            Paragraph("金额均为不含增值税口径;佣金由贷款人支付,不向借款人收取。", _TEXT),
        ]
    )
    return buffer.getvalue()


def _amounts(bill: Bill) -> list[list[str]]:
    tiers = [
        [f"分档({tier['product_code']},系数 {tier['part']})", yuan(tier["tier_fen"])]
        for tier in bill.tiers
    ]
    return [
        ["项目", "金额(元)"],
        ["涉及借款(笔)", str(bill.loans)],
        ["明细(行)", str(bill.rows)],
        ["本月放款", yuan(bill.volume_fen)],
        ["月末逾期率", percent(bill.overdue_rate)],
        ["本月计提", yuan(bill.accrued_fen)],
        ["本月追回", yuan(bill.clawback_fen)],
        *tiers,
        ["上期结转", yuan(bill.carried_fen)],
        ["异议调整", yuan(bill.adjustment_fen)],
        ["应付合计", yuan(bill.payable_fen)],
    ]


def _safe(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
