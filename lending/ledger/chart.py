"""The chart of accounts, after the Chinese accounting standards for enterprises (企业会计准则).

The first four digits are the standards' own, the last two are ours. A sub-account belongs to an
owner: a loan, a partner, a customer. Balances are debit less credit. Every legal book (ours, each
funder's, each guarantor's) uses the same chart; what only some books have says so.
"""

from dataclasses import dataclass
from enum import StrEnum, unique


@unique
class Code(StrEnum):
    """An account's number in the chart."""

    BANK_SETTLEMENT = "100201"
    """Our account at the payment bank."""
    WALLET_SETTLEMENT = "101201"
    """What we keep at the payment company to pay to wallets."""
    CHANNEL_CLEARING = "101501"
    """Money and claims on their way: 0 at rest."""
    INTEREST_RECEIVABLE = "113201"
    """By product: accrued, not yet paid; its detail by loan is `loan_standing`."""
    RECOURSE_RECEIVABLE = "120101"
    """In a guarantor's book, by loan: what it paid for the borrower and claims back (代偿追偿)."""
    MERCHANT_CLAIM = "122101"
    """By partner: refunded goods, taken back from its next payouts; never below 0 (MALL-5)."""
    SUBSIDY_RECEIVABLE = "122102"
    """By partner: interest it pays for its buyers, not yet withheld (R-FREE-INT)."""
    POOL_DEPOSIT = "103101"
    """In a guarantor's book: its deposit with the lender, the mirror of GUARANTEE_POOL."""
    LEAD_RECEIVABLE = "122104"
    """In a funder's book: what we owe it; below 0 it owes us. Mirrors FUNDER_PAYABLE."""
    LEAD_MONEY_IN = "122105"
    """In a funder's book, by loan: what it sent us for a loan that is not paid out; 0 at rest."""
    LENDER_RECEIVABLE = "122107"
    """In a guarantor's book: what the lender holds for it; mirrors GUARANTOR_PAYABLE."""
    CLAIM_RECEIVABLE = "122106"
    """In our book, by guarantor: claims that it has to pay; 0 at rest (ASSIST-6)."""
    LOAN_PRINCIPAL = "130301"
    """By loan; in each book the part that it lent."""
    LOAN_LOSS_PROVISION = "130401"
    """By product: what is set aside for losses; written-off loans come out of it."""
    SUSPENSE = "190101"
    """By the order it came with: what belongs nowhere yet; 0 at rest (L12)."""
    MERCHANT_PAYABLE = "224101"
    """By partner."""
    MERCHANT_RETAINED = "224103"
    """By loan: kept back from a merchant that is paid as it serves (STORE-6)."""
    BORROWER_CREDIT = "224102"
    """By customer: paid beyond what was due, or refunded goods."""
    FUNDER_PAYABLE = "224104"
    """In our book, by funder: what we owe it and clear with it; above 0 it owes us."""
    FUNDER_MONEY_IN = "224105"
    """In our book, by loan and funder: what it sent for a loan not paid out; 0 at rest (L15)."""
    CLAIM_PAYABLE = "224107"
    """In a guarantor's book: claims that it has to pay to the lender."""
    GUARANTOR_PAYABLE = "224108"
    """In our book, by guarantor: repaid by borrowers of its claims, and its fees; not passed on."""
    GUARANTEE_POOL = "224109"
    """In our book, by guarantor: its deposit, out of which claims are paid first; never below 0."""
    COMMISSION_PAYABLE = "224110"
    """In our book, by platform: what it has earned and was not paid (ASSIST-8)."""
    DEFERRED_SUBSIDY = "240101"
    """By product: what merchants paid for loans free of interest, not yet earned."""
    INTEREST_INCOME = "601101"
    """Interest from borrowers."""
    PENALTY_INCOME = "601102"
    """Penalty interest on what is overdue."""
    FEE_INCOME = "602101"
    """Fees from borrowers."""
    MERCHANT_FEE_INCOME = "602102"
    """Fees from merchants, withheld from payouts."""
    FUNDER_SERVICE_INCOME = "602103"
    """In our book: what funders pay for serving their loans."""
    GUARANTEE_INCOME = "603101"
    """In a guarantor's book: fees for its guarantee."""
    SERVICE_FEE_EXPENSE = "642101"
    """In a funder's book: what it pays us for serving its loans."""
    COMMISSION_EXPENSE = "642102"
    """In our book: what platforms earn."""
    GUARANTEE_EXPENSE = "642103"
    """In our book: fees for guarantees that we bear ourselves."""
    CLAIM_EXPENSE = "651101"
    """In a guarantor's book: claims paid that are not expected back."""
    IMPAIRMENT_LOSS = "670201"
    """What setting aside for losses costs."""
    EXPOSURE = "900101"
    """Off balance, by customer: at most CNY 200,000 (STORE-3, R-CAP-20W)."""
    EXPOSURE_CONTRA = "900199"
    """Off balance: the other side of EXPOSURE."""
    CREDIT_LINE = "900103"
    """Off balance, by credit line: what is drawn on it; its limit is the line's (STORE-2)."""
    CREDIT_LINE_SCENE = "900104"
    """Off balance, by credit line and scene: what is drawn there; its limit is the sub-limit."""
    FUNDER_QUOTA = "900105"
    """Off balance, by funder and product: its open principal; its limit is its quota (JOINT-8)."""
    FUNDER_QUOTA_DAY = "900106"
    """Off balance, by funder, product and day: what it agreed to; its limit is the day's quota."""
    JOINT_FUNDER = "900107"
    """Off balance, by funder: our part of loans with it; a part of capital (R-JOINT-25)."""
    JOINT_TOTAL = "900108"
    """Off balance: our part of all joint loans; at most so much of all our loans (R-JOINT-50)."""
    JOINT_CONTRA = "900196"
    """Off balance: the other side of JOINT_FUNDER and JOINT_TOTAL."""
    FUNDER_QUOTA_CONTRA = "900197"
    """Off balance: the other side of FUNDER_QUOTA and FUNDER_QUOTA_DAY."""
    CREDIT_LINE_CONTRA = "900198"
    """Off balance: the other side of CREDIT_LINE and CREDIT_LINE_SCENE."""
    GUARANTEED = "900110"
    """Off balance, by guarantor: principal of ours that it guarantees (R-GUAR-50)."""
    GUARANTEED_CONTRA = "900195"
    """Off balance: the other side of GUARANTEED."""
    WRITTEN_OFF = "900201"
    """Off balance, by loan: principal and interest given up in the books, still owed."""
    WRITTEN_OFF_CONTRA = "900299"
    """Off balance: the other side of WRITTEN_OFF."""


