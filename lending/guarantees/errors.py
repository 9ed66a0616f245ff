"""What stands against a guarantee."""

from lending.compliance.errors import GateShut
from lending.foundation.errors import BadInput, Refused


class GuarantorNotAllowed(GateShut):
    """Only who is licensed and on the list may stand behind a loan."""

    code, title = "guarantee.not_allowed", "This guarantor may not stand behind loans today"
    rule = "R-ENH-LICENSE"
    mend = "Choose a guarantor whose licence and agreement are in force."


class GuaranteedTooMuch(GateShut):
    """Loans with a guarantee would be more than half of all loans."""

    code, title = "guarantee.balance_over_cap", "Too many of all loans would have a guarantee"
    rule = "R-GUAR-50"
    mend = "Lend without a guarantee, or wait until guaranteed loans are repaid."


class QuotaUsedUp(Refused):
    """The guarantor stands behind as much as it agreed to."""

    code, title = "guarantee.quota_used_up", "The guarantor's quota is used up"
    mend = "Choose another guarantor, or agree on a larger quota."


class PoolTooSmall(Refused):
    """The guarantor's deposit is below what it agreed to keep."""

    code, title = "guarantee.pool_too_small", "The guarantor's deposit is below the agreed minimum"
    mend = "Have the guarantor top up its deposit first."


class AgreementRefused(BadInput):
    """Such an agreement cannot be made; operators read why."""

    code, title = "guarantee.agreement_refused", "不能订立这样的协议"
