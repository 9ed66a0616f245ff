"""Every code that a refusal can carry at the partners' door, for the docs and the description."""

from typing import Any

from gateway import door, errors, oauth_errors, rate_model, versions
from gateway.routes import webhooks
from lending.channels import errors as channels
from lending.compliance import errors as compliance
from lending.engine import errors as engine
from lending.finance import statements
from lending.foundation.errors import Problem
from lending.loans import errors as loans
from lending.products import errors as products
from scenarios.mall_installment import errors as mall

TOLD: tuple[type[Problem], ...] = (
    errors.JsonRefused,
    errors.FieldsRefused,
    errors.HeadersTooLarge,
    errors.BodyTooLarge,
    errors.BodyTooSlow,
    errors.TooManyAtOnce,
    errors.EncodingRefused,
    errors.KeyMissing,
    errors.KeyRunning,
    errors.KeyReused,
    errors.CursorRefused,
    errors.NotHere,
    rate_model.RateLimited,
    versions.VersionUnknown,
    errors.UrlRefused,
    errors.PublicKeyUnusable,
    errors.ProofRefused,
    errors.RangeRefused,
    errors.FileTooLong,
    statements.PeriodRefused,
    statements.FilterRefused,
    statements.StatementAway,
    *oauth_errors.TOLD,
    webhooks.EndpointDisabled,
    webhooks.TooManyEndpoints,
    channels.KeyTaken,
    channels.TooManyKeys,
    channels.KeyStateWrong,
    channels.LastKey,
    channels.SignerRetiring,
    channels.FunctionsNotYours,
    channels.EndRefused,
    channels.PartnerNotListed,
    channels.NoAgreement,
    products.NoSuchProduct,
    products.AmountOutsideProduct,
    products.PeriodsNotOffered,
    compliance.PurposeNotAllowed,
    compliance.SceneBlocked,
    engine.CostOverCap,
    engine.RefundTooLarge,
    mall.ItemsDoNotAddUp,
    mall.ItemTwice,
    mall.OrderNoTaken,
    mall.RefundNoTaken,
    mall.NotPaidOut,
    mall.ItemNotInOrder,
    mall.RefundAboveItems,
    loans.WrongState,
    loans.PayoutUnderWay,
    door.DatabaseAway,
    door.Unforeseen,
)


def listed() -> list[dict[str, Any]]:
    """Code, status, title and mend of each; a signature's refusals first, as they come first."""
    signatures = [
        {
            "code": code,
            "status": errors.NotSignedRight.status,
            "title": errors.NotSignedRight.title,
            "mend": mend,
        }
        for code, mend in errors.MENDS.items()
    ]
    return signatures + [
        {"code": each.code, "status": each.status, "title": each.title, "mend": each.mend}
        for each in TOLD
    ]
