"""What goes over the wire for a sandbox."""

from marshmallow import fields

from gateway.fields import Strict, Text, Whole
from gateway.sandbox import DAYS_MAX


class AdvanceRequest(Strict):
    """By how many days the clock is to go on."""

    days = Whole(least=1, most=DAYS_MAX, required=True)


class ClockSchema(Strict):
    """The sandbox's clock."""

    now = fields.String(metadata={"description": "The sandbox's instant."})
    business_date = fields.String()
    state = fields.String(metadata={"enum": ["ready", "advancing", "stopped"]})
    days_ahead = fields.Integer(metadata={"description": "Of the real date."})
    days_left = fields.Integer(metadata={"description": "Still to go while it advances."})
    failure = fields.String(
        allow_none=True, metadata={"description": "Why it stopped before it was there."}
    )


class SandboxSchema(Strict):
    """The sandbox that answers."""

    name = fields.String()
    generation = fields.Integer(metadata={"description": "Goes up by one with each reset."})
    state = fields.String(metadata={"enum": ["ready", "resetting"]})


class ApplicantSchema(Strict):
    """Somebody whose fate is known: use the values at the checkout."""

    fate = fields.String()
    kind = fields.String(metadata={"enum": ["person", "card", "amount"]})
    says = fields.String(metadata={"description": "What will happen."})
    name = fields.String()
    identity_no = fields.String()
    mobile = fields.String()
    card_no = fields.String()
    amount_fen = fields.Integer(
        allow_none=True, metadata={"description": "Of the order, where the amount decides."}
    )


class ApplicantList(Strict):
    """One applicant for each fate, new at each call."""

    data = fields.List(fields.Nested(ApplicantSchema))


class WalkRequest(Strict):
    """Who buys."""

    applicant = Text(most=40, load_default="approved")
    card = Text(most=40, load_default="works")
    periods = Whole(least=1, most=36, load_default=12)


class WalkSchema(Strict):
    """A buyer that is played at the order's checkout."""

    id = fields.String()
    order_id = fields.String()
    goal = fields.String(metadata={"enum": ["decide", "sign", "pay", "repay"]})
    applicant = fields.String()
    card = fields.String()
    periods = fields.Integer()
    state = fields.String(metadata={"enum": ["walking", "done", "failed"]})
    step = fields.String(metadata={"description": "Where the buyer is, or ended."})
    problem = fields.String(allow_none=True)