TITLES = {
    Code.BANK_SETTLEMENT: "银行存款-结算户",
    Code.WALLET_SETTLEMENT: "其他货币资金-支付机构存款",
    Code.CHANNEL_CLEARING: "其他货币资金-在途",
    Code.INTEREST_RECEIVABLE: "应收利息",
    Code.RECOURSE_RECEIVABLE: "应收代位追偿款",
    Code.MERCHANT_CLAIM: "其他应收款-商户退款",
    Code.SUBSIDY_RECEIVABLE: "其他应收款-商户贴息",
    Code.LENDER_RECEIVABLE: "其他应收款-贷款人代收",
    Code.CLAIM_RECEIVABLE: "其他应收款-担保代偿",
    Code.POOL_DEPOSIT: "存出保证金",
    Code.LEAD_RECEIVABLE: "其他应收款-牵头方",
    Code.LEAD_MONEY_IN: "其他应收款-牵头方待放款项",
    Code.LOAN_PRINCIPAL: "贷款-本金",
    Code.LOAN_LOSS_PROVISION: "贷款损失准备",
    Code.SUSPENSE: "待处理财产损溢",
    Code.MERCHANT_PAYABLE: "其他应付款-商户",
    Code.MERCHANT_RETAINED: "其他应付款-待划转商户款",
    Code.BORROWER_CREDIT: "其他应付款-借款人溢缴款",
    Code.FUNDER_PAYABLE: "其他应付款-资金方",
    Code.FUNDER_MONEY_IN: "其他应付款-资金方待放款项",
    Code.CLAIM_PAYABLE: "其他应付款-应付代偿款",
    Code.GUARANTOR_PAYABLE: "其他应付款-担保机构",
    Code.GUARANTEE_POOL: "存入保证金-担保机构",
    Code.COMMISSION_PAYABLE: "其他应付款-平台佣金",
    Code.DEFERRED_SUBSIDY: "递延收益-商户贴息",
    Code.INTEREST_INCOME: "利息收入",
    Code.PENALTY_INCOME: "利息收入-罚息",
    Code.FEE_INCOME: "手续费及佣金收入-借款人",
    Code.MERCHANT_FEE_INCOME: "手续费及佣金收入-商户",
    Code.FUNDER_SERVICE_INCOME: "手续费及佣金收入-资金方",
    Code.GUARANTEE_INCOME: "担保费收入",
    Code.SERVICE_FEE_EXPENSE: "手续费及佣金支出-贷款服务费",
    Code.COMMISSION_EXPENSE: "手续费及佣金支出-平台",
    Code.GUARANTEE_EXPENSE: "手续费及佣金支出-担保费",
    Code.CLAIM_EXPENSE: "赔付支出-代偿",
    Code.IMPAIRMENT_LOSS: "信用减值损失",
    Code.EXPOSURE: "表外-借款人授信占用",
    Code.EXPOSURE_CONTRA: "表外-授信占用对应科目",
    Code.CREDIT_LINE: "表外-循环额度占用",
    Code.CREDIT_LINE_SCENE: "表外-循环额度场景占用",
    Code.FUNDER_QUOTA: "表外-资金方额度占用",
    Code.FUNDER_QUOTA_DAY: "表外-资金方日额度占用",
    Code.JOINT_FUNDER: "表外-单一资金方联合贷余额",
    Code.JOINT_TOTAL: "表外-联合贷总余额",
    Code.JOINT_CONTRA: "表外-联合贷余额对应科目",
    Code.FUNDER_QUOTA_CONTRA: "表外-资金方额度对应科目",
    Code.CREDIT_LINE_CONTRA: "表外-循环额度对应科目",
    Code.GUARANTEED: "表外-担保增信贷款",
    Code.GUARANTEED_CONTRA: "表外-担保增信贷款对应科目",
    Code.WRITTEN_OFF: "表外-已核销贷款",
    Code.WRITTEN_OFF_CONTRA: "表外-已核销贷款对应科目",
}

