"""Actions on loans that need two persons, from the proposal to the books (T18, T20)."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from lending.compliance import cost_showing
from lending.engine.errors import EventImpossible
from lending.foundation import audit, business_day
from lending.foundation.audit import Actor
from lending.foundation.database import json
from lending.ledger.chart import Code
from lending.loans import fraud, releases
from lending.loans import service as loans
from lending.loans.model import LoanState
from lending.repayments import credits as credit_balances
from lending.repayments import guarded, receipts, service
from lending.repayments.errors import (
    ChargeNotDisclosed,
    CreditSpent,
    CreditTooSmall,
    DateWrong,
    NothingReceived,
    NotOverdue,
    ReferenceTaken,
    RepaymentUnderWay,
)
from lending.repayments.model import Repayment, RepaymentState, Source, What
from lending.system import approvals
from lending.system import service as system
from lending.system.approvals import Proposal, ProposalState
from lending.system.errors import (
    KindUnknown,
    NotAllowed,
    PayloadWrong,
    ProposalAltered,
    ProposalEnded,
    ProposalPending,
    SamePerson,
)
from lending.system.model import Operator, Role
from tests.loans.test_releases import come_to, confirm, paid_ahead
from tests.loans.world import AMOUNT_FEN, World
from tests.today import TODAY

KINDS = guarded.kinds()
PASSWORD = "correct horse battery"
BORROWER = Actor("customer", "cus_1")


def operator(world: World, login: str, name: str) -> Operator:
    with world.database.unit_of_work() as tx:
        system.add_operator(
            tx, login=login, name=name, role=Role.FINANCE, password=PASSWORD, actor=audit.SYSTEM
        )
    session_id = system.sign_in(world.database, login=login, password=PASSWORD)
    with world.database.unit_of_work() as tx:
        found = system.session(tx, session_id)
    assert found is not None
    return found.operator


@pytest.fixture
def two(world: World) -> tuple[Operator, Operator]:
    return operator(world, "zhou", "周经办"), operator(world, "zheng", "郑复核")


def propose(
    world: World, maker: Operator, loan_id: str, kind: str, payload: dict[str, Any]
) -> Proposal:
    with world.database.unit_of_work() as tx:
        return approvals.propose(
            tx,
            KINDS,
            kind=kind,
            subject=loan_id,
            payload=payload,
            reason="见附件",
            maker=maker,
        )


def approve(world: World, made: Proposal, checker: Operator) -> Proposal:
    with world.database.unit_of_work() as tx:
        return approvals.approve(tx, KINDS, made.id, digest=made.digest, checker=checker)


def done(
    world: World,
    two: tuple[Operator, Operator],
    loan_id: str,
    kind: str,
    **payload: Any,
) -> Proposal:
    maker, checker = two
    return approve(world, propose(world, maker, loan_id, kind, payload), checker)


def transfer(amount_fen: int, reference: str = "B-1", **more: Any) -> dict[str, Any]:
    return {
        "amount_fen": amount_fen,
        "arrived_on": TODAY.isoformat(),
        "reference": reference,
        "what": "due",
        **more,
    }


def repayments(world: World, loan_id: str) -> list[Repayment]:
    with world.database.unit_of_work() as tx:
        return service.of_loan(tx, loan_id)


def state(world: World, loan_id: str) -> LoanState:
    with world.database.unit_of_work() as tx:
        return loans.loan(tx, loan_id).state


def quote_fen(world: World, loan_id: str, what: What, on: date | None = None) -> int:
    with world.database.unit_of_work() as tx:
        return service.quote(tx, loan_id, what, on=on).amount_fen


def credit(world: World) -> credit_balances.Credit:
    with world.database.unit_of_work() as tx:
        return credit_balances.credit(tx, world.customer_id)


def days_later(world: World, days: int) -> None:
    for _ in range(days):
        with world.database.unit_of_work() as tx:
            business_day.close(tx)


class TestATransfer:
    def test_is_divided_as_a_payment_is(self, world: World, two: tuple[Operator, Operator]):
        _, loan_id = world.paid()
        asked = quote_fen(world, loan_id, What.NEXT)
        done(world, two, loan_id, "repayment.transfer", **transfer(asked, what="next"))
        (made,) = repayments(world, loan_id)
        assert (made.source, made.state) == (Source.TRANSFER, RepaymentState.RECEIVED)
        assert made.channel_order_no == ""
        assert world.balance(Code.LOAN_PRINCIPAL, loan_id) == AMOUNT_FEN - (asked - 7_199)
        assert credit(world).balance_fen == 0
        assert world.trial_balance() == 0

    def test_moves_nothing_before_the_second_person(
        self, world: World, two: tuple[Operator, Operator]
    ):
        _, loan_id = world.paid()
        made = propose(world, two[0], loan_id, "repayment.transfer", transfer(1_000))
        assert repayments(world, loan_id) == []
        assert credit(world).balance_fen == 0
        with pytest.raises(SamePerson):
            approve(world, made, two[0])
        assert repayments(world, loan_id) == []

    def test_beyond_what_is_owed_is_the_borrowers(
        self, world: World, two: tuple[Operator, Operator]
    ):
        _, loan_id = world.paid()
        asked = quote_fen(world, loan_id, What.PAYOFF)
        done(world, two, loan_id, "repayment.transfer", **transfer(asked + 777, what="payoff"))
        assert state(world, loan_id) is LoanState.SETTLED
        assert credit(world).balance_fen == 777
        done(world, two, loan_id, "repayment.transfer", **transfer(50, "B-2"))
        assert credit(world).balance_fen == 827
        assert world.trial_balance() == 0

    def test_that_arrived_earlier_stops_interest_then(
        self, world: World, two: tuple[Operator, Operator]
    ):
        _, loan_id = world.paid()
        arrived = TODAY + timedelta(days=10)
        asked = quote_fen(world, loan_id, What.PAYOFF, arrived)
        days_later(world, 15)
        paid = transfer(asked, what="payoff", arrived_on=arrived.isoformat())
        done(world, two, loan_id, "repayment.transfer", **paid)
        assert state(world, loan_id) is LoanState.SETTLED
        assert world.balance(Code.INTEREST_INCOME) == -(asked - AMOUNT_FEN)
        assert credit(world).balance_fen == 0

    def test_of_a_day_that_has_not_come_or_before_the_loan_is_refused(
        self, world: World, two: tuple[Operator, Operator]
    ):
        _, loan_id = world.paid()
        for day in ("2026-11-24", "2026-11-22", "yesterday"):
            with pytest.raises((DateWrong, PayloadWrong)) as refused:
                propose(
                    world,
                    two[0],
                    loan_id,
                    "repayment.transfer",
                    transfer(1, arrived_on=day),
                )
            assert refused.value.field == "/arrived_on"

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("amount_fen", 0),
            ("amount_fen", -1),
            ("amount_fen", "100"),
            ("amount_fen", True),
            ("reference", ""),
            ("reference", "x" * 65),
            ("what", "all"),
        ],
    )
    def test_with_a_wrong_value_is_refused_by_its_name(
        self, world: World, two: tuple[Operator, Operator], name: str, value: object
    ):
        _, loan_id = world.paid()
        with pytest.raises(PayloadWrong) as refused:
            propose(world, two[0], loan_id, "repayment.transfer", transfer(100) | {name: value})
        assert refused.value.field == f"/{name}"
        assert refused.value.mend

    def test_whose_reference_is_here_already_is_refused(
        self, world: World, two: tuple[Operator, Operator]
    ):
        _, loan_id = world.paid()
        maker, checker = two
        first = propose(world, maker, loan_id, "repayment.transfer", transfer(100))
        again = propose(world, maker, loan_id, "repayment.transfer", transfer(101))
        approve(world, first, checker)
        with pytest.raises(ReferenceTaken):
            approve(world, again, checker)
        with pytest.raises(ReferenceTaken):
            propose(world, maker, loan_id, "repayment.transfer", transfer(102))
        assert len(repayments(world, loan_id)) == 1

    def test_entered_twice_at_once_comes_in_once(
        self, world: World, two: tuple[Operator, Operator]
    ):
        _, loan_id = world.paid()
        maker, checker = two
        made = [
            propose(world, maker, loan_id, "repayment.transfer", transfer(100 + serial))
            for serial in range(8)
        ]

        def once(one: Proposal) -> str:
            try:
                return approve(world, one, checker).state.value
            except ReferenceTaken:
                return "taken"

        with ThreadPoolExecutor(8) as pool:
            outcomes = list(pool.map(once, made))
        assert outcomes.count("approved") == 1
        assert len(repayments(world, loan_id)) == 1

    def test_whose_reference_came_with_a_debit_is_refused(
        self, world: World, two: tuple[Operator, Operator]
    ):
        _, loan_id = world.paid()
        asked = quote_fen(world, loan_id, What.NEXT)
        service.pay(world.context, loan_id, What.NEXT, amount_fen=asked)
        (reference,) = [r["channel_reference"] for r in world.rows("SELECT * FROM repayment")]
        with pytest.raises(ReferenceTaken):
            propose(world, two[0], loan_id, "repayment.transfer", transfer(asked, reference))

    def test_beside_a_debit_on_its_way_loses_no_fen(
        self, world: World, two: tuple[Operator, Operator]
    ):
        _, loan_id = world.paid()
        asked = quote_fen(world, loan_id, What.PAYOFF)
        world.bank.slow = 1
        service.pay(world.context, loan_id, What.PAYOFF, amount_fen=asked)
        done(world, two, loan_id, "repayment.transfer", **transfer(asked + 1, what="payoff"))
        assert state(world, loan_id) is LoanState.SETTLED
        world.bank.settle()
        world.work_until_quiet()
        assert credit(world).balance_fen == asked + 1  # collected = applied + credit
        assert world.trial_balance() == 0

    def test_that_may_be_a_debit_without_a_result_waits_for_it(
        self, world: World, two: tuple[Operator, Operator]
    ):
        _, loan_id = world.paid()
        asked = quote_fen(world, loan_id, What.NEXT)
        world.bank.lose_answers = 1
        service.pay(world.context, loan_id, What.NEXT, amount_fen=asked)
        with pytest.raises(RepaymentUnderWay):
            propose(world, two[0], loan_id, "repayment.transfer", transfer(asked))
        world.work_until_quiet()
        (reference,) = [r["channel_reference"] for r in world.rows("SELECT * FROM repayment")]
        with pytest.raises(ReferenceTaken):
            propose(world, two[0], loan_id, "repayment.transfer", transfer(asked, reference))
        done(world, two, loan_id, "repayment.transfer", **transfer(asked, "another"))
        assert credit(world).balance_fen == asked

    def test_is_no_difference_to_the_file_of_our_orders(
        self, world: World, two: tuple[Operator, Operator]
    ):
        _, loan_id = world.paid()
        done(world, two, loan_id, "repayment.transfer", **transfer(100))
        world.require_books_agree()
        (made,) = repayments(world, loan_id)
        done(world, two, loan_id, "repayment.reverse", repayment=made.id, because="退票")
        world.require_books_agree()

    def test_names_both_persons_in_the_audit_of_the_loan(
        self, world: World, two: tuple[Operator, Operator]
    ):
        _, loan_id = world.paid()
        done(world, two, loan_id, "repayment.transfer", **transfer(100))
        (line,) = world.rows(
            "SELECT detail FROM audit_log WHERE action = 'repayment.transfer.done'"
            " AND subject = :id",
            id=loan_id,
        )
        assert line["detail"]["maker"] == two[0].id
        assert line["detail"]["checker"] == two[1].id


class TestAReversal:
    def test_leaves_the_loan_as_if_the_money_had_never_come(
        self, world: World, two: tuple[Operator, Operator]
    ):
        _, loan_id = world.paid()
        before = quote_fen(world, loan_id, What.PAYOFF)
        done(world, two, loan_id, "repayment.transfer", **transfer(before, what="payoff"))
        (made,) = repayments(world, loan_id)
        done(world, two, loan_id, "repayment.reverse", repayment=made.id, because="记错借款")
        assert state(world, loan_id) is LoanState.ACTIVE
        assert quote_fen(world, loan_id, What.PAYOFF) == before
        assert world.balance(Code.LOAN_PRINCIPAL, loan_id) == AMOUNT_FEN
        assert repayments(world, loan_id)[0].state is RepaymentState.REVERSED
        assert world.trial_balance() == 0

    def test_lets_the_arrival_be_entered_where_it_belongs(
        self, world: World, two: tuple[Operator, Operator]
    ):
        _, loan_id = world.paid()
        done(world, two, loan_id, "repayment.transfer", **transfer(100))
        (made,) = repayments(world, loan_id)
        done(world, two, loan_id, "repayment.reverse", repayment=made.id, because="金额记错")
        done(world, two, loan_id, "repayment.transfer", **transfer(1_000))
        assert credit(world).balance_fen == 1_000

    def test_twice_is_refused(self, world: World, two: tuple[Operator, Operator]):
        _, loan_id = world.paid()
        done(world, two, loan_id, "repayment.transfer", **transfer(100))
        (made,) = repayments(world, loan_id)
        wanted = {"repayment": made.id, "because": "记错"}
        first = propose(world, two[0], loan_id, "repayment.reverse", wanted)
        other = propose(world, two[0], loan_id, "repayment.reverse", wanted | {"because": "错"})
        approve(world, first, two[1])
        with pytest.raises(NothingReceived):
            approve(world, other, two[1])

    def test_of_money_that_was_paid_back_is_refused(
        self, world: World, two: tuple[Operator, Operator]
    ):
        _, loan_id = world.paid()
        done(world, two, loan_id, "repayment.transfer", **transfer(100))
        done(world, two, loan_id, "credit.refund", amount_fen=100)
        (made,) = repayments(world, loan_id)
        with pytest.raises(CreditSpent):
            propose(
                world,
                two[0],
                loan_id,
                "repayment.reverse",
                {"repayment": made.id, "because": "退票"},
            )


class TestPayingCreditBack:
    def overpaid(self, world: World, two: tuple[Operator, Operator], fen: int = 500) -> str:
        _, loan_id = world.paid()
        done(world, two, loan_id, "repayment.transfer", **transfer(fen))
        return loan_id

    def test_sends_it_to_the_borrowers_card(self, world: World, two: tuple[Operator, Operator]):
        loan_id = self.overpaid(world, two)
        done(world, two, loan_id, "credit.refund", amount_fen=300)
        assert credit(world) == credit_balances.Credit(balance_fen=500, held_fen=300)
        world.work_until_quiet()
        assert credit(world) == credit_balances.Credit(balance_fen=200, held_fen=0)
        (sent,) = [one for one in world.bank.paid() if one.amount_fen == 300]
        assert sent.account_no == "6230580000000099990"
        assert world.trial_balance() == 0

    def test_of_more_than_is_left_is_refused(self, world: World, two: tuple[Operator, Operator]):
        loan_id = self.overpaid(world, two)
        done(world, two, loan_id, "credit.refund", amount_fen=300)
        with pytest.raises(CreditTooSmall):
            propose(world, two[0], loan_id, "credit.refund", {"amount_fen": 201})
        world.work_until_quiet()
        with pytest.raises(CreditTooSmall):
            propose(world, two[0], loan_id, "credit.refund", {"amount_fen": 201})
        done(world, two, loan_id, "credit.refund", amount_fen=200)

    def test_asked_for_by_many_at_once_never_passes_the_balance(
        self, world: World, two: tuple[Operator, Operator]
    ):
        loan_id = self.overpaid(world, two)

        def once(_: int) -> bool:
            try:
                with world.database.unit_of_work() as tx:
                    credit_balances.refund(tx, loan_id, 200, BORROWER)
            except CreditTooSmall:
                return False
            return True

        with ThreadPoolExecutor(8) as pool:
            assert sum(pool.map(once, range(8))) == 2
        world.work_until_quiet()
        assert credit(world).balance_fen == 100

    def test_that_the_bank_refuses_leaves_it_the_borrowers(
        self, world: World, two: tuple[Operator, Operator]
    ):
        loan_id = self.overpaid(world, two)
        world.bank.refuse = {"6230580000000099990"}
        done(world, two, loan_id, "credit.refund", amount_fen=500)
        world.work_until_quiet()
        assert credit(world) == credit_balances.Credit(balance_fen=500, held_fen=0)
        world.bank.refuse = set()
        with world.database.unit_of_work() as tx:
            credit_balances.refund(tx, loan_id, 500, BORROWER)
        world.work_until_quiet()
        assert credit(world).balance_fen == 0

    @pytest.mark.parametrize("trouble", ["lose_answers", "lose_requests", "slow"])
    def test_without_an_answer_is_asked_about_and_sent_once(
        self, world: World, two: tuple[Operator, Operator], trouble: str
    ):
        loan_id = self.overpaid(world, two)
        setattr(world.bank, trouble, 1)
        done(world, two, loan_id, "credit.refund", amount_fen=500)
        world.work()
        assert credit(world).available_fen == 0
        world.bank.settle()
        world.work_until_quiet()
        assert credit(world).balance_fen == 0
        assert len([one for one in world.bank.paid() if one.amount_fen == 500]) == 1

    @pytest.mark.parametrize("amount", [0, -1])
    def test_of_nothing_is_refused(self, world: World, two: tuple[Operator, Operator], amount: int):
        loan_id = self.overpaid(world, two)
        with pytest.raises(CreditTooSmall), world.database.unit_of_work() as tx:
            credit_balances.refund(tx, loan_id, amount, BORROWER)


class TestAWaiver:
    def test_of_penalty_is_no_longer_asked_for(self, world: World, two: tuple[Operator, Operator]):
        _, loan_id = world.paid()
        days_later(world, 40)
        with world.database.unit_of_work() as tx:
            asked = service.quote(tx, loan_id, What.DUE)
        assert asked.penalty_fen > 1
        payload = {"fee_fen": 0, "penalty_fen": asked.penalty_fen, "interest_fen": 0}
        done(world, two, loan_id, "loan.waive", **payload)
        with world.database.unit_of_work() as tx:
            assert service.quote(tx, loan_id, What.DUE).penalty_fen == 0
        assert world.trial_balance() == 0

    def test_of_more_than_is_open_is_refused_by_name(
        self, world: World, two: tuple[Operator, Operator]
    ):
        _, loan_id = world.paid()
        payload = {"fee_fen": 0, "penalty_fen": 1, "interest_fen": 0}
        with pytest.raises(EventImpossible) as refused:
            propose(world, two[0], loan_id, "loan.waive", payload)
        assert refused.value.field == "/penalty_fen"

    def test_is_looked_at_again_when_it_is_approved(
        self, world: World, two: tuple[Operator, Operator]
    ):
        _, loan_id = world.paid()
        days_later(world, 40)
        with world.database.unit_of_work() as tx:
            asked = service.quote(tx, loan_id, What.DUE)
        payload = {"fee_fen": 0, "penalty_fen": asked.penalty_fen, "interest_fen": 0}
        made = propose(world, two[0], loan_id, "loan.waive", payload)
        service.pay(world.context, loan_id, What.DUE, amount_fen=asked.amount_fen)
        with pytest.raises(EventImpossible):
            approve(world, made, two[1])
        with world.database.unit_of_work() as tx:
            assert approvals.get(tx, made.id).state is ProposalState.OPEN


class TestMovingDueDates:
    def test_moves_the_next_and_those_after_it(self, world: World, two: tuple[Operator, Operator]):
        _, loan_id = world.paid()
        done(world, two, loan_id, "loan.move_due_dates", first_due="2027-01-05")
        with world.database.unit_of_work() as tx:
            asked = service.quote(tx, loan_id, What.NEXT)
        assert asked.due_date == date(2027, 1, 5)
        assert world.trial_balance() == 0

    @pytest.mark.parametrize("first_due", ["2027-06-01", "2026-11-23"])
    def test_by_too_much_is_refused(
        self, world: World, two: tuple[Operator, Operator], first_due: str
    ):
        _, loan_id = world.paid()
        with pytest.raises(EventImpossible) as refused:
            propose(world, two[0], loan_id, "loan.move_due_dates", {"first_due": first_due})
        assert refused.value.field == "/first_due"


class TestACharge:
    def signed_with(self, world: World, loan_id: str, item: dict[str, object]) -> None:
        """As if the borrower had confirmed a cost table with one more contingent item."""
        with world.database.unit_of_work() as tx:
            row = tx.one(
                "SELECT s.id, s.table_shown FROM cost_table_showing s JOIN contract c"
                " ON c.cost_showing_id = s.id WHERE c.loan_id = :id",
                id=loan_id,
            )
            table = dict(row["table_shown"])
            table["contingent"] = [*table["contingent"], item]
            sha256 = cost_showing.table_sha256(table)
            tx.run(
                "UPDATE cost_table_showing SET table_shown = :table, table_sha256 = :sha"
                " WHERE id = :id",
                table=json(table),
                sha=sha256,
                id=row["id"],
            )
            tx.run(
                "UPDATE loan SET terms = jsonb_set(terms, '{cost_table_sha256}', :sha)"
                " WHERE id = :id",
                sha=json(sha256),
                id=loan_id,
            )

    def test_that_the_signed_table_does_not_name_is_refused(
        self, world: World, two: tuple[Operator, Operator]
    ):
        _, loan_id = world.paid()
        for name in ("collection_fee", "interest", "penalty"):
            with pytest.raises(ChargeNotDisclosed):
                propose(world, two[0], loan_id, "loan.charge", {"name": name, "amount_fen": 100})

    def test_that_it_names_is_due_with_the_next_instalment(
        self, world: World, two: tuple[Operator, Operator]
    ):
        _, loan_id = world.paid()
        self.signed_with(world, loan_id, {"name": "guarantee_fee", "amount_fen": 2_000})
        before = quote_fen(world, loan_id, What.NEXT)
        done(world, two, loan_id, "loan.charge", name="guarantee_fee", amount_fen=2_000)
        assert quote_fen(world, loan_id, What.NEXT) == before + 2_000
        with pytest.raises(ChargeNotDisclosed):
            propose(
                world,
                two[0],
                loan_id,
                "loan.charge",
                {"name": "guarantee_fee", "amount_fen": 2_001},
            )

    def test_by_a_table_that_was_changed_since_is_refused(
        self, world: World, two: tuple[Operator, Operator]
    ):
        _, loan_id = world.paid()
        with world.database.unit_of_work() as tx:
            tx.run(
                "UPDATE cost_table_showing SET table_shown = jsonb_set(table_shown,"
                " '{contingent}', '[{\"name\": \"guarantee_fee\"}]')"
            )
        with pytest.raises(ChargeNotDisclosed):
            propose(
                world,
                two[0],
                loan_id,
                "loan.charge",
                {"name": "guarantee_fee", "amount_fen": 1},
            )


class TestAWriteOff:
    def test_of_a_loan_in_arrears_leaves_it_owed(
        self, world: World, two: tuple[Operator, Operator]
    ):
        _, loan_id = world.paid()
        days_later(world, 40)
        owed = quote_fen(world, loan_id, What.PAYOFF)
        done(world, two, loan_id, "loan.write_off")
        assert state(world, loan_id) is LoanState.WRITTEN_OFF
        assert world.balance(Code.LOAN_PRINCIPAL, loan_id) == 0
        assert quote_fen(world, loan_id, What.PAYOFF) == owed
        assert world.trial_balance() == 0

    def test_of_a_loan_that_is_paid_in_time_is_refused(
        self, world: World, two: tuple[Operator, Operator]
    ):
        _, loan_id = world.paid()
        with pytest.raises(NotOverdue):
            propose(world, two[0], loan_id, "loan.write_off", {})


class TestAReceipt:
    def test_is_the_same_bytes_each_time(self, world: World, two: tuple[Operator, Operator]):
        _, loan_id = world.paid()
        asked = quote_fen(world, loan_id, What.NEXT)
        done(world, two, loan_id, "repayment.transfer", **transfer(asked + 5, what="next"))
        (made,) = repayments(world, loan_id)
        with world.database.unit_of_work() as tx:
            one = receipts.pdf(tx, world.keys, made.id, is_masked=False)
            two_ = receipts.pdf(tx, world.keys, made.id, is_masked=False)
            masked = receipts.pdf(tx, world.keys, made.id, is_masked=True)
            parts = receipts.parts(tx, made.id)
        assert one == two_
        assert one.startswith(b"%PDF")
        assert one != masked
        assert (parts.excess_fen, parts.interest_fen) == (5, 7_199)

    def test_is_not_given_of_money_that_is_not_here(
        self, world: World, two: tuple[Operator, Operator]
    ):
        _, loan_id = world.paid()
        done(world, two, loan_id, "repayment.transfer", **transfer(100))
        (made,) = repayments(world, loan_id)
        done(world, two, loan_id, "repayment.reverse", repayment=made.id, because="退票")
        with pytest.raises(receipts.NoReceipt), world.database.unit_of_work() as tx:
            receipts.pdf(tx, world.keys, made.id, is_masked=False)

    @pytest.mark.parametrize(
        ("fen", "words"),
        [
            (0, "零元整"),
            (5, "伍分"),
            (50, "伍角整"),
            (105, "壹元零伍分"),
            (123_456, "壹仟贰佰叁拾肆元伍角陆分"),
            (1_000_100, "壹万零壹元整"),
            (10_101_000, "壹拾万零壹仟零壹拾元整"),
            (20_000_000, "贰拾万元整"),
            (10_000_000_100, "壹亿零壹元整"),
        ],
    )
    def test_writes_the_amount_out(self, fen: int, words: str):
        assert receipts.in_words(fen) == words


class TestEveryGuardedAction:
    """The ways around the second person, each tried on each action (T18)."""

    def ready(self, world: World, two: tuple[Operator, Operator], kind: str) -> tuple[str, Any]:
        """A loan on which the action is possible, and the payload for it."""
        if kind == "release.let_go":
            return self.held(world), {}
        _, loan_id = world.paid()
        done(world, two, loan_id, "repayment.transfer", **transfer(5_000, "B-0"))
        (made,) = repayments(world, loan_id)
        if kind in ("loan.waive", "loan.write_off"):
            days_later(world, 40)
        if kind == "loan.lift_fraud":
            with world.database.unit_of_work() as tx:
                kind_of_fraud = fraud.FraudKind.COLLUSION
                actor = Actor("operator", two[0].id)
                fraud.flag(
                    tx, world.keys, world.customer_id, kind_of_fraud, because="x", actor=actor
                )
        if kind == "loan.charge":
            item: dict[str, object] = {"name": "guarantee_fee"}
            TestACharge().signed_with(world, loan_id, item)
        payloads: dict[str, dict[str, Any]] = {
            "repayment.transfer": transfer(100),
            "repayment.reverse": {"repayment": made.id, "because": "退票"},
            "loan.waive": {"fee_fen": 0, "penalty_fen": 1, "interest_fen": 0},
            "loan.move_due_dates": {"first_due": "2027-01-05"},
            "loan.charge": {"name": "guarantee_fee", "amount_fen": 100},
            "loan.write_off": {},
            "loan.lift_fraud": {},
            "credit.refund": {"amount_fen": 100},
        }
        return loan_id, payloads[kind]

    def held(self, world: World) -> str:
        """A loan one of whose later parts only the hold keeps from the merchant; its id."""
        loan_id = paid_ahead(world)
        with world.database.unit_of_work() as tx:
            releases.hold(tx, loan_id, because="complaint", actor=BORROWER)
        confirm(world, loan_id, 2)
        come_to(world, date(2026, 12, 23))
        return loan_id

    def trace(self, world: World) -> list[int]:
        """What any effect would show in."""
        tables = ("journal_entry", "loan_event", "repayment", "payout", "ledger_hold")
        lifted = "fraud_flag WHERE lifted_at IS NOT NULL"
        return [world.count(f"SELECT count(*) FROM {table}") for table in (*tables, lifted)]

    @pytest.mark.parametrize("kind", sorted(KINDS))
    def test_happens_once_and_only_through_two_persons(
        self, world: World, two: tuple[Operator, Operator], kind: str
    ):
        maker, checker = two
        loan_id, payload = self.ready(world, two, kind)
        before = self.trace(world)
        made = propose(world, maker, loan_id, kind, payload)
        assert self.trace(world) == before, "proposing has an effect"
        with pytest.raises(ProposalPending):
            propose(world, maker, loan_id, kind, payload)
        for who in (maker, operator(world, "zhou2", "周 经办")):
            with pytest.raises(SamePerson):
                approve(world, made, who)
            with pytest.raises(SamePerson), world.database.unit_of_work() as tx:
                approvals.refuse(tx, KINDS, made.id, checker=who, note="x")
        for role in (Role.ADMIN, Role.RISK, Role.VIEWER):
            other = Operator("opr_x", "x", "某", role, "staff:9")
            with pytest.raises(NotAllowed):
                approve(world, made, other)
            with pytest.raises(NotAllowed):
                propose(world, other, loan_id, kind, payload)
        for digest in ("", "0" * 64, made.digest[:-1], made.digest.upper()):
            with pytest.raises(ProposalAltered):
                approve(world, replace(made, digest=digest), checker)
        with pytest.raises(KindUnknown), world.database.unit_of_work() as tx:
            approvals.approve(tx, {}, made.id, digest=made.digest, checker=checker)
        assert self.trace(world) == before, "a refused approval has an effect"
        assert approve(world, made, checker).state is ProposalState.APPROVED
        after = self.trace(world)
        assert after != before
        for act in (checker, operator(world, "qian", "钱三")):
            with pytest.raises(ProposalEnded):
                approve(world, made, act)
        assert self.trace(world) == after, "a second approval has an effect"
        lines = world.rows(
            "SELECT detail FROM audit_log WHERE action = :action AND subject = :id"
            " AND detail->>'proposal' = :proposal",
            action=f"{kind}.done",
            id=loan_id,
            proposal=made.id,
        )
        assert [(one["detail"]["maker"], one["detail"]["checker"]) for one in lines] == [
            (maker.id, checker.id)
        ]

    @pytest.mark.parametrize("kind", sorted(KINDS))
    def test_that_was_refused_or_has_expired_never_happens(
        self, world: World, two: tuple[Operator, Operator], kind: str
    ):
        maker, checker = two
        loan_id, payload = self.ready(world, two, kind)
        before = self.trace(world)
        refused = propose(world, maker, loan_id, kind, payload)
        with world.database.unit_of_work() as tx:
            approvals.refuse(tx, KINDS, refused.id, checker=checker, note="不同意")
        late = propose(world, maker, loan_id, kind, payload)
        world.clock.advance(approvals.GOOD_FOR)
        for made in (refused, late):
            with pytest.raises(ProposalEnded):
                approve(world, made, checker)
        assert self.trace(world) == before
