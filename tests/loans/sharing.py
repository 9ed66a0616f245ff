"""Random ways to share a loan that the law allows, and a loan that is shared so."""

from datetime import UTC, date, datetime
from decimal import Decimal

from hypothesis import strategies as st

from lending.loans.model import Loan, LoanState
from lending.loans.terms import OWN_FUNDS, Payee, Pricing, Settlement, Share, Subsidy, Terms

START = date(2026, 1, 31)


@st.composite
def joint_shares(draw: st.DrawFn, most: int = 2) -> tuple[Share, ...]:
    """Ours and those of one funder or two: 30 % at least each, income agreed in any way."""
    others = draw(st.integers(1, most))
    weights, left = [], 10_000
    for after in range(others, 0, -1):
        weights.append(draw(st.integers(3_000, left - 3_000 * after)))
        left -= weights[-1]
    own, *rest = (
        Share(
            f"fun_{place}",
            weight,
            income_weight=draw(st.sampled_from([None, None, 0, 1, 7_777])),
            service_fee_rate=draw(st.sampled_from([Decimal(0), Decimal("0.0333")])),
            prefunded=draw(st.booleans()),
        )
        for place, weight in enumerate([*weights, left])
    )
    return (Share("own", own.weight, income_weight=draw(st.sampled_from([None, 3_333]))), *rest)


any_shares = st.one_of(st.just(OWN_FUNDS), joint_shares())


def loan_of(shares: tuple[Share, ...], principal_fen: int, *, subsidy_fen: int = 0) -> Loan:
    """A loan that began on `START`."""
    rate = Decimal("0.1440")
    pricing = Pricing(
        rate_annual=rate,
        method="equal-instalment",
        day_count="30/360",
        rounding="half-up",
        periods=6,
        fee_upfront_fen=97,
        penalty_rate_annual=Decimal("0.1872"),
        cost_rate_annual=rate,
        grace_days=2,
        prepayment_fee_rate=Decimal("0.01"),
    )
    return Loan(
        id="loan_1",
        application_id="",
        partner_id="shop",
        customer_id="c",
        bank_card_id="",
        scenario="mall_installment",
        product_code="mall-standard",
        subject="",
        principal_fen=principal_fen,
        terms=Terms(
            pricing=pricing,
            payee=Payee("shop"),
            settlement=Settlement(principal_fen // 100),
            subsidy=Subsidy("merchant" if subsidy_fen else "none", subsidy_fen),
            shares=shares,
            cost_table_sha256="0" * 64,
        ),
        state=LoanState.ACTIVE,
        signed_at=datetime(2026, 1, 31, 4, tzinfo=UTC),
        start_date=START,
        plan_version=1,
        contract_version=1,
        exposure_holds=(),
    )
