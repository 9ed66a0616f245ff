"""Our side of the identity service."""

import base64
from typing import Any

from connectors.http import Answer, NoAnswer, SignedHttp
from lending.foundation.errors import OutsideFault
from lending.foundation.ports import IdentityAnswer


class IdentityUnavailable(OutsideFault):
    """The identity service did not answer as it should."""

    code, title = "identity.unavailable", "身份核验服务暂时不可用"
    mend = "请稍后重试。"


class IdentityService:
    """An identity service that keeps the port `IdentityCheck`."""

    def __init__(self, http: SignedHttp) -> None:
        self._http = http

    def check_identity(self, *, name: str, identity_no: str) -> IdentityAnswer:
        """Compares name and number.

        Raises IdentityUnavailable.
        """
        return self._ask("/identity/checks", {"name": name, "identity_no": identity_no})

    def check_face(self, *, identity_no: str, image: bytes) -> IdentityAnswer:
        """Compares a living face with the number's.

        Raises IdentityUnavailable.
        """
        picture = base64.b64encode(image).decode()
        return self._ask("/identity/face-checks", {"identity_no": identity_no, "image": picture})

    def _ask(self, path: str, body: dict[str, Any]) -> IdentityAnswer:
        try:
            return read_answer(self._http.call("POST", path, body))
        except NoAnswer:
            raise IdentityUnavailable from None


def read_answer(answer: Answer) -> IdentityAnswer:
    """What the service says; a living face is part of passing.

    Raises NoAnswer when it does not say.
    """
    found = answer.json()
    passed, score = found.get("passed"), found.get("score")
    if answer.status != 200 or not isinstance(passed, bool):
        raise NoAnswer(f"status {answer.status} says nothing of a match")
    return IdentityAnswer(
        passed=passed and found.get("alive") is not False,
        reference=str(found.get("reference", "")),
        score=score if type(score) is int else None,
        reason=str(found.get("reason", "")),
    )
