"""What platforms and guarantors earn, pay and get back while loans live (ASSIST-6, ASSIST-8)."""

from dataclasses import fields, replace
from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy.exc import DBAPIError

from lending.claims import service as claims
from lending.claims.errors import ArrivalTaken, ArrivalWrong, ClaimEnded, PaymentAnnounced
from lending.claims.model import Arrival, ClaimState
from lending.commissions import service as commissions
from lending.commissions.errors import (
    AgreementRefused,
    BillChanged,
    BillConfirmed,
    BillDisputed,
    NotDisputed,
)
from lending.commissions.model import Bill, NewAgreement, PaymentState, Tier
from lending.foundation import business_day
from lending.foundation.audit import SYSTEM
from lending.foundation.database import Tx, json
from lending.foundation.ports import ChannelResult, ChannelState
from lending.guarantees.model import FeePayer
from lending.ledger.chart import Code
from lending.loans.partner_terms import Basis
from lending.remittances import service as remittances
from lending.repayments import changes
from lending.repayments.model import What
from tests.assisted.brought import LAST_DAY, Assisted, assisted
from tests.finance.merchants import lines
from tests.loans.world import PRODUCT, World
from tests.meeting import meets
from tests.today import TODAY


@pytest.fixture
def both(world: World) -> Assisted:
    return assisted(world)


def bills(both: Assisted) -> list[Bill]:
    with both.world.database.unit_of_work() as tx:
        return commissions.page(tx, both.platform_id)[0]


def owed(both: Assisted) -> int:
    return -both.world.balance(Code.COMMISSION_PAYABLE, both.platform_id)


def interest_paid(both: Assisted) -> int:
    rows = both.world.rows("SELECT allocation FROM repayment WHERE state <> 'held'")
    return int(rows[0]["allocation"]["interest_fen"])


class TestAgreeing:
    def test_refuses_a_second_agreement_from_the_same_date(self, both: Assisted):
        with both.world.database.unit_of_work() as tx:
            found = commissions.agreement(tx, both.platform_id, PRODUCT.code)
            assert found
            names = [each.name for each in fields(NewAgreement)]
            again = NewAgreement(**{name: getattr(found, name) for name in names})
            with pytest.raises(AgreementRefused) as refused:
                commissions.agree(tx, again, SYSTEM)
            assert refused.value.field == "/valid_from"
            commissions.agree(tx, replace(again, valid_from=LAST_DAY), SYSTEM)


class TestACommission:
    def test_is_earned_with_each_payment_and_taken_back_with_it(self, both: Assisted):
        paid = both.pay(both.lend(days_ago=31), What.DUE)
        expected = round(interest_paid(both) * 0.2)
        assert owed(both) == expected > 0
        both.take_back(paid)
        assert owed(both) == 0
        moved = both.world.rows("SELECT kind, amount_fen FROM commission_movement ORDER BY seq")
        assert [(one["kind"], one["amount_fen"]) for one in moved] == [
            ("accrued", expected),
            ("clawback", -expected),
        ]
        told = both.world.rows("SELECT data FROM event WHERE type = 'commission.accrued'")
        assert [one["data"]["object"]["amount_fen"] for one in told] == [expected, -expected]
        both.books_agree()

    def test_is_given_back_when_the_loan_is_written_off_in_the_agreed_time(self, both: Assisted):
        loan_id = both.lend(days_ago=80)
        both.pay(loan_id, What.DUE, 70_000)
        assert owed(both) > 0
        with both.world.database.unit_of_work() as tx:
            changes.write_off(tx, loan_id)
        assert owed(both) == 0
        both.books_agree()

    def test_for_each_loan_is_earned_by_the_payout(self, world: World):
        both = assisted(world, basis=Basis.LOAN, rate="0", per_loan_fen=5_000)
        both.lend()
        assert owed(both) == 5_000
        both.books_agree()


