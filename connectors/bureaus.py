"""Our side of the credit bureaus: two ways to speak, one way to be understood."""

from typing import Any

from connectors.http import NoAnswer, SignedHttp
from lending.foundation.errors import OutsideFault
from lending.foundation.ports import BureauReport


class BureauUnavailable(OutsideFault):
    """The bureau did not answer, or not in its own words."""

    code, title = "bureau.unavailable", "The credit bureau did not answer"


class _Bureau:
    source = ""
    path = ""

    def __init__(self, http: SignedHttp) -> None:
        self._http = http

    def report(
        self, *, name: str, identity_no: str, mobile: str, consent_id: str, purpose: str
    ) -> BureauReport:
        """Asks for a person's report under a consent (R-CREDIT-AUTH).

        Raises BureauUnavailable.
        """
        body = {
            "name": name,
            "identity_no": identity_no,
            "mobile": mobile,
            "consent_id": consent_id,
            "purpose": purpose,
        }
        try:
            answer = self._http.call("POST", f"{self.path}/reports", body)
            if answer.status != 200:
                raise BureauUnavailable(f"status {answer.status}")
            return self.read(answer.json())
        except (NoAnswer, KeyError, TypeError, ValueError) as problem:
            raise BureauUnavailable(type(problem).__name__) from None

    def read(self, found: dict[str, Any]) -> BureauReport:
        """The bureau's own words in ours."""
        raise NotImplementedError


class BureauA(_Bureau):
    """The first bureau: scores from 300 to 850."""

    source = "bureau_a"
    path = "/bureau-a"

    def read(self, found: dict[str, Any]) -> BureauReport:
        """Its words in ours; its scale is moved to begin at 0."""
        score = found["score"]
        return BureauReport(
            source=self.source,
            reference=str(found["report_id"]),
            score=None if score is None else int(score) - 300,
            score_max=550,
            open_accounts=int(found["accounts"]["open"]),
            overdue_now=int(found["overdue"]["now"]),
            overdue_24m=int(found["overdue"]["last_24_months"]),
            inquiries_3m=int(found["inquiries_3m"]),
            debt_total_fen=int(found["debt_fen"]),
            platforms_open=int(found["lending_platforms_open"]),
            months_on_file=int(found["months_on_file"]),
            raw=found,
        )


class BureauB(_Bureau):
    """The second bureau: scores from 0 to 1000, sums in yuan."""

    source = "bureau_b"
    path = "/bureau-b"

    def read(self, found: dict[str, Any]) -> BureauReport:
        """Its words in ours; a score of -1 is none, yuan become fen."""
        score = int(found["creditScore"])
        return BureauReport(
            source=self.source,
            reference=str(found["serialNo"]),
            score=None if score < 0 else score,
            score_max=1000,
            open_accounts=int(found["loanCount"]),
            overdue_now=1 if found["currentOverdueFlag"] == "Y" else 0,
            overdue_24m=int(found["overdueTimes24"]),
            inquiries_3m=int(found["queryTimes3"]),
            debt_total_fen=int(found["totalDebtYuan"]) * 100,
            platforms_open=int(found["platformCount"]),
            months_on_file=int(found["historyMonths"]),
            raw=found,
        )
