"""Platforms over the wire: each endpoint parses, calls once, answers."""

from functools import partial

from gateway import pages
from gateway.context import GatewayContext
from gateway.endpoints import Call, Endpoint, FileBody, Reply
from gateway.fields import Choice, Text, page, said
from gateway.schemas import leads as schemas
from gateway.schemas.mall import NUMBER
from lending.channels import errors as channels
from lending.compliance import errors as compliance
from lending.customers import errors as customers
from lending.foundation.files import Content
from lending.loans import errors as loans
from lending.products import errors as products
from scenarios.assisted_lending import (
    attachments,
    by_api,
    cleaning,
    errors,
    intake,
    platforms,
    precheck,
    servicing,
)
from scenarios.assisted_lending.cleaning import CleanFile
from scenarios.assisted_lending.servicing import LeadFilter

LISTED = (
    channels.PartnerNotListed,
    channels.PartnerStopped,
    channels.ContractNotInForce,
    errors.NotAPlatform,
)
"""What anything new may be refused for: see the list of partners (名单制)."""
PDF = """\
%PDF-1.4
1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj
2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj
3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>endobj
xref
0 4
0000000000 65535 f\x20
0000000009 00000 n\x20
0000000052 00000 n\x20
0000000101 00000 n\x20
trailer<</Size 4/Root 1 0 R>>
startxref
160
%%EOF
"""
"""A document with one empty page."""
PRECHECK = (
    *LISTED,
    errors.HashFormWrong,
    errors.PrecheckKeyUnknown,
    errors.PrecheckKeyNotReady,
    errors.PrecheckQuotaSpent,
)


def platform(call: Call) -> Reply:
    """What is agreed with the platform that calls."""
    return Reply(platforms.own_view(call.tx, call.partner_id))


def make_precheck_key(call: Call) -> Reply:
    """Hands a new key out."""
    made = precheck.make_key(call.tx, call.context.lending.keys, call.partner_id)
    return Reply(made, 201, is_secret=True)


def precheck_one(call: Call) -> Reply:
    """Whether one person may be sent."""
    given = call.body
    (may,) = precheck.check(call.tx, call.partner_id, given["key"], given["probes"])
    return Reply({"may_be_sent": may})


def precheck_batch(call: Call) -> Reply:
    """Whether each of many may be sent."""
    given = call.body
    may = precheck.check(call.tx, call.partner_id, given["key"], given["probes"])
    return Reply({"may_be_sent": may})


def submit_lead(call: Call) -> Reply:
    """Takes a lead in."""
    made = intake.submit(
        call.tx, call.context.lending.keys, call.partner_id, call.body, _public(call)
    )
    return Reply(made, 201, f"/v1/leads/{made['id']}")


def lead(call: Call) -> Reply:
    """One lead."""
    keys = call.context.lending.keys
    return Reply(servicing.get(call.tx, keys, call.partner_id, call.path["lead_id"], _public(call)))


def leads(call: Call) -> Reply:
    """A page of leads."""
    keys = call.context.lending.keys
    filters = {name: call.query.get(name) for name in ("lead_no", "state")}
    fetch = partial(
        servicing.page,
        call.tx,
        keys,
        call.partner_id,
        _public(call),
        wanted=LeadFilter(**filters),
    )
    return Reply(pages.page_of(keys, call.query, filters, fetch))


def hand_over(call: Call) -> Reply:
    """Makes a new link."""
    keys = call.context.lending.keys
    return Reply(
        servicing.hand_over(call.tx, keys, call.partner_id, call.path["lead_id"], _public(call))
    )


def clean(_: GatewayContext, content: Content) -> CleanFile:
    """Judges a file by its content, and takes out what does not belong there."""
    return cleaning.cleaned(content)


def attach(call: Call) -> Reply:
    """Takes a file in."""
    lending = call.context.lending
    made = attachments.attach(
        call.tx,
        lending.keys,
        lending.files,
        call.partner_id,
        lead_id=call.path["lead_id"],
        kind=call.query["kind"],
        file=call.body,
    )
    return Reply(made, 201)


def hand_in(call: Call) -> Reply:
    """Takes the binding steps in, where the law allows that."""
    keys, lead_id = call.context.lending.keys, call.path["lead_id"]
    by_api.hand_in(call.tx, keys, call.partner_id, lead_id, call.body)
    return Reply(servicing.get(call.tx, keys, call.partner_id, lead_id, _public(call)))


def withdraw(call: Call) -> Reply:
    """Takes a lead back."""
    keys = call.context.lending.keys
    return Reply(
        servicing.withdraw(call.tx, keys, call.partner_id, call.path["lead_id"], _public(call))
    )


def _public(call: Call) -> str:
    return call.context.lending.settings.public_url


