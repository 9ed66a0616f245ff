"""Payments in stores over the wire: what tills do, each in its own store."""

from functools import partial

from gateway import pages
from gateway.endpoints import Call, Endpoint, Reply
from gateway.fields import Choice, Text, page, said
from gateway.schemas import payments as schemas
from gateway.schemas.mall import NUMBER
from gateway.schemas.stores import StoreCodeSchema
from gateway.shown import example_id
from lending.channels import errors as channels
from lending.compliance import errors as compliance
from lending.credit_lines import errors as lines
from lending.engine import errors as engine
from lending.foundation.audit import Actor
from lending.loans import errors as loans
from lending.products import errors as products
from scenarios.offline_credit import admission, errors, payments, servicing, stores
from scenarios.offline_credit.model import Payment

BACK_OFFICE = "stores"
"""Whose key has this function sees all stores; any other must be a till's, and sees its own."""


def code(call: Call) -> Reply:
    """The code on a store's screen."""
    store_id, own = call.path["store_id"], own_store(call)
    if own not in (None, store_id):
        raise errors.NoSuchStore
    keys, url = call.context.lending.keys, call.context.lending.settings.public_url
    return Reply(stores.code(call.tx, keys, call.partner_id, store_id, url))


def take(call: Call) -> Reply:
    """Takes a payment."""
    lending = call.context.lending
    made = payments.take(
        call.tx, lending.keys, lending.files, call.partner_id, call.caller.keyid, call.body
    )
    return Reply(_view(call, made), 201, f"/v1/payments/{made.id}")


def listed(call: Call) -> Reply:
    """A page of payments."""
    keys, own = call.context.lending.keys, own_store(call)
    filters = {name: call.query.get(name) for name in ("payment_no", "store_id", "state")}
    if own is not None and filters["store_id"] not in (None, own):
        return Reply({"data": [], "next_cursor": None})
    found, following = payments.page(
        call.tx,
        call.partner_id,
        wanted=filters | {"store_id": own or filters["store_id"]},
        before=pages.place_of(keys, call.query, filters),
        limit=pages.limit_of(call.query),
    )
    cursor = pages.cursor_of(keys, following, filters)
    return Reply({"data": [_view(call, each) for each in found], "next_cursor": cursor})


def one(call: Call) -> Reply:
    """One payment."""
    return Reply(_view(call, _visible(call, call.path["payment_id"])))


def cancel(call: Call) -> Reply:
    """Cancels a payment."""
    found = _visible(call, call.path["payment_id"])
    return Reply(_view(call, servicing.cancel(call.tx, call.partner_id, found.id)))


def confirm_service(call: Call) -> Reply:
    """Says that a service goes on."""
    found = _visible(call, call.path["payment_id"])
    done = servicing.confirm_service(call.tx, call.partner_id, found.id, call.body["part"])
    return Reply(_view(call, done))


def stop_service(call: Call) -> Reply:
    """Says that a service has stopped."""
    found = _visible(call, call.path["payment_id"])
    actor = Actor("partner", call.partner_id)
    servicing.stop_service(call.tx, found, because=call.body["reason"], actor=actor)
    return Reply(_view(call, _visible(call, found.id)))


def refund(call: Call) -> Reply:
    """Gives money back."""
    _visible(call, call.body.payment_id)
    made = servicing.refund(call.tx, call.partner_id, call.body)
    return Reply(made, 201, f"/v1/payment_refunds/{made['id']}")


def refund_by_id(call: Call) -> Reply:
    """One refund."""
    own = own_store(call)
    found = servicing.refund_of(call.tx, call.partner_id, call.path["payment_refund_id"])
    if own not in (None, found["store_id"]):
        raise errors.NoSuchStore
    return Reply(found)


def refunds(call: Call) -> Reply:
    """A page of refunds."""
    filters = {"payment_id": call.query.get("payment_id")}
    fetch = partial(
        servicing.refunds_page,
        call.tx,
        call.partner_id,
        wanted=filters | {"store_id": own_store(call)},
    )
    return Reply(pages.page_of(call.context.lending.keys, call.query, filters, fetch))


def own_store(call: Call) -> str | None:
    """The store that a till is bounded to; None for the back office.

    Raises NotATill.
    """
    if BACK_OFFICE in call.caller.functions:
        return None
    return admission.store_of_till(call.tx, call.partner_id, call.caller.keyid)


def _visible(call: Call, payment_id: str) -> Payment:
    """A payment that the caller may see.

    Raises NotATill, NoSuchStore.
    """
    own = own_store(call)
    found = payments.get(call.tx, call.partner_id, payment_id)
    if own not in (None, found.store_id):
        raise errors.NoSuchStore
    return found


def _view(call: Call, payment: Payment) -> dict[str, object]:
    lending = call.context.lending
    return payments.view(call.tx, lending.keys, payment, lending.settings.public_url)