OWNED = frozenset(
    {
        Code.INTEREST_RECEIVABLE,
        Code.DEFERRED_SUBSIDY,
        Code.LOAN_LOSS_PROVISION,
        Code.WRITTEN_OFF,
        Code.MERCHANT_CLAIM,
        Code.SUBSIDY_RECEIVABLE,
        Code.LOAN_PRINCIPAL,
        Code.FUNDER_PAYABLE,
        Code.FUNDER_MONEY_IN,
        Code.LEAD_MONEY_IN,
        Code.RECOURSE_RECEIVABLE,
        Code.CLAIM_RECEIVABLE,
        Code.GUARANTOR_PAYABLE,
        Code.GUARANTEE_POOL,
        Code.COMMISSION_PAYABLE,
        Code.GUARANTEED,
        Code.SUSPENSE,
        Code.MERCHANT_RETAINED,
        Code.BORROWER_CREDIT,
        Code.EXPOSURE,
        Code.CREDIT_LINE,
        Code.CREDIT_LINE_SCENE,
        Code.FUNDER_QUOTA,
        Code.FUNDER_QUOTA_DAY,
        Code.JOINT_FUNDER,
    }
)
"""Control accounts: only their sub-accounts take lines, so that control equals detail (L11)."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How far an account's balance may go to either side, holds counted. None: no limit."""

    debit_fen: int | None = None
    credit_fen: int | None = None


LIMITS = {
    Code.EXPOSURE: Limits(debit_fen=20_000_000),
    Code.CREDIT_LINE: Limits(debit_fen=0),
    Code.CREDIT_LINE_SCENE: Limits(debit_fen=0),
    Code.FUNDER_QUOTA: Limits(debit_fen=0),
    Code.FUNDER_QUOTA_DAY: Limits(debit_fen=0),
    Code.JOINT_FUNDER: Limits(debit_fen=0),
    Code.JOINT_TOTAL: Limits(debit_fen=0),
    Code.MERCHANT_CLAIM: Limits(credit_fen=0),
    Code.MERCHANT_RETAINED: Limits(debit_fen=0),
    Code.FUNDER_MONEY_IN: Limits(debit_fen=0),
    Code.GUARANTEE_POOL: Limits(debit_fen=0),
}
"""What every account of a code is opened with, so that no caller can forget it.

A credit limit of 0 says that the account never goes below 0 (L15). A debit limit of 0 says that no
more is given than was kept back, and that nothing is drawn on a line before it was opened with a
limit of its own.
"""
