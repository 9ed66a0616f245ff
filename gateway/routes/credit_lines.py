"""Lines over the wire: whether customers who applied in a store may pay by one, and no more."""

from functools import partial

from gateway import pages
from gateway.endpoints import Call, Endpoint, Reply
from gateway.fields import Choice, Text, page, said
from gateway.routes.payments import own_store
from gateway.schemas import credit_lines as schemas
from gateway.shown import example_id
from scenarios.offline_credit import errors, lines


def listed(call: Call) -> Reply:
    """A page of lines."""
    filters = {name: call.query.get(name) for name in ("store_id", "state")}
    own = own_store(call)
    if own is not None and filters["store_id"] not in (None, own):
        return Reply({"data": [], "next_cursor": None})
    wanted = filters | {"store_id": own or filters["store_id"]}
    fetch = partial(lines.page, call.tx, call.partner_id, wanted=wanted)
    return Reply(pages.page_of(call.context.lending.keys, call.query, filters, fetch))


def one(call: Call) -> Reply:
    """One line."""
    line_id, own = call.path["line_id"], own_store(call)
    return Reply(lines.get(call.tx, call.partner_id, line_id, store_id=own))


def can_pay(call: Call) -> Reply:
    """Whether a line could pay an amount."""
    amount_fen, own = int(call.query["amount_fen"]), own_store(call)
    return Reply(
        lines.can_pay(
            call.tx,
            call.partner_id,
            call.path["line_id"],
            amount_fen=amount_fen,
            store_id=own,
        )
    )


SEEN = (errors.NoLineSeen, errors.NotATill)
ENDPOINTS = (
    Endpoint(
        "GET",
        "/v1/credit_lines",
        "credit_lines",
        "Lines that were applied for in your stores, newest first; a till's are those of its store",
        listed,
        function="payments",
        owner="partner",
        scope="payments:read",
        response=schemas.CreditLineList,
        query={
            "store_id": Text(
                most=64,
                pattern=r"[a-z0-9_]+",
                metadata=said("Only lines applied for in this store.", example_id("sto")),
            ),
            "state": Choice(
                schemas.LINE_STATES, metadata=said("Only lines in this state.", "open")
            ),
            **page(),
        },
        refusals=(errors.NotATill,),
        about="Of a customer who agrees no more that you are told, nothing is told any more; what"
        " was not granted is never told.",
    ),
    Endpoint(
        "GET",
        "/v1/credit_lines/<line_id>",
        "credit_line",
        "One line",
        one,
        function="payments",
        owner="partner",
        scope="payments:read",
        response=schemas.CreditLineSchema,
        refusals=SEEN,
    ),
    Endpoint(
        "GET",
        "/v1/credit_lines/<line_id>/can_pay",
        "can_pay",
        "Whether a line could pay an amount at the moment",
        can_pay,
        function="payments",
        owner="partner",
        scope="payments:read",
        response=schemas.CanPaySchema,
        query={
            "amount_fen": Text(
                most=9,
                pattern="[1-9][0-9]*",
                required=True,
                metadata=said("How much, in fen.", "299900"),
            )
        },
        refusals=(*SEEN, errors.QuestionsUsedUp),
        about=f"Nothing is held. Ask at most {lines.QUESTIONS_A_DAY} times a business date of one"
        " line: how much a customer may still spend is theirs to know. To take a payment you need"
        " not ask: it is refused if the line is too small.",
    ),
)
