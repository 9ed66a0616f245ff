from datetime import timedelta

import pytest
from argon2 import extract_parameters
from argon2.profiles import RFC_9106_LOW_MEMORY

from lending.foundation import audit
from lending.foundation.clock import FixedClock
from lending.foundation.database import Database
from lending.system import service
from lending.system.errors import (
    LoginTaken,
    NoSuchOperator,
    NotAllowed,
    PasswordTooShort,
    SignInRefused,
)
from lending.system.model import ABSOLUTE, IDLE, RIGHTS, Operator, Right, Role

PASSWORD = "correct horse battery"
HASHER = service._hasher
"""The real one: tests that sign in have a cheaper one."""


@pytest.fixture
def wang(database: Database) -> Operator:
    with database.unit_of_work() as tx:
        service.add_operator(
            tx,
            login="wang",
            name="王审核",
            role=Role.RISK,
            password=PASSWORD,
            actor=audit.SYSTEM,
        )
    session_id = service.sign_in(database, login="wang", password=PASSWORD)
    with database.unit_of_work() as tx:
        found = service.session(tx, session_id)
    assert found is not None
    return found.operator


class TestSigningIn:
    def test_gives_a_new_session_each_time(self, database: Database, wang: Operator):
        first = service.sign_in(database, login="wang", password=PASSWORD)
        second = service.sign_in(database, login="wang", password=PASSWORD)
        assert first != second

    @pytest.mark.parametrize(("login", "password"), [("wang", "wrong"), ("nobody", PASSWORD)])
    def test_refuses_a_wrong_password_and_an_unknown_login_alike(
        self, database: Database, wang: Operator, login: str, password: str
    ):
        with pytest.raises(SignInRefused) as refused:
            service.sign_in(database, login=login, password=password)
        assert str(refused.value) == SignInRefused.title

    def test_unlocking_somebody_unknown_is_refused_and_leaves_no_trace(self, database: Database):
        with pytest.raises(NoSuchOperator), database.unit_of_work() as tx:
            service.unlock(tx, "nobody", audit.SYSTEM)
        with database.unit_of_work() as tx:
            assert tx.scalar("SELECT count(*) FROM audit_log") == 0

    def test_locks_after_five_wrong_passwords_until_unlocked(
        self, database: Database, wang: Operator
    ):
        for _ in range(5):
            with pytest.raises(SignInRefused):
                service.sign_in(database, login="wang", password="wrong")
        with pytest.raises(SignInRefused):
            service.sign_in(database, login="wang", password=PASSWORD)
        with database.unit_of_work() as tx:
            service.unlock(tx, "wang", audit.SYSTEM)
        assert service.sign_in(database, login="wang", password=PASSWORD)

    def test_logs_what_was_refused(self, database: Database, wang: Operator):
        with pytest.raises(SignInRefused):
            service.sign_in(database, login="nobody", password=PASSWORD)
        admin = Operator("opr_1", "admin", "管理员", Role.ADMIN)
        with database.unit_of_work() as tx:
            newest = service.login_log(tx, admin)[0]
        assert (newest["login"], newest["outcome"]) == ("nobody", "refused")


class TestASession:
    def test_ends_when_idle(self, database: Database, wang: Operator, clock: FixedClock):
        session_id = service.sign_in(database, login="wang", password=PASSWORD)
        clock.advance(IDLE)
        with database.unit_of_work() as tx:
            assert service.session(tx, session_id) is None

    def test_ends_after_eight_hours_even_when_used(
        self, database: Database, wang: Operator, clock: FixedClock
    ):
        session_id = service.sign_in(database, login="wang", password=PASSWORD)
        for _ in range(ABSOLUTE // timedelta(minutes=10) - 1):
            clock.advance(timedelta(minutes=10))
            with database.unit_of_work() as tx:
                assert service.session(tx, session_id) is not None
        clock.advance(timedelta(minutes=10))
        with database.unit_of_work() as tx:
            assert service.session(tx, session_id) is None

    def test_is_dead_on_the_server_after_signing_out(self, database: Database, wang: Operator):
        session_id = service.sign_in(database, login="wang", password=PASSWORD)
        with database.unit_of_work() as tx:
            service.sign_out(tx, session_id)
            assert service.session(tx, session_id) is None


class TestAddingAnOperator:
    def test_keeps_the_password_hashed_at_the_cost_that_rfc_9106_recommends(
        self, database: Database, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
    ):
        monkeypatch.setattr(service, "_hasher", HASHER)
        request.getfixturevalue("wang")
        with database.unit_of_work() as tx:
            kept = str(tx.scalar("SELECT password_hash FROM operator"))
        assert extract_parameters(kept) == RFC_9106_LOW_MEMORY
        with pytest.raises(SignInRefused):
            service.sign_in(database, login="wang", password=PASSWORD + "!")

    def test_wants_a_long_password(self, database: Database):
        with pytest.raises(PasswordTooShort), database.unit_of_work() as tx:
            service.add_operator(
                tx, login="li", name="李", role=Role.VIEWER, password="short", actor=audit.SYSTEM
            )

    def test_refuses_a_login_that_is_taken(self, database: Database, wang: Operator):
        with pytest.raises(LoginTaken), database.unit_of_work() as tx:
            service.add_operator(
                tx, login="wang", name="王", role=Role.ADMIN, password=PASSWORD, actor=audit.SYSTEM
            )


class TestRights:
    @pytest.mark.parametrize("role", list(Role))
    @pytest.mark.parametrize("right", list(Right))
    def test_each_role_may_do_what_is_listed_and_nothing_else(self, role: Role, right: Right):
        operator = Operator("opr_1", "x", "某", role)
        if right in RIGHTS[role]:
            service.require(operator, right)
        else:
            with pytest.raises(NotAllowed):
                service.require(operator, right)

    def test_nobody_who_decides_applications_sees_to_payouts(self):
        for rights in RIGHTS.values():
            assert not {Right.DECIDE_APPLICATIONS, Right.RETRY_PAYOUTS} <= rights
