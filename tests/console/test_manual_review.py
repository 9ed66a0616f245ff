"""A referred application decided by a person at the console (M5, R-PI-MANUAL, T16)."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from console.loans.pages import NOTE_MAX
from lending.customers import service as customers
from lending.foundation.audit import SYSTEM
from lending.foundation.clock import FixedClock
from lending.foundation.crypto import FieldKeys
from lending.foundation.files import FileStore
from lending.loans import service as loans
from lending.system.model import Role
from tests.console.test_loans_and_approvals import Desk
from tests.console.test_sign_in import composed
from tests.loans.world import World, make
from tests.risk.people import BAD, THIN, bureaus

NOTE = "电话核实工作与收入,情况属实"
SCRIPT = "<script>alert(1)</script><img src=x onerror='alert(2)'>{{ 7 * 7 }}"


@pytest.fixture
def world(
    database_url: str, clock: FixedClock, field_keys: FieldKeys, files: FileStore
) -> Iterator[World]:
    made = make(database_url, clock, field_keys, files, report=THIN)
    yield made
    made.database.close()


@pytest.fixture
def app(world: World, tmp_path: Path) -> Flask:
    return composed(world, tmp_path)


@pytest.fixture
def chen(app: Flask, world: World) -> Desk:
    return Desk(app, world, "chen", "陈审核", Role.RISK)


def decided(world: World) -> str:
    """An order that the rules are through with; its id."""
    order_id = world.order()
    world.submit(order_id)
    world.work()
    return order_id


@pytest.fixture
def referred(world: World) -> str:
    """An order that waits for a person; its id."""
    order_id = decided(world)
    assert world.state(order_id) == "referred"
    return order_id


def page_of(world: World, order_id: str) -> str:
    """The path of the application's page."""
    rows = world.rows("SELECT application_id FROM mall_order WHERE id = :id", id=order_id)
    return f"/applications/{rows[0]['application_id']}"


def decide(desk: Desk, page: str, outcome: str, note: str = NOTE) -> tuple[int, str]:
    return desk.post(f"{page}/decide", "/", outcome=outcome, note=note)


def by_people(world: World) -> list[dict[str, Any]]:
    return world.rows("SELECT outcome, decided_by, note FROM decision WHERE decided_by <> 'system'")


def audited(world: World) -> list[dict[str, Any]]:
    return world.rows(
        "SELECT actor, subject, detail FROM audit_log WHERE action = 'risk.decide_by_person'"
    )


def operator_id(world: World, login: str) -> str:
    return str(world.rows("SELECT id FROM operator WHERE login = :l", l=login)[0]["id"])


class TestTheQueue:
    def test_holds_what_is_referred_with_personal_data_masked(
        self, world: World, referred: str, chen: Desk
    ):
        page = page_of(world, referred)
        assert f"/console{page}" in chen.get("/", state="referred")[1]
        assert f"/console{page}" not in chen.get("/", state="approved")[1]
        shown = chen.get("/")[1] + chen.get(page)[1]
        with world.database.unit_of_work() as tx:
            person = customers.profile(tx, world.keys, world.customer_id)
        for text in (person.name, person.mobile, person.identity_no):
            assert text not in shown
        assert "THIN_FILE" in shown

    def test_is_left_by_what_was_decided(self, world: World, referred: str, chen: Desk):
        page = page_of(world, referred)
        decide(chen, page, "approve")
        assert f"/console{page}" not in chen.get("/", state="referred")[1]
        assert f"/console{page}" in chen.get("/", state="approved")[1]


class TestApproving:
    def test_lets_the_borrower_sign_and_the_money_go(self, world: World, referred: str, chen: Desk):
        status, page = decide(chen, page_of(world, referred), "approve")
        assert status == 200
        assert NOTE in page
        assert "/decide" not in page
        assert world.state(referred) == "approved"
        assert world.events(referred)[1:] == ["order.referred", "order.approved"]
        world.sign(referred, periods=6)
        world.work()
        assert world.state(referred) == "paid"

    def test_names_the_operator_on_the_decision_and_in_the_audit(
        self, world: World, referred: str, chen: Desk
    ):
        page = page_of(world, referred)
        shown = decide(chen, page, "approve")[1]
        actor = f"operator:{operator_id(world, 'chen')}"
        assert by_people(world) == [{"outcome": "approve", "decided_by": actor, "note": NOTE}]
        (line,) = audited(world)
        assert (line["actor"], line["subject"]) == (actor, page.rpartition("/")[2])
        assert line["detail"] == {"outcome": "approve"}
        assert actor in shown

    def test_stands_beside_what_the_rules_said_with_their_inputs(
        self, world: World, referred: str, chen: Desk
    ):
        decide(chen, page_of(world, referred), "approve")
        first, second = world.rows(
            "SELECT outcome, features, versions FROM decision ORDER BY decided_by <> 'system'"
        )
        assert (first["outcome"], second["outcome"]) == ("refer", "approve")
        assert first["features"] == second["features"]
        assert first["versions"] == second["versions"]


class TestDeclining:
    def test_ends_the_order(self, world: World, referred: str, chen: Desk):
        assert decide(chen, page_of(world, referred), "decline")[0] == 200
        assert world.state(referred) == "declined"
        assert world.events(referred)[1:] == ["order.referred", "order.declined"]
        assert [row["outcome"] for row in by_people(world)] == ["decline"]
        assert world.exposure() == 0

    def test_does_not_tell_the_shop_the_note(self, world: World, referred: str, chen: Desk):
        decide(chen, page_of(world, referred), "decline", NOTE)
        world.events(referred)
        told = world.rows("SELECT data::text AS data FROM event WHERE subject = :id", id=referred)
        assert told
        assert NOTE not in str(told)


