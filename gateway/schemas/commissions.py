"""What goes over the wire for commissions."""

from gateway import shown
from gateway.fields import Choice, Strict, Text, Whole, said
from gateway.shown import Answer, example_id

STATES = {
    "open": "Confirm it, or say what is wrong.",
    "disputed": "You said what is wrong; the lender looks into it.",
    "confirmed": "You agreed; it never changes again.",
}
PAYMENTS = {
    "none": "Nothing is to be paid yet, or at all.",
    "paying": "On its way to your settlement account.",
    "paid": "Paid.",
    "failed": "Every account of yours refused; the lender's operators act.",
    "carried": "It was below 0 and went into a later bill.",
}
BASES = {
    "interest": "A part of interest that was received.",
    "principal": "A part of principal that was repaid.",
    "loan": "An amount for each loan that was paid out.",
}
MOVED = {"accrued": "Earned.", "clawback": "Given back, below 0."}
TIERED_BY = {
    "none": "Every month earns in full.",
    "volume": "By what was lent in the month.",
    "overdue": "By the part of the open principal that is overdue.",
}
SHA256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
LOSS = -(2**63)


class TierSchema(Answer):
    """What a tier took off a product's month."""

    product_code = shown.text("The product.", "cash-standard")
    by = shown.one_of(TIERED_BY, "What the tier goes by.", "volume")
    volume_fen = shown.fen("Lent in the month through you.", 120_000_000)
    overdue_rate = shown.rate("The part of the open principal that is overdue.", "0.013000")
    part = shown.rate("The part of the full rate that the month earns.", "0.9")
    earned_fen = shown.fen("Accrued less clawed back.", 510_000, least=LOSS)
    tier_fen = shown.fen("What it takes off, below 0.", -51_000, least=LOSS)


class BillSchema(Answer):
    """What you are owed for a month, before VAT."""

    id = shown.id_("cbl", "The bill.")
    month = shown.text("The month.", "2026-11", pattern=r"^\d{4}-\d{2}$")
    state = shown.one_of(STATES, "Whether you have agreed to it.")
    payment = shown.one_of(PAYMENTS, "Where its payment is.")
    loans = shown.whole("Loans that moved in the month.", 311)
    rows = shown.whole("Movements of the month's statement that it is the sum of.", 340)
    accrued_fen = shown.fen("Sum of the rows `accrued`.", 520_000)
    clawback_fen = shown.fen("Sum of the rows `clawback`, below 0.", -10_000, least=LOSS)
    volume_fen = shown.fen("Lent in the month through you.", 120_000_000)
    overdue_rate = shown.rate("The part of the open principal that is overdue.", "0.013000")
    tiers = shown.many(TierSchema, "What each tier took off, by product.")
    tier_fen = shown.fen("Sum of the tiers, below 0.", -51_000, least=LOSS)
    carried_fen = shown.fen("From months that ended below 0.", 0, least=LOSS)
    adjustment_fen = shown.fen("Corrected after a dispute.", 0, least=LOSS)
    payable_fen = shown.fen(
        "The sum of all that; below 0 it is carried to a later month.", 459_000, least=LOSS
    )
    currency = shown.text("Always CNY.", "CNY", pattern="^CNY$")
    statement_id = shown.id_("stm", "The month's statement, with every row.", nullable=True)
    statement_sha256 = shown.text(
        "Of the statement's file.", SHA256, pattern="^[0-9a-f]{64}$", nullable=True
    )
    pdf_sha256 = shown.text("Of the document.", SHA256, pattern="^[0-9a-f]{64}$")
    pdf_size_bytes = shown.whole("Of the document.", 2_817)
    dispute = shown.text("What you said is wrong; empty where nothing was.", "")
    answer = shown.text("What the lender answered; empty before that.", "")
    made_at = shown.instant("When it was made.")
    confirmed_at = shown.instant("When you agreed; or null.", nullable=True)
    disputed_at = shown.instant("When you disputed it; or null.", nullable=True)
    paid_at = shown.instant("When it was paid; or null.", nullable=True)
    bank_reference = shown.text("The bank's number of the payment; or null.", "B-1", nullable=True)


class BillList(Answer):
    """A page of bills."""

    data = shown.many(BillSchema, "The rows of the page, newest first.")
    next_cursor = shown.next_cursor()


