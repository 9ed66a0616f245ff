"""Claims over the wire: what guarantors are asked to pay, and their word that they have."""

from gateway import pages
from gateway.endpoints import Call, Endpoint, Reply
from gateway.fields import page
from gateway.schemas import claims as schemas
from lending.claims import errors, service


def claim_list(call: Call) -> Reply:
    """A page of claims."""
    keys = call.context.lending.keys
    filters = {"state": call.query.get("state")}
    found, following = service.page(
        call.tx,
        call.partner_id,
        state=filters["state"],
        before=pages.place_of(keys, call.query, filters),
        limit=pages.limit_of(call.query),
    )
    cursor = pages.cursor_of(keys, following, filters)
    return Reply({"data": [service.view(each) for each in found], "next_cursor": cursor})


def claim(call: Call) -> Reply:
    """One claim."""
    found = service.of_guarantor(call.tx, call.partner_id, call.path["claim_id"])
    return Reply(service.view(found))


def confirm_payment(call: Call) -> Reply:
    """Takes the guarantor's word that the money is on its way."""
    reference = call.body["bank_reference"]
    found = service.announce(call.tx, call.partner_id, call.path["claim_id"], reference)
    return Reply(service.view(found))


_ONE = "/v1/claims/<claim_id>"

ENDPOINTS = (
    Endpoint(
        "GET",
        "/v1/claims",
        "claims",
        "Claims on you, newest first",
        claim_list,
        function="claims",
        owner="partner",
        scope="claims:read",
        response=schemas.ClaimList,
        query={"state": schemas.STATE, **page()},
    ),
    Endpoint(
        "GET",
        _ONE,
        "claim",
        "One claim: what you are asked to pay, and what became of it",
        claim,
        function="claims",
        owner="partner",
        scope="claims:read",
        response=schemas.ClaimSchema,
        refusals=(errors.NoSuchClaim,),
    ),
    Endpoint(
        "POST",
        f"{_ONE}/confirm_payment",
        "confirm_claim_payment",
        "Say that the money of a claim is on its way",
        confirm_payment,
        function="claims",
        owner="partner",
        writes=True,
        request=schemas.ConfirmPayment(),
        response=schemas.ClaimSchema,
        refusals=(errors.NoSuchClaim, errors.ClaimEnded, errors.PaymentAnnounced),
    ),
)
