"""Credit lines: opened, drawn, raised, frozen, reviewed, closed.

A line takes its whole limit of what the borrower may owe in all (STORE-3); what is drawn on it
takes of the line. Both are limits of accounts in the ledger, which the posting itself keeps.
"""

from dataclasses import replace
from datetime import date

from lending.credit_lines import exposure, rules, store
from lending.credit_lines.errors import (
    HasALine,
    LimitNotPossible,
    LineFrozen,
    LineNotOpen,
    LineTooSmall,
    NoSuchLine,
    ReviewDue,
    SceneNotAllowed,
    StillUsed,
)
from lending.credit_lines.model import Line, LineStanding, LineState, NewLine, SceneStanding
from lending.foundation import audit, business_day, jobs
from lending.foundation.audit import Actor
from lending.foundation.database import Tx
from lending.ledger import service as ledger
from lending.ledger.errors import LimitPassed
from lending.ledger.model import Balances, Entry, Limits, signed

next_review = rules.review_due


def grant(tx: Tx, new: NewLine, actor: Actor) -> str:
    """Makes a line as it was decided and signed; its id. One application makes one line.

    Raises HasALine, LimitNotPossible where the borrower may not owe so much in all (R-CAP-20W).
    """
    rules.check_limits(new.limit_fen, new.scenes)
    line_id = store.insert(tx, new, rules.review_due(business_day.today(tx)))
    if line_id is None:
        made = store.line_id_of_application(tx, new.application_id)
        if made is None:
            raise HasALine
        return made
    store.set_scenes(tx, line_id, new.scenes)
    _keep_limits(tx, _weighed(tx, locked(tx, line_id)))
    audit.record(tx, actor, "credit_line.grant", line_id, {"limit_fen": new.limit_fen})
    if not new.security_needed_fen:
        _tell(tx, line_id, "opened")
    return line_id


def open_waiting(tx: Tx, line_id: str, actor: Actor) -> None:
    """Opens a line whose guarantee is there (STORE-4); does nothing for one that is open.

    Raises NoSuchLine, LineNotOpen for one that is closed.
    """
    line = locked(tx, line_id)
    if line.state is LineState.CLOSED:
        raise LineNotOpen
    if line.state is LineState.WAITING:
        store.save(tx, replace(line, state=LineState.OPEN))
        audit.record(tx, actor, "credit_line.open", line_id)
        _tell(tx, line_id, "opened")


def get(tx: Tx, line_id: str) -> Line:
    """One line.

    Raises NoSuchLine.
    """
    found = store.line(tx, line_id)
    if found is None:
        raise NoSuchLine
    return found


def locked(tx: Tx, line_id: str) -> Line:
    """One line, which nobody else changes until this unit of work ends.

    Raises NoSuchLine.
    """
    found = store.line(tx, line_id, lock=True)
    if found is None:
        raise NoSuchLine
    return found


def of_customer(tx: Tx, customer_id: str) -> Line | None:
    """The customer's line that is not closed."""
    line_id = store.line_id_of_customer(tx, customer_id)
    return store.line(tx, line_id) if line_id else None


def of_application(tx: Tx, application_id: str) -> Line | None:
    """The line that an application made."""
    line_id = store.line_id_of_application(tx, application_id)
    return store.line(tx, line_id) if line_id else None


def require_drawable(tx: Tx, line_id: str, scene: str) -> Line:
    """The line, which stays as it is until this unit of work ends, when it may be drawn on.

    Raises NoSuchLine, LineNotOpen, LineFrozen, ReviewDue, SceneNotAllowed. Whether the amount is
    available, the hold of the draw itself finds.
    """
    return _drawable(tx, line_id, scene)[0]


def _drawable(tx: Tx, line_id: str, scene: str) -> tuple[Line, dict[str, int]]:
    found = store.line_shared(tx, line_id)
    if found is None:
        raise NoSuchLine
    rules.require_drawable(found, business_day.today(tx))
    scenes = store.scenes(tx, line_id)
    if scene not in scenes:
        raise SceneNotAllowed
    return found, scenes


def require_open(tx: Tx, line_id: str) -> None:
    """Whether a line may be drawn on at all, whatever for.

    Raises NoSuchLine, LineNotOpen, LineFrozen, ReviewDue.
    """
    rules.require_drawable(get(tx, line_id), business_day.today(tx))