ENDPOINTS = (
    Endpoint(
        "GET",
        "/v1/platform",
        "platform",
        "What the lender has agreed with you, and where you are on its list",
        platform,
        function="leads",
        owner="partner",
        response=schemas.PlatformSchema,
        refusals=(channels.NoSuchPartner, errors.NotAPlatform),
    ),
    Endpoint(
        "POST",
        "/v1/platform/precheck_keys",
        "make_precheck_key",
        "Have a new key for pre-checks made; its secret is shown once",
        make_precheck_key,
        function="leads",
        owner="none",
        response=schemas.PrecheckKeySchema,
        status=201,
        writes=True,
        refusals=LISTED,
        about="It is ready within seconds. The keys before it are good for a week more.",
    ),
    Endpoint(
        "POST",
        "/v1/prechecks",
        "precheck",
        "Whether a person may be sent, by keyed hashes that nobody can read",
        precheck_one,
        function="leads",
        owner="none",
        request=schemas.PrecheckRequest(),
        response=schemas.PrecheckSchema,
        refusals=PRECHECK,
        about="Send the hash of the identity number, of the mobile, or both: with both, either can"
        " say no. The answer is one bit, the same for customers and strangers; it says nothing on"
        " why. Each person asked for counts against the quota of the day.",
    ),
    Endpoint(
        "POST",
        "/v1/prechecks/batch",
        "precheck_batch",
        "The same for up to 1,000 people",
        precheck_batch,
        function="leads",
        owner="none",
        request=schemas.BatchRequest(),
        response=schemas.BatchSchema,
        refusals=PRECHECK,
        about="Answers come in the order of the question. A batch that would pass the quota is"
        " refused whole, and counts nothing.",
    ),
    Endpoint(
        "POST",
        "/v1/leads",
        "submit_lead",
        "Send a person; hand them over by handover_url",
        submit_lead,
        function="leads",
        owner="none",
        request=schemas.LeadRequest(),
        response=schemas.LeadSchema,
        status=201,
        writes=True,
        refusals=(
            *LISTED,
            channels.NoAgreement,
            products.NoSuchProduct,
            products.AmountOutsideProduct,
            errors.ConsentTwice,
            errors.ConsentAhead,
            errors.ConsentExpired,
            errors.ScopeMissing,
            customers.IdentityNoInvalid,
            customers.MobileInvalid,
            customers.CustomerTooYoung,
            compliance.PurposeNotAllowed,
            compliance.SceneBlocked,
            errors.LeadQuotaSpent,
            errors.LeadNoTaken,
        ),
        about="All of it is input: the lender decides and prices alone. What no consent covers is"
        " refused, and nothing of it is kept.",
    ),
    Endpoint(
        "GET",
        "/v1/leads",
        "leads",
        "Your leads, newest first",
        leads,
        function="leads",
        owner="partner",
        scope="leads:read",
        response=schemas.LeadList,
        query={
            "lead_no": Text(
                most=64, pattern=NUMBER, metadata=said("Your number of a lead.", "L-77")
            ),
            "state": Choice(schemas.STATES, metadata=said("Only leads in this state.", "paid")),
            **page(),
        },
    ),
    Endpoint(
        "GET",
        "/v1/leads/<lead_id>",
        "lead",
        "One lead",
        lead,
        function="leads",
        owner="partner",
        scope="leads:read",
        response=schemas.LeadSchema,
        refusals=(errors.NoSuchLead,),
    ),
    Endpoint(
        "POST",
        "/v1/leads/<lead_id>/handover",
        "hand_over",
        "Have a new link made for a person who comes back",
        hand_over,
        function="leads",
        owner="partner",
        response=schemas.LeadSchema,
        writes=True,
        refusals=(errors.NoSuchLead, errors.HandoverNotPossible),
        about="The link before it is good no more. Each is good once, and for half an hour.",
    ),
    Endpoint(
        "POST",
        "/v1/leads/<lead_id>/attachments",
        "attach",
        "Attach a document or a picture",
        attach,
        function="leads",
        owner="partner",
        file=FileBody(
            ("application/pdf", "image/jpeg", "image/png"),
            cleaning.BYTES_MAX,
            PDF,
        ),
        before=clean,
        query={
            "kind": Choice(attachments.KINDS, required=True, metadata=said("What it is.", "income"))
        },
        response=schemas.AttachmentSchema,
        status=201,
        writes=True,
        refusals=(
            errors.NoSuchLead,
            loans.WrongState,
            errors.ScopeMissing,
            errors.AttachmentTooLarge,
            errors.AttachmentTypeRefused,
            errors.TooManyAttachments,
        ),
        about="The body is the file itself: a JPEG, a PNG or a PDF of at most 10 MiB and 40 million"
        " pixels. What it is, its content says. Needs a consent for `attachments`. At most ten for"
        " a lead. Each is written anew, so its digest differs from yours.",
    ),
    Endpoint(
        "POST",
        "/v1/leads/<lead_id>/application",
        "hand_in",
        "Hand an application in without the lender's page: refused while the law wants the page",
        hand_in,
        function="leads",
        owner="partner",
        request=schemas.HandInRequest(),
        response=schemas.LeadSchema,
        writes=True,
        refusals=(
            errors.NoSuchLead,
            compliance.OwnPageRequired,
            loans.WrongState,
            errors.ScopeMissing,
            compliance.StudentWithoutSecondSource,
            errors.NotSuitable,
        ),
        about="Since 2026-09-30 suitability, signing and payout happen on the lender's own page,"
        " and this is refused. The contract is signed there in any case.",
    ),
    Endpoint(
        "POST",
        "/v1/leads/<lead_id>/withdraw",
        "withdraw",
        "Take a lead back that nothing was signed for",
        withdraw,
        function="leads",
        owner="partner",
        response=schemas.LeadSchema,
        writes=True,
        refusals=(errors.NoSuchLead, loans.WrongState),
        about="Withdrawing twice does it once. Of a person who has not applied nothing is kept.",
    ),
)
