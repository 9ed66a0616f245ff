import threading
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from lending.customers import blacklist
from lending.customers import service as customers
from lending.customers.errors import ConsentMissing
from lending.customers.model import ConsentScope
from lending.foundation.clock import FixedClock
from lending.foundation.crypto import FieldKeys
from lending.foundation.database import Database
from lending.risk import rules, service
from lending.risk.errors import LimitNotAllowed, NoOwnDecision, NoSuchDecision, NothingToDecide
from lending.risk.model import Decision, Device, Outcome, RiskRequest
from lending.risk.rules import RuleBook
from tests.risk.people import (
    BAD,
    DOWN,
    GOOD,
    THIN,
    application,
    bureaus,
    card,
    identity_no,
    person,
)


def full_width(text: str) -> str:
    return "".join(chr(ord(c) + 0xFEE0) for c in text)


def codes(decision: Decision) -> list[str]:
    return [reason.code for reason in decision.reasons]


def decide(
    database: Database, keys: FieldKeys, request: RiskRequest, first: Any = GOOD, second: Any = GOOD
) -> Decision:
    return service.decide(database, bureaus(first, second), keys, request)


class TestTheBureausDecide:
    def test_a_good_report_is_approved(self, database: Database, field_keys: FieldKeys) -> None:
        request = application(database, person(database, field_keys))
        made = decide(database, field_keys, request)
        assert made.outcome is Outcome.APPROVE
        assert made.limit_fen >= request.amount_fen
        assert made.periods_max == 12
        assert codes(made) == ["SCORE_GOOD"]

    def test_a_bad_report_is_declined_with_reasons_for_the_applicant(
        self, database: Database, field_keys: FieldKeys
    ) -> None:
        made = decide(
            database, field_keys, application(database, person(database, field_keys)), BAD, BAD
        )
        assert made.outcome is Outcome.DECLINE
        assert (made.limit_fen, made.periods_max) == (0, 0)
        assert codes(made) == ["OVERDUE_NOW", "OVERDUE_OFTEN", "PLATFORMS_MANY"]
        assert all("一" <= reason.text_zh[0] <= "鿿" for reason in made.reasons)

    def test_one_bad_report_is_enough(self, database: Database, field_keys: FieldKeys) -> None:
        request = application(database, person(database, field_keys))
        assert decide(database, field_keys, request, GOOD, BAD).outcome is Outcome.DECLINE

    def test_a_thin_file_is_referred(self, database: Database, field_keys: FieldKeys) -> None:
        made = decide(
            database, field_keys, application(database, person(database, field_keys)), THIN, THIN
        )
        assert made.outcome is Outcome.REFER
        assert "THIN_FILE" in codes(made)

    @pytest.mark.parametrize(
        ("changed", "outcome", "code"),
        [
            ({"overdue_now": 1}, Outcome.DECLINE, "OVERDUE_NOW"),
            ({"overdue_24m": 6}, Outcome.DECLINE, "OVERDUE_OFTEN"),
            ({"overdue_24m": 3}, Outcome.REFER, "OVERDUE_SOME"),
            ({"inquiries_3m": 15}, Outcome.DECLINE, "INQUIRIES_MANY"),
            ({"platforms_open": 8}, Outcome.DECLINE, "PLATFORMS_MANY"),
            ({"platforms_open": 5}, Outcome.REFER, "PLATFORMS_SOME"),
            ({"debt_total_fen": 50_000_000}, Outcome.REFER, "DEBT_HIGH"),
            ({"score": 170}, Outcome.DECLINE, "BUREAU_SCORE_LOW"),
            ({"months_on_file": 5}, Outcome.REFER, "THIN_FILE"),
        ],
    )
    def test_each_filter_by_itself(
        self,
        database: Database,
        field_keys: FieldKeys,
        changed: dict[str, Any],
        outcome: Outcome,
        code: str,
    ) -> None:
        report = replace(GOOD, **changed)
        request = application(database, person(database, field_keys))
        made = decide(database, field_keys, request, report, report)
        assert made.outcome is outcome
        assert code in codes(made)

    def test_an_amount_above_the_limit_is_declined(
        self, database: Database, field_keys: FieldKeys
    ) -> None:
        request = application(database, person(database, field_keys), amount_fen=15_000_000)
        made = decide(database, field_keys, request)
        assert (made.outcome, codes(made)) == (Outcome.DECLINE, ["AMOUNT_ABOVE_LIMIT"])

    def test_the_product_bounds_limit_and_term(
        self, database: Database, field_keys: FieldKeys
    ) -> None:
        request = application(
            database, person(database, field_keys), amount_max_fen=700_000, periods_max=6
        )
        made = decide(database, field_keys, request)
        assert (made.limit_fen, made.periods_max) == (700_000, 6)


