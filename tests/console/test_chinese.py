"""Operators read Chinese, whatever went wrong; each page that a test opens is read for English."""

from collections.abc import Iterable, Iterator
from enum import StrEnum
from pathlib import Path

from werkzeug.exceptions import HTTPException, default_exceptions

import processes.front  # noqa: F401  # with it all that can go wrong is known
from console.problems import told, told_http
from lending.batch.steps import AFTER_CLOSE, END_OF_DAY
from lending.channels.errors import LastKey, NoSuchPartner
from lending.channels.model import KeyState, PartnerKind
from lending.claims.model import ClaimState
from lending.commissions.model import BillState, PaymentState
from lending.credit_lines.model import LineState, SecurityKind, SecurityState
from lending.engine.plans import Method
from lending.finance.model import ClearingState
from lending.foundation.errors import NotFound, Problem
from lending.funding.model import LicenceKind as FunderLicence
from lending.guarantees.model import LicenceKind as GuarantorLicence
from lending.loans.fraud import FraudKind
from lending.loans.model import ApplicationState, LoanState, ReleaseState
from lending.operations.model import TicketKind, TicketState
from lending.repayments.model import RepaymentState, What
from lending.risk.model import Outcome
from lending.system.approvals import ProposalState
from lending.system.model import Role
from tests.console.chinese import english_in
from tests.console.test_loans_and_approvals import URL, Desk
from tests.console.test_sign_in import composed
from tests.loans.world import World

WORDS: dict[str, Iterable[StrEnum]] = {
    "application_states": ApplicationState,
    "bill_payments": PaymentState,
    "bill_states": BillState,
    "claim_states": ClaimState,
    "clearing_states": ClearingState,
    "decision_outcomes": Outcome,
    "fraud_kinds": FraudKind,
    "key_states": KeyState,
    "licence_kinds": (*FunderLicence, *GuarantorLicence),
    "line_states": LineState,
    "loan_states": LoanState,
    "methods": Method,
    "partner_kinds": PartnerKind,
    "proposal_states": ProposalState,
    "release_states": ReleaseState,
    "repayment_states": RepaymentState,
    "security_kinds": SecurityKind,
    "security_states": SecurityState,
    "ticket_kinds": TicketKind,
    "ticket_states": TicketState,
    "whats": What,
}


def every(kind: type[Problem]) -> Iterator[type[Problem]]:
    for each in kind.__subclasses__():
        yield each
        yield from every(each)


class TestWhatGoesWrong:
    def test_is_told_in_chinese_however_its_rule_speaks(self):
        kinds = set(every(Problem))
        assert len(kinds) > 200
        for kind in kinds:
            problem = kind.__new__(kind)
            Problem.__init__(problem, "somebody said no to this", mend="Say yes to it.")
            assert not any(text.isascii() for text in told(problem)), kind
            Problem.__init__(problem)
            detail, mend = told(problem)
            assert not detail.isascii(), kind
            assert english_in(f"{detail} {mend}") == [], kind

    def test_keeps_what_a_rule_says_in_chinese(self):
        assert told(NotFound("没有这条借款", mend="请核对编号。")) == (
            "没有这条借款",
            "请核对编号。",
        )
        assert told(LastKey()) == ("这是最后一个有效公钥", "请先启用另一个。")
        assert told(NoSuchPartner())[0] == "没有这条记录"

    def test_in_the_web_server_is_told_in_chinese(self):
        for kind in default_exceptions.values():
            assert not told_http(kind()).isascii(), kind
        assert told_http(HTTPException("表单已过期")) == "表单已过期"


class TestAPageThatIsNotThere:
    def test_says_so_in_chinese(self, world: World, tmp_path: Path):
        desk = Desk(composed(world, tmp_path), world, "zhou", "周经办", Role.FINANCE)
        status, page = desk.get("/nothing/here")
        assert (status, "没有这个页面" in page) == (404, True)
        answer = desk.client.get("/console/sign-out", base_url=URL)
        assert (answer.status_code, "不支持这种操作" in answer.text) == (405, True)


class TestAWord:
    def test_is_there_for_whatever_state_or_kind_a_page_can_show(
        self, world: World, tmp_path: Path
    ):
        app = composed(world, tmp_path)
        with app.app_context():
            words = app.jinja_env.get_template("console/_words.html").module
        for name, members in WORDS.items():
            assert set(map(str, members)) <= set(getattr(words, name)), name
        steps = {"seal", "prove", *(each.name for each in (*END_OF_DAY, *AFTER_CLOSE))}
        assert steps <= set(words.steps)
