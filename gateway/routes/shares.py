"""Shares of joint loans over the wire: what funders are asked for, and what they answer."""

from functools import partial
from typing import Any

from cf_partner_sdk.field_encryption import encrypt

from gateway import pages
from gateway.endpoints import Call, Endpoint, Reply
from gateway.fields import Choice, page, said
from gateway.schemas import shares as schemas
from lending.engine import errors as engine
from lending.funding import errors
from lending.funding.answers import DeclineReason
from scenarios.joint_lending import invitations, servicing, views


def listed(call: Call) -> Reply:
    """A page of shares."""
    filters = {name: call.query.get(name) for name in ("state",)}
    fetch = partial(
        servicing.page, call.tx, call.partner_id, wanted=filters, account_no=_account_no(call)
    )
    return Reply(pages.page_of(call.context.lending.keys, call.query, filters, fetch))


def one(call: Call) -> Reply:
    """One share, with the borrower's data encrypted to the funder."""
    keys, share_id = call.context.lending.keys, call.path["share_id"]
    shown, sealing = invitations.show(
        call.tx, keys, call.partner_id, share_id, account_no=_account_no(call)
    )
    return Reply({**shown, "packet": _sealed(sealing)})


def accept(call: Call) -> Reply:
    """Takes a share."""
    share_id, to = call.path["share_id"], _account_no(call)
    return Reply(invitations.accept(call.tx, call.partner_id, share_id, **call.body, account_no=to))


def decline(call: Call) -> Reply:
    """Does not take a share."""
    reason, text = DeclineReason(call.body["reason_code"]), call.body.get("reason_text", "")
    share_id, to = call.path["share_id"], _account_no(call)
    return Reply(
        invitations.decline(call.tx, call.partner_id, share_id, reason, text, account_no=to)
    )


def confirm_funding(call: Call) -> Reply:
    """Notes that a share's money was sent."""
    reference, share_id = call.body["bank_reference"], call.path["share_id"]
    shown = servicing.confirm_funding(
        call.tx, call.partner_id, share_id, reference, account_no=_account_no(call)
    )
    return Reply(shown)


def _account_no(call: Call) -> str:
    return call.context.lending.settings.receiving_account_no


def _sealed(sealing: invitations.Sealing | None) -> dict[str, Any] | None:
    return encrypt(sealing.packet, views.PERSONAL, jwk=sealing.jwk) if sealing else None


_ONE = "/v1/shares/<share_id>"
_DEAD = (errors.NoSuchShare, errors.ShareExpired, errors.ShareWithdrawn)

ENDPOINTS = (
    Endpoint(
        "GET",
        "/v1/shares",
        "shares",
        "Shares that you are asked for or have, newest first",
        listed,
        function="shares",
        owner="partner",
        scope="shares:read",
        response=schemas.ShareList,
        query={
            "state": Choice(schemas.STATES, metadata=said("Only shares in this state.", "invited")),
            **page(),
        },
    ),
    Endpoint(
        "GET",
        _ONE,
        "share",
        "One share, and what you decide on",
        one,
        function="shares",
        owner="partner",
        response=schemas.ShareDetailSchema,
        refusals=(errors.NoSuchShare,),
        about="`packet` holds what the borrower lets you know, personal data encrypted to the key"
        " that you gave us. Whoever reads it is on record.",
    ),
    Endpoint(
        "POST",
        f"{_ONE}/accept",
        "accept_share",
        "Take a share, on your own decision",
        accept,
        function="shares",
        owner="partner",
        request=schemas.AcceptRequest(),
        response=schemas.ShareSchema,
        writes=True,
        refusals=(
            *_DEAD,
            errors.ShareAccepted,
            errors.ShareDeclined,
            errors.DecisionInFuture,
            errors.ShareOutsideRange,
            errors.CounterNotOfUse,
            errors.FunderNotLicensed,
            engine.ShareTooSmall,
        ),
        about="Accepting twice accepts once. With `share_rate` you take less than you were asked"
        " for. A share whose time is over answers `share.expired`, also when the money is sent:"
        " then it comes back.",
    ),
    Endpoint(
        "POST",
        f"{_ONE}/decline",
        "decline_share",
        "Do not take a share",
        decline,
        function="shares",
        owner="partner",
        request=schemas.DeclineRequest(),
        response=schemas.ShareSchema,
        writes=True,
        refusals=(*_DEAD, errors.ShareAccepted),
        about="Somebody else is asked at once. Declining twice declines once.",
    ),
    Endpoint(
        "POST",
        f"{_ONE}/confirm_funding",
        "confirm_funding",
        "Say that your money is sent",
        confirm_funding,
        function="shares",
        owner="partner",
        request=schemas.ConfirmFundingRequest(),
        response=schemas.ShareSchema,
        writes=True,
        refusals=(errors.NoSuchShare, errors.NotCalled),
        about="We look at our account at once instead of in a few seconds. Nothing is believed but"
        " the account: `share.funded` says that the money is there.",
    ),
)