class TestAReviewThatTheApplicantAskedFor:
    def test_is_a_persons_to_decide_against_the_rules(self, world: World, chen: Desk):
        world.context = replace(world.context, bureaus=bureaus(BAD, BAD))
        order_id = decided(world)
        page = page_of(world, order_id)
        assert decide(chen, page, "approve")[0] == 409
        assert world.state(order_id) == "declined"
        with world.database.unit_of_work() as tx:
            loans.ask_for_review(tx, page.rpartition("/")[2])
        assert world.rows("SELECT state FROM ticket") == [{"state": "open"}]
        assert decide(chen, page, "approve")[0] == 200
        assert world.state(order_id) == "approved"
        ended = world.rows("SELECT state, answer FROM ticket")
        assert ended == [{"state": "closed", "answer": "人工复核:通过"}]

    def test_is_nobodys_to_decide_once_the_application_is_withdrawn(self, world: World):
        world.context = replace(world.context, bureaus=bureaus(BAD, BAD))
        application_id = page_of(world, decided(world)).rpartition("/")[2]
        with world.database.unit_of_work() as tx:
            loans.ask_for_review(tx, application_id)
            loans.cancel(tx, application_id, SYSTEM)
        assert world.rows("SELECT state FROM ticket") == [{"state": "closed"}]


class TestWhoMayNot:
    @pytest.mark.parametrize("role", [role for role in Role if role is not Role.RISK])
    def test_sees_no_form_and_decides_nothing(
        self, app: Flask, world: World, referred: str, role: Role
    ):
        desk = Desk(app, world, "someone", "某人", role)
        page = page_of(world, referred)
        status, shown = desk.get(page)
        assert status == 200
        assert "/decide" not in shown
        for outcome in ("approve", "decline"):
            assert decide(desk, page, outcome)[0] == 403
        assert world.state(referred) == "referred"
        assert by_people(world) == audited(world) == []

    def test_is_whoever_was_locked_meanwhile(self, world: World, referred: str, chen: Desk):
        page = page_of(world, referred)
        csrf = chen.get(page)[1].partition('name="csrf" value="')[2].partition('"')[0]
        with world.database.unit_of_work() as tx:
            tx.run("UPDATE operator SET state = 'locked' WHERE login = 'chen'")
        answer = chen.client.post(
            f"/console{page}/decide",
            data={"csrf": csrf, "outcome": "approve", "note": NOTE},
            base_url="https://lender.example",
        )
        assert (answer.status_code, answer.location) == (302, "/console/sign-in")
        assert by_people(world) == []


class TestTheNote:
    @pytest.mark.parametrize("note", ["", "   ", "\n", "长" * (NOTE_MAX + 1)])
    def test_is_wanted_in_words_and_not_too_many(
        self, world: World, referred: str, chen: Desk, note: str
    ):
        assert decide(chen, page_of(world, referred), "approve", note)[0] == 400
        assert world.state(referred) == "referred"

    def test_is_escaped_wherever_it_is_shown(
        self, app: Flask, world: World, referred: str, chen: Desk
    ):
        page = page_of(world, referred)
        decide(chen, page, "decline", SCRIPT)
        assert by_people(world)[0]["note"] == SCRIPT
        admin = Desk(app, world, "wang", "王管理", Role.ADMIN)
        shown = chen.get(page)[1]
        assert "&lt;script&gt;alert(1)&lt;/script&gt;&lt;img src=x onerror=&#39;" in shown
        assert "{{ 7 * 7 }}" in shown
        for text in (shown, chen.get("/")[1], admin.get("/logs")[1]):
            assert "<script>alert" not in text
            assert "<img src=x" not in text


class TestDecidingTwice:
    @pytest.mark.parametrize("first", ["approve", "decline"])
    @pytest.mark.parametrize("second", ["approve", "decline"])
    def test_is_refused_and_the_first_stands(
        self, app: Flask, world: World, referred: str, first: str, second: str
    ):
        chen = Desk(app, world, "chen", "陈审核", Role.RISK)
        wu = Desk(app, world, "wu", "吴审核", Role.RISK)
        page = page_of(world, referred)
        assert decide(chen, page, first)[0] == 200
        state = world.state(referred)
        for desk in (chen, wu):
            assert decide(desk, page, second)[0] == 409
        assert world.state(referred) == state
        assert [row["outcome"] for row in by_people(world)] == [first]
        assert len(audited(world)) == 1

    def test_at_the_same_instant_lets_one_through(self, app: Flask, world: World, referred: str):
        page = page_of(world, referred)
        desks = [
            Desk(app, world, login, f"{login}审核", Role.RISK) for login in ("chen", "wu", "he")
        ]
        with ThreadPoolExecutor(len(desks)) as pool:
            answers = pool.map(decide, desks, [page] * 3, ["approve", "decline", "approve"])
            statuses = sorted(status for status, _ in answers)
        assert statuses == [200, 409, 409]
        assert len(by_people(world)) == len(audited(world)) == 1


class TestAWrongForm:
    @pytest.mark.parametrize("outcome", ["", "refer", "APPROVE", "sign", "é"])
    def test_with_no_outcome_of_ours_is_refused(
        self, world: World, referred: str, chen: Desk, outcome: str
    ):
        assert decide(chen, page_of(world, referred), outcome)[0] == 400
        assert world.state(referred) == "referred"

    def test_for_nobodys_application_is_not_found(self, chen: Desk):
        assert decide(chen, "/applications/app_none", "approve")[0] == 404
