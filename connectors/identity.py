"""Our side of the identity service."""

import base64
from typing import Any

from connectors.http import NoAnswer, SignedHttp
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
            found = self._http.call("POST", path, body).json()
            return IdentityAnswer(
                passed=found["passed"] is True,
                reference=str(found["reference"]),
                score=found.get("score"),
                reason=str(found.get("reason", "")),
            )
        except (NoAnswer, KeyError):
            raise IdentityUnavailable from None
