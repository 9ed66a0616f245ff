"""The fake lender plays a platform's business: files, quotas, commissions, claims on guarantors."""

from datetime import timedelta
from decimal import Decimal
from io import BytesIO

import pytest
from cf_partner_sdk import (
    BillPayment,
    BillState,
    ClaimState,
    CommissionBasis,
    LeadConsent,
    LeadCured,
    LeadOverdue,
    LeadReceived,
    LeadSettled,
    LeadState,
    ListState,
    NotFound,
    ProblemError,
)
from cf_partner_sdk.testing import CommissionTerms, FakeGateway
from cf_partner_sdk.testing.wire import dumps
from werkzeug import Response

from tests.gateway import described
from tests.sdk.either import BOTH, asked_in_a_row

PDF = b"%PDF-1.4\n% what I earn\n%%EOF\n"


@pytest.fixture
def gateway():
    with FakeGateway() as made:
        yield made


def send(gateway, ask, lead_no="L-1", *scopes):
    at = gateway.clock.now() - timedelta(minutes=1)
    return ask(
        "leads.submit",
        lead_no=lead_no,
        amount_fen=1_000_000,
        purpose="travel",
        name="王小满",
        identity_no="110101199003071006",
        mobile="13812345678",
        consents=[LeadConsent(each, "1", "ab" * 32, "app", at) for each in ("identity", *scopes)],
        return_url="https://platform.example/back",
        idempotency_key=lead_no,
    )


def lend(gateway, ask, lead_no="L-1"):
    lead = send(gateway, ask, lead_no)
    for state in (LeadState.HANDED_OVER, LeadState.APPROVED, LeadState.SIGNED, LeadState.PAID):
        lead = gateway.move_lead(lead_no, state)
    return lead


def refusal(ask, path, *given, **named):
    with pytest.raises(ProblemError) as refused:
        ask(path, *given, **named)
    return refused.value.status, refused.value.code, refused.value.field


@BOTH
class TestAFileOfALead:
    def test_is_kept_by_what_its_content_is(self, gateway, client):
        with client(gateway) as ask:
            lead = send(gateway, ask, "L-1", "attachments")
            kept = ask("leads.attach", lead.id, kind="income", file=PDF)
        assert (kept.lead_id, kept.content_type) == (lead.id, "application/pdf")
        assert kept.size_bytes == len(PDF)

    @pytest.mark.parametrize(
        ("sent", "refused"),
        [
            (("income", PDF), (422, "lead.consent_scope_missing", None)),
            (
                ("income", b"%PDF-1.4 /JavaScript %%EOF", "attachments"),
                (422, "attachment.type_refused", None),
            ),
            (("selfie", PDF, "attachments"), (400, "fields.refused", "/kind")),
        ],
    )
    def test_is_refused_as_the_lender_refuses_it(self, gateway, client, sent, refused):
        kind, content, *scopes = sent
        with client(gateway) as ask:
            lead = send(gateway, ask, "L-1", *scopes)
            found = refusal(ask, "leads.attach", lead.id, kind=kind, file=content)
        assert found == refused

    def test_comes_ten_times_at_most(self, gateway, client):
        with client(gateway) as ask:
            lead = send(gateway, ask, "L-1", "attachments")
            for number in range(10):
                ask("leads.attach", lead.id, kind="other", file=PDF, idempotency_key=f"{number}")
            one_more = refusal(ask, "leads.attach", lead.id, kind="other", file=PDF)
        assert one_more == (422, "attachment.too_many", None)


@BOTH
class TestAnApplicationWithoutTheLendersPage:
    GIVEN = {  # noqa: RUF012 - read alone
        "card_no": "6217000000000000883",
        "suitability": {"student": False},
        "consents": [
            {"scope": "personal_info", "text_version": "2026-11", "text_sha256": "ab" * 32}
        ],
    }

    def test_is_refused_until_the_test_allows_it(self, gateway, client):
        with client(gateway) as ask:
            lead = send(gateway, ask)
            assert refusal(ask, "leads.hand_in", lead.id, **self.GIVEN) == (
                422,
                "compliance.own_page_required",
                None,
            )
            gateway.allow_hand_in()
            assert ask("leads.hand_in", lead.id, **self.GIVEN).state is LeadState.DECIDING
            again = refusal(ask, "leads.hand_in", lead.id, **self.GIVEN)
        assert again == (409, "loan.wrong_state", None)


@BOTH
class TestALead:
    def test_is_found_handed_over_again_and_withdrawn(self, gateway, client):
        with client(gateway) as ask:
            first, second = (send(gateway, ask, number) for number in ("L-1", "L-2"))
            assert ask("leads.get", first.id) == ask("leads.find", "L-1") == first
            assert ask("leads.list", limit=1) == [second, first]
            again = ask("leads.hand_over", first.id)
            assert again.handover_url != first.handover_url
            assert ask("leads.withdraw", first.id).state is LeadState.CANCELLED
            assert ask("leads.list", state="received") == [second]
            lost = refusal(ask, "leads.hand_over", first.id, idempotency_key="once-more")
        assert lost == (409, "handover.not_possible", None)


