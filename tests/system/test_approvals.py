"""T18: two persons, one effect, exactly what was proposed."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from sqlalchemy.exc import DBAPIError

from lending.foundation import audit
from lending.foundation.audit import Actor
from lending.foundation.clock import FixedClock
from lending.foundation.database import Database, Tx
from lending.foundation.errors import Problem
from lending.system import approvals, service
from lending.system.approvals import GOOD_FOR, Kind, Payload, Proposal, ProposalState
from lending.system.errors import (
    KindUnknown,
    NoSuchProposal,
    NotAllowed,
    PayloadWrong,
    ProposalAltered,
    ProposalEnded,
    ProposalPending,
    ReasonMissing,
    SamePerson,
)
from lending.system.model import Operator, Right, Role

PASSWORD = "correct horse battery"


class Broken(Problem):
    """The action cannot be done."""


def note_down(tx: Tx, subject: str, payload: Payload, actor: Actor) -> dict[str, Any]:
    """The guarded action of these tests: leaves one row."""
    if payload.get("break"):
        raise Broken
    tx.run(
        "INSERT INTO login_log (login, outcome, at) VALUES (:subject, 'signed_in', :now)",
        subject=f"{subject}:{payload['fen']}",
        now=tx.now,
    )
    return {"fen": payload["fen"], "by": str(actor)}


KINDS = approvals.register(
    Kind("test.note", "记", Right.PROPOSE_LOAN_CHANGES, Right.APPROVE_LOAN_CHANGES, note_down)
)


def operator(
    database: Database, login: str, name: str, role: Role = Role.FINANCE, staff_no: str = ""
) -> Operator:
    with database.unit_of_work() as tx:
        service.add_operator(
            tx,
            login=login,
            name=name,
            role=role,
            password=PASSWORD,
            actor=audit.SYSTEM,
            staff_no=staff_no,
        )
    session_id = service.sign_in(database, login=login, password=PASSWORD)
    with database.unit_of_work() as tx:
        found = service.session(tx, session_id)
    assert found is not None
    return found.operator


@pytest.fixture
def maker(database: Database) -> Operator:
    return operator(database, "zhou", "周经办")


@pytest.fixture
def checker(database: Database) -> Operator:
    return operator(database, "zheng", "郑复核")


def propose(database: Database, maker: Operator, fen: int = 100, **more: Any) -> Proposal:
    with database.unit_of_work() as tx:
        return approvals.propose(
            tx,
            KINDS,
            kind="test.note",
            subject="loan_1",
            payload={"fen": fen, **more},
            reason="客户来电",
            maker=maker,
        )


def approve(
    database: Database, made: Proposal, checker: Operator, *, digest: str | None = None
) -> Proposal:
    with database.unit_of_work() as tx:
        return approvals.approve(
            tx, KINDS, made.id, digest=made.digest if digest is None else digest, checker=checker
        )


def effects(database: Database) -> int:
    with database.unit_of_work() as tx:
        return int(tx.scalar("SELECT count(*) FROM login_log WHERE login LIKE 'loan_1:%'"))


def lines(database: Database, action: str) -> list[dict[str, Any]]:
    with database.unit_of_work() as tx:
        rows = tx.all("SELECT actor, subject, detail FROM audit_log WHERE action = :a", a=action)
        return [dict(row) for row in rows]


class TestProposing:
    def test_does_nothing_yet(self, database: Database, maker: Operator):
        made = propose(database, maker)
        assert made.state is ProposalState.OPEN
        assert effects(database) == 0

    def test_is_refused_at_once_where_the_action_would_be(
        self, database: Database, maker: Operator
    ):
        with pytest.raises(Broken):
            propose(database, maker, **{"break": True})

    def test_of_the_very_same_twice_is_refused_while_the_first_is_open(
        self, database: Database, maker: Operator, checker: Operator
    ):
        first = propose(database, maker)
        with pytest.raises(ProposalPending):
            propose(database, maker)
        propose(database, maker, fen=101)
        approve(database, first, checker)
        assert propose(database, maker).state is ProposalState.OPEN

    def test_of_what_expired_is_possible_again(
        self, database: Database, maker: Operator, clock: FixedClock
    ):
        propose(database, maker)
        clock.advance(GOOD_FOR)
        assert propose(database, maker).state is ProposalState.OPEN

    @pytest.mark.parametrize("reason", ["", "   ", "长" * 501])
    def test_needs_a_reason_in_words(self, database: Database, maker: Operator, reason: str):
        with pytest.raises(ReasonMissing), database.unit_of_work() as tx:
            approvals.propose(
                tx,
                KINDS,
                kind="test.note",
                subject="loan_1",
                payload={"fen": 1},
                reason=reason,
                maker=maker,
            )

    def test_needs_the_right(self, database: Database):
        with pytest.raises(NotAllowed):
            propose(database, operator(database, "sun", "孙", Role.RISK))

    @pytest.mark.parametrize("value", [1.5, None, [1], {"a": 1}])
    def test_takes_texts_and_whole_numbers_only(
        self, database: Database, maker: Operator, value: object
    ):
        with pytest.raises(PayloadWrong) as refused:
            propose(database, maker, more=value)
        assert refused.value.field == "/more"

    def test_of_an_unknown_kind_is_refused(self, database: Database, maker: Operator):
        with pytest.raises(KindUnknown), database.unit_of_work() as tx:
            approvals.propose(
                tx, {}, kind="test.note", subject="x", payload={}, reason="x", maker=maker
            )


class TestApproving:
    def test_carries_out_what_was_proposed_and_names_both_in_the_audit(
        self, database: Database, maker: Operator, checker: Operator
    ):
        made = propose(database, maker)
        done = approve(database, made, checker)
        assert done.state is ProposalState.APPROVED
        assert done.result == {"fen": 100, "by": f"operator:{checker.id}"}
        assert effects(database) == 1
        (line,) = lines(database, "test.note.done")
        assert (line["actor"], line["subject"]) == (f"operator:{checker.id}", "loan_1")
        assert (line["detail"]["maker"], line["detail"]["checker"]) == (maker.id, checker.id)
        assert line["detail"]["digest"] == made.digest

    def test_by_the_maker_is_refused(self, database: Database, maker: Operator):
        made = propose(database, maker)
        with pytest.raises(SamePerson):
            approve(database, made, maker)
        assert effects(database) == 0

    @pytest.mark.parametrize(
        ("name", "mine", "other"),
        [("周经办", "", ""), ("周 经办", "", ""), ("周经办", "", "0042"), ("周某", "0042", "0042")],
        ids=["same name", "same name, spaced", "one number missing", "same staff number"],
    )
    def test_by_the_same_person_under_another_login_is_refused(
        self, database: Database, name: str, mine: str, other: str
    ):
        maker = operator(database, "zhou", "周经办", staff_no=mine)
        made = propose(database, maker)
        with pytest.raises(SamePerson):
            approve(database, made, operator(database, "zhou2", name, staff_no=other))
        assert effects(database) == 0

    def test_by_a_namesake_with_another_staff_number_is_possible(self, database: Database):
        maker = operator(database, "zhou", "周经办", staff_no="0042")
        made = propose(database, maker)
        other = operator(database, "zhou2", "周经办", staff_no="0043")
        assert approve(database, made, other).state is ProposalState.APPROVED

    @pytest.mark.parametrize("role", [Role.ADMIN, Role.RISK, Role.VIEWER])
    def test_needs_the_right(self, database: Database, maker: Operator, role: Role):
        made = propose(database, maker)
        with pytest.raises(NotAllowed):
            approve(database, made, operator(database, "sun", "孙", role))
        assert effects(database) == 0

    def test_a_second_time_is_refused(self, database: Database, maker: Operator, checker: Operator):
        made = propose(database, maker)
        approve(database, made, checker)
        with pytest.raises(ProposalEnded):
            approve(database, made, checker)
        assert effects(database) == 1

    def test_by_fifty_at_once_has_one_effect(
        self, database: Database, maker: Operator, checker: Operator
    ):
        made = propose(database, maker)

        def once(_: int) -> str:
            try:
                return approve(database, made, checker).state.value
            except ProposalEnded:
                return "ended"

        with ThreadPoolExecutor(50) as pool:
            outcomes = list(pool.map(once, range(50)))
        assert outcomes.count("approved") == 1
        assert outcomes.count("ended") == 49
        assert effects(database) == 1
        assert len(lines(database, "test.note.done")) == 1

    def test_after_a_day_is_refused(
        self, database: Database, maker: Operator, checker: Operator, clock: FixedClock
    ):
        made = propose(database, maker)
        clock.advance(GOOD_FOR - timedelta(seconds=1))
        with database.unit_of_work() as tx:
            assert approvals.get(tx, made.id).state is ProposalState.OPEN
        clock.advance(timedelta(seconds=1))
        with pytest.raises(ProposalEnded):
            approve(database, made, checker)
        with database.unit_of_work() as tx:
            assert approvals.get(tx, made.id).state is ProposalState.EXPIRED
        assert effects(database) == 0

    def test_of_something_other_than_the_checker_saw_is_refused(
        self, database: Database, maker: Operator, checker: Operator
    ):
        made, other = propose(database, maker), propose(database, maker, fen=999)
        for digest in ("", "0" * 64, other.digest):
            with pytest.raises(ProposalAltered):
                approve(database, made, checker, digest=digest)
        assert effects(database) == 0

    def test_that_fails_leaves_it_open_and_nothing_done(
        self,
        database: Database,
        maker: Operator,
        checker: Operator,
        monkeypatch: pytest.MonkeyPatch,
    ):
        made = propose(database, maker)

        def fails_late(tx: Tx, subject: str, payload: Payload, actor: Actor) -> dict[str, Any]:
            note_down(tx, subject, payload, actor)
            raise Broken

        kind = KINDS["test.note"]
        monkeypatch.setitem(
            KINDS, "test.note", Kind(kind.name, kind.title, kind.propose, kind.approve, fails_late)
        )
        with pytest.raises(Broken):
            approve(database, made, checker)
        assert effects(database) == 0
        with database.unit_of_work() as tx:
            assert approvals.get(tx, made.id).state is ProposalState.OPEN

    def test_of_nothing_is_refused(self, database: Database, checker: Operator):
        with pytest.raises(NoSuchProposal), database.unit_of_work() as tx:
            approvals.approve(tx, KINDS, "prp_none", digest="", checker=checker)


class TestWhatWasProposed:
    CHANGES = (
        "payload = '{\"fen\": 999}'",
        "reason = 'x'",
        "subject = 'loan_2'",
        "kind = 'other'",
        "expires_at = expires_at + interval '1 day'",
        "maker_person = 'x'",
    )

    @pytest.mark.parametrize("change", CHANGES)
    def test_cannot_be_changed_in_the_database(
        self, database: Database, maker: Operator, change: str
    ):
        made = propose(database, maker)
        with pytest.raises(DBAPIError), database.unit_of_work() as tx:
            tx.run(f"UPDATE proposal SET {change} WHERE id = :id", id=made.id)

    @pytest.mark.parametrize("change", CHANGES[:3] + CHANGES[4:5])
    def test_changed_behind_the_databases_back_is_not_carried_out(
        self,
        database: Database,
        database_url: str,
        maker: Operator,
        checker: Operator,
        change: str,
    ):
        made = propose(database, maker)
        with psycopg.connect(database_url, autocommit=True) as connection:
            connection.execute("ALTER TABLE proposal DISABLE TRIGGER keep_proposal")
            connection.execute(f"UPDATE proposal SET {change} WHERE id = %s", [made.id])
        with pytest.raises(ProposalAltered):
            approve(database, made, checker)
        assert effects(database) == 0

    def test_cannot_be_opened_again(self, database: Database, maker: Operator, checker: Operator):
        made = propose(database, maker)
        approve(database, made, checker)
        with pytest.raises(DBAPIError), database.unit_of_work() as tx:
            tx.run(
                "UPDATE proposal SET state = 'open', checker_id = NULL WHERE id = :id", id=made.id
            )


class TestRefusing:
    def test_ends_it_without_an_effect(
        self, database: Database, maker: Operator, checker: Operator
    ):
        made = propose(database, maker)
        with database.unit_of_work() as tx:
            ended = approvals.refuse(tx, KINDS, made.id, checker=checker, note="金额不符")
        assert (ended.state, ended.note) == (ProposalState.REFUSED, "金额不符")
        with pytest.raises(ProposalEnded):
            approve(database, made, checker)
        assert effects(database) == 0
        (line,) = lines(database, "approval.refuse")
        assert (line["detail"]["maker"], line["detail"]["checker"]) == (maker.id, checker.id)

    def test_needs_another_person_and_a_reason(
        self, database: Database, maker: Operator, checker: Operator
    ):
        made = propose(database, maker)
        for who, note, refused in ((maker, "x", SamePerson), (checker, " ", ReasonMissing)):
            with pytest.raises(refused), database.unit_of_work() as tx:
                approvals.refuse(tx, KINDS, made.id, checker=who, note=note)


class TestTheAudit:
    def test_knows_no_action_with_fewer_than_two_persons(
        self, database: Database, maker: Operator, checker: Operator
    ):
        for fen in range(1, 6):
            approve(database, propose(database, maker, fen=fen), checker)
        with database.unit_of_work() as tx:
            alone = tx.scalar(
                "SELECT count(*) FROM audit_log WHERE action LIKE '%.done'"
                " AND (detail->>'maker' IS NULL OR detail->>'checker' IS NULL"
                " OR detail->>'maker' = detail->>'checker')"
            )
        assert alone == 0
        assert effects(database) == 5
