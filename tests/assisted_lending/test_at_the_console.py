"""Operators find a lead, see how it came about, and open what came with it on record."""

from dataclasses import replace

import pytest
from flask import Flask

from lending.system.model import Role
from scenarios.assisted_lending import attachments, cleaning
from scenarios.assisted_lending.model import Scope
from simulators.magic import somebody
from tests.assisted_lending.sending import Sending, Sent
from tests.assisted_lending.test_attachments import PDF, attach
from tests.console.test_loans_and_approvals import URL, Desk


@pytest.fixture(scope="module")
def sent(app: Flask, sending: Sending, outside) -> Sent:
    """Somebody with a file, who has come as far as the offers."""
    made = Sent(app, sending, outside, somebody(of="at the console"))
    consents = sending.new_lead(made.person).consents
    made.sent(consents=(*consents, replace(consents[0], scope=Scope.ATTACHMENTS)))
    attach(sending, made.lead["id"], PDF)
    sending.events(made.lead["id"])
    return made.forward("choose")


@pytest.fixture(scope="module")
def risk(app: Flask, sending: Sending) -> Desk:
    return Desk(app, sending.world, "feng", "冯风控", Role.RISK)


@pytest.fixture(scope="module")
def viewer(app: Flask, sending: Sending) -> Desk:
    return Desk(app, sending.world, "kan", "看客", Role.VIEWER)


def file_of(sending: Sending, sent: Sent) -> str:
    (row,) = sending.world.rows(
        "SELECT id FROM lead_attachment WHERE lead_id = :id", id=sent.lead["id"]
    )
    return f"/console/leads/{sent.lead['id']}/attachments/{row['id']}"


class TestFinding:
    def test_is_by_number_platform_and_state(self, sending, sent, viewer):
        lead_id, number = sent.lead["id"], sent.lead["lead_no"]
        platform = sending.platform_id
        for query, is_there in (
            ({"q": lead_id}, True),
            ({"q": number, "platform": platform, "state": "approved"}, True),
            ({"state": "paid"}, False),
            ({"platform": "par_other"}, False),
        ):
            status, page = viewer.get("/leads", **query)
            assert (status, lead_id in page) == (200, is_there), query

    def test_is_by_person_and_on_record_without_the_number(self, sending, sent, viewer):
        for typed in (sent.person.mobile, sent.person.identity_no, sent.person.name):
            status, page = viewer.post("/leads/find-person", "/leads", person=typed)
            assert (status, sent.lead["id"] in page) == (200, True)
            assert sent.person.mobile not in page
            assert sent.person.identity_no not in page
        assert viewer.post("/leads/find-person", "/leads", person="13x")[0] == 400
        assert sent.lead["id"] not in viewer.post("/leads/find-person", "/leads", person="王小")[1]
        found = sending.world.rows("SELECT detail FROM audit_log WHERE action = 'lead.find_person'")
        seen = [row["detail"]["leads"] for row in found]
        assert [sent.lead["id"] in each for each in seen] == [True, True, True, False]


class TestALead:
    def test_shows_consents_decision_and_the_way_so_far(self, sent, viewer):
        page = viewer.get(f"/leads/{sent.lead['id']}")[1]
        for text in ("身份信息", "资料附件", "2026-09", "lead.handed_over", "适当性问卷", "通过"):
            assert text in page, text
        assert sent.person.identity_no not in page

    def test_that_is_not_there_is_not_found(self, viewer):
        assert viewer.get("/leads/led_none")[0] == 404


class TestAFile:
    def test_is_opened_by_who_may_and_on_record(self, sending, sent, risk, viewer):
        path = file_of(sending, sent)
        assert path in risk.get(f"/leads/{sent.lead['id']}")[1]
        assert path not in viewer.get(f"/leads/{sent.lead['id']}")[1]
        assert viewer.client.get(path, base_url=URL).status_code == 403
        answer = risk.client.get(path, base_url=URL)
        assert (answer.status_code, answer.data) == (200, cleaning.cleaned(PDF).content)
        (row,) = sending.world.rows(
            "SELECT actor FROM audit_log WHERE action = 'lead.see_attachment' AND subject = :id",
            id=sent.lead["id"],
        )
        assert row["actor"].startswith("operator:")

    def test_can_do_nothing_in_the_browser(self, sending, sent, risk):
        answer = risk.client.get(file_of(sending, sent), base_url=URL)
        assert answer.headers["Content-Disposition"].startswith("attachment; filename=")
        assert answer.headers["Content-Security-Policy"].startswith("sandbox; default-src 'none'")
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Cache-Control"] == "no-store"

    def test_of_another_lead_is_not_found(self, sending, sent, risk):
        other = sending.submit(sending.new_lead())["id"]
        path = file_of(sending, sent).replace(sent.lead["id"], other)
        assert risk.client.get(path, base_url=URL).status_code == 404


def test_every_kind_of_file_has_its_word():
    assert set(attachments.KINDS_ZH) == set(attachments.KINDS)