def require_available(tx: Tx, line_id: str, scene: str, amount_fen: int) -> Line:
    """The line, as `require_drawable` finds it, when so much may be drawn at the moment.

    So a till learns it at once. Nothing is held: the hold of the signature finds what has been
    drawn meanwhile.

    Raises NoSuchLine, LineNotOpen, LineFrozen, ReviewDue, SceneNotAllowed, LineTooSmall.
    """
    line, scenes = _drawable(tx, line_id, scene)
    found = _standing(tx, line, scenes)
    of_scene = (each.available_fen for each in found.scenes if each.scene == scene)
    if amount_fen > min(found.available_fen, *of_scene):
        raise LineTooSmall
    return line


def could_pay(tx: Tx, line_id: str, scene: str, amount_fen: int) -> bool:
    """Whether so much might be drawn at the moment. Nothing is held.

    Raises NoSuchLine.
    """
    try:
        require_available(tx, line_id, scene, amount_fen)
    except (LineNotOpen, LineFrozen, ReviewDue, SceneNotAllowed, LineTooSmall):
        return False
    return True


def standing(tx: Tx, line_id: str) -> LineStanding:
    """How much of a line is used, on its way, and available, in all and by scene (P12).

    Raises NoSuchLine.
    """
    return _standing(tx, get(tx, line_id), store.scenes(tx, line_id))


def _standing(tx: Tx, line: Line, scenes: dict[str, int]) -> LineStanding:
    today = business_day.today(tx)
    limit_fen = line.limit_on(today)
    limits = rules.scene_limits(line, scenes, today)
    accounts = {scene: rules.scene_account(line.id, scene) for scene in limits}
    found = ledger.balances(tx, [rules.account(line.id), *accounts.values()])
    whole = found[rules.account(line.id)]
    return LineStanding(
        line=line,
        limit_fen=limit_fen,
        used_fen=whole.posted_fen,
        held_fen=whole.held_debit_fen,
        available_fen=_left(limit_fen, whole),
        scenes=tuple(
            SceneStanding(
                scene=scene,
                limit_fen=limits[scene],
                used_fen=found[account].posted_fen,
                held_fen=found[account].held_debit_fen,
                available_fen=_left(limits[scene], found[account]),
            )
            for scene, account in accounts.items()
        ),
    )


def raise_until(tx: Tx, line_id: str, *, amount_fen: int, until: date, actor: Actor) -> None:
    """Raises a line up to and on a last day.

    Raises NoSuchLine, LineNotOpen, RaiseNotPossible, LimitNotPossible (R-CAP-20W).
    """
    line = locked(tx, line_id)
    rules.check_raise(line, amount_fen, until, business_day.today(tx))
    _change(tx, replace(line, raise_fen=amount_fen, raise_until=until))
    detail = {"amount_fen": amount_fen, "until": until.isoformat()}
    audit.record(tx, actor, "credit_line.raise", line_id, detail)
    _tell(tx, line_id, "raised")


def set_limit(
    tx: Tx, line_id: str, *, limit_fen: int, scenes: dict[str, int], actor: Actor
) -> None:
    """Gives a line other limits, also below what is used: then only repayments go through.

    Raises NoSuchLine, LineNotOpen for a closed line, LimitNotPossible.
    """
    line = locked(tx, line_id)
    if line.state is LineState.CLOSED:
        raise LineNotOpen
    rules.check_limits(limit_fen, scenes)
    store.set_scenes(tx, line_id, scenes)
    _change(tx, replace(line, limit_fen=limit_fen))
    audit.record(
        tx, actor, "credit_line.set_limit", line_id, {"limit_fen": limit_fen, "scenes": scenes}
    )


def review(tx: Tx, line_id: str, *, actor: Actor) -> None:
    """Approves a line for another year from today (R-REASSESS-1Y).

    Raises NoSuchLine, LineNotOpen.
    """
    line = locked(tx, line_id)
    if line.state is LineState.CLOSED:
        raise LineNotOpen
    due = rules.review_due(business_day.today(tx))
    store.save(tx, replace(line, review_due=due))
    audit.record(tx, actor, "credit_line.review", line_id, {"review_due": due.isoformat()})


def freeze(tx: Tx, line_id: str, *, because: str, actor: Actor) -> None:
    """Stops a line from being drawn on; draws on their way go through. Freezing twice does it once.

    Raises NoSuchLine, LineNotOpen.
    """
    line = locked(tx, line_id)
    if line.state is LineState.FROZEN:
        return
    if line.state is not LineState.OPEN:
        raise LineNotOpen
    store.save(tx, replace(line, state=LineState.FROZEN, frozen_because=because))
    audit.record(tx, actor, "credit_line.freeze", line_id, {"because": because})
    _tell(tx, line_id, "frozen")


