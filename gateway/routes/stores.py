"""Stores over the wire: what a partner's back office sets up."""

from functools import partial

from gateway import pages
from gateway.endpoints import Call, Endpoint, Reply
from gateway.fields import Choice, Text, page, said
from gateway.schemas import stores as schemas
from gateway.schemas.mall import NUMBER
from lending.channels import errors as channels
from scenarios.offline_credit import errors, stores


def register(call: Call) -> Reply:
    """Registers a store."""
    made = stores.register(call.tx, call.partner_id, call.body)
    return Reply(made, 201, f"/v1/stores/{made['id']}")


def listed(call: Call) -> Reply:
    """A page of stores."""
    filters = {name: call.query.get(name) for name in ("store_no", "state")}
    fetch = partial(
        stores.page,
        call.tx,
        call.partner_id,
        wanted=filters,
    )
    return Reply(pages.page_of(call.context.lending.keys, call.query, filters, fetch))


def one(call: Call) -> Reply:
    """One store."""
    return Reply(stores.get(call.tx, call.partner_id, call.path["store_id"]))


def close(call: Call) -> Reply:
    """Closes a store."""
    store_id = call.path["store_id"]
    return Reply(stores.set_open(call.tx, call.partner_id, store_id, is_open=False))


def open_again(call: Call) -> Reply:
    """Opens a store again."""
    store_id = call.path["store_id"]
    return Reply(stores.set_open(call.tx, call.partner_id, store_id, is_open=True))


def add_till(call: Call) -> Reply:
    """Adds a till."""
    made = stores.add_till(call.tx, call.partner_id, call.path["store_id"], **call.body)
    return Reply(made, 201, f"/v1/stores/{made['store_id']}/tills")


def tills(call: Call) -> Reply:
    """The tills of a store."""
    found = stores.tills(call.tx, call.partner_id, call.path["store_id"])
    return Reply({"data": found, "next_cursor": None})


def retire_till(call: Call) -> Reply:
    """Ends a till."""
    return Reply(stores.retire_till(call.tx, call.partner_id, call.path["till_id"]))


def add_staff(call: Call) -> Reply:
    """Names somebody who works in a store."""
    keys, store_id = call.context.lending.keys, call.path["store_id"]
    made = stores.add_staff(call.tx, keys, call.partner_id, store_id, **call.body)
    return Reply(made, 201, f"/v1/stores/{store_id}/staff")


def staff(call: Call) -> Reply:
    """The staff of a store."""
    keys = call.context.lending.keys
    found = stores.staff(call.tx, keys, call.partner_id, call.path["store_id"])
    return Reply({"data": found, "next_cursor": None})


def end_staff(call: Call) -> Reply:
    """Somebody works in a store no more."""
    keys = call.context.lending.keys
    return Reply(stores.end_staff(call.tx, keys, call.partner_id, call.path["staff_id"]))


ENDPOINTS = (
    Endpoint(
        "POST",
        "/v1/stores",
        "register_store",
        "Register a store, with its position",
        register,
        function="stores",
        owner="none",
        request=schemas.StoreRequest(),
        response=schemas.StoreSchema,
        status=201,
        writes=True,
        refusals=(channels.PartnerNotListed, errors.SceneUnknown, errors.StoreNoTaken),
        about="Customers apply within `radius_m` of the position only. What is sold there decides"
        " how your money reaches you: for services paid ahead, by period.",
    ),
    Endpoint(
        "GET",
        "/v1/stores",
        "stores",
        "Your stores, newest first",
        listed,
        function="stores",
        owner="partner",
        scope="stores:read",
        response=schemas.StoreList,
        query={
            "store_no": Text(
                most=64, pattern=NUMBER, metadata=said("Your number of a store.", "S-001")
            ),
            "state": Choice(
                schemas.STORE_STATES, metadata=said("Only stores in this state.", "open")
            ),
            **page(),
        },
    ),
    Endpoint(
        "GET",
        "/v1/stores/<store_id>",
        "store",
        "One store",
        one,
        function="stores",
        owner="partner",
        scope="stores:read",
        response=schemas.StoreSchema,
        refusals=(errors.NoSuchStore,),
    ),
    Endpoint(
        "POST",
        "/v1/stores/<store_id>/close",
        "close_store",
        "Take no more customers in a store",
        close,
        function="stores",
        owner="partner",
        response=schemas.StoreSchema,
        writes=True,
        refusals=(errors.NoSuchStore,),
        about="Payments that are under way go through. Closing twice does it once.",
    ),
    Endpoint(
        "POST",
        "/v1/stores/<store_id>/open",
        "open_store",
        "Take customers in a store again",
        open_again,
        function="stores",
        owner="partner",
        response=schemas.StoreSchema,
        writes=True,
        refusals=(errors.NoSuchStore,),
        about="A store is open when it is registered. Opening twice does it once.",
    ),
    Endpoint(
        "POST",
        "/v1/stores/<store_id>/tills",
        "add_till",
        "Add a till with a key of its own",
        add_till,
        function="stores",
        owner="partner",
        request=schemas.TillRequest(),
        response=schemas.TillSchema,
        status=201,
        writes=True,
        refusals=(errors.NoSuchStore, errors.KeyNotYours, errors.TillNoTaken),
        about="First have the till make its key, and register and activate it with `functions` of"
        " `payments` alone: then whoever steals the till can take payments there and no more, and"
        " you end it by one call.",
    ),
    Endpoint(
        "GET",
        "/v1/stores/<store_id>/tills",
        "tills",
        "The tills of a store",
        tills,
        function="stores",
        owner="partner",
        scope="stores:read",
        response=schemas.TillList,
        refusals=(errors.NoSuchStore,),
    ),
    Endpoint(
        "POST",
        "/v1/tills/<till_id>/retire",
        "retire_till",
        "End a till: nothing more is taken there",
        retire_till,
        function="stores",
        owner="partner",
        response=schemas.TillSchema,
        writes=True,
        refusals=(errors.NoSuchStore,),
        about="Revoke its key as well if the till was stolen. Retiring twice does it once.",
    ),
    Endpoint(
        "POST",
        "/v1/stores/<store_id>/staff",
        "add_staff",
        "Name somebody who works in a store",
        add_staff,
        function="stores",
        owner="partner",
        request=schemas.StaffRequest(),
        response=schemas.StaffSchema,
        status=201,
        writes=True,
        refusals=(errors.NoSuchStore, errors.StaffNoTaken),
        about="The customer may say who helped; it is kept with the application.",
    ),
    Endpoint(
        "GET",
        "/v1/stores/<store_id>/staff",
        "staff",
        "The staff of a store",
        staff,
        function="stores",
        owner="partner",
        scope="stores:read",
        response=schemas.StaffList,
        refusals=(errors.NoSuchStore,),
    ),
    Endpoint(
        "POST",
        "/v1/staff/<staff_id>/end",
        "end_staff",
        "Somebody works in a store no more",
        end_staff,
        function="stores",
        owner="partner",
        response=schemas.StaffSchema,
        writes=True,
        refusals=(errors.NoSuchStore,),
        about="From now on nobody applies through them: a code with their number works without it."
        " What was applied for through them stays. Ending twice does it once.",
    ),
)
