"""A guarantor's own page: identified, reads what they answer for, signs (STORE-4)."""

from enum import StrEnum
from typing import Any

from hosted.journey import Act, Identifying, Signing, Visit, evidence, require_agreed
from lending.credit_lines import securities
from lending.credit_lines import service as credit_lines
from lending.credit_lines.errors import NoSuchSecurity
from lending.credit_lines.model import SecurityState
from lending.customers import service as customers
from lending.foundation.crypto import mask_mobile, mask_name
from lending.foundation.database import Tx
from lending.foundation.errors import NotFound


class Step(StrEnum):
    """One page for a guarantor."""

    MOBILE = "mobile"
    IDENTITY = "identity"
    READ = "guarantee_read"
    """Whose debt it is, and how much of it they answer for."""
    SIGN = "guarantee_sign"
    DONE = "guarantee_done"


class GuaranteePages(Identifying, Signing):
    """The pages and actions for one guarantor."""

    name, path, cookie = "guarantee", "/guarantee", "cf_guarantee"
    layout, channel = "hosted/guarantee.html", "hosted_guarantee"

    def actions(self) -> dict[str, tuple[str, Act]]:
        """Each action with the page that its form is on."""
        person = self.person_forms()
        return {
            **{name: person[name] for name in ("send-code", "check-code", "identify")},
            "read": (Step.READ, self._read),
            "send-sign-code": (Step.SIGN, self.send_sign_code),
            "sign": (Step.SIGN, self._sign),
        }

    def visit(self, token: str) -> Visit:
        """Who visits which guarantee.

        Raises NotFound.
        """
        with self._context.database.unit_of_work() as tx:
            try:
                security = securities.by_token(tx, token)
            except NoSuchSecurity:
                raise NotFound("链接无效", mend="请向借款人索取新的链接。") from None
            session = self.session(tx, security.id)
        return Visit(token, security.id, security.id, security.state.value, session, security)

    def due(self, visit: Visit) -> str:
        """The page that is due."""
        if visit.state != SecurityState.OFFERED.value:
            return Step.DONE.value
        state = visit.session.state
        if not state.get("mobile_proved"):
            return Step.MOBILE.value
        if not state.get("customer_id"):
            return Step.IDENTITY.value
        return (Step.SIGN if state.get("guarantee_read") else Step.READ).value

    def facts(self, tx: Tx, visit: Visit, due: str) -> dict[str, Any]:
        """What the page that is due shows; the borrower's name only to whom is identified."""
        found: dict[str, Any] = self.person_facts(tx, visit, due)
        line = credit_lines.get(tx, visit.seen.line_id)
        if due in (Step.READ, Step.SIGN):
            borrower = customers.profile(tx, self._context.keys, line.customer_id)
            found = {
                "line": line,
                "borrower": mask_name(borrower.name),
                "mobile": mask_mobile(visit.session.mobile or ""),
            }
        return found

    def applicant(self, tx: Tx, visit: Visit) -> str | None:
        """Who has signed already, and alone may come back."""
        return visit.seen.guarantor_id  # type: ignore[no-any-return]

    def _read(self, visit: Visit) -> None:
        require_agreed()
        visit.session.state["guarantee_read"] = True
        self.keep(visit, Step.READ, {"agreed": True})

    def _sign(self, visit: Visit) -> None:
        self.require_sign_code(visit)
        with self._context.database.unit_of_work() as tx:
            securities.sign(
                tx,
                visit.subject,
                guarantor_id=visit.session.customer_id or "",
                evidence={"method": "sms_code", **evidence(visit.session)},
            )
        self.keep(visit, Step.SIGN, {"signed": True})
