"""Signing in at the console, what ends a session, and what the browser keeps (M12, T16, T30)."""

from collections.abc import Callable
from datetime import timedelta
from getpass import getuser
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from console.session import COOKIE
from gateway.context import GatewayContext
from lending.foundation import audit
from lending.foundation.clock import FixedClock
from lending.system import service as system
from lending.system.model import FAILURES_MAX, Role
from processes import cli
from processes.front import create_app
from tests.console.test_loans_and_approvals import PASSWORD, URL, Desk
from tests.keys import platform_keys
from tests.loans.world import World
from tests.outside import OutsideWorld

NEARLY = timedelta(seconds=1)


def composed(world: World, folder: Path) -> Flask:
    """The front as a process runs it."""
    keys = platform_keys(folder / "platform")
    return create_app(world.context, GatewayContext(world.context, keys, lambda _: None))


@pytest.fixture
def app(world: World, tmp_path: Path) -> Flask:
    return composed(world, tmp_path)


@pytest.fixture
def wang(app: Flask, world: World) -> Desk:
    return Desk(app, world, "wang", "王审核", Role.ADMIN)


@pytest.fixture
def unlocking(
    database_url: str, outside: OutsideWorld, monkeypatch: pytest.MonkeyPatch
) -> Callable[[str], int]:
    """`cf operator unlock LOGIN` against this database; its exit code."""
    monkeypatch.setenv("DATABASE_URL", database_url)
    var = str(outside.settings.var)
    return lambda login: cli.main(["--var", var, "operator", "unlock", login])


def sign_in(client: FlaskClient, login: str, password: str) -> TestResponse:
    return client.post(
        "/console/sign-in", data={"login": login, "password": password}, base_url=URL
    )


def cookie_of(client: FlaskClient) -> str:
    found = client.get_cookie(COOKIE, domain="lender.example", path="/console")
    assert found is not None
    return found.value


def browser_with(app: Flask, cookie: str) -> FlaskClient:
    """Another browser that came by a cookie."""
    client = app.test_client()
    client.set_cookie(COOKIE, cookie, domain="lender.example", path="/console", secure=True)
    return client


def is_in(client: FlaskClient) -> bool:
    answer = client.get("/console/", base_url=URL)
    if answer.status_code == 302:
        assert answer.location == "/console/sign-in"
        return False
    assert answer.status_code == 200
    return True


class TestTheFirstSignIn:
    def test_is_nobodys_before_an_operator_was_made(self, world: World, app: Flask):
        assert world.count("SELECT count(*) FROM operator") == 0
        for login, password in (("admin", "admin"), ("admin", ""), ("", ""), ("root", PASSWORD)):
            assert sign_in(app.test_client(), login, password).status_code == 401
        assert world.count("SELECT count(*) FROM operator") == 0
        assert world.count("SELECT count(*) FROM operator_session") == 0

    def test_leads_to_the_applications_and_into_the_login_log(self, world: World, app: Flask):
        with world.database.unit_of_work() as tx:
            system.add_operator(
                tx,
                login="wang",
                name="王审核",
                role=Role.ADMIN,
                password=PASSWORD,
                actor=audit.SYSTEM,
            )
        client = app.test_client()
        answer = sign_in(client, "wang", PASSWORD)
        assert (answer.status_code, answer.location) == (302, "/console/")
        page = client.get("/console/logs", base_url=URL).get_data(as_text=True)
        assert "王审核" in page
        assert "<td><code>wang</code></td>" in page
        assert "<td>成功</td>" in page


class TestAWrongPassword:
    def test_is_answered_like_an_unknown_login_and_starts_nothing(self, app: Flask, wang: Desk):
        wrong = sign_in(app.test_client(), "wang", "not the password")
        unknown = sign_in(app.test_client(), "nobody", "not the password")
        assert wrong.status_code == unknown.status_code == 401
        assert "Set-Cookie" not in wrong.headers
        assert wrong.data == unknown.data
        assert "not the password" not in wrong.text

    def test_is_in_the_login_log(self, app: Flask, wang: Desk):
        sign_in(app.test_client(), "<b>nobody", "x")
        page = wang.get("/logs")[1]
        assert "<td><code>&lt;b&gt;nobody</code></td>" in page
        assert "<td>拒绝</td>" in page

    def test_of_odd_characters_is_only_wrong(self, app: Flask, wang: Desk):
        for login, password in (("王" * 5_000, "x"), ("'", "'"), ("wang ", PASSWORD)):
            assert sign_in(app.test_client(), login, password).status_code == 401
        for login, password in (("wang\0", PASSWORD), ("wang", "\0")):
            assert sign_in(app.test_client(), login, password).status_code == 400