class TestAbsentBureaus:
    def test_one_absent_goes_on_with_the_other_and_notes_it(
        self, database: Database, field_keys: FieldKeys
    ) -> None:
        request = application(database, person(database, field_keys))
        made = decide(database, field_keys, request, DOWN, GOOD)
        assert made.outcome is Outcome.APPROVE
        assert codes(made) == ["SCORE_GOOD", "BUREAU_ABSENT"]
        assert made.features["bureaus_answered"].value == 1

    def test_both_absent_is_a_person_s_to_decide(
        self, database: Database, field_keys: FieldKeys
    ) -> None:
        made = decide(
            database, field_keys, application(database, person(database, field_keys)), DOWN, DOWN
        )
        assert (made.outcome, made.score) == (Outcome.REFER, None)
        assert codes(made) == ["BUREAUS_ABSENT"]
        assert made.features["overdue_now"].value is None

    def test_a_connector_that_breaks_is_an_absent_bureau(
        self, database: Database, field_keys: FieldKeys
    ) -> None:
        secret = identity_no(1)
        request = application(database, person(database, field_keys))
        made = decide(database, field_keys, request, ValueError(f"bad {secret}"), GOOD)
        assert made.outcome is Outcome.APPROVE
        with database.unit_of_work() as tx:
            details = [row["detail"] for row in tx.all("SELECT detail FROM bureau_query")]
        assert sorted(details) == ["", "ValueError"]

    def test_a_late_bureau_is_absent_and_its_late_answer_is_dropped(
        self, database: Database, field_keys: FieldKeys
    ) -> None:
        gate = threading.Event()
        slow, quick = bureaus()
        slow.wait = gate
        request = application(database, person(database, field_keys))
        made = service.decide(database, (slow, quick), field_keys, request, deadline_s=0.3)
        gate.set()
        assert made.outcome is Outcome.APPROVE
        assert "BUREAU_ABSENT" in codes(made)
        with database.unit_of_work() as tx:
            ended = tx.all("SELECT source, outcome FROM bureau_query ORDER BY source")
            there = tx.all("SELECT source FROM bureau_report")
        assert [(r["source"], r["outcome"]) for r in ended] == [
            ("bureau_a", "late"),
            ("bureau_b", "answered"),
        ]
        assert [r["source"] for r in there] == ["bureau_b"]

    def test_both_are_asked_at_once(self, database: Database, field_keys: FieldKeys) -> None:
        meeting = threading.Barrier(2, timeout=10)
        both = bureaus()
        for each in both:
            each.before = lambda: meeting.wait() and None
        request = application(database, person(database, field_keys))
        made = service.decide(database, both, field_keys, request, deadline_s=15)
        assert made.features["bureaus_answered"].value == 2

    def test_no_transaction_is_open_while_they_work(
        self, database: Database, field_keys: FieldKeys
    ) -> None:
        open_now: list[int] = []

        def look() -> None:
            with database.unit_of_work() as tx:
                open_now.append(
                    tx.scalar(
                        "SELECT count(*) FROM pg_stat_activity WHERE state LIKE 'idle in%'"
                        " AND datname = current_database()"
                    )
                )

        first, second = bureaus()
        first.before = look
        request = application(database, person(database, field_keys))
        service.decide(database, (first, second), field_keys, request)
        assert open_now == [0]


