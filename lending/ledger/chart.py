"""The chart of accounts, after the Chinese accounting standards for enterprises.

A sub-account belongs to an owner: a loan, a partner, a customer. Balances are debit less credit.
"""

from enum import StrEnum


class Code(StrEnum):
    """An account's number in the chart."""

    BANK_SETTLEMENT = "100201"
    """银行存款-结算户: our account at the payment bank."""
    LOAN_PRINCIPAL = "130301"
    """贷款-本金, by loan."""
    INTEREST_RECEIVABLE = "113201"
    """应收利息, by loan: accrued, not yet paid."""
    MERCHANT_CLAIM = "122101"
    """其他应收款-商户退款, by partner: taken back from its next payouts."""
    SUSPENSE = "189901"
    """待处理财产损溢: what belongs nowhere yet; 0 at rest."""
    MERCHANT_PAYABLE = "224101"
    """其他应付款-商户, by partner."""
    BORROWER_CREDIT = "224102"
    """其他应付款-借款人溢缴款, by customer: paid beyond what was due, or refunded goods."""
    DEFERRED_SUBSIDY = "240101"
    """递延收益-商户贴息, by loan: what the merchant paid so that the loan is free of interest."""
    INTEREST_INCOME = "601101"
    """利息收入."""
    FEE_INCOME = "602101"
    """手续费及佣金收入-借款人."""
    MERCHANT_FEE_INCOME = "602102"
    """手续费及佣金收入-商户."""
    PENALTY_INCOME = "601102"
    """罚息收入."""
    EXPOSURE = "900101"
    """表外-借款人授信占用, by customer: limited to CNY 200,000 (STORE-3, R-CAP-20W)."""
    EXPOSURE_CONTRA = "900199"
    """表外-授信占用对应科目."""
