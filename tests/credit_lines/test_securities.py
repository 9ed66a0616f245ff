import pytest

from lending.credit_lines import securities
from lending.credit_lines import service as credit_lines
from lending.credit_lines.errors import (
    GuarantorIsBorrower,
    LineNotOpen,
    NoSuchSecurity,
    SecurityStillNeeded,
    SecurityWrongState,
    ValueMissing,
)
from lending.credit_lines.model import LineState, SecurityKind, SecurityState
from lending.foundation.database import Tx
from tests.credit_lines.lines import OPERATOR, draw, grant
from tests.loans.world import World
from tests.meeting import meets
from tests.risk.people import person

NEEDED_FEN = 1_000_000


def offered(world: World, line_id: str, kind: SecurityKind = SecurityKind.MORTGAGE) -> str:
    with world.database.unit_of_work() as tx:
        return securities.offer(
            tx, world.keys, line_id, kind, description="沪A12345", actor=OPERATOR
        )


def register(world: World, security_id: str, valued_fen: int = NEEDED_FEN) -> None:
    with world.database.unit_of_work() as tx:
        securities.register(
            tx, security_id, valued_fen=valued_fen, registration_no="R-1", actor=OPERATOR
        )


def state(world: World, line_id: str) -> LineState:
    with world.database.unit_of_work() as tx:
        return credit_lines.get(tx, line_id).state


class TestALineThatNeedsAGuarantee:
    def test_opens_when_what_is_registered_is_worth_what_was_asked_for(self, world: World):
        line_id = grant(world, security_needed_fen=NEEDED_FEN)
        register(world, offered(world, line_id), NEEDED_FEN - 1)
        assert state(world, line_id) is LineState.WAITING
        with pytest.raises(LineNotOpen):
            draw(world, line_id, 100_000)
        register(world, offered(world, line_id, SecurityKind.PLEDGE), 1)
        assert state(world, line_id) is LineState.OPEN
        draw(world, line_id, 100_000)

    def test_opens_when_two_that_make_it_up_are_registered_at_once(self, world: World):
        line_id = grant(world, security_needed_fen=NEEDED_FEN)
        one, other = (offered(world, line_id) for _ in range(2))
        half = {"valued_fen": NEEDED_FEN // 2, "registration_no": "R-1", "actor": OPERATOR}
        with world.database.unit_of_work() as tx:
            securities.register(tx, one, **half)
            late = meets(
                tx, world.database, lambda beside: securities.register(beside, other, **half)
            )
        late.result()
        assert state(world, line_id) is LineState.OPEN

    def test_counts_nothing_that_was_only_offered_or_rejected(self, world: World):
        line_id = grant(world, security_needed_fen=NEEDED_FEN)
        security_id = offered(world, line_id)
        with world.database.unit_of_work() as tx:
            securities.reject(tx, security_id, because="stolen", actor=OPERATOR)
            assert securities.value_fen(tx, line_id) == 0
        with pytest.raises(SecurityWrongState):
            register(world, security_id)


class TestAGuarantor:
    def test_signs_by_a_link_of_their_own_before_being_registered(self, world: World):
        line_id = grant(world, security_needed_fen=NEEDED_FEN)
        security_id = offered(world, line_id, SecurityKind.GUARANTOR)
        with pytest.raises(SecurityWrongState):
            register(world, security_id)
        guarantor_id = person(world.database, world.keys, sequence=77, mobile="13800000077")
        with world.database.unit_of_work() as tx:
            (found,) = securities.of_line(tx, line_id)
            token = securities.token_of(world.keys, found)
            assert securities.by_token(tx, token).id == security_id
            for _ in range(2):
                securities.sign(
                    tx, security_id, guarantor_id=guarantor_id, evidence={"method": "sms_code"}
                )
        register(world, security_id)
        assert state(world, line_id) is LineState.OPEN

    def test_is_never_the_borrower(self, world: World):
        line_id = grant(world, security_needed_fen=NEEDED_FEN)
        security_id = offered(world, line_id, SecurityKind.GUARANTOR)
        with world.database.unit_of_work() as tx, pytest.raises(GuarantorIsBorrower):
            securities.sign(tx, security_id, guarantor_id=world.customer_id, evidence={})

    def test_is_not_let_in_by_a_wrong_link(self, world: World):
        with world.database.unit_of_work() as tx, pytest.raises(NoSuchSecurity):
            securities.by_token(tx, "guess")


class TestReleasing:
    def test_is_refused_while_the_line_needs_it(self, world: World):
        line_id = grant(world, security_needed_fen=NEEDED_FEN)
        security_id = offered(world, line_id)
        register(world, security_id)
        with world.database.unit_of_work() as tx, pytest.raises(SecurityStillNeeded):
            securities.release(tx, security_id, because="asked", actor=OPERATOR)
        with world.database.unit_of_work() as tx:
            credit_lines.close(tx, line_id, actor=OPERATOR)
            securities.release(tx, security_id, because="closed", actor=OPERATOR)
            (found,) = securities.of_line(tx, line_id)
        assert found.state is SecurityState.RELEASED

    def test_of_two_at_once_leaves_what_the_line_needs(self, world: World):
        line_id = grant(world, security_needed_fen=NEEDED_FEN)
        one, other = (offered(world, line_id) for _ in range(2))
        register(world, one)
        register(world, other)

        def release(tx: Tx, security_id: str) -> None:
            securities.release(tx, security_id, because="asked", actor=OPERATOR)

        with world.database.unit_of_work() as tx:
            release(tx, one)
            late = meets(tx, world.database, lambda beside: release(beside, other))
        with pytest.raises(SecurityStillNeeded):
            late.result()
        with world.database.unit_of_work() as tx:
            assert securities.value_fen(tx, line_id) == NEEDED_FEN

    @pytest.mark.parametrize(("fen", "number"), [(0, "R"), (-1, "R"), (5, " ")])
    def test_nothing_is_registered_without_value_and_number(
        self, world: World, fen: int, number: str
    ):
        line_id = grant(world, security_needed_fen=NEEDED_FEN)
        security_id = offered(world, line_id)
        with world.database.unit_of_work() as tx, pytest.raises(ValueMissing):
            securities.register(
                tx, security_id, valued_fen=fen, registration_no=number, actor=OPERATOR
            )
