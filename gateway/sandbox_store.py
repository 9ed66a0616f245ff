"""The SQL of a sandbox: buyers that are played."""

from dataclasses import dataclass

from lending.foundation.database import Tx


@dataclass(frozen=True, slots=True)
class Walk:
    """A buyer that is played at an order's checkout."""

    id: str
    partner_id: str
    order_id: str
    goal: str
    """`decide`, `sign`, `pay` or `repay`: how far it goes."""
    applicant: str
    card: str
    periods: int
    state: str = "walking"
    """`walking`, `done` or `failed`."""
    step: str = ""
    """The step it is at, or ended at."""
    problem: str = ""
    """Why it failed."""


_COLUMNS = "id, partner_id, order_id, goal, applicant, card, periods, state, step, problem"


def insert_walk(tx: Tx, walk: Walk) -> None:
    tx.run(
        f"INSERT INTO sandbox_walk ({_COLUMNS}, created_at) VALUES (:id, :partner_id, :order_id,"  # noqa: S608  our own names
        " :goal, :applicant, :card, :periods, :state, :step, :problem, :now)",
        id=walk.id,
        partner_id=walk.partner_id,
        order_id=walk.order_id,
        goal=walk.goal,
        applicant=walk.applicant,
        card=walk.card,
        periods=walk.periods,
        state=walk.state,
        step=walk.step,
        problem=walk.problem,
        now=tx.machine_now,
    )


def walk(tx: Tx, walk_id: str) -> Walk | None:
    row = tx.maybe(f"SELECT {_COLUMNS} FROM sandbox_walk WHERE id = :id", id=walk_id)  # noqa: S608  our own names
    return Walk(**row) if row else None


def set_step(tx: Tx, walk_id: str, step: str) -> None:
    tx.run("UPDATE sandbox_walk SET step = :step WHERE id = :id", id=walk_id, step=step)


def end_walk(tx: Tx, walk_id: str, state: str, problem: str = "") -> None:
    tx.run(
        "UPDATE sandbox_walk SET state = :state, problem = :problem, ended_at = :now"
        " WHERE id = :id AND state = 'walking'",
        id=walk_id,
        state=state,
        problem=problem,
        now=tx.machine_now,
    )


def advance_is_queued(tx: Tx) -> bool:
    """Whether somebody is to move the clock; after too many failures nobody is."""
    return bool(
        tx.scalar(
            "SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'sandbox.advance'"
            " AND status IN ('todo', 'doing')"
        )
    )
