"""From a platform's call to money on the borrower's own card (ASSIST-1 to ASSIST-5)."""

from dataclasses import replace
from datetime import timedelta

import pytest

from lending.channels import listings
from lending.channels import service as channels
from lending.channels.errors import ContractNotInForce, PartnerNotListed, PartnerStopped
from lending.customers import blacklist
from lending.foundation.audit import SYSTEM
from lending.foundation.errors import Problem
from lending.ledger.chart import Code
from lending.loans import service as loans
from lending.products import service as products
from processes.seed import CASH_PRODUCT
from scenarios.assisted_lending import applying, platforms, rules, servicing
from scenarios.assisted_lending import leads_store as store
from scenarios.assisted_lending.errors import (
    ConsentAhead,
    ConsentExpired,
    ConsentTwice,
    HandoverNotPossible,
    LeadNoTaken,
    LeadQuotaSpent,
    NotAPlatform,
    ScopeMissing,
)
from scenarios.assisted_lending.model import Scope
from simulators.magic import somebody
from tests.assisted_lending.agreed import LISTING, TERMS
from tests.loans.world import PUBLIC_URL


class TestALead:
    def test_becomes_money_on_the_borrowers_own_card(self, sending, person):
        who = person().sent().forward("lead_done")
        seen = sending.view(who.lead["id"])
        assert (seen["state"], seen["paid_fen"], seen["periods"]) == ("paid", 1_000_000, 12)
        booked = sending.world.bank.paid()[-1]
        assert (booked.account_no, booked.name) == (who.person.card_no, who.person.name)
        assert booked.amount_fen == 1_000_000
        loan_id = seen["loan_id"]
        assert sending.world.balance(Code.LOAN_PRINCIPAL, loan_id) == 1_000_000
        assert sending.world.trial_balance() == 0
        assert sending.events(who.lead["id"]) == [
            *("received", "handed_over", "approved", "signed", "paid"),
        ]
        contract = who.get(f"{who.link}/contract.pdf")
        assert contract.data.startswith(b"%PDF")
        sending.world.require_books_agree()

    def test_is_priced_by_the_decision_alone(self, sending, person):
        who = person().sent().forward("choose")
        with sending.world.database.unit_of_work() as tx:
            lead = store.lead_by_id(tx, who.lead["id"])
            decided = applying.decision(tx, lead)
            offered = applying.offers(tx, lead)
            product = loans.priced_product(tx, loans.application(tx, lead.application_id))
        grade, arm = decided.features["grade"].value, decided.features["price_arm"].value
        assert product.rate_annual == product.risk_pricing.bands(arm).rate(grade)
        assert {each["rate_nominal"] for each in offered} == {f"{product.rate_annual:.6f}"}
        told = {name for name in decided.features if name.startswith("partner.")}
        assert told == {"partner.profile.income_monthly_fen"}

    def test_is_paid_to_another_card_after_the_first_has_refused(self, sending, person):
        who = person().sent().forward("lead_paying")
        bank = sending.world.bank
        bank.refuse.add(who.person.card_no)
        sending.work()
        assert who.due() == "lead_other_card"
        assert who.state() == "payout_failed"
        other = somebody(of="another card").card_no
        who.went("other-card", "lead_paying", card_number=other)
        sending.work()
        assert who.due() == "lead_done"
        assert bank.paid()[-1].account_no == other
        assert sending.events(who.lead["id"])[-2:] == ["payout_failed", "paid"]
        sending.world.require_books_agree()

    def test_is_paid_to_the_persons_own_wallet_where_they_choose_it(self, sending, person):
        who = person().sent().forward("lead_card")
        bank, wallet = sending.world.bank, "2088000000000160"
        assert "本人微信或支付宝钱包" in who.get(who.link).text
        form = {"card_number": who.person.card_no, "payout_to": "wallet"}
        assert "钱包账号不正确" in who.act("card", wallet_number="2088", **form).text
        bank.strangers.add(wallet)
        assert "钱包账户核验未通过" in who.act("card", wallet_number=wallet, **form).text
        bank.strangers.clear()
        who.went("card", "waiting", wallet_number=wallet, **form)
        who.forward("lead_done")
        assert "测试钱包 尾号 0160" in who.get(who.link).text
        (paid,) = bank.paid("wallet_payout")
        assert (paid.account_no, paid.amount_fen) == (wallet, 1_000_000)
        assert sending.world.balance(Code.WALLET_SETTLEMENT) == -1_000_000
        (loan,) = sending.world.rows(
            "SELECT l.bank_card_id, l.wallet_id, c.kind FROM loan l JOIN bank_card c"
            " ON c.id = l.bank_card_id WHERE l.subject = :id",
            id=who.lead["id"],
        )
        assert loan["wallet_id"] is not None
        assert loan["kind"] == "bank", "it is repaid from the card"
        sending.world.require_books_agree()

    def test_is_paid_to_a_wallet_or_card_after_the_other_has_refused(self, sending, person):
        who = person().sent().forward("lead_paying")
        bank = sending.world.bank
        first, second, third = who.person.card_no, "1000000000000260", "2088000000000360"
        bank.refuse |= {first, second}
        sending.work()
        assert who.due() == "lead_other_card"
        for wallet, then in ((second, "lead_other_card"), (third, "lead_done")):
            who.went("other-card", "lead_paying", payout_to="wallet", wallet_number=wallet)
            sending.work()
            assert who.due() == then
        assert bank.paid("wallet_payout")[-1].account_no == third
        sending.world.require_books_agree()

    def test_is_paid_to_no_wallet_where_the_product_pays_to_none(self, sending, person):
        world = sending.world
        with world.database.unit_of_work() as tx:
            products.publish(tx, replace(CASH_PRODUCT, version=2, pays_wallets=False), SYSTEM)
        who = person().sent().forward("lead_card")
        assert "本人微信或支付宝钱包" not in who.get(who.link).text
        told = who.act(
            "card",
            card_number=who.person.card_no,
            payout_to="wallet",
            wallet_number="2088000000000460",
        ).text
        assert "本产品仅支持支付到银行卡" in told
        with world.database.unit_of_work() as tx:
            products.publish(tx, replace(CASH_PRODUCT, version=3), SYSTEM)

    def test_whose_lender_refuses_tells_the_applicant_why_and_the_platform_nothing(
        self, sending, person
    ):
        who = person().sent()
        with sending.world.database.unit_of_work() as tx:
            blacklist.add(
                tx, sending.world.keys, "mobile", who.person.mobile, reason="x", source="y"
            )
        who.forward("waiting")
        sending.work()
        assert "未通过安全核验" in who.get(who.link).text
        seen = sending.view(who.lead["id"])
        assert (seen["state"], seen["refuse_reason"]) == ("refused", "refused_by_lender")
        who.went("review", "referred")
        tickets = sending.world.rows("SELECT rule, state FROM ticket WHERE rule = 'R-PI-MANUAL'")
        assert tickets == [{"rule": "R-PI-MANUAL", "state": "open"}]
        assert sending.events(who.lead["id"])[-2:] == ["refused", "referred"]


