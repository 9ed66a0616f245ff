"""The receipt of a repayment (还款凭证): what came, and what became of it, as a PDF in Chinese."""

from dataclasses import dataclass
from datetime import date
from io import BytesIO

from reportlab.lib import colors
from reportlab.lib.pagesizes import A5, landscape
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.platypus import Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

from lending.customers import service as customers
from lending.foundation.crypto import FieldKeys, mask_name
from lending.foundation.database import Tx
from lending.foundation.lender import LENDER_ZH
from lending.foundation.money import yuan
from lending.loans import service as loans
from lending.loans import store as loan_store
from lending.repayments import receipts_store, service
from lending.repayments.errors import NoReceipt
from lending.repayments.model import Repayment, RepaymentState, Source, What

FONT = "STSong-Light"
pdfmetrics.registerFont(UnicodeCIDFont(FONT))

SOURCES = {
    Source.ACTIVE_DEBIT: "主动还款(银行卡扣款)",
    Source.AUTO_DEBIT: "到期自动扣款",
    Source.TRANSFER: "银行转账",
}
WHATS = {
    What.DUE: "归还到期款项",
    What.NEXT: "归还本期",
    What.PAYOFF: "提前结清",
    What.PART_SHORTER: "部分提前还款(缩短期限)",
    What.PART_SMALLER: "部分提前还款(减少每期)",
}
_TITLE = ParagraphStyle("title", fontName=FONT, fontSize=16, leading=22, alignment=1, spaceAfter=4)
_TEXT = ParagraphStyle("text", fontName=FONT, fontSize=9, leading=14, wordWrap="CJK")
_DIGITS, _UNITS, _GROUPS = "零壹贰叁肆伍陆柒捌玖", ("", "拾", "佰", "仟"), ("", "万", "亿", "万亿")