class TestConsent:
    def test_without_it_no_bureau_is_asked(self, database: Database, field_keys: FieldKeys) -> None:
        both = bureaus()
        request = application(database, person(database, field_keys), consent=False)
        with pytest.raises(ConsentMissing):
            service.decide(database, both, field_keys, request)
        assert [each.asked for each in both] == [[], []]

    def test_for_another_application_does_not_count(
        self, database: Database, field_keys: FieldKeys
    ) -> None:
        customer = person(database, field_keys)
        application(database, customer)
        other = application(database, customer, consent=False)
        with pytest.raises(ConsentMissing):
            decide(database, field_keys, other)

    def test_that_was_withdrawn_does_not_count(
        self, database: Database, field_keys: FieldKeys
    ) -> None:
        request = application(database, person(database, field_keys))
        with database.unit_of_work() as tx:
            customers.withdraw_consent(
                tx, request.customer_id, ConsentScope.BUREAU_QUERY, request.application_id
            )
        with pytest.raises(ConsentMissing):
            decide(database, field_keys, request)

    def test_its_id_and_the_purpose_are_told_and_logged_for_each_query(
        self, database: Database, field_keys: FieldKeys
    ) -> None:
        both = bureaus()
        request = application(database, person(database, field_keys))
        service.decide(database, both, field_keys, request)
        with database.unit_of_work() as tx:
            consent_id = tx.scalar("SELECT id FROM consent")
            logged = tx.all("SELECT source, consent_id, purpose, outcome FROM bureau_query")
        assert {each.asked[0]["consent_id"] for each in both} == {consent_id}
        assert {(r["consent_id"], r["purpose"], r["outcome"]) for r in logged} == {
            (consent_id, service.PURPOSE, "answered")
        }
        assert len(logged) == 2


