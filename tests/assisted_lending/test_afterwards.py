"""What a platform hears of a loan that it brought, as long as the borrower consents to it."""

import pytest

from lending.customers import service as customers
from lending.customers.model import ConsentScope
from lending.foundation.audit import SYSTEM
from lending.loans import fraud, life
from lending.loans import service as loans
from lending.loans.fraud import FraudKind
from lending.repayments import service as repayments
from lending.repayments.model import What
from tests.assisted_lending.borrowing import Borrower


@pytest.fixture
def borrower(sending, person) -> Borrower:
    return Borrower(sending, person().sent().forward("lead_done").lead["id"])


class TestAPlatformHears:
    def test_of_each_stage_once_and_when_it_is_over(self, sending, borrower):
        borrower.days(33)
        borrower.days(1)
        assert borrower.told() == ["overdue"]
        borrower.days(31)
        assert borrower.told() == ["overdue", "overdue"]
        borrower.pay(What.DUE)
        last = borrower.pay(What.PAYOFF)
        told = ["overdue", "overdue", "cured", "repaid", "settled", "repaid"]
        assert borrower.told() == told
        with sending.world.database.unit_of_work() as tx:
            repayments.reverse(tx, last, "bounced", SYSTEM)
        assert borrower.told() == [*told, "reopened"]
        standings = sending.world.rows(
            "SELECT data FROM event WHERE subject = :id AND type = 'lead.overdue' ORDER BY seq",
            id=borrower.lead_id,
        )
        assert [row["data"]["object"]["stage"] for row in standings] == ["M1", "M2"]
        assert sending.world.count("SELECT count(*) FROM lateness_told") == 0

    def test_nothing_of_a_loan_that_is_paid_in_time(self, borrower):
        borrower.pay(What.NEXT)
        borrower.days(28)
        assert borrower.told() == ["repaid"]

    def test_nothing_more_once_the_borrower_withdraws_their_consent(self, sending, borrower):
        with sending.world.database.unit_of_work() as tx:
            loan = loans.loan(tx, borrower.loan_id)
            customers.withdraw_consent(
                tx, loan.customer_id, ConsentScope.SHARING, loan.application_id
            )
        borrower.days(35)
        borrower.pay(What.PAYOFF)
        assert borrower.told() == []
        with sending.world.database.unit_of_work() as tx:
            assert life.locked(tx, borrower.loan_id).state.value == "settled"

    def test_that_a_lead_is_over_whose_person_is_flagged_for_fraud_before_the_money_left(
        self, sending, person
    ):
        who = person().sent().forward("lead_paying")
        loan_id = sending.view(who.lead["id"])["loan_id"]
        world = sending.world
        with world.database.unit_of_work() as tx:
            of, kind = loans.loan(tx, loan_id).customer_id, FraudKind.IDENTITY
            fraud.flag(tx, world.keys, of, kind, because="冒名", actor=SYSTEM)
        sending.work()
        assert sending.events(who.lead["id"])[-2:] == ["signed", "cancelled"]
        assert who.due() == "lead_ended"
        held = world.rows("SELECT state FROM ledger_hold WHERE subject = :id", id=loan_id)
        assert {row["state"] for row in held} == {"voided"}