class TestWrongPasswordsInARow:
    def lock(self, app: Flask) -> None:
        for _ in range(FAILURES_MAX):
            assert sign_in(app.test_client(), "wang", "wrong").status_code == 401

    def test_lock_the_operator_even_with_the_right_password(self, app: Flask, wang: Desk):
        self.lock(app)
        assert sign_in(app.test_client(), "wang", PASSWORD).status_code == 401

    def test_end_the_session_that_is_open(self, app: Flask, wang: Desk):
        assert is_in(wang.client)
        self.lock(app)
        assert not is_in(wang.client)

    def test_are_forgotten_after_a_right_one(self, app: Flask, wang: Desk):
        for _ in range(2):
            for _ in range(FAILURES_MAX - 1):
                sign_in(app.test_client(), "wang", "wrong")
            assert sign_in(app.test_client(), "wang", PASSWORD).status_code == 302

    def test_lock_nobody_else(self, app: Flask, world: World, wang: Desk):
        other = Desk(app, world, "li", "李财务", Role.FINANCE)
        self.lock(app)
        assert is_in(other.client)

    def test_are_forgiven_by_the_unlock_command_which_is_audited(
        self, app: Flask, world: World, wang: Desk, unlocking: Callable[[str], int]
    ):
        self.lock(app)
        assert unlocking("wang") == 0
        assert sign_in(app.test_client(), "wang", PASSWORD).status_code == 302
        (line,) = world.rows("SELECT actor, subject FROM audit_log WHERE action='operator.unlock'")
        assert line == {"actor": f"shell:{getuser()}", "subject": "wang"}


class TestTheSessionsId:
    def test_is_kept_from_scripts_other_sites_and_plain_http(self, app: Flask, wang: Desk):
        cookie = sign_in(app.test_client(), "wang", PASSWORD).headers["Set-Cookie"]
        parts = {part.strip() for part in cookie.split(";")[1:]}
        assert parts == {"HttpOnly", "SameSite=Strict", "Secure", "Path=/console"}

    def test_is_not_in_the_database_nor_on_a_page(self, world: World, wang: Desk):
        value = cookie_of(wang.client)
        stored = world.rows("SELECT * FROM operator_session")
        assert value not in str(stored)
        assert value.encode() not in b"".join(bytes(row["id_sha256"]) for row in stored)
        assert value not in wang.get("/logs")[1]

    def test_is_not_given_to_a_form_of_another_site(self, app: Flask, wang: Desk):
        answer = app.test_client().post(
            "/console/sign-in",
            data={"login": "wang", "password": PASSWORD},
            headers={"Sec-Fetch-Site": "cross-site"},
            base_url=URL,
        )
        assert answer.status_code == 400
        assert "Set-Cookie" not in answer.headers

    def test_that_somebody_planted_is_not_taken_over(self, app: Flask, wang: Desk):
        client = browser_with(app, "planted")
        assert sign_in(client, "wang", PASSWORD).status_code == 302
        assert cookie_of(client) != "planted"
        assert not is_in(browser_with(app, "planted"))

    def test_is_new_at_each_sign_in_and_the_browsers_old_one_is_dead(self, app: Flask, wang: Desk):
        old = cookie_of(wang.client)
        assert sign_in(wang.client, "wang", PASSWORD).status_code == 302
        assert cookie_of(wang.client) != old
        assert is_in(wang.client)
        assert not is_in(browser_with(app, old))

    def test_lives_on_when_somebody_fails_to_sign_in_over_it(self, wang: Desk):
        assert sign_in(wang.client, "wang", "wrong").status_code == 401
        assert is_in(wang.client)


class TestASession:
    def test_lives_while_used_and_ends_after_fifteen_idle_minutes(
        self, clock: FixedClock, wang: Desk
    ):
        for _ in range(3):
            clock.advance(timedelta(minutes=15) - NEARLY)
            assert is_in(wang.client)
        clock.advance(timedelta(minutes=15))
        assert not is_in(wang.client)

    def test_ends_after_eight_hours_however_busy(self, clock: FixedClock, wang: Desk):
        for _ in range(47):
            clock.advance(timedelta(minutes=10))
            assert is_in(wang.client)
        clock.advance(timedelta(minutes=10) - NEARLY)
        assert is_in(wang.client)
        clock.advance(NEARLY)
        assert not is_in(wang.client)

    def test_that_ended_does_nothing_with_its_token(self, clock: FixedClock, wang: Desk):
        wang.post("/applications/app_none/decide", "/")
        csrf = wang.get("/")[1].partition('name="csrf" value="')[2].partition('"')[0]
        clock.advance(timedelta(minutes=15))
        answer = wang.client.post("/console/sign-out", data={"csrf": csrf}, base_url=URL)
        assert (answer.status_code, answer.location) == (302, "/console/sign-in")
        assert not is_in(wang.client)


class TestSigningOut:
    def test_kills_the_session_on_the_server(self, app: Flask, world: World, wang: Desk):
        old = cookie_of(wang.client)
        status, page = wang.post("/sign-out", "/")
        assert status == 200
        assert 'name="password"' in page
        assert wang.client.get_cookie(COOKIE, domain="lender.example", path="/console") is None
        assert not is_in(browser_with(app, old))
        assert world.count("SELECT count(*) FROM operator_session") == 0

    def test_leaves_the_operators_other_browser_signed_in(self, app: Flask, wang: Desk):
        other = app.test_client()
        sign_in(other, "wang", PASSWORD)
        wang.post("/sign-out", "/")
        assert is_in(other)

    def test_is_not_done_by_another_site(self, wang: Desk):
        assert wang.client.post("/console/sign-out", base_url=URL).status_code == 400
        assert wang.client.get("/console/sign-out", base_url=URL).status_code == 405
        assert is_in(wang.client)