@BOTH
class TestAPlatform:
    def test_reads_what_is_agreed_and_how_much_of_it_is_used(self, gateway, client):
        gateway.platform.change(tier="A", leads_per_day=1)
        with client(gateway) as ask:
            key = ask("platform.new_precheck_key")
            ask("leads.precheck_batch", [{"mobile": "13812345678"}] * 3, key=key)
            send(gateway, ask)
            info = ask("platform.get")
            assert (info.tier, info.prechecks_used, info.leads_used) == ("A", 3, 1)
            with pytest.raises(ProblemError) as refused:
                send(gateway, ask, "L-2")
            assert refused.value.code == "lead.quota_spent"
            gateway.advance(days=1)
            assert send(gateway, ask, "L-2").state is LeadState.RECEIVED

    @pytest.mark.parametrize(
        ("state", "code"),
        [
            (ListState.STOPPED, "partner.stopped"),
            (ListState.NOT_IN_FORCE, "partner.contract_not_in_force"),
            (ListState.REMOVED, "partner.not_listed"),
        ],
    )
    def test_that_is_not_on_the_list_sends_nobody(self, gateway, client, state, code):
        with client(gateway) as ask:
            key = ask("platform.new_precheck_key")
            gateway.platform.change(list_state=state)
            asked = refusal(ask, "leads.precheck", key=key, mobile="13812345678")
            assert asked == (422, code, None)
            with pytest.raises(ProblemError) as refused:
                send(gateway, ask)
        assert refused.value.code == code

    def test_sees_what_came_of_its_people(self, gateway, client):
        with client(gateway) as ask:
            lend(gateway, ask)
            send(gateway, ask, "L-2")
            gateway.repay_lead("L-1", principal_fen=100_000, interest_fen=10_000)
            gateway.lead_is_late("L-1", 31)
            (found,) = ask("platform.statistics").products
        assert (found.leads, found.approved, found.paid, found.lent_fen) == (2, 1, 1, 1_000_000)
        assert (found.open_fen, found.overdue_rate) == (900_000, Decimal(1))
        assert (found.commission_fen, found.income_fen, found.profit_fen) == (2_000,) * 3


@BOTH
class TestALoan:
    def test_is_told_late_by_stages_then_cured_then_settled(self, gateway, client):
        with client(gateway) as ask:
            lead = lend(gateway, ask)
        for days in (1, 2, 31, 0):
            gateway.lead_is_late("L-1", days)
        gateway.repay_lead("L-1", principal_fen=1_000_000)
        told = [each for each in gateway.events if each.subject == lead.id]
        assert isinstance(told[0], LeadReceived)
        kinds = [type(each) for each in told[-5:-1]]
        assert kinds == [LeadOverdue, LeadOverdue, LeadCured, LeadSettled]
        stages = [each.lead_standing.stage for each in told[-5:-1]]
        assert stages == ["M1", "M2", "M0", "M0"]
        for each in gateway.events:
            described.check_event(each.type, each.data["object"])


