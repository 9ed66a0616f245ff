"""What a sandbox is seeded with: a commission, and a guarantor behind one of two products."""

from datetime import date, timedelta

import pytest

from lending.channels import service as channels
from lending.channels.model import Agreement, NewPartner, PartnerKind
from lending.claims import service as claims
from lending.foundation.audit import SYSTEM
from lending.foundation.spans import Span
from lending.products import service as products
from lending.repayments.model import What
from processes import seed_platform
from processes.seed import CASH_PRODUCT, DEMO_GUARANTOR, GUARANTEED_PRODUCT
from tests.assisted_lending.borrowing import Borrower
from tests.assisted_lending.sending import Sending
from tests.today import TODAY

EVERY_LOAN = Span(0, 10**9)
WAITED = seed_platform.TRIGGER_DAYS + 32


@pytest.fixture(scope="module")
def seeded(sending: Sending) -> str:
    """The guarantor's id."""
    guarantor = NewPartner(
        DEMO_GUARANTOR.app_id, "test", PartnerKind.GUARANTOR, "诚信担保", ("claims",)
    )
    with sending.world.database.unit_of_work() as tx:
        products.publish(tx, GUARANTEED_PRODUCT, SYSTEM)
        guarantor_id = channels.register(tx, guarantor, SYSTEM)
        fee = CASH_PRODUCT.fee_upfront_rate
        agreed = Agreement(sending.platform_id, GUARANTEED_PRODUCT.code, fee, TODAY, None)
        channels.agree(tx, agreed, SYSTEM)
    for _ in range(2):
        seed_platform.seed(
            sending.world.context, "app_platform", (CASH_PRODUCT.code, GUARANTEED_PRODUCT.code)
        )
        seed_platform.seed_guarantor(
            sending.world.context, DEMO_GUARANTOR.app_id, GUARANTEED_PRODUCT.code
        )
    return guarantor_id


def test_a_loan_earns_its_platform_and_is_claimed_of_its_guarantor(sending, person, seeded):
    who = person().sent(product_code=GUARANTEED_PRODUCT.code).forward("lead_done")
    borrower = Borrower(sending, who.lead["id"])
    borrower.pay(What.NEXT)
    earned = sending.world.rows("SELECT sum(amount_fen) AS fen FROM commission_movement")
    assert earned[0]["fen"] > 0
    borrower.days(WAITED + 31)
    with sending.world.database.unit_of_work() as tx:
        day: date = tx.scalar("SELECT business_date FROM business_day")
        assert claims.file(tx, EVERY_LOAN, day + timedelta(days=1)) == 1
        (filed,), _ = claims.page(tx, seeded, state=None, before=None, limit=10)
    assert (filed.loan_id, filed.guarantor_id) == (borrower.loan_id, seeded)
    assert filed.days_past_due > seed_platform.TRIGGER_DAYS
