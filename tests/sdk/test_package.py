"""What the package promises as a package."""

import ast
import re
import subprocess
import sys
from pathlib import Path
from types import FunctionType

import cf_partner_sdk
from cf_partner_sdk import _errors, http_signatures

ROOT = Path(cf_partner_sdk.__file__).parent
SOURCES = sorted(ROOT.rglob("*.py"))

NAMES = """
AnswerNotTrusted AnswerNotUnderstood Applicant ArgumentInvalid AsyncClient Attempt BillPayment
BillState CfDeprecationWarning CfError CheckResult CheckState CheckVerdict Claim ClaimEvent
ClaimFiled ClaimPaid ClaimState ClaimTakenBack ClaimWithdrawn Clearing ClearingEvent
ClearingExpected ClearingFailed ClearingMade ClearingPaid ClearingReceived ClearingState Client
ClientClosed Clock CommissionAccrual CommissionAccrued CommissionBasis CommissionBill
CommissionBillEvent CommissionBillReady CommissionPaid CommissionPaymentFailed Conflict CreditLine
CreditLineClosed CreditLineEvent CreditLineFrozen CreditLineOpened CreditLineRaised CreditLineState
CreditLineUnfrozen DeclineReason Delivery DeliveryAttempt DeliveryState DifferenceState
DisabledReason Dispute DisputeEvent DisputeOutcome DisputeState EndpointCheck EndpointDisabled
EndpointEvent EndpointSecret EndpointState EndpointTest Event EventType FundingCall Guarantee Hook
HttpOptions KeyDirectory KeyNotUsable KeyState Lead LeadApproved LeadAttachment LeadCancelled
LeadConsent LeadCured LeadEvent LeadExpired LeadHandedOver LeadOverdue LeadPaid LeadPayoutFailed
LeadReceived LeadReferred LeadRefused LeadReopened LeadRepaid LeadRepayment LeadSettled LeadSigned
LeadStanding LeadStandingEvent LeadState Lender ListState LoanRepaid LoanVintage MemorySeenStore
MovementType NotAllowed NotAuthenticated NotFound Offer Order OrderApproved OrderCancelled
OrderCreated OrderDeclined OrderEvent OrderExpired OrderItem OrderPaid OrderPayoutFailed
OrderReferred OrderRefunded OrderSigned OrderState Outcome OverdueStage Pages PartnerKey Payment
PaymentCancelled PaymentConfirming PaymentCreated PaymentDeclined PaymentDisputeDecided
PaymentDisputed PaymentEvent PaymentExpired PaymentPaid PaymentPayoutFailed PaymentRefund
PaymentRefunded PaymentRepaid PaymentRepayment PaymentSigned PaymentState Payout PeriodUnit PlanRow
PlannedInstalment PlatformInfo PlatformStatistics PortfolioMark PortfolioWarning PrecheckKey
PrivateKey ProblemError ProductFigures PublicKey Quote ReconciliationDifference Refund RefundState
Refused Release ReleaseEvent ReleaseFailed ReleasePaid ReleasePart ReleaseState ReleaseStopped
Repayment RequestInvalid Resent ReturnedItem ReturnedMoney SandboxApplicant SandboxClock
SandboxClockReady SandboxClockState SandboxInfo SandboxStopped SandboxWalk SandboxWalkState
SeenStore ServerFault ServiceStop Share ShareActive ShareChanged ShareClosed ShareClosing ShareDue
ShareEvent ShareExpired ShareFileDifference ShareFraud ShareFraudFlagged ShareFunded
ShareFundingCalled ShareInvited ShareLate ShareLateness ShareMoneyReturned ShareMoved ShareMovement
ShareOverdue SharePlan SharePosition ShareRecovered ShareRepaid ShareStageChanged ShareState
ShareWithdrawn ShareWrittenOff SignedLoan SignedPost SqlSeenStore StaffMember StaffState Statement
StatementKind StatementReady StatementRefused StatementRow StatementSpan StatementSum Store
StoreCode StoreScene StoreState StoreSum SubsidyPayer TierTaken Till TillState TooManyRequests
TransportError WebhookDuplicate WebhookEndpoint WebhookRefused WebhookVerifier __version__
open_packet share_differences
"""
"""Those that the package gives to its users, in the order of the alphabet."""
PUBLIC = set(NAMES.split())


class ForTypesOnly(ast.NodeTransformer):
    def visit_If(self, node: ast.If) -> ast.AST:
        return ast.Pass() if ast.unparse(node.test).endswith("TYPE_CHECKING") else node


def imported(source: Path) -> set[str]:
    names = set()
    tree = ForTypesOnly().visit(ast.parse(source.read_text("utf-8")))
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            names.add(str(node.module).partition(".")[0])
    return names


class TestThePublicNames:
    def test_are_these_and_no_others(self):
        assert set(cf_partner_sdk.__all__) == PUBLIC
        assert all(hasattr(cf_partner_sdk, name) for name in PUBLIC)

    def test_have_a_docstring_each(self):
        for module in (cf_partner_sdk, http_signatures):
            for name in module.__all__:
                value = getattr(module, name)
                if isinstance(value, (type, FunctionType)):
                    assert value.__doc__, name


def below(kind: type) -> set[str]:
    return {one.__name__ for one in kind.__subclasses__()} | {
        name for one in kind.__subclasses__() for name in below(one)
    }


class TestTheErrors:
    def test_are_one_tree_as_it_is_drawn(self):
        assert all(hasattr(cf_partner_sdk, name) for name in PUBLIC)  # loads every module
        drawn = re.findall(r"^[| `]*-- (\w+)", str(_errors.__doc__), re.MULTILINE)
        public = {name for name in below(cf_partner_sdk.CfError) if name in PUBLIC}
        assert public <= set(drawn)
        assert set(drawn) <= PUBLIC


class TestTheSources:
    def test_read_as_python_3_9(self):
        for source in SOURCES:
            ast.parse(source.read_text("utf-8"), feature_version=(3, 9))

    def test_import_the_standard_library_and_two_packages(self):
        allowed = {*sys.stdlib_module_names, "cf_partner_sdk"}
        allowed |= {"requests", "urllib3", "certifi", "Crypto"}
        strange = {source.stem: imported(source) - allowed for source in SOURCES}
        assert {name: others for name, others in strange.items() if others} == {
            "_async": {"anyio", "httpx"},
            "_fast_keys": {"cryptography"},
            "_async_client": {"httpx"},
            "async_mounting": {"httpx"},
            "django": {"django"},
            "fastapi": {"starlette"},
            "flask": {"flask", "werkzeug"},
            "gateway": {"responses"},
            "mounting": {"responses"},
            "plugin": {"pytest"},
        }

    def test_of_the_signatures_import_no_cryptography_clock_or_network(self):
        kept = {"requests", "Crypto", "time", "socket", "ssl", "http", "urllib3", "datetime"}
        for source in (ROOT / "http_signatures").glob("*.py"):
            assert not imported(source) & kept, source

    def test_are_typed(self):
        assert (ROOT / "py.typed").exists()


class TestImporting:
    def test_loads_nothing_heavy(self):
        code = "import sys, cf_partner_sdk; print(' '.join(sorted(sys.modules)))"
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True
        )
        loaded = {name.partition(".")[0] for name in done.stdout.split()}
        heavy = {
            "Crypto",
            "httpx",
            "anyio",
            "flask",
            "cryptography",
            "sqlalchemy",
            "marshmallow",
            "lending",
            "gateway",
        }
        assert not loaded & heavy