class TestIntake:
    def test_keeps_the_evidence_of_each_consent(self, sending):
        made = sending.submit(sending.new_lead())
        rows = sending.world.rows(
            "SELECT scope, text_version FROM lead_consent WHERE lead_id = :id ORDER BY scope",
            id=made["id"],
        )
        assert [row["scope"] for row in rows] == ["identity", "profile"]

    @pytest.mark.parametrize(
        ("change", "refusal", "field"),
        [
            (lambda c: c[1:], ScopeMissing, "/applicant"),
            (lambda c: c[:1], ScopeMissing, "/profile"),
            (lambda c: (*c, c[0]), ConsentTwice, "/consents/2/scope"),
            (
                lambda c: (replace(c[0], given_at=c[0].given_at - timedelta(days=31)), c[1]),
                ConsentExpired,
                "/consents/0/given_at",
            ),
            (
                lambda c: (replace(c[0], given_at=c[0].given_at + timedelta(days=1)), c[1]),
                ConsentAhead,
                "/consents/0/given_at",
            ),
        ],
    )
    def test_keeps_nothing_that_no_consent_covers(self, sending, change, refusal, field):
        new = sending.new_lead()
        tables = ("lead", "application", "lead_consent", "loan_news")
        counts = [sending.world.count(f"SELECT count(*) FROM {table}") for table in tables]
        with pytest.raises(refusal) as refused:
            sending.submit(replace(new, consents=change(new.consents)))
        assert refused.value.field == field
        assert counts == [sending.world.count(f"SELECT count(*) FROM {table}") for table in tables]

    def test_ages_consents_by_the_machines_clock_which_a_sandbox_runs_ahead_of(self, sending):
        now = sending.world.clock.now()
        consents = sending.new_lead().consents
        ahead = timedelta(days=99)
        rules.require_consents(consents, {Scope.IDENTITY}, now=now + ahead, machine_now=now)
        with pytest.raises(ConsentExpired):
            rules.require_consents(
                consents, {Scope.IDENTITY}, now=now + ahead, machine_now=now + ahead
            )

    def test_takes_a_number_once(self, sending):
        first = sending.new_lead()
        sending.submit(first)
        with pytest.raises(LeadNoTaken):
            sending.submit(replace(sending.new_lead(), lead_no=first.lead_no))
        other = sending.platform("app_same_number")
        sending.submit(replace(sending.new_lead(), lead_no=first.lead_no), by=other)

    def test_stops_at_the_quota_of_the_day(self, sending):
        small = sending.platform("app_small", leads_per_day=2)
        for _ in range(2):
            sending.submit(sending.new_lead(), by=small)
        with pytest.raises(LeadQuotaSpent):
            sending.submit(sending.new_lead(), by=small)

    def test_forgets_who_never_applied(self, sending, person):
        who = person().sent()
        sending.work(rules.LEAD_GOOD_FOR + timedelta(minutes=1))
        assert who.state() == "expired"
        assert sending.events(who.lead["id"])[-1] == "expired"
        (row,) = sending.world.rows(
            "SELECT name_sealed, identity_no_sealed, mobile_sealed, partner_signals FROM lead d"
            " JOIN application a ON a.id = d.application_id WHERE d.id = :id",
            id=who.lead["id"],
        )
        assert list(row.values()) == [None, None, None, {}]


