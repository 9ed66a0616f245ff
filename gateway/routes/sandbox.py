"""A sandbox's own functions over the wire. In `live` there are none of these."""

from collections.abc import Callable
from dataclasses import asdict
from functools import partial

from gateway import sandbox
from gateway.endpoints import Call, Endpoint, Reply
from gateway.errors import NotHere
from gateway.sandbox import FUNCTION, GOALS, Sandbox
from gateway.sandbox_store import Walk
from gateway.schemas import sandbox as schemas
from lending.foundation import sandbox_clock
from scenarios.mall_installment import servicing
from scenarios.mall_installment.errors import NoSuchOrder


def state(call: Call) -> Reply:
    """Which sandbox this is."""
    return Reply(_state(call))


def clock(call: Call) -> Reply:
    """The clock."""
    return Reply(sandbox.clock_view(call.tx, sandbox_clock.read(call.tx)))


def advance(call: Call) -> Reply:
    """Has the clock go on."""
    return Reply(sandbox.advance(call.tx, call.partner_id, call.body["days"]), 202)


def reset(call: Call) -> Reply:
    """Has the sandbox begin afresh."""
    _sandbox(call).ask_reset()
    return Reply(_state(call), 202)


def applicants(call: Call) -> Reply:
    """Whom to try with."""
    return Reply({"data": [asdict(each) for each in _sandbox(call).applicants()]})


def walk(call: Call, goal: str) -> Reply:
    """Has a buyer played."""
    order_id = call.path["order_id"]
    lending = call.context.lending
    servicing.order(call.tx, lending.keys, call.partner_id, order_id, lending.settings.public_url)
    wanted = sandbox.new_walk(call.partner_id, order_id, goal, call.body)
    made = sandbox.walk(call.tx, _sandbox(call), wanted)
    return Reply(_walk_view(made), 202, f"/v1/sandbox/walks/{made.id}")


def walk_by_id(call: Call) -> Reply:
    """How far the buyer is."""
    return Reply(_walk_view(sandbox.walk_of(call.tx, call.partner_id, call.path["walk_id"])))


def _sandbox(call: Call) -> Sandbox:
    if call.context.sandbox is None:
        raise NotHere
    return call.context.sandbox


def _state(call: Call) -> dict[str, object]:
    found = _sandbox(call)
    return {"name": found.name, "generation": found.generation, "state": found.state()}


def _walk_view(walk: Walk) -> dict[str, object]:
    shown = asdict(walk) | {"problem": walk.problem or None}
    del shown["partner_id"]
    return shown


_SAYS = {
    "decide": "Play the buyer of an order up to the decision",
    "sign": "Play the buyer of an order up to the signature",
    "pay": "Play the buyer of an order until the merchant is paid",
    "repay": "Have the buyer of an order pay the next instalment",
}


def _walk_endpoint(goal: str) -> Endpoint:
    act: Callable[[Call], Reply] = partial(walk, goal=goal)
    return Endpoint(
        "POST",
        f"/v1/sandbox/orders/<order_id>/{goal}",
        f"sandbox_{goal}",
        _SAYS[goal],
        act,
        function=FUNCTION,
        owner="partner",
        request=schemas.WalkRequest(),
        response=schemas.WalkSchema,
        status=202,
        writes=True,
        refusals=(NoSuchOrder, sandbox.FateUnknown),
    )


ENDPOINTS = (
    Endpoint(
        "GET",
        "/v1/sandbox",
        "sandbox",
        "Which sandbox this is",
        state,
        function=FUNCTION,
        owner="partner",
        response=schemas.SandboxSchema,
    ),
    Endpoint(
        "POST",
        "/v1/sandbox/reset",
        "sandbox_reset",
        "Begin afresh: same partner, keys and webhook endpoints, nothing else",
        reset,
        function=FUNCTION,
        owner="none",
        response=schemas.SandboxSchema,
        status=202,
        writes=True,
        refusals=(sandbox.ResetNotHere,),
    ),
    Endpoint(
        "GET",
        "/v1/sandbox/clock",
        "sandbox_clock",
        "The sandbox's clock",
        clock,
        function=FUNCTION,
        owner="partner",
        response=schemas.ClockSchema,
    ),
    Endpoint(
        "POST",
        "/v1/sandbox/clock/advance",
        "sandbox_advance",
        "Advance the clock by days: plans fall due, debits run, statements appear",
        advance,
        function=FUNCTION,
        owner="none",
        request=schemas.AdvanceRequest(),
        response=schemas.ClockSchema,
        status=202,
        writes=True,
        refusals=(sandbox.ClockAdvancing,),
    ),
    Endpoint(
        "GET",
        "/v1/sandbox/applicants",
        "sandbox_applicants",
        "Applicants, cards and amounts with a known fate",
        applicants,
        function=FUNCTION,
        owner="partner",
        response=schemas.ApplicantList,
    ),
    *(_walk_endpoint(goal) for goal in GOALS),
    Endpoint(
        "GET",
        "/v1/sandbox/walks/<walk_id>",
        "sandbox_walk",
        "How far a played buyer is",
        walk_by_id,
        function=FUNCTION,
        owner="partner",
        response=schemas.WalkSchema,
        refusals=(sandbox.NoSuchWalk,),
    ),
)
"""Served where the environment is `test`."""