@dataclass(frozen=True, slots=True)
class Parts:
    """What became of the money, fen. A part is below 0 where it mended an earlier division."""

    principal_fen: int
    interest_fen: int
    fee_fen: int
    penalty_fen: int
    excess_fen: int
    """The borrower's credit."""
    reference: str
    """The bank's."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """All that the document says."""

    number: str
    contract_number: str
    lender: str
    borrower: str
    received_on: date
    amount_fen: int
    source: str
    what: str
    account: str
    """The card, or nothing."""
    parts: Parts


def parts(tx: Tx, repayment_id: str) -> Parts:
    """How a repayment that was received was divided.

    Raises NoReceipt.
    """
    row = receipts_store.parts(tx, repayment_id)
    if row is None:
        raise NoReceipt
    return Parts(
        **{name: int(fen) for name, fen in row["allocation"].items()},
        excess_fen=row["excess_fen"],
        reference=row["channel_reference"],
    )


def pdf(tx: Tx, keys: FieldKeys, repayment_id: str, *, is_masked: bool) -> bytes:
    """The receipt of money that is here; the same repayment gives the same bytes.

    `is_masked` hides the borrower's name (R-MASK), for everyone but the borrower.

    Raises NoSuchRepayment, NoReceipt.
    """
    found = service.get(tx, repayment_id)
    if found.state is not RepaymentState.RECEIVED:
        raise NoReceipt
    loan = loans.loan(tx, found.loan_id)
    contract = loan_store.contract(tx, loan.id)
    assert contract is not None, "no money is asked for without a contract"
    name = customers.profile(tx, keys, loan.customer_id).name
    return render(
        Receipt(
            number=found.id.removeprefix("rep_").upper(),
            contract_number=contract.number,
            lender=LENDER_ZH,
            borrower=mask_name(name) if is_masked else name,
            received_on=found.business_date,
            amount_fen=found.amount_fen,
            source=SOURCES[found.source],
            what=WHATS[found.what],
            account=_account(tx, found),
            parts=parts(tx, repayment_id),
        )
    )


def render(receipt: Receipt) -> bytes:
    """The PDF. The same facts give the same bytes."""
    buffer = BytesIO()
    document = SimpleDocTemplate(
        buffer,
        pagesize=landscape(A5),
        topMargin=12 * mm,
        bottomMargin=10 * mm,
        leftMargin=16 * mm,
        rightMargin=16 * mm,
        title=f"还款凭证 {receipt.number}",
        author=receipt.lender,
        invariant=1,
    )
    document.build(
        [
            Paragraph("还款凭证", _TITLE),
            Paragraph(f"凭证编号:{receipt.number}", _TEXT),
            Spacer(1, 4),
            _facts(receipt),
            Spacer(1, 6),
            _divided(receipt),
            Spacer(1, 6),
            Paragraph(
                "本凭证由系统根据实际入账记录生成。如对金额有疑问,请联系客服 400-000-0000。", _TEXT
            ),
        ]
    )
    return buffer.getvalue()


def in_words(amount_fen: int) -> str:
    """An amount as Chinese documents write it out: `123456` fen is `壹仟贰佰叁拾肆元伍角陆分`."""
    assert 0 <= amount_fen < 10**18, amount_fen
    whole, cents = divmod(amount_fen, 100)
    jiao, fen = divmod(cents, 10)
    text = f"{_whole_in_words(whole)}元" if whole else ""
    if not cents:
        return f"{text or '零元'}整"
    if jiao:
        text += f"{_DIGITS[jiao]}角"
    elif whole:
        text += "零"
    return text + (f"{_DIGITS[fen]}分" if fen else "整")


def _whole_in_words(whole: int) -> str:
    text, gap = "", False
    for place in range(len(str(whole)) - 1, -1, -1):
        digit = whole // 10**place % 10
        if digit:
            text += ("零" if gap and text else "") + _DIGITS[digit] + _UNITS[place % 4]
        gap = not digit
        if place % 4 == 0 and place and whole // 10**place % 10_000:
            text += _GROUPS[place // 4]
    return text


def _facts(receipt: Receipt) -> Table:
    words = f"人民币{in_words(receipt.amount_fen)}"
    rows = [
        ["借款人", receipt.borrower, "收款日期", f"{receipt.received_on:%Y年%m月%d日}"],
        ["合同编号", receipt.contract_number, "还款方式", receipt.source],
        ["收款人", receipt.lender, "还款用途", receipt.what],
        ["付款账户", receipt.account or "—", "银行流水号", receipt.parts.reference or "—"],
        [
            "金额(大写)",
            words,
            "金额",
            f"¥{yuan(receipt.amount_fen)}",
        ],
    ]
    return _table(rows, (24, 66, 24, 64), heading=False)


def _divided(receipt: Receipt) -> Table:
    part = receipt.parts
    names = ["本金", "利息", "费用", "罚息", "转入溢缴款"]
    amounts = (
        part.principal_fen,
        part.interest_fen,
        part.fee_fen,
        part.penalty_fen,
        part.excess_fen,
    )
    assert sum(amounts) == receipt.amount_fen, receipt
    rows = [["还款明细(元)", *names], ["", *(yuan(amount) for amount in amounts)]]
    return _table(rows, (33, 29, 29, 29, 29, 29), heading=True)


def _table(rows: list[list[str]], widths: tuple[int, ...], *, heading: bool) -> Table:
    cells = [[Paragraph(_safe(cell), _TEXT) for cell in row] for row in rows]
    style = TableStyle(
        [
            ("GRID", (0, 0), (-1, -1), 0.4, colors.HexColor("#9aa3ad")),
            ("VALIGN", (0, 0), (-1, -1), "MIDDLE"),
        ]
    )
    if heading:
        style.add("BACKGROUND", (0, 0), (-1, 0), colors.HexColor("#eef2f7"))
    return Table(cells, colWidths=[width * mm for width in widths], style=style)


def _account(tx: Tx, found: Repayment) -> str:
    if not found.bank_card_id:
        return ""
    card = customers.card(tx, found.bank_card_id)
    return f"{card.bank_name} 尾号 {card.last4}"


def _safe(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