@BOTH
class TestACommission:
    def test_is_billed_recomputed_confirmed_and_paid(self, gateway, client):
        with client(gateway) as ask:
            lend(gateway, ask)
            gateway.repay_lead("L-1", principal_fen=80_000, interest_fen=10_003)
            gateway.repay_lead("L-1", principal_fen=80_000, interest_fen=9_000)
            made = gateway.commissions.bill()
            (bill,) = ask("commissions.list", month=made.month)
            assert (bill.accrued_fen, bill.rows, bill.loans) == (3_801, 2, 1)
            assert ask("commissions.recompute", bill.id, events=gateway.events) == ()
            for what in ("download_csv", "download_pdf"):
                file = BytesIO()
                ask(f"commissions.{what}", bill.id, to=file)
                assert file.getvalue()
            confirmed = ask("commissions.confirm", bill.id, payable_fen=3_801)
            assert (confirmed.state, confirmed.payment) == (
                BillState.CONFIRMED,
                BillPayment.PAYING,
            )
            gateway.commissions.fail_payment(bill)
            gateway.commissions.pay(bill)
            assert ask("commissions.get", bill.id).payment is BillPayment.PAID
        for each in gateway.events:
            described.check_event(each.type, each.data["object"])

    def test_that_the_lender_has_wrong_shows_in_the_recomputation(self, gateway, client):
        with client(gateway) as ask:
            lend(gateway, ask)
            gateway.repay_lead("L-1", principal_fen=80_000, interest_fen=10_000)
            bill = gateway.commissions.bill()
            known = [each for each in gateway.events if each.type != "commission.accrued"]
            wrong = ask("commissions.recompute", bill.id, events=known)
        assert {each.kind.value for each in wrong} == {"missing_in_events", "bill_differs"}

    def test_is_confirmed_once_as_it_stands_and_disputed_before(self, gateway, client):
        with client(gateway) as ask:
            lend(gateway, ask)
            gateway.repay_lead("L-1", principal_fen=80_000, interest_fen=10_000)
            bill = gateway.commissions.bill()
            confirm, dispute = "commissions.confirm", "commissions.dispute"
            stale = refusal(ask, confirm, bill.id, payable_fen=1_999)
            assert stale == (409, "commission.bill_changed", "/payable_fen")
            assert ask(dispute, bill.id, reason="L-2 is missing").state is BillState.DISPUTED
            assert refusal(ask, confirm, bill.id, payable_fen=2_000)[1] == "commission.disputed"
            assert refusal(ask, dispute, bill.id, reason="again")[1] == "commission.disputed"
            answered = gateway.commissions.answer(bill, "added", adjustment_fen=500)
            assert (answered.payable_fen, answered.answer) == (2_500, "added")
            ask(confirm, bill.id, payable_fen=2_500)
            twice = refusal(ask, confirm, bill.id, payable_fen=2_500, idempotency_key="twice")
            assert twice == (409, "commission.confirmed", None)
            assert refusal(ask, dispute, bill.id, reason="late")[1] == "commission.confirmed"
            with pytest.raises(NotFound):
                ask("commissions.get", "cbl_none")

    def test_below_zero_is_carried_into_the_next_bill(self, gateway, client):
        with client(gateway) as ask:
            lead = lend(gateway, ask)
            gateway.repay_lead("L-1", principal_fen=80_000, interest_fen=10_000)
            first = gateway.commissions.bill()
            ask("commissions.confirm", first.id, payable_fen=first.payable_fen)
            gateway.commissions.pay(first)
            gateway.commissions.claw_back(lead)
            second = gateway.commissions.bill()
            assert second.payable_fen == second.clawback_fen == -2_000
            ask("commissions.confirm", second.id, payable_fen=-2_000)
            third = gateway.commissions.bill()
            assert (third.carried_fen, third.payable_fen) == (-2_000, -2_000)
            carried = ask("commissions.get", second.id)
            assert carried.payment is BillPayment.CARRIED
            for bill in (second, third):
                assert ask("commissions.recompute", bill.id, events=gateway.events) == ()

    @pytest.mark.parametrize(
        ("terms", "earned_fen"),
        [
            (CommissionTerms(CommissionBasis.PRINCIPAL, Decimal("0.01")), 800),
            (CommissionTerms(CommissionBasis.LOAN, Decimal(0), per_loan_fen=5_000), 5_000),
            (CommissionTerms(rate=Decimal(1), cap_rate=Decimal("0.001")), 1_000),
        ],
    )
    def test_follows_what_was_agreed(self, gateway, client, terms, earned_fen):
        gateway.commissions.terms = terms
        with client(gateway) as ask:
            lend(gateway, ask)
            gateway.repay_lead("L-1", principal_fen=80_000, interest_fen=10_000)
            bill = gateway.commissions.bill()
            assert bill.payable_fen == earned_fen
            assert ask("commissions.recompute", bill.id, events=gateway.events) == ()


@BOTH
class TestAClaim:
    def test_is_announced_once_and_paid(self, gateway, client):
        filed = gateway.claims.file(principal_fen=600_000, interest_fen=14_400, penalty_fen=812)
        confirm = "claims.confirm_payment"
        with client(gateway) as ask:
            (found,) = ask("claims.list", state=ClaimState.FILED)
            assert found.amount_fen == 615_212
            told = ask(confirm, filed.id, bank_reference="ICBC-1")
            assert told.payment_reference == "ICBC-1"
            other = refusal(ask, confirm, filed.id, bank_reference="ICBC-2")
            assert other == (409, "claim.payment_announced", None)
            with pytest.raises(ValueError, match="asks for"):
                gateway.claims.receive(filed, amount_fen=615_211)
            gateway.claims.receive(filed)
            assert ask("claims.get", filed.id).paid_by == "transfer"
            gateway.claims.take_back(filed)
        for each in gateway.events:
            described.check_event(each.type, each.data["object"])

    def test_that_ended_is_paid_no_more(self, gateway, client):
        filed = gateway.claims.file(principal_fen=600_000)
        gateway.claims.withdraw(filed)
        with client(gateway) as ask:
            found = refusal(ask, "claims.confirm_payment", filed.id, bank_reference="ICBC-1")
        assert found == (409, "claim.ended", None)
        with pytest.raises(ValueError, match="withdrawn"):
            gateway.claims.draw(filed)


def test_every_answer_is_as_the_lender_describes_it(gateway):
    with asked_in_a_row(gateway) as ask:
        lead = lend(gateway, ask)
        gateway.repay_lead("L-1", principal_fen=80_000, interest_fen=10_000)
        bill = gateway.commissions.bill()
        claim = gateway.claims.file(principal_fen=600_000)
        statement = ask("statements.get", bill.statement_id)
        for path, seen in {
            f"/v1/leads/{lead.id}": ask("leads.get", lead.id),
            "/v1/platform": ask("platform.get"),
            "/v1/platform/statistics": ask("platform.statistics"),
            f"/v1/commissions/{bill.id}": ask("commissions.get", bill.id),
            f"/v1/claims/{claim.id}": ask("claims.get", claim.id),
        }.items():
            told = Response(dumps(seen), content_type="application/json")
            described.check("GET", path, told)
    assert (statement.rows, statement.closing_balance_fen) == (1, bill.payable_fen)
