"""The actions on lines and what backs them that need two persons (T18), as kinds of proposals.

The subject of each is a line's id. What only protects us, such as freezing a line, one does alone.
"""

from collections.abc import Callable
from typing import Any

from lending.credit_lines import securities, service
from lending.credit_lines.errors import NoSuchSecurity
from lending.foundation.audit import Actor
from lending.foundation.database import Tx
from lending.system.approvals import Kind, Payload, register, whole_number, words
from lending.system.model import Right
from lending.system.payloads import day

SCENE_SUFFIX = "_fen"
LIMIT = "limit_fen"


def kinds() -> dict[str, Kind]:
    """All kinds of this module."""
    return register(
        _kind("credit_line.raise", "临时提额", _raise),
        _kind("credit_line.set_limit", "调整额度", _set_limit),
        _kind("credit_line.review", "年度复审通过", _review),
        _kind("credit_line.unfreeze", "解冻额度", _unfreeze),
        _kind("credit_line.close", "关闭额度", _close),
        _kind("security.register", "登记担保", _register),
        _kind("security.release", "解除担保", _release),
    )


def _kind(
    name: str, title: str, carry_out: Callable[[Tx, str, Payload, Actor], dict[str, Any]]
) -> Kind:
    return Kind(name, title, Right.PROPOSE_LOAN_CHANGES, Right.APPROVE_LOAN_CHANGES, carry_out)


def _raise(tx: Tx, line_id: str, payload: Payload, actor: Actor) -> dict[str, Any]:
    until = day(payload, "last_day")
    amount_fen = whole_number(payload, "amount_fen", least=1)
    service.raise_until(tx, line_id, amount_fen=amount_fen, until=until, actor=actor)
    return _told(tx, line_id)


def _set_limit(tx: Tx, line_id: str, payload: Payload, actor: Actor) -> dict[str, Any]:
    """Each kind of consumption of the line is a field of its own, such as `fitness_fen`."""
    limit_fen = whole_number(payload, LIMIT, least=1)
    scenes = {
        name.removesuffix(SCENE_SUFFIX): whole_number(payload, name, least=1)
        for name in payload
        if name != LIMIT and name.endswith(SCENE_SUFFIX)
    }
    service.set_limit(tx, line_id, limit_fen=limit_fen, scenes=scenes, actor=actor)
    return _told(tx, line_id)


def _review(tx: Tx, line_id: str, _payload: Payload, actor: Actor) -> dict[str, Any]:
    service.review(tx, line_id, actor=actor)
    return {**_told(tx, line_id), "review_due": service.get(tx, line_id).review_due.isoformat()}


def _unfreeze(tx: Tx, line_id: str, _payload: Payload, actor: Actor) -> dict[str, Any]:
    service.unfreeze(tx, line_id, actor=actor)
    return _told(tx, line_id)


def _close(tx: Tx, line_id: str, _payload: Payload, actor: Actor) -> dict[str, Any]:
    service.close(tx, line_id, actor=actor)
    return _told(tx, line_id)


def _register(tx: Tx, line_id: str, payload: Payload, actor: Actor) -> dict[str, Any]:
    valued_fen = whole_number(payload, "valued_fen", least=1)
    securities.register(
        tx,
        _of_line(tx, line_id, payload),
        valued_fen=valued_fen,
        registration_no=words(payload, "registration_no"),
        actor=actor,
    )
    return {**_told(tx, line_id), "valued_fen": valued_fen}


def _release(tx: Tx, line_id: str, payload: Payload, actor: Actor) -> dict[str, Any]:
    because = words(payload, "because", most=200)
    securities.release(tx, _of_line(tx, line_id, payload), because=because, actor=actor)
    return {**_told(tx, line_id), "security_fen": securities.value_fen(tx, line_id)}


def _of_line(tx: Tx, line_id: str, payload: Payload) -> str:
    """The security that a payload names, if it backs the line.

    Raises NoSuchSecurity.
    """
    named = words(payload, "security")
    if named not in [each.id for each in securities.of_line(tx, line_id)]:
        raise NoSuchSecurity
    return named


def _told(tx: Tx, line_id: str) -> dict[str, Any]:
    found = service.standing(tx, line_id)
    return {
        "state": found.line.state.value,
        "limit_fen": found.limit_fen,
        "available_fen": found.available_fen,
    }