class TestAMonthsBill:
    @pytest.fixture
    def billed(self, both: Assisted) -> Assisted:
        both.pay(both.lend(days_ago=31), What.DUE)
        both.days(1)
        return both

    def test_is_the_sum_of_its_statement_and_is_paid_once_confirmed(self, billed: Assisted):
        (found,) = bills(billed)
        assert (found.month, found.loans, found.rows) == (date(2026, 11, 1), 1, 1)
        assert found.payable_fen == found.accrued_fen == owed(billed) > 0
        (month,) = billed.world.rows(
            "SELECT * FROM statement WHERE kind = 'commission' AND span = 'month'"
        )
        assert [row["type"] for row in lines(billed.world, month)] == ["accrued"]
        assert found.statement_id == month["id"]
        assert found.pdf_size_bytes > 1_000
        with billed.world.database.unit_of_work() as tx:
            commissions.confirm(tx, billed.platform_id, found.id, found.payable_fen)
        assert bills(billed)[0].payment is PaymentState.PAYING
        billed.world.work()
        assert (bills(billed)[0].payment, owed(billed)) == (PaymentState.PAID, 0)
        paid = [each for each in billed.world.bank.paid() if each.amount_fen == found.payable_fen]
        assert [each.account_no for each in paid] == ["62305800000000770001"]
        told = billed.world.rows(
            "SELECT type FROM event WHERE subject = :id ORDER BY seq", id=found.id
        )
        assert [one["type"] for one in told] == ["commission.bill_ready", "commission.paid"]
        billed.days(1)
        billed.books_agree()

    def test_p18_never_changes_once_confirmed(self, billed: Assisted):
        (found,) = bills(billed)
        with billed.world.database.unit_of_work() as tx:
            commissions.confirm(tx, billed.platform_id, found.id, found.payable_fen)
        with pytest.raises(BillConfirmed), billed.world.database.unit_of_work() as tx:
            commissions.confirm(tx, billed.platform_id, found.id, found.payable_fen)
        with pytest.raises(BillConfirmed), billed.world.database.unit_of_work() as tx:
            commissions.dispute(tx, billed.platform_id, found.id, "too little")
        changed = "UPDATE commission_bill SET accrued_fen = 1, payable_fen = 1"
        with pytest.raises(DBAPIError, match="stays"), billed.world.database.unit_of_work() as tx:
            tx.run(changed)

    def test_is_confirmed_only_as_it_stands_and_corrected_only_after_a_dispute(
        self, billed: Assisted
    ):
        world, (found,) = billed.world, bills(billed)
        with pytest.raises(BillChanged), world.database.unit_of_work() as tx:
            commissions.confirm(tx, billed.platform_id, found.id, found.payable_fen + 1)
        with pytest.raises(NotDisputed), world.database.unit_of_work() as tx:
            commissions.answer(tx, world.files, found.id, SYSTEM, text="?", adjustment_fen=0)
        with world.database.unit_of_work() as tx:
            commissions.dispute(tx, billed.platform_id, found.id, "one loan is missing")
        with pytest.raises(BillDisputed), world.database.unit_of_work() as tx:
            commissions.confirm(tx, billed.platform_id, found.id, found.payable_fen)
        with world.database.unit_of_work() as tx:
            commissions.answer(tx, world.files, found.id, SYSTEM, text="yes", adjustment_fen=700)
        (mended,) = bills(billed)
        assert (mended.payable_fen, owed(billed)) == (found.payable_fen + 700,) * 2
        with world.database.unit_of_work() as tx:
            commissions.confirm(tx, billed.platform_id, found.id, mended.payable_fen)
        world.work()
        assert owed(billed) == 0
        billed.books_agree()

    def test_goes_by_its_tier(self, world: World):
        both = assisted(world, tiers=(Tier(Decimal(0), Decimal("0.5")),))
        both.pay(both.lend(days_ago=31), What.DUE)
        both.days(1)
        (found,) = bills(both)
        assert found.tier_fen == -(found.accrued_fen // 2)
        assert owed(both) == found.payable_fen == found.accrued_fen + found.tier_fen
        both.books_agree()

    def test_below_zero_is_carried_to_the_next(self, both: Assisted):
        world = both.world
        for last, kind, fen in (
            (date(2026, 12, 31), "clawback", -1_000),
            (date(2027, 1, 31), "accrued", 1_700),
        ):
            with world.database.unit_of_work() as tx:
                a_months_statement(tx, both.platform_id, last, kind, fen)
                assert commissions.bill_month(tx, world.files, last) == 1
                assert commissions.bill_month(tx, world.files, last) == 0
                made = commissions.page(tx, both.platform_id, month=last.replace(day=1))[0][0]
                commissions.confirm(tx, both.platform_id, made.id, made.payable_fen)
        first, second = sorted(bills(both), key=lambda bill: bill.month)
        assert (first.payable_fen, first.payment) == (-1_000, PaymentState.CARRIED)
        assert (second.carried_fen, second.payable_fen) == (-1_000, 700)


def a_months_statement(tx: Tx, partner_id: str, last: date, kind: str, fen: int) -> None:
    """A month's statement with one row, its file left out."""
    tx.run(
        "INSERT INTO statement (id, partner_id, kind, span, period_start, period_end, version,"
        " because, rows, sums, store_sums, opening_fen, closing_fen, file_name, sha256,"
        " size_bytes, made_at) VALUES (:id, :partner, 'commission', 'month', :first, :last, 1, '',"
        " 1, :sums, '{}', 0, :fen, '', '', 0, :now)",
        id=f"stm_{last:%Y%m}",
        partner=partner_id,
        first=last.replace(day=1),
        last=last,
        sums=json({kind: {"rows": 1, "amount_fen": fen}}),
        fen=fen,
        now=tx.now,
    )


class TestAGuarantorsMoneyThatTheBankBrings:
    def test_pays_the_claim_that_its_remark_names(self, both: Assisted):
        world, loan_id = both.world, both.lend(days_ago=60)
        both.days(1)
        (claim,) = both.claims()
        reference = both.send(claim.amount_fen, f"代偿 {claim.id}")
        both.look()
        both.look()
        (paid,) = both.claims()
        assert (paid.state, paid.paid_by) == (ClaimState.PAID, "transfer")
        assert world.balance(Code.LOAN_PRINCIPAL, loan_id) == 0
        assert world.balance(Code.SUSPENSE, reference) == 0
        both.books_agree()

    def test_goes_back_with_the_claim_that_is_taken_back(self, both: Assisted):
        world, loan_id = both.world, both.lend(days_ago=60)
        both.days(1)
        (claim,) = both.claims()
        both.send(claim.amount_fen, claim.id)
        both.look()
        with world.database.unit_of_work() as tx:
            claims.take_back(tx, claim.id, "paid twice", SYSTEM)
        world.work()
        assert world.balance(Code.LOAN_PRINCIPAL, loan_id) == 600_000
        assert world.bank.paid()[-1].amount_fen == claim.amount_fen
        both.books_agree()

    def test_fills_the_deposit_where_it_names_the_guarantor(self, both: Assisted):
        before = both.world.balance(Code.GUARANTEE_POOL, both.guarantor_id)
        both.send(123_400, "保证金 app_guarantor")
        both.look()
        after = both.world.balance(Code.GUARANTEE_POOL, both.guarantor_id)
        assert before - after == 123_400
        both.books_agree()

    @pytest.mark.parametrize("wrong", ["amount", "account", "claim", "partner"])
    def test_goes_back_where_it_is_not_what_was_asked_for(self, both: Assisted, wrong: str):
        both.lend(days_ago=60)
        both.days(1)
        (claim,) = both.claims()
        names = {"claim": f"clm_{'a' * 26}", "partner": "app_platform"}
        reference = both.send(
            claim.amount_fen - (wrong == "amount"),
            names.get(wrong, claim.id),
            account="6230580000000099" if wrong == "account" else None,
        )
        both.look()
        assert [each.state for each in both.claims()] == [ClaimState.FILED]
        (sent,) = both.world.rows("SELECT reference, state FROM incoming_transfer")
        assert (sent["reference"], sent["state"]) == (reference, "returned")
        both.books_agree()

    def test_waits_for_people_where_two_of_them_were_quicker(self, both: Assisted):
        both.lend(days_ago=60)
        both.days(1)
        (claim,) = both.claims()
        reference = both.send(claim.amount_fen, claim.id)
        with both.world.database.unit_of_work() as tx:
            arrival = Arrival(claim.amount_fen, reference, business_day.today(tx))
            claims.receive(tx, claim.id, arrival, SYSTEM)
        both.look()
        assert both.world.balance(Code.SUSPENSE, reference) == -claim.amount_fen


class TestAClaim:
    def test_p17_is_paid_from_the_deposit_and_repaid_by_the_borrower(self, both: Assisted):
        world, loan_id = both.world, both.lend(days_ago=60)
        both.top_up(400_000, "pool-2")
        both.days(1)
        (claim,) = both.claims()
        assert (claim.state, claim.paid_by, claim.days_past_due) == (ClaimState.PAID, "pool", 30)
        assert claim.paid_fen == claim.amount_fen >= 600_000
        assert world.balance(Code.LOAN_PRINCIPAL, loan_id) == 0
        assert world.balance(Code.CLAIM_RECEIVABLE, both.guarantor_id) == 0
        assert world.balance(Code.GUARANTEE_POOL, both.guarantor_id) == claim.paid_fen - 800_000
        assert both.their_balances()[Code.RECOURSE_RECEIVABLE.value] == claim.paid_fen
        both.books_agree()
        both.pay(loan_id, What.PAYOFF)
        assert both.their_balances()[Code.RECOURSE_RECEIVABLE.value] == 0
        held = -world.balance(Code.GUARANTOR_PAYABLE, both.guarantor_id)
        assert held == both.their_balances()[Code.LENDER_RECEIVABLE.value] >= claim.paid_fen
        both.days(1)
        assert world.balance(Code.GUARANTOR_PAYABLE, both.guarantor_id) == 0
        assert held in [each.amount_fen for each in world.bank.paid()]
        both.days(1)
        both.books_agree()
        files = world.rows("SELECT * FROM statement WHERE kind = 'guarantee' AND span = 'day'")
        moved = {row["type"] for file in files for row in lines(world, file)}
        assert moved == {"claim", "claim_paid", "recovery", "fee", "remitted"}

    def test_waits_for_the_guarantors_transfer_where_the_deposit_is_too_small(self, both: Assisted):
        world, loan_id = both.world, both.lend(days_ago=60)
        both.days(1)
        (claim,) = both.claims()
        assert claim.state is ClaimState.FILED
        with world.database.unit_of_work() as tx:
            today = business_day.today(tx)
            claims.announce(tx, both.guarantor_id, claim.id, "ICBC-1")
            claims.announce(tx, both.guarantor_id, claim.id, "ICBC-1")
            with pytest.raises(PaymentAnnounced):
                claims.announce(tx, both.guarantor_id, claim.id, "ICBC-2")
            with pytest.raises(ArrivalWrong):
                claims.receive(tx, claim.id, Arrival(claim.amount_fen - 1, "I-1", today), SYSTEM)
            claims.receive(tx, claim.id, Arrival(claim.amount_fen, "ICBC-1", today), SYSTEM)
            with pytest.raises(ClaimEnded):
                claims.receive(tx, claim.id, Arrival(claim.amount_fen, "ICBC-3", today), SYSTEM)
            with pytest.raises(ArrivalTaken):
                claims.top_up(tx, both.guarantor_id, Arrival(5, "ICBC-1", today), SYSTEM)
        assert world.balance(Code.LOAN_PRINCIPAL, loan_id) == 0
        both.books_agree()
        with world.database.unit_of_work() as tx:
            claims.take_back(tx, claim.id, "bounced", SYSTEM)
        assert world.balance(Code.LOAN_PRINCIPAL, loan_id) == 600_000
        assert both.their_balances()[Code.RECOURSE_RECEIVABLE.value] == 0
        both.books_agree()

    def test_is_withdrawn_when_the_borrower_pays_first(self, both: Assisted):
        loan_id = both.lend(days_ago=60)
        both.days(1)
        both.pay(loan_id, What.PAYOFF)
        both.days(1)
        assert [each.state for each in both.claims()] == [ClaimState.WITHDRAWN]

    def test_stays_paid_when_its_money_is_entered_as_the_borrower_has_paid(self, both: Assisted):
        loan_id, database = both.lend(days_ago=60), both.world.database
        both.days(1)
        (claim,) = both.claims()
        both.pay(loan_id, What.NEXT, 200_000)
        with database.unit_of_work() as tx:
            came = Arrival(claim.amount_fen, "ICBC-1", business_day.today(tx))
            claims.receive(tx, claim.id, came, SYSTEM)
            late = meets(tx, database, claims.withdraw_cured)
        assert late.result() == 0
        assert [each.state for each in both.claims()] == [ClaimState.PAID]

    def test_is_repaid_once_though_a_payment_ends_as_the_next_is_thought_of(self, both: Assisted):
        world = both.world
        both.top_up(400_000, "pool-2")
        loan_id = both.lend(days_ago=60)
        both.days(1)
        both.pay(loan_id, What.PAYOFF)
        world.bank.slow = 1
        both.days(1)
        world.bank.settle(ChannelState.PAID)
        with world.database.unit_of_work() as tx:
            (found,) = tx.all("SELECT id, channel_order_no, amount_fen FROM remittance")
            said = ChannelResult(
                ChannelState.PAID, found["channel_order_no"], amount_fen=found["amount_fen"]
            )
            tx.run("LOCK TABLE remittance IN ACCESS EXCLUSIVE MODE")
            late = meets(tx, world.database, lambda beside: claims.remit(beside, TODAY))
            remittances.record(tx, found["id"], said)
        assert late.result() == 0
        assert world.balance(Code.GUARANTOR_PAYABLE, both.guarantor_id) == 0

    def test_is_at_most_what_is_left_of_the_cap(self, world: World):
        both = assisted(world, claims_cap_fen=250_000)
        both.lend(days_ago=60)
        both.days(1)
        (claim,) = both.claims()
        assert (claim.amount_fen, claim.state) == (250_000, ClaimState.PAID)
        both.lend(days_ago=61)
        both.days(1)
        assert len(both.claims()) == 1
        both.books_agree()

    def test_ends_the_commission(self, world: World):
        both = assisted(world, pool_fen=800_000, clawback_days=200)
        loan_id = both.lend(days_ago=70)
        both.pay(loan_id, What.DUE, 10_000)
        assert owed(both) > 0
        both.days(1)
        assert both.claims()[0].state is ClaimState.PAID
        assert owed(both) == 0
        both.pay(loan_id, What.PAYOFF)
        assert owed(both) == 0
        both.books_agree()


class TestTheGuarantorsFee:
    def test_of_the_borrower_is_collected_for_it(self, both: Assisted):
        both.pay(both.lend(days_ago=31), What.DUE)
        assert both.their_balances()[Code.GUARANTEE_INCOME.value] == -1_000
        assert both.world.balance(Code.FEE_INCOME) == 0
        both.books_agree()

    def test_of_the_lender_is_a_part_of_interest(self, world: World):
        both = assisted(world, fee_payer=FeePayer.LENDER, fee_rate="0.1")
        both.pay(both.lend(days_ago=31), What.DUE)
        assert world.balance(Code.GUARANTEE_EXPENSE) == round(interest_paid(both) / 10)
        both.books_agree()
