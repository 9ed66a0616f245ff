"""What goes over the wire for claims on guarantors."""

from gateway import shown
from gateway.fields import Choice, Strict, Text, said
from gateway.shown import Answer

STATES = {
    "filed": "You are asked to pay.",
    "paid": "You have paid; the borrower owes you what you paid.",
    "withdrawn": "The borrower paid first; nothing is asked for any more.",
    "taken_back": "Your money went back; the loan is as if you had never paid.",
}
PAID_BY = {"pool": "Out of your deposit.", "transfer": "By your transfer."}


class ClaimSchema(Answer):
    """What you are asked to pay for a loan that you guarantee."""

    id = shown.id_("clm", "The claim.")
    loan_id = shown.id_("loan", "The loan.")
    state = shown.one_of(STATES, "Where it is.")
    filed_on = shown.day("When it was filed.")
    days_past_due = shown.whole("Of the oldest instalment, when it was filed.", 30)
    principal_fen = shown.fen("Principal.", 600_000)
    interest_fen = shown.fen("Interest.", 14_400)
    penalty_fen = shown.fen("Penalty.", 812)
    amount_fen = shown.fen("All of it: send exactly this.", 615_212)
    payment_reference = shown.text(
        "Your bank's number of the transfer, as you confirmed it; or null.", "ICBC-1", nullable=True
    )
    payment_confirmed_at = shown.instant("When you confirmed it; or null.", nullable=True)
    paid_by = shown.one_of(PAID_BY, "How it was paid; or null.", nullable=True)
    paid_on = shown.day("When it was paid; or null.", nullable=True)
    paid_fen = shown.fen("What was paid; less where the borrower paid meanwhile.", 615_212)
    because = shown.text("Why it ended without your money; empty otherwise.", "")
    filed_at = shown.instant("When it was filed.")


class ClaimList(Answer):
    """A page of claims."""

    data = shown.many(ClaimSchema, "The rows of the page, newest first.")
    next_cursor = shown.next_cursor()


class ConfirmPayment(Strict):
    """That the money is on its way."""

    bank_reference = Text(
        most=64,
        pattern=r"[A-Za-z0-9._-]{1,64}",
        required=True,
        metadata=said("Your bank's number of the transfer.", "ICBC-1"),
    )


STATE = Choice(STATES, metadata=said("Only claims in this state."))
