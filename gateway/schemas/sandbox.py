"""What goes over the wire for a sandbox."""

from gateway import shown
from gateway.fields import Strict, Text, Whole, said
from gateway.sandbox import DAYS_MAX
from gateway.shown import Answer

CLOCK_STATES = {
    "ready": "It stands where it was sent.",
    "advancing": "It is on its way, one end of day after the other.",
    "stopped": "A date could not be ended; `failure` says why.",
}
STATES = {
    "ready": "It can be used.",
    "resetting": "The next generation is being made.",
}
KINDS = {
    "person": "The identity number decides.",
    "card": "The card number decides.",
    "amount": "The order's amount decides.",
}
GOALS = {
    "decide": "Apply, and wait for the decision.",
    "sign": "Apply and sign.",
    "pay": "Apply and sign, and wait until you are paid.",
    "repay": "Pay the next instalment.",
}
WALK_STATES = {
    "walking": "The buyer is on the way.",
    "done": "The buyer has reached the goal.",
    "failed": "The buyer cannot go on; `problem` says why.",
}
APPLICANT = said("A `fate` of a person among the applicants.", "approved")
CARD = said("A `fate` of a card among the applicants, or `works`.", "works")


class AdvanceRequest(Strict):
    """By how many days the clock is to go on."""

    days = Whole(
        least=1,
        most=DAYS_MAX,
        required=True,
        metadata=said("Whole days, each with its end of day.", 31),
    )


class ClockSchema(Answer):
    """The sandbox's clock."""

    now = shown.instant("The sandbox's instant.")
    business_date = shown.day("The date that is open.")
    state = shown.one_of(CLOCK_STATES, "Whether it moves.")
    days_ahead = shown.whole("Days ahead of the real date.", 31)
    days_left = shown.whole("Days still to go while it advances.", 0)
    failure = shown.text("Why it stopped before it was there; or null.", "", nullable=True)


class SandboxSchema(Answer):
    """The sandbox that answers."""

    name = shown.text("The tenant's name; `main` for the installation itself.", "main")
    generation = shown.whole("Goes up by one with each reset.", 1)
    state = shown.one_of(STATES, "Whether it can be used.")


class ApplicantSchema(Answer):
    """Somebody whose fate is known: use the values at the checkout."""

    fate = shown.text("What it is called, such as `approved` or `dead`.", "approved")
    kind = shown.one_of(KINDS, "What decides.")
    says = shown.text("What will happen.", "approved")
    name = shown.text("Of the person.", "王小明")
    identity_no = shown.text("Of the person.", "110101199003071006")
    mobile = shown.text("Of the person; codes go to the sandbox's outbox.", "13800001234")
    card_no = shown.text("A bank card.", "6217000000000000889")
    amount_fen = shown.whole(
        "Of the order, where the amount decides; or null. In fen.", None, nullable=True
    )


class ApplicantList(Answer):
    """One applicant for each fate, new at each call."""

    data = shown.many(ApplicantSchema, "All fates.")


class WalkRequest(Strict):
    """Who buys."""

    applicant = Text(most=40, load_default="approved", metadata=APPLICANT)
    card = Text(most=40, load_default="works", metadata=CARD)
    periods = Whole(
        least=1, most=600, load_default=12, metadata=said("Instalments that they choose.", 12)
    )


class WalkSchema(Answer):
    """A buyer that is played at the order's checkout."""

    id = shown.id_("wlk", "The walk.")
    order_id = shown.id_("ord", "Of which order.")
    goal = shown.one_of(GOALS, "How far the buyer goes.", "pay")
    applicant = shown.text("Who it is.", "approved")
    card = shown.text("With which card.", "works")
    periods = shown.whole("Instalments chosen.", 12, least=1)
    state = shown.one_of(WALK_STATES, "How it goes.", "done")
    step = shown.text("Where the buyer is, or ended.", "paid")
    problem = shown.text("Why they cannot go on; or null.", "", nullable=True)