class TestTheRecord:
    def test_holds_every_input_with_its_source_and_every_version(
        self, database: Database, field_keys: FieldKeys
    ) -> None:
        request = application(database, person(database, field_keys))
        made = decide(database, field_keys, request)
        book = rules.load()
        asked = [table for name, table in book.tables.items() if name != "draw_filters"]
        needed = {name for table in asked for name in table.inputs}
        needed |= {c.name for c in book.card.characteristics}
        assert needed <= set(made.features)
        assert all(made.features[name].value is not None for name in needed)
        assert {each.source for each in made.features.values()} == {
            "application",
            "own",
            "bureaus",
            "card",
        }
        assert made.versions == book.versions
        assert made.decided_by == "system"
        with database.unit_of_work() as tx:
            kept = {row["version"] for row in tx.all("SELECT version FROM risk_version")}
            assert service.get(tx, made.id) == made
        assert kept == {version for name, version in book.versions.items() if name != "code"}

    def test_can_be_worked_out_again_from_itself(
        self, database: Database, field_keys: FieldKeys
    ) -> None:
        request = application(database, person(database, field_keys))
        made = decide(database, field_keys, request)
        book = rules.load()
        stored = {n: f for n, f in made.features.items() if f.source != "card"}
        again = rules.decide(book, request, rules.filter_own(book, stored), stored, bureaus_asked=2)
        assert (again.outcome, again.score, again.limit_fen, again.features) == (
            made.outcome,
            made.score,
            made.limit_fen,
            made.features,
        )

    def test_names_nobody_in_plain(self, database: Database, field_keys: FieldKeys) -> None:
        request = application(database, person(database, field_keys))
        decide(database, field_keys, request)
        with database.unit_of_work() as tx:
            stored = [
                tx.scalar(f"SELECT string_agg(t::text, '') FROM {table} t")
                for table in (
                    "decision",
                    "bureau_report",
                    "bureau_query",
                    "risk_sighting",
                    "audit_log",
                )
            ]
        for text in stored:
            for secret in ("张三", identity_no(1), "310104199005170018", "13800000001", "fp-1"):
                assert secret not in text

    def test_is_made_once_however_often_the_job_runs(
        self, database: Database, field_keys: FieldKeys
    ) -> None:
        request = application(database, person(database, field_keys))
        first = decide(database, field_keys, request)
        both = bureaus(BAD, BAD)
        assert service.decide(database, both, field_keys, request) == first
        assert [each.asked for each in both] == [[], []]

    def test_is_made_once_when_two_jobs_run_at_the_same_moment(
        self, database: Database, field_keys: FieldKeys
    ) -> None:
        request = application(database, person(database, field_keys))
        meeting = threading.Barrier(2, timeout=10)
        made: list[Decision] = []

        def run() -> None:
            first, second = bureaus()
            first.before = lambda: meeting.wait() and None
            made.append(service.decide(database, (first, second), field_keys, request))

        threads = [threading.Thread(target=run) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(made) == 2
        assert made[0] == made[1]

    def test_a_bureau_that_reported_is_not_asked_again_after_a_crash(
        self, database: Database, field_keys: FieldKeys
    ) -> None:
        request = application(database, person(database, field_keys))

        book = rules.load()
        without_grades = RuleBook(book.card, {**book.tables, "grade": book.tables["own_filters"]})
        with pytest.raises(ValueError, match="unpack"):
            service.decide(database, bureaus(), field_keys, request, book=without_grades)
        both = bureaus()
        made = service.decide(database, both, field_keys, request)
        assert made.outcome is Outcome.APPROVE
        assert [each.asked for each in both] == [[], []]

    def test_nobody_else_s_id_is_a_decision(self, database: Database) -> None:
        with database.unit_of_work() as tx, pytest.raises(NoSuchDecision):
            service.get(tx, "dec_none")


class TestPartnerSignals:
    def test_are_kept_but_set_nothing(self, database: Database, field_keys: FieldKeys) -> None:
        customer = person(database, field_keys)
        signals = {"approved": True, "limit_fen": 20_000_000, "score": 999, "grade": "A"}
        plain = decide(database, field_keys, application(database, customer), BAD, BAD)
        pushed = decide(
            database,
            field_keys,
            application(database, customer, partner_signals=signals),
            BAD,
            BAD,
        )
        assert (pushed.outcome, pushed.limit_fen, pushed.score, pushed.reasons) == (
            plain.outcome,
            plain.limit_fen,
            plain.score,
            plain.reasons,
        )
        assert pushed.features["partner.score"].value == 999
        assert pushed.features["partner.score"].source == "partner"


class TestBlacklist:
    @pytest.mark.parametrize(
        ("kind", "value", "code"),
        [
            ("identity_no", identity_no(1), "BLACKLIST_IDENTITY"),
            ("identity_no", full_width(identity_no(1)), "BLACKLIST_IDENTITY"),
            ("mobile", "13800000001", "BLACKLIST_MOBILE"),
            ("mobile", full_width("13800000001"), "BLACKLIST_MOBILE"),
            ("device", "fp-1", "BLACKLIST_DEVICE"),
            ("bank_card", "6222020200112233", "BLACKLIST_CARD"),
            ("bank_card", full_width("6222020200112233"), "BLACKLIST_CARD"),
        ],
    )
    def test_declines_before_any_bureau_is_asked(
        self, database: Database, field_keys: FieldKeys, kind: str, value: str, code: str
    ) -> None:
        with database.unit_of_work() as tx:
            blacklist.add(tx, field_keys, kind, value, reason="fraud", source="own")
        customer = person(database, field_keys)
        both = bureaus()
        request = application(
            database,
            customer,
            bank_card_id=card(database, field_keys, customer, "6222020200112233"),
        )
        made = service.decide(database, both, field_keys, request)
        assert (made.outcome, codes(made)) == (Outcome.DECLINE, [code])
        assert [each.asked for each in both] == [[], []]

    @pytest.mark.parametrize("disguised", ["ｆｐ-1", "FP-1", " fp-1 "])
    def test_is_not_evaded_by_a_disguised_device(
        self, database: Database, field_keys: FieldKeys, disguised: str
    ) -> None:
        with database.unit_of_work() as tx:
            blacklist.add(tx, field_keys, "device", "fp-1", reason="fraud", source="own")
        request = application(
            database, person(database, field_keys), device=Device(disguised, "203.0.113.9")
        )
        assert codes(decide(database, field_keys, request)) == ["BLACKLIST_DEVICE"]


class TestVelocity:
    def test_declines_the_sixth_application_of_a_person_in_an_hour(
        self, database: Database, field_keys: FieldKeys, clock: FixedClock
    ) -> None:
        customer = person(database, field_keys)
        made = []
        for _ in range(6):
            clock.advance(timedelta(minutes=1))
            made.append(decide(database, field_keys, application(database, customer)))
        assert [d.outcome for d in made[:5]] == [Outcome.APPROVE] * 5
        assert codes(made[5]) == ["VELOCITY_PERSON"]
        clock.advance(timedelta(hours=1))
        later = decide(database, field_keys, application(database, customer))
        assert later.outcome is Outcome.APPROVE
        assert later.features["person_applications_1h"].value == 1
        assert later.features["person_applications_24h"].value == 7

    def test_counts_applications_that_come_at_the_same_moment(
        self, database: Database, field_keys: FieldKeys
    ) -> None:
        customer = person(database, field_keys)
        requests = [application(database, customer) for _ in range(8)]
        meeting = threading.Barrier(4, timeout=20)
        made: list[Decision] = []

        def run(mine: list[RiskRequest]) -> None:
            meeting.wait()
            made.extend(decide(database, field_keys, request) for request in mine)

        threads = [threading.Thread(target=run, args=(requests[i::4],)) for i in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        counts = sorted(d.features["person_applications_1h"].value for d in made)  # type: ignore[type-var]
        assert counts == list(range(1, 9))
        assert [d.outcome for d in made].count(Outcome.DECLINE) == 3

    def test_a_retry_of_the_same_application_counts_once(
        self, database: Database, field_keys: FieldKeys
    ) -> None:
        customer = person(database, field_keys)
        request = application(database, customer)
        decide(database, field_keys, request)
        decide(database, field_keys, request)
        other = decide(database, field_keys, application(database, customer))
        assert other.features["person_applications_1h"].value == 2

    def test_counts_device_mobile_and_address_over_several_people(
        self, database: Database, field_keys: FieldKeys
    ) -> None:
        for sequence in range(1, 4):
            customer = person(
                database, field_keys, sequence=sequence, mobile=f"1380000000{sequence}"
            )
            made = decide(database, field_keys, application(database, customer))
        assert made.features["device_applications_1h"].value == 3
        assert made.features["ip_applications_30d"].value == 3
        assert made.features["mobile_applications_24h"].value == 1
        assert made.features["device_identities_30d"].value == 3

    def test_refusing_to_tell_of_the_device_is_no_reason(
        self, database: Database, field_keys: FieldKeys
    ) -> None:
        request = application(database, person(database, field_keys), device=Device())
        made = decide(database, field_keys, request)
        assert made.outcome is Outcome.APPROVE
        assert made.features["device_known"].value is False


class TestContradictions:
    def test_many_identities_on_one_device_refer_and_then_decline(
        self, database: Database, field_keys: FieldKeys
    ) -> None:
        made = []
        for sequence in range(1, 7):
            customer = person(
                database, field_keys, sequence=sequence, mobile=f"138000000{sequence:02d}"
            )
            made.append(decide(database, field_keys, application(database, customer)))
        assert made[1].outcome is Outcome.APPROVE
        assert codes(made[2]) == ["DEVICE_SHARED"]
        assert codes(made[5]) == ["DEVICE_FARM"]

    def test_in_the_sandbox_one_tester_may_play_many_people(
        self, database: Database, field_keys: FieldKeys
    ) -> None:
        for sequence in range(1, 12):
            customer = person(database, field_keys, sequence=sequence)
            card_id = card(database, field_keys, customer, "6222020200112233")
            made = decide(
                database,
                field_keys,
                application(database, customer, bank_card_id=card_id, environment="test"),
            )
            assert made.outcome is Outcome.APPROVE

    def test_a_mobile_of_another_identity_is_referred(
        self, database: Database, field_keys: FieldKeys
    ) -> None:
        decide(database, field_keys, application(database, person(database, field_keys)))
        second = person(database, field_keys, sequence=2)
        made = decide(
            database, field_keys, application(database, second, device=Device("fp-2", "::1"))
        )
        assert (made.outcome, codes(made)) == (Outcome.REFER, ["MOBILE_SHARED"])

    def test_a_card_of_another_identity_is_declined(
        self, database: Database, field_keys: FieldKeys
    ) -> None:
        for sequence in (1, 2):
            customer = person(
                database, field_keys, sequence=sequence, mobile=f"1380000000{sequence}"
            )
            card_id = card(database, field_keys, customer, "6222020200112233")
            made = decide(
                database, field_keys, application(database, customer, bank_card_id=card_id)
            )
        assert codes(made) == ["CARD_SHARED"]

    def test_another_name_under_the_same_number_is_referred(
        self, database: Database, field_keys: FieldKeys
    ) -> None:
        decide(database, field_keys, application(database, person(database, field_keys)))
        renamed = person(database, field_keys, name="李四")
        made = decide(database, field_keys, application(database, renamed))
        assert codes(made) == ["NAME_CHANGED"]

    def test_a_birth_date_that_is_not_the_number_s_is_declined(
        self, database: Database, field_keys: FieldKeys
    ) -> None:
        customer = person(database, field_keys)
        with database.unit_of_work() as tx:
            tx.run("UPDATE customer SET birth_date = '1980-01-01'")
        made = decide(database, field_keys, application(database, customer))
        assert codes(made) == ["BIRTH_DATE_CONTRADICTS"]

    def test_a_region_that_does_not_exist_is_declined(
        self, database: Database, field_keys: FieldKeys
    ) -> None:
        customer = person(database, field_keys, region="990101")
        made = decide(database, field_keys, application(database, customer))
        assert codes(made) == ["REGION_UNKNOWN"]

    @pytest.mark.parametrize(
        ("born", "outcome"),
        [
            (date(2008, 11, 24), Outcome.DECLINE),
            (date(1965, 11, 24), Outcome.APPROVE),
            (date(1965, 11, 23), Outcome.DECLINE),
        ],
    )
    def test_the_age_counts_in_whole_years_to_the_day(
        self, database: Database, field_keys: FieldKeys, born: date, outcome: Outcome
    ) -> None:
        customer = person(database, field_keys, born=born)
        made = decide(database, field_keys, application(database, customer))
        assert made.outcome is outcome


class TestAPersonDecides:
    def referred(self, database: Database, keys: FieldKeys) -> str:
        request = application(database, person(database, keys))
        assert decide(database, keys, request, THIN, THIN).outcome is Outcome.REFER
        return request.application_id

    def test_and_it_is_stored_beside_the_rules_with_who_did_it(
        self, database: Database, field_keys: FieldKeys
    ) -> None:
        application_id = self.referred(database, field_keys)
        with database.unit_of_work() as tx:
            made = service.decide_by_person(
                tx, application_id, Outcome.APPROVE, operator_id="op_7", note="called, employed"
            )
            rules_made, person_made = service.decisions(tx, application_id)
            note = tx.scalar("SELECT note FROM decision WHERE id = :id", id=made.id)
        assert made == person_made
        assert (made.outcome, made.decided_by, note) == (
            Outcome.APPROVE,
            "operator:op_7",
            "called, employed",
        )
        assert made.limit_fen == 599_900
        assert made.features == rules_made.features
        assert rules_made.outcome is Outcome.REFER

    def test_only_once(self, database: Database, field_keys: FieldKeys) -> None:
        application_id = self.referred(database, field_keys)
        with database.unit_of_work() as tx:
            service.decide_by_person(
                tx, application_id, Outcome.DECLINE, operator_id="op_7", note=""
            )
            with pytest.raises(NothingToDecide):
                service.decide_by_person(
                    tx, application_id, Outcome.APPROVE, operator_id="op_8", note=""
                )

    def test_two_at_once_leave_one_decision(
        self, database: Database, field_keys: FieldKeys
    ) -> None:
        application_id = self.referred(database, field_keys)
        meeting = threading.Barrier(4, timeout=10)
        results: list[str] = []

        def run(operator: str) -> None:
            meeting.wait()
            try:
                with database.unit_of_work() as tx:
                    service.decide_by_person(
                        tx, application_id, Outcome.APPROVE, operator_id=operator, note=""
                    )
                results.append("made")
            except NothingToDecide:
                results.append("refused")

        threads = [threading.Thread(target=run, args=(f"op_{i}",)) for i in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(results) == ["made", "refused", "refused", "refused"]

    @pytest.mark.parametrize("first", [GOOD, BAD])
    def test_not_on_what_the_rules_decided(
        self, database: Database, field_keys: FieldKeys, first: Any
    ) -> None:
        request = application(database, person(database, field_keys))
        decide(database, field_keys, request, first, first)
        with database.unit_of_work() as tx, pytest.raises(NothingToDecide):
            service.decide_by_person(
                tx, request.application_id, Outcome.APPROVE, operator_id="op_7", note=""
            )

    @pytest.mark.parametrize(
        "given",
        [
            {"limit_fen": 599_899},
            {"limit_fen": 20_000_001},
            {"periods_max": 0},
            {"periods_max": 13},
        ],
    )
    def test_not_outside_what_may_be_given(
        self, database: Database, field_keys: FieldKeys, given: dict[str, int]
    ) -> None:
        application_id = self.referred(database, field_keys)
        with database.unit_of_work() as tx, pytest.raises(LimitNotAllowed):
            service.decide_by_person(
                tx, application_id, Outcome.APPROVE, operator_id="op_7", note="", **given
            )

    def test_on_a_refusal_when_the_applicant_asks_for_it(
        self, database: Database, field_keys: FieldKeys
    ) -> None:
        request = application(database, person(database, field_keys))
        decide(database, field_keys, request, BAD, BAD)
        with database.unit_of_work() as tx:
            made = service.decide_by_person(
                tx,
                request.application_id,
                Outcome.APPROVE,
                operator_id="op_7",
                note="the debt was settled last week",
                review_asked=True,
            )
        assert (made.outcome, made.limit_fen, made.periods_max) == (Outcome.APPROVE, 599_900, 12)
        assert codes(made)[:2] == ["BY_PERSON", "OVERDUE_NOW"]

    def test_nor_can_a_person_refer_it_on(self, database: Database, field_keys: FieldKeys) -> None:
        application_id = self.referred(database, field_keys)
        with database.unit_of_work() as tx, pytest.raises(NothingToDecide):
            service.decide_by_person(tx, application_id, Outcome.REFER, operator_id="op", note="")


class TestOwnDecisionBeforeMoney:
    def test_is_there_when_the_rules_or_a_person_approved(
        self, database: Database, field_keys: FieldKeys
    ) -> None:
        request = application(database, person(database, field_keys))
        made = decide(database, field_keys, request)
        with database.unit_of_work() as tx:
            assert service.require_own_decision(tx, request.application_id) == made

    @pytest.mark.parametrize("report", [BAD, THIN])
    def test_is_missing_otherwise(
        self, database: Database, field_keys: FieldKeys, report: Any
    ) -> None:
        request = application(database, person(database, field_keys))
        decide(database, field_keys, request, report, report)
        with database.unit_of_work() as tx:
            for application_id in (request.application_id, "app_none"):
                with pytest.raises(NoOwnDecision):
                    service.require_own_decision(tx, application_id)