class AccrualSchema(Answer):
    """What something that happened to a loan earned you, and all that it follows from.

    `earned_fen` is the least of the cap and the rate's part of `received_fen`, half up; of a bad
    loan less `clawback_rate` of it. `amount_fen` is what that is more than `earned_before_fen`.
    """

    id = shown.id_("com", "The movement.")
    type = shown.one_of(MOVED, "Whether you earned or gave back.")
    loan_id = shown.id_("loan", "The loan.")
    lead_id = shown.text("The lead that became the loan.", example_id("lead"))
    lead_no = shown.text("Your own number of it; or null.", "L-77", nullable=True)
    amount_fen = shown.fen("Earned; below 0 given back.", 1_440, least=LOSS)
    received_before_fen = shown.fen("What the commission is a part of, before.", 0)
    received_fen = shown.fen("What the commission is a part of, afterwards.", 7_200)
    earned_before_fen = shown.fen("Earned on the loan before.", 0)
    earned_fen = shown.fen("Earned on the loan afterwards.", 1_440)
    is_bad = shown.flag("Whether the loan has gone bad in the agreed time.", example=False)
    basis = shown.one_of(BASES, "What it is a part of.")
    rate = shown.rate("The part of what was received.", "0.2")
    per_loan_fen = shown.fen("Where the basis is the loan: what it earns.", 0)
    cap_fen = shown.fen("The most that the loan earns.", 30_000)
    clawback_rate = shown.rate("The part that a bad loan gives back.", "1")
    business_date = shown.day("On which it is booked.")
    booked_at = shown.instant("When it was booked.")


class ConfirmBill(Strict):
    """What you agree to."""

    payable_fen = Whole(
        least=LOSS,
        required=True,
        metadata=said("What you agree to, as the bill says it. In fen.", 459_000),
    )


class DisputeBill(Strict):
    """What is wrong."""

    reason = Text(most=500, required=True, metadata=said("What is wrong, in words.", "少计 L-77"))


STATE = Choice(STATES, metadata=said("Only bills in this state."))
MONTH = Text(
    most=7,
    pattern=r"\d{4}-(0[1-9]|1[0-2])",
    wants="be a month such as 2026-11",
    metadata=said("Only that of a month.", "2026-11"),
)


class StageSchema(Answer):
    """What is overdue for about as long."""

    stage = shown.text("M1 up to 30 days, M2 up to 60, and so on.", "M1")
    open_fen = shown.fen("Open principal.", 1_200_000)


class VintageSchema(Answer):
    """The loans that began in a month, as they stand now."""

    month = shown.text("The month.", "2026-10", pattern=r"^\d{4}-\d{2}$")
    loans = shown.whole("How many.", 300)
    lent_fen = shown.fen("What was lent.", 120_000_000)
    late_rate = shown.rate("The part that is more than 30 days late, claimed or lost.", "0.008000")


class ProductFiguresSchema(Answer):
    """What came of the people whom you sent for a product."""

    product_code = shown.text("The product.", "cash-standard")
    month = shown.text("The month.", "2026-11", pattern=r"^\d{4}-\d{2}$")
    leads = shown.whole("Leads of the month.", 1_000)
    submitted = shown.whole("Of these, how many applied.", 800)
    approved = shown.whole("How many were approved.", 400)
    signed = shown.whole("How many signed.", 310)
    paid = shown.whole("How many were paid.", 309)
    lent_fen = shown.fen("Lent in the month.", 120_000_000)
    growth_rate = shown.text(
        "How much more than in the month before; or null.", "0.120000", nullable=True
    )
    open_fen = shown.fen("Open principal of all your loans.", 900_000_000)
    overdue_rate = shown.rate("The part of it that is overdue.", "0.013000")
    bad_rate = shown.rate("The part more than 90 days overdue or written off.", "0.004000")
    first_default_rate = shown.rate("First instalments not paid for over 30 days.", "0.006000")
    claim_rate = shown.rate("What guarantors paid, of all that was lent.", "0.005000")
    commission_fen = shown.fen("What you have earned, to date.", 5_000_000, least=LOSS)
    income_fen = shown.fen("What you earned in the month, before its tier.", 520_000)
    cost_fen = shown.fen("What you gave back of earlier earnings in the month.", 10_000)
    profit_fen = shown.fen("What is left of both.", 510_000, least=LOSS)
    stages = shown.many(StageSchema, "What is overdue, by how long.")
    vintages = shown.many(VintageSchema, "Loans by the month in which they began.")


class PlatformStatisticsSchema(Answer):
    """What came of the people whom you sent."""

    month = shown.text("The month.", "2026-11", pattern=r"^\d{4}-\d{2}$")
    prechecks = shown.whole("How many people you asked about in the month.", 20_000)
    products = shown.many(ProductFiguresSchema, "By product.")
