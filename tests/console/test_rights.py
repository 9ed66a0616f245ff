"""Roles by routes, a token in every form, and what every answer of the console says (T16)."""

import re
from pathlib import Path

import pytest
from flask import Flask
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from console import CSP, rights
from lending.system.model import RIGHTS, Role
from tests.console.test_loans_and_approvals import PASSWORD, URL, Desk
from tests.console.test_sign_in import composed
from tests.loans.world import World

HEADERS = {
    "Content-Security-Policy": CSP,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
NOT_ALLOWED = "operator.not_allowed"


@pytest.fixture
def app(world: World, tmp_path: Path) -> Flask:
    return composed(world, tmp_path)


@pytest.fixture
def desks(app: Flask, world: World) -> dict[Role, Desk]:
    return {role: Desk(app, world, role.value, f"{role.value}甲", role) for role in Role}


def routes(app: Flask) -> list[tuple[str, Rule]]:
    """Every method and route under `/console`, whatever serves it."""
    return [
        (method, rule)
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith("/console") or rule.endpoint.startswith("console.")
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
    ]


def path_of(rule: Rule) -> str:
    """A path of the route, to nothing that is there."""
    return re.sub(r"<[^>]+>", "none", rule.rule)


def ask(desk: Desk, method: str, rule: Rule, **form: str) -> TestResponse:
    return desk.client.open(path_of(rule), method=method, data=form or None, base_url=URL)


def csrf_of(desk: Desk, world: World) -> str:
    (row,) = world.rows(
        "SELECT s.csrf FROM operator_session s JOIN operator o ON o.id = s.operator_id"
        " WHERE o.login = :login",
        login=login_of(desk),
    )
    return str(row["csrf"])


def login_of(desk: Desk) -> str:
    found = re.search(r"([a-z]+)甲", desk.get("/")[1])
    assert found is not None
    return found[1]


class TestEveryRoute:
    def test_is_listed_with_its_right_or_as_open_and_nothing_else_is(self, app: Flask):
        served = {rule.endpoint for _, rule in routes(app)}
        assert served == set(rights.ROUTES) | rights.OPEN
        assert not set(rights.ROUTES) & rights.OPEN

    def test_changes_nothing_by_get(self, app: Flask):
        writing = {
            endpoint
            for endpoint, right in rights.ROUTES.items()
            if right is None or not right.startswith("see_")
        }
        posted = {rule.endpoint for method, rule in routes(app) if method == "POST"}
        read = {rule.endpoint for method, rule in routes(app) if method == "GET"}
        assert writing <= posted
        assert posted & read == {"console.sign_in"}

    def test_answers_each_role_as_its_rights_say(
        self, app: Flask, world: World, desks: dict[Role, Desk]
    ):
        wrong = []
        tokens = {role: csrf_of(desk, world) for role, desk in desks.items()}
        for method, rule in routes(app):
            if rule.endpoint in rights.OPEN or rule.endpoint == "console.sign_out":
                continue
            right = rights.ROUTES[rule.endpoint]
            for role, desk in desks.items():
                may = right is None or right in RIGHTS[role]
                form = {"csrf": tokens[role]} if method == "POST" else {}
                answer = ask(desk, method, rule, **form)
                refused = answer.status_code == 403 and NOT_ALLOWED in answer.text
                if refused == may or answer.status_code >= 500:
                    wrong.append((role.value, method, rule.rule, answer.status_code))
        assert wrong == []

    def test_sends_who_is_not_signed_in_to_the_sign_in(self, app: Flask):
        client = app.test_client()
        for method, rule in routes(app):
            if rule.endpoint in rights.OPEN:
                continue
            answer = client.open(path_of(rule), method=method, base_url=URL)
            assert (answer.status_code, answer.location) == (302, "/console/sign-in"), rule.rule

    def test_that_is_not_listed_is_refused(
        self, app: Flask, desks: dict[Role, Desk], monkeypatch: pytest.MonkeyPatch
    ):
        for name in list(rights.ROUTES):
            monkeypatch.delitem(rights.ROUTES, name)
        for path in ("/", "/loans", "/logs", "/trial-balance", "/approvals"):
            assert [desk.get(path)[0] for desk in desks.values()] == [403] * len(Role), path

    def test_shows_no_link_that_it_would_refuse(self, desks: dict[Role, Desk]):
        for role, desk in desks.items():
            links = set(re.findall(r'href="/console(/[^"]*)"', desk.get("/")[1]))
            pages = {link for link in links if not link.startswith("/static")}
            assert pages
            for link in pages:
                answer = desk.client.get(f"/console{link}", base_url=URL)
                assert answer.status_code == 200, (role, link)


class TestEveryPost:
    def test_wants_the_token_of_its_own_session(
        self, app: Flask, world: World, desks: dict[Role, Desk]
    ):
        somebody_elses = csrf_of(desks[Role.VIEWER], world)
        desk = desks[Role.FINANCE]
        posts = [
            rule
            for method, rule in routes(app)
            if method == "POST" and rule.endpoint not in rights.OPEN
        ]
        assert len(posts) >= 6
        before = world.count("SELECT count(*) FROM audit_log")
        for rule in posts:
            for token in ("", "x", "é", somebody_elses):
                assert ask(desk, "POST", rule, csrf=token).status_code == 400, (rule.rule, token)
            answer = desk.client.post(
                path_of(rule), query_string={"csrf": csrf_of(desk, world)}, base_url=URL
            )
            assert answer.status_code == 400, rule.rule
        assert world.count("SELECT count(*) FROM audit_log") == before
        assert desk.get("/")[0] == 200

    def test_of_another_site_is_refused_even_with_the_token(
        self, app: Flask, world: World, desks: dict[Role, Desk]
    ):
        desk = desks[Role.FINANCE]
        form = {"csrf": csrf_of(desk, world), "login": "finance", "password": PASSWORD}
        for sender in ("cross-site", "same-site"):
            for method, rule in routes(app):
                if method != "POST":
                    continue
                answer = desk.client.post(
                    path_of(rule), data=form, headers={"Sec-Fetch-Site": sender}, base_url=URL
                )
                assert answer.status_code == 400, rule.rule
        assert desk.get("/")[0] == 200

    def test_has_the_token_in_every_form_that_a_page_shows(
        self, world: World, desks: dict[Role, Desk]
    ):
        _, loan_id = world.paid()
        seen = 0
        for desk in desks.values():
            token = csrf_of(desk, world)
            for path in ("/", "/loans", f"/loans/{loan_id}", "/approvals"):
                for form in re.findall(r"(?s)<form[^>]*post.*?</form>", desk.get(path)[1]):
                    seen += 1
                    assert f'name="csrf" value="{token}"' in form, form
        assert seen > len(desks)


class TestEveryAnswer:
    def test_bears_the_security_headers(self, app: Flask, world: World, desks: dict[Role, Desk]):
        desk = desks[Role.ADMIN]
        token = csrf_of(desk, world)
        for method, rule in routes(app):
            if rule.endpoint == "console.sign_out":
                continue
            for form in ({"csrf": token}, {"csrf": "wrong"}) if method == "POST" else ({},):
                answer = ask(desk, method, rule, **form)
                said = {name: answer.headers.get(name) for name in HEADERS}
                assert said == HEADERS, (method, rule.rule, answer.status_code)

    def test_lets_no_inline_script_no_other_site_and_no_frame_in(self):
        policy = dict(part.strip().split(" ", 1) for part in CSP.split(";"))
        assert policy["default-src"] == policy["script-src"] == policy["style-src"] == "'self'"
        assert policy["form-action"] == "'self'"
        assert policy["frame-ancestors"] == policy["base-uri"] == "'none'"
        assert "unsafe" not in CSP

    def test_needs_nothing_that_its_policy_forbids(self, world: World, desks: dict[Role, Desk]):
        _, loan_id = world.paid()
        for desk in desks.values():
            for path in (
                "/",
                "/loans",
                f"/loans/{loan_id}",
                "/approvals",
                "/logs",
                "/trial-balance",
            ):
                page = desk.get(path)[1]
                assert not re.search(r"<script(?![^>]*\bsrc=)|\son\w+=|\sstyle=|javascript:", page)
                assert not re.search(r'(?:src|href|action)="(?:https?:)?//', page)

    def test_to_an_odd_question_is_not_a_fault(self, desks: dict[Role, Desk]):
        odd = ("x", "-1", "'", "é", "2026-13-01", "%", "\0", "9" * 400, "<script>")
        for desk in desks.values():
            for text in odd:
                for path, name in (
                    ("/", "state"),
                    ("/loans", "q"),
                    ("/approvals", "all"),
                    ("/trial-balance", "on"),
                ):
                    status, page = desk.get(path, **{name: text})
                    assert status < 500, (path, text)
                    assert "<script>" not in page
