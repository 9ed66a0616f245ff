"""The calls of those who know people: two credit bureaus and the identity service."""

import time
from collections.abc import Callable
from functools import partial

from flask import Response, jsonify
from flask.typing import ResponseReturnValue

from simulators.bureaus import report_a, report_b
from simulators.door import Door, suffers
from simulators.fields import body, text
from simulators.magic import fate_of_person, is_identity_no
from simulators.visits import Visits

BUREAU_SLOW_S = 5
FACE_BYTES_MIN = 100
Report = Callable[..., dict[str, object]]


def add_bureaus(door: Door, visits: dict[str, Visits]) -> None:
    """Adds `POST /reports` and `GET /inquiries` of both bureaus."""
    told: tuple[tuple[str, Report], ...] = (("bureau-a", report_a), ("bureau-b", report_b))
    for name, tell in told:
        door.add(f"POST /{name}/reports", "report", partial(_report, tell, visits[name]))
        door.add(f"GET /{name}/inquiries", "inquiries", partial(_inquiries, visits[name]))


def add_identity(door: Door, visits: Visits) -> None:
    """Adds the identity service's calls."""
    door.add("POST /identity/checks", "check", partial(_check, visits))
    door.add("POST /identity/face-checks", "face", partial(_face, visits))


def _report(tell: Report, visits: Visits) -> ResponseReturnValue:
    given = body()
    identity_no = text(given, "identity_no")
    text(given, "name")
    consent_id, purpose = text(given, "consent_id"), text(given, "purpose")
    fate = fate_of_person(identity_no)
    if fate == "slow_bureau":
        time.sleep(BUREAU_SLOW_S)
    if fate == "bureaus_down" or (fate == "one_bureau_down" and tell is report_a):
        return Response("out of order", 503)
    visits.note("report", identity_no, consent_id=consent_id, purpose=purpose)
    return jsonify(tell(identity_no, bad=suffers("declined") is not None))


def _inquiries(visits: Visits) -> ResponseReturnValue:
    return jsonify(inquiries=visits.all())


def _check(visits: Visits) -> ResponseReturnValue:
    given = body()
    text(given, "name")
    identity_no = text(given, "identity_no")
    reason = ""
    if not is_identity_no(identity_no):
        reason = "no_such_number"
    elif suffers("declined") or fate_of_person(identity_no) == "identity_mismatch":
        reason = "name_mismatch"
    reference = f"ID{visits.note('check', identity_no):012d}"
    return jsonify(passed=not reason, reason=reason, reference=reference)


def _face(visits: Visits) -> ResponseReturnValue:
    given = body()
    identity_no = text(given, "identity_no")
    alive = len(text(given, "image")) > FACE_BYTES_MIN
    same = not (suffers("declined") or fate_of_person(identity_no) == "face_mismatch")
    return jsonify(
        passed=alive and same,
        alive=alive,
        score=93 if alive and same else 21,
        reason="no_face" if not alive else "" if same else "face_mismatch",
        reference=f"FC{visits.note('face', identity_no):012d}",
    )