SEEN = (errors.NoSuchStore, errors.NotATill)
ENDPOINTS = (
    Endpoint(
        "GET",
        "/v1/stores/<store_id>/code",
        "store_code",
        "The code that the store's screen shows now",
        code,
        function="payments",
        owner="partner",
        response=StoreCodeSchema,
        refusals=(*SEEN, errors.StoreClosed),
        about="Ask again at `next_at`, about once a minute: so a photograph of the code is soon"
        " worth nothing. A till may ask for that of its own store.",
    ),
    Endpoint(
        "POST",
        "/v1/payments",
        "take_payment",
        "Take a payment against a customer's line",
        take,
        function="payments",
        owner="partner",
        request=schemas.PaymentRequest(),
        response=schemas.PaymentSchema,
        status=201,
        writes=True,
        refusals=(
            *SEEN,
            errors.TillOfAnotherStore,
            errors.StoreClosed,
            channels.PartnerNotListed,
            channels.NoAgreement,
            products.NoSuchProduct,
            products.AmountOutsideProduct,
            compliance.PurposeNotAllowed,
            compliance.SceneBlocked,
            errors.ReleaseNeeded,
            errors.ReleaseNotOffered,
            errors.CodeUnknown,
            errors.CodeUsed,
            errors.CodeExpired,
            errors.PaymentNoTaken,
            lines.LineNotOpen,
            lines.LineFrozen,
            lines.ReviewDue,
            lines.SceneNotAllowed,
            lines.LineTooSmall,
        ),
        about="Signed by the till's own key. Send `payment_no` as the Idempotency-Key: a till that"
        " got no answer sends the very same again, or asks for the payment by its number, and the"
        " customer is charged once. A refusal keeps nothing: the code is good for another try.",
    ),
    Endpoint(
        "GET",
        "/v1/payments",
        "payments",
        "Payments, newest first; a till's are those of its store",
        listed,
        function="payments",
        owner="partner",
        scope="payments:read",
        response=schemas.PaymentList,
        query={
            "payment_no": Text(
                most=64, pattern=NUMBER, metadata=said("Your number of a payment.", "P-1")
            ),
            "store_id": Text(
                most=64,
                pattern=r"[a-z0-9_]+",
                metadata=said("Only payments in this store.", example_id("sto")),
            ),
            "state": Choice(schemas.STATES, metadata=said("Only payments in this state.", "paid")),
            **page(),
        },
        refusals=(errors.NotATill,),
    ),
    Endpoint(
        "GET",
        "/v1/payments/<payment_id>",
        "payment",
        "One payment",
        one,
        function="payments",
        owner="partner",
        scope="payments:read",
        response=schemas.PaymentSchema,
        refusals=SEEN,
    ),
    Endpoint(
        "POST",
        "/v1/payments/<payment_id>/cancel",
        "cancel_payment",
        "Cancel a payment no money has left for",
        cancel,
        function="payments",
        owner="partner",
        response=schemas.PaymentSchema,
        writes=True,
        refusals=(*SEEN, loans.PayoutUnderWay, loans.WrongState, errors.PaymentEnded),
        about="Cancelling twice does it once. After the payout, refund instead.",
    ),
    Endpoint(
        "POST",
        "/v1/payments/<payment_id>/confirm_service",
        "confirm_service",
        "Say that a service paid ahead goes on, so that a part is paid",
        confirm_service,
        function="payments",
        owner="partner",
        request=schemas.ConfirmRequest(),
        response=schemas.PaymentSchema,
        writes=True,
        refusals=(*SEEN, errors.NotPaidYet, loans.NoSuchPart, loans.PartNotPlanned),
        about="A part that is due is paid at once, any other when its date has come. Confirming"
        " twice does it once.",
    ),
    Endpoint(
        "POST",
        "/v1/payments/<payment_id>/stop_service",
        "stop_service",
        "Say that a service paid ahead has stopped",
        stop_service,
        function="payments",
        owner="partner",
        request=schemas.StopRequest(),
        response=schemas.PaymentSchema,
        writes=True,
        refusals=(
            *SEEN,
            errors.NotPaidYet,
            loans.WrongState,
            loans.NothingToStop,
            loans.PartUnderWay,
        ),
        about="What you have not got goes off the customer's loan. What you have got, refund.",
    ),
    Endpoint(
        "POST",
        "/v1/payment_refunds",
        "refund_payment",
        "Give money back: the loan shrinks, the price is claimed from your next payout",
        refund,
        function="payments",
        owner="partner",
        request=schemas.PaymentRefundRequest(),
        response=schemas.PaymentRefundSchema,
        status=201,
        writes=True,
        refusals=(
            *SEEN,
            errors.NotPaidYet,
            errors.RefundNoTaken,
            engine.RefundTooLarge,
            loans.WrongState,
        ),
        about="The same day or later. Of a service paid ahead only what you have got.",
    ),
    Endpoint(
        "GET",
        "/v1/payment_refunds",
        "payment_refunds",
        "Refunds, newest first; a till's are those of its store",
        refunds,
        function="payments",
        owner="partner",
        scope="payments:read",
        response=schemas.PaymentRefundList,
        query={
            "payment_id": Text(
                most=64,
                pattern=r"[a-z0-9_]+",
                metadata=said("Only refunds of this payment.", example_id("spy")),
            ),
            **page(),
        },
        refusals=(errors.NotATill,),
    ),
    Endpoint(
        "GET",
        "/v1/payment_refunds/<payment_refund_id>",
        "payment_refund",
        "One refund",
        refund_by_id,
        function="payments",
        owner="partner",
        scope="payments:read",
        response=schemas.PaymentRefundSchema,
        refusals=SEEN,
    ),
)