def unfreeze(tx: Tx, line_id: str, *, actor: Actor) -> None:
    """Lets a frozen line be drawn on again; does nothing for one that is open.

    Raises NoSuchLine, LineNotOpen.
    """
    line = locked(tx, line_id)
    if line.state is LineState.OPEN:
        return
    if line.state is not LineState.FROZEN:
        raise LineNotOpen
    store.save(tx, replace(line, state=LineState.OPEN, frozen_because=""))
    audit.record(tx, actor, "credit_line.unfreeze", line_id)
    _tell(tx, line_id, "unfrozen")


def close(tx: Tx, line_id: str, *, actor: Actor) -> None:
    """Closes a line that nothing is drawn on; what it took of the borrower is given back.

    Raises NoSuchLine, StillUsed.
    """
    line = locked(tx, line_id)
    if line.state is LineState.CLOSED:
        return
    found = ledger.balances(tx, [rules.account(line_id)])[rules.account(line_id)]
    if found.posted_fen or found.held_debit_fen:
        raise StillUsed
    closed = replace(line, state=LineState.CLOSED, frozen_because="", raise_fen=0, raise_until=None)
    ledger.open_account(tx, rules.account(line_id), Limits(debit_fen=0))
    _weighed(tx, closed)
    audit.record(tx, actor, "credit_line.close", line_id)
    _tell(tx, line_id, "closed")


def settle(tx: Tx, following: date) -> int:
    """Ends the raises that have run out as a date begins, and gives back what lines took beyond.

    Safe to run again. How many lines it changed.
    """
    changed = 0
    for line_id in store.to_settle(tx, following):
        line = locked(tx, line_id)
        ended = line.raise_until is not None and line.raise_until < following
        after = replace(line, raise_fen=0, raise_until=None) if ended else line
        weighed = _weighed(tx, after, following)
        _keep_limits(tx, weighed, following)
        changed += ended or weighed.exposure_fen != line.exposure_fen
    return changed


def _tell(tx: Tx, line_id: str, kind: str) -> None:
    """Has whoever brought the customer told of it."""
    jobs.enqueue(tx, "credit_line.told", queue=jobs.CORE, lock=line_id, line_id=line_id, kind=kind)


def _change(tx: Tx, line: Line) -> None:
    _keep_limits(tx, _weighed(tx, line))


def _keep_limits(tx: Tx, line: Line, day: date | None = None) -> None:
    """Gives the accounts of a line the limits that the line and its scenes have."""
    on = day or business_day.today(tx)
    ledger.open_account(tx, rules.account(line.id), Limits(debit_fen=line.limit_on(on)))
    for scene, scene_fen in rules.scene_limits(line, store.scenes(tx, line.id), on).items():
        ledger.open_account(tx, rules.scene_account(line.id, scene), Limits(debit_fen=scene_fen))


def _weighed(tx: Tx, line: Line, day: date | None = None) -> Line:
    """Writes a line, having it take of the borrower what it now has to (R-CAP-20W).

    Raises LimitNotPossible.
    """
    account = rules.account(line.id)
    used = ledger.balances(tx, [account])[account]
    takes_fen = rules.exposure_fen(
        line, used.posted_fen + used.held_debit_fen, day or business_day.today(tx)
    )
    more_fen = takes_fen - line.exposure_fen
    changes = line.changes + (1 if more_fen else 0)
    if more_fen:
        entry = Entry(
            kind="credit_line.weighed",
            subject=line.id,
            memo=f"takes {takes_fen} fen",
            legs=(
                signed(exposure.opened(tx, line.customer_id), more_fen),
                signed(exposure.CONTRA, -more_fen),
            ),
            key=f"credit_line:{line.id}:{changes}",
        )
        try:
            ledger.post(tx, entry)
        except LimitPassed as passed:
            raise LimitNotPossible("超过该客户在全部产品下可欠的金额") from passed
    weighed = replace(line, exposure_fen=takes_fen, changes=changes)
    store.save(tx, weighed)
    return weighed


def _left(limit_fen: int, found: Balances) -> int:
    return max(0, limit_fen - found.posted_fen - found.held_debit_fen)