class TestTheHandover:
    def test_is_good_once(self, sending, person):
        first, second = person().sent(), person()
        answer = second.come(first.lead)
        assert answer.status_code == 409
        assert "链接已使用过" in answer.text
        assert first.due() == "lead_welcome"

    def test_opens_the_page_in_that_browser_only(self, person):
        first, second = person().sent(), person()
        assert second.get(first.link).status_code == 404

    def test_is_refused_when_forged_replaced_or_late(self, sending, person):
        lead = sending.submit(sending.new_lead())
        who = person()
        url, last = lead["handover_url"][:-1], lead["handover_url"][-1]
        forged = {**lead, "handover_url": url + ("a" if last != "a" else "e")}
        assert who.come(forged).status_code == 404
        with sending.world.database.unit_of_work() as tx:
            newer = servicing.hand_over(
                tx, sending.world.keys, sending.platform_id, lead["id"], PUBLIC_URL
            )
        assert "已有新的链接" in who.come(lead).text
        sending.work(timedelta(minutes=31))
        assert "链接已过期" in who.come(newer).text

    def test_allows_no_page_between(self, sending, person):
        lead = sending.submit(sending.new_lead())
        answer = person().come(lead, referrer="https://other.example/x")
        assert answer.status_code == 422
        assert person().come(lead, referrer="https://platform.example/x").status_code == 303

    def test_brings_a_person_back_by_a_new_link(self, sending, person):
        who = person().sent().forward("lead_card")
        with sending.world.database.unit_of_work() as tx:
            again = servicing.hand_over(
                tx, sending.world.keys, sending.platform_id, who.lead["id"], PUBLIC_URL
            )
        back = person(who.person)
        assert back.come(again).status_code == 303
        sending.world.clock.advance(timedelta(minutes=2))
        back.forward("lead_identity")

    def test_ends_where_the_person_is_not_who_was_sent(self, sending, person):
        who = person().sent().forward("lead_identity")
        who.went("not-me", "lead_ended")
        assert who.state() == "cancelled"
        with (
            sending.world.database.unit_of_work() as tx,
            pytest.raises(HandoverNotPossible),
        ):
            servicing.hand_over(
                tx, sending.world.keys, sending.platform_id, who.lead["id"], PUBLIC_URL
            )


class TestSuitability:
    def test_keeps_students_without_a_second_source_out(self, person):
        who = person().sent().forward("lead_suitability")
        form = {
            "income": "2000",
            "elsewhere": "0",
            "student": "yes",
            "purpose_confirmed": "yes",
            "risk_understood": "yes",
        }
        assert "学生暂不能申请" in who.act("suit", **form).text
        assert who.due() == "lead_suitability"
        assert who.act("suit", **{**form, "elsewhere": "2000", "student": "no"}).status_code == 422
        who.went("suit", "lead_card", **form, second_source="yes")


class TestAPlatform:
    @pytest.fixture
    def other(self, sending):
        return sending.platform(f"app_{len(sending.world.rows('SELECT id FROM partner'))}")

    def refusal(self, sending, partner_id: str) -> type[Problem]:
        with pytest.raises(Problem) as refused:
            sending.submit(sending.new_lead(), by=partner_id)
        with sending.world.database.unit_of_work() as tx, pytest.raises(refused.type):
            platforms.require(tx, partner_id)
        return refused.type

    def test_that_is_stopped_is_refused_until_it_is_resumed(self, sending, other):
        with sending.world.database.unit_of_work() as tx:
            listings.stop(tx, other, because="投诉较多", actor=SYSTEM)
        assert self.refusal(sending, other) is PartnerStopped
        with sending.world.database.unit_of_work() as tx:
            listings.resume(tx, other, SYSTEM)
        assert sending.submit(sending.new_lead(), by=other)["state"] == "received"

    def test_whose_contract_has_ended_is_refused(self, sending, other):
        ended = replace(
            LISTING,
            contract_from=LISTING.contract_from - timedelta(days=9),
            contract_to=LISTING.contract_from - timedelta(days=1),
        )
        with sending.world.database.unit_of_work() as tx:
            platforms.agree(tx, other, ended, TERMS, SYSTEM)
        assert self.refusal(sending, other) is ContractNotInForce

    def test_that_was_taken_off_the_list_is_refused(self, sending, other):
        with sending.world.database.unit_of_work() as tx:
            channels.unlist(tx, other, SYSTEM)
        assert self.refusal(sending, other) is PartnerNotListed

    def test_is_nobody_else(self, sending):
        assert self.refusal(sending, sending.world.partner_id) is NotAPlatform

    def test_is_on_the_public_list(self, app, sending):
        shown = app.test_client().get("/partners.json", base_url=PUBLIC_URL).json["partners"]
        listed = {"kind": "platform", "list_state": "listed"}
        assert any(listed.items() <= each.items() for each in shown)
        page = app.test_client().get("/partners", base_url=PUBLIC_URL).text
        assert LISTING.credit_code in page
