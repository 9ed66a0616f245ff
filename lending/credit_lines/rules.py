"""Pure rules of credit lines."""

from collections.abc import Mapping
from datetime import date

from lending.credit_lines.errors import (
    LimitNotPossible,
    LineFrozen,
    LineNotOpen,
    RaiseNotPossible,
    ReviewDue,
)
from lending.credit_lines.model import Line, LineState
from lending.foundation.calendar import add_months
from lending.ledger.chart import Code
from lending.ledger.model import Account

REVIEW_MONTHS = 12
"""R-REASSESS-1Y: lines are re-approved yearly; the law says it of business loans, we of all."""
CONTRA = Account(Code.CREDIT_LINE_CONTRA)


def account(line_id: str) -> Account:
    """Where what is drawn on a line stands."""
    return Account(Code.CREDIT_LINE, line_id)


def scene_account(line_id: str, scene: str) -> Account:
    """Where what is drawn on a line for one kind of consumption stands."""
    return Account(Code.CREDIT_LINE_SCENE, f"{line_id}:{scene}")


def review_due(day: date) -> date:
    """When a line that is approved on a day has to be approved again."""
    return add_months(day, REVIEW_MONTHS)


def check_limits(limit_fen: int, scenes: Mapping[str, int]) -> None:
    """Refuses a line that nobody could draw on, and a scene that may take more than the line.

    Raises LimitNotPossible.
    """
    if limit_fen <= 0:
        raise LimitNotPossible
    if not scenes or any(not 0 < each <= limit_fen for each in scenes.values()):
        raise LimitNotPossible(
            "分场景额度须大于 0,且不高于总额度",
            field="/scenes",
            mend="请至少填写一个场景的额度。",
        )


def check_raise(line: Line, amount_fen: int, until: date, day: date) -> None:
    """Refuses a raise of nothing, of no time, or on top of another.

    Raises RaiseNotPossible, LineNotOpen.
    """
    if line.state is not LineState.OPEN:
        raise LineNotOpen
    if amount_fen <= 0:
        raise RaiseNotPossible("提高金额须大于 0", field="/amount_fen")
    if until <= day:
        raise RaiseNotPossible("有效日须晚于今天", field="/until")
    if line.raise_fen:
        raise RaiseNotPossible(f"已有临时提额,至 {line.raise_until}")


def require_drawable(line: Line, day: date) -> None:
    """Whether a line may be drawn on at all.

    Raises LineNotOpen, LineFrozen, ReviewDue.
    """
    if line.state is LineState.FROZEN:
        raise LineFrozen
    if line.state is not LineState.OPEN:
        raise LineNotOpen
    if day >= line.review_due:
        raise ReviewDue


def scene_limits(line: Line, scenes: Mapping[str, int], day: date) -> dict[str, int]:
    """What each kind of consumption may take on a day: its limit and the raise, within the line's.

    In fen.
    """
    raised = line.raise_on(day)
    return {scene: min(fen + raised, line.limit_on(day)) for scene, fen in scenes.items()}


def exposure_fen(line: Line, used_fen: int, day: date) -> int:
    """What a line takes of all that a borrower may owe: its limit, or what is used if more.

    R-CAP-20W counts "limit, or balance if greater".
    """
    return max(line.limit_on(day), used_fen)
