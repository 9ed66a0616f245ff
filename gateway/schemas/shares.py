"""What goes over the wire for funders: shares of joint loans, what decides on them, their money."""

from typing import Any

from marshmallow import fields, post_load

from gateway import shown
from gateway.fields import Choice, Instant, Strict, Text, said
from gateway.shown import Answer, example_id
from lending.funding.answers import DeclineReason, OwnDecision
from lending.funding.model import ShareState

STATES = {
    "invited": "You are asked: decide by yourself until `decide_by`.",
    "accepted": "You have accepted; the borrower has not signed yet.",
    "called": "Signed: send your money as `call` says.",
    "funded": "Your money is with us, or we lay it out as agreed.",
    "active": "The loan is paid out and runs.",
    "closed": "Nothing is owed on it any more.",
    "declined": "You declined.",
    "expired": "You did not answer, or your money did not come, in time.",
    "withdrawn": "The loan is not made: release what you reserved.",
}
assert set(STATES) == {state.value for state in ShareState}
REASONS = {
    "credit": "Your decision on the borrower is no.",
    "identity": "You could not verify the borrower.",
    "policy": "Your rules do not allow such a loan.",
    "quota": "You have no money for it now.",
    "other": "Another reason.",
}
assert set(REASONS) == {reason.value for reason in DeclineReason}
SHARE_RATE = r"0\.[0-9]{4}"
REFERENCE = r"[A-Za-z0-9._:/-]+"
RATE_SAYS = "Your part of the loan."
ENCRYPTED = "Encrypted to your key; open it with `cf_partner_sdk.open_packet`."
SEALED_EXAMPLE = {
    "enc": "A256GCM",
    "nonce": "AAAAAAAAAAAAAAAA",
    "ciphertext": "c2VhbGVk",
    "tag": "AAAAAAAAAAAAAAAAAAAAAA",
}


class AcceptRequest(Strict):
    """A share is accepted."""

    decision_reference = Text(
        most=64,
        pattern=REFERENCE,
        required=True,
        metadata=said(
            "Your own number of your own decision; it goes into the loan's record.", "D-7"
        ),
    )
    decided_at = Instant(
        required=True,
        metadata=said("When you decided: after the invitation.", "2026-11-27T08:31:00Z"),
    )
    share_rate = Text(
        most=6,
        pattern=SHARE_RATE,
        wants="be a part of 1 with four decimals, such as 0.4000",
        metadata=said(
            "A smaller part than you were asked for, within your agreement; left out: what you"
            " were asked for.",
            "0.4000",
        ),
    )

    @post_load
    def command(self, data: dict[str, Any], **_: object) -> dict[str, Any]:
        """What the scenario takes."""
        rate = data.get("share_rate")
        return {
            "decision": OwnDecision(data["decision_reference"], data["decided_at"]),
            "share_bp": int(rate.replace(".", "")) if rate else None,
        }


class DeclineRequest(Strict):
    """A share is declined."""

    reason_code = Choice(REASONS, required=True, metadata=said("Why.", "credit"))
    reason_text = Text(
        most=200,
        metadata=said("In your words, without personal data.", "DSR above 60 %"),
    )


class ConfirmFundingRequest(Strict):
    """A funder says that its money is sent."""

    bank_reference = Text(
        most=64,
        pattern=REFERENCE,
        required=True,
        metadata=said("Your bank's number of the transfer.", "T-20261127-7"),
    )


class CallSchema(Answer):
    """Where a share's money is to be sent."""

    account_no = shown.text("Our account.", "6230580000000000013")
    account_name = shown.text("Its holder.", "安心消费金融有限公司")
    amount_fen = shown.fen("Exactly what to send.", 359_940, least=1)
    remark = shown.text("What the transfer's remark has to hold.", example_id("shr"))
    fund_by = shown.instant("By when it has to be there; later it goes back.")
    sent_at = shown.instant("When you said that it is sent.", nullable=True)
    funded_at = shown.instant("When we had it.", nullable=True)


class LenderSchema(Answer):
    """One lender of a joint loan."""

    name = shown.text("Who.", "安心消费金融有限公司")
    share_rate = shown.rate("Its part of the loan.", "0.4000")


class SignedLoanSchema(Answer):
    """What the borrower signed."""

    id = shown.id_("loan", "The loan.")
    state = shown.text("Where it is, such as `signed` or `active`.", "signed")
    principal_fen = shown.fen("The whole loan.", 599_900, least=1)
    periods = shown.whole("Number of instalments.", 12, least=1)
    every = shown.whole("An instalment falls due every so many of `unit`.", 1, least=1)
    unit = shown.one_of(shown.UNITS, "What `every` counts.", "month")
    method = shown.text("How it is repaid.", "equal-instalment")
    rate_annual = shown.rate("What the borrower pays.", "0.144000")
    penalty_rate_annual = shown.rate("On overdue principal.", "0.187200")
    cost_rate_annual = shown.rate("The all-in cost as it was shown.", "0.144001")
    signed_at = shown.instant("When.")
    start_date = shown.day("When it was paid out.", nullable=True)
    lenders = shown.many(LenderSchema, "Every lender, the leader first.")


class ShareSchema(Answer):
    """A share of a joint loan that you are asked for, or have."""

    id = shown.id_("shr", "The share.")
    request_id = shown.id_("fnd", "The application's search for lenders.")
    generation = shown.whole("Which round of asking; each has shares of its own.", 1, least=1)
    state = shown.one_of(STATES, "Where it is.")
    share_rate = shown.rate(RATE_SAYS, "0.6000")
    amount_fen = shown.fen(
        "Your part in fen; once all have agreed it may be one fen more or less, so that the parts"
        " make the whole.",
        359_940,
        least=1,
    )
    loan_amount_fen = shown.fen("The whole loan.", 599_900, least=1)
    rate_annual = shown.rate("What the borrower will pay.", "0.144000")
    service_fee_rate = shown.rate("Part of your interest that you leave to us.", "0.200000")
    income_rate = shown.rate(
        "Of the income that falls on your share, what you get; 1: all of it.", "1.000000"
    )
    periods_max = shown.whole("The most months that we lend for.", 24, least=1)
    purpose = shown.text("What is bought.", "electronics")
    product_code = shown.text("The product.", "mall-standard")
    product_version = shown.whole("Its version.", 1, least=1)
    is_prefunded = shown.flag("Whether we lay your part out and settle it later.", example=False)
    lead_decided_at = shown.instant("When we decided by ourselves.")
    lead_decision_id = shown.id_("dec", "Our decision.")
    invited_at = shown.instant("When you were asked.")
    decide_by = shown.instant("Until when you may answer.")
    decision_reference = shown.text("Your number of your decision.", "D-7", nullable=True)
    decided_at = shown.instant("When you decided.", nullable=True)
    reason_code = shown.one_of(REASONS, "Why you declined.", nullable=True)
    call = shown.nested(CallSchema, "How to send the money, once it is called.", nullable=True)
    loan = shown.nested(SignedLoanSchema, "What was signed, once it is.", nullable=True)
    updated_at = shown.instant("When it last changed.")


class SealedSchema(Answer):
    """A text that is encrypted to you."""

    enc = shown.text("How.", SEALED_EXAMPLE["enc"])
    nonce = shown.text("Base64url.", SEALED_EXAMPLE["nonce"])
    ciphertext = shown.text("Base64url.", SEALED_EXAMPLE["ciphertext"])
    tag = shown.text("Base64url.", SEALED_EXAMPLE["tag"])


class ShareApplicantSchema(Answer):
    """Who wants to borrow."""

    name = shown.nested(SealedSchema, "The name.")
    identity_no = shown.nested(SealedSchema, "The identity number.")
    mobile = shown.nested(SealedSchema, "The mobile.")


class PacketEnvelopeSchema(Answer):
    """What opens the encrypted texts of a packet."""

    alg = shown.text("How the content key is wrapped.", "RSA-OAEP-256")
    kid = shown.text("Which of your keys it is wrapped to.", "A" * 43)
    key = shown.text("The wrapped key, base64url.", "AAAA")


class SharePacketSchema(Answer):
    """What the borrower lets you know to decide by yourself."""

    consent_id = shown.id_("con", "The borrower's consent that this rests on.")
    applicant = shown.nested(ShareApplicantSchema, ENCRYPTED)
    age = shown.whole("In whole years.", 36, least=18)
    region = shown.text("First two digits of the region's code (GB/T 2260).", "11")
    lead_score = shown.whole(
        "Our score: an input to your decision, never all of it.", 640, nullable=True
    )
    encryption = shown.nested(PacketEnvelopeSchema, "The key to the encrypted texts.")


class ShareDetailSchema(ShareSchema):
    """A share with what you decide on."""

    packet = shown.nested(
        SharePacketSchema,
        "Null once the share is over or the borrower has taken the consent back.",
        nullable=True,
    )


class ShareList(Answer):
    """A page of shares."""

    data = shown.many(ShareSchema, "The rows of the page, newest first.")
    next_cursor = shown.next_cursor()


class ShareMoneySchema(Answer):
    """Money that went back to you."""

    share_id = shown.id_("shr", "The share that it named.")
    loan_id = shown.id_("loan", "Its loan.", nullable=True)
    reference = shown.text("The bank's number of the transfer that came.", "IN000001")
    amount_fen = shown.fen("How much.", 359_939, least=1)
    reason = fields.String(
        required=True,
        metadata=said(
            "`wrong_amount`, `other_account`, `not_called`, `share_dead`, `loan_not_made`.",
            "wrong_amount",
        ),
    )


class PlannedInstalmentSchema(Answer):
    """An instalment of the whole loan with principal or interest open."""

    due_date = shown.day("When it falls due.")
    principal_open_fen = shown.fen("Principal that is open.", 96_225)
    interest_fen = shown.fen("All interest of it.", 12_300)
    interest_paid_fen = shown.fen("Of that, paid.", 0)
    earns_from = shown.day("Its interest is earned evenly by days from here to `due_date`.")
    earned_before_fen = shown.fen("But for this: it was earned before.", 0)


class SharePlanSchema(Answer):
    """How the whole loan is to run on; your part is that of running totals, cut by the weights."""

    place = shown.whole("Your place among the lenders, from 1.", 2)
    principal_weights = shown.many(
        shown.whole("The weight of a lender.", 4_000), "By which principal is cut, by place."
    )
    income_weights = shown.many(
        shown.whole("The weight of a lender.", 4_000), "By which income is cut, by place."
    )
    rounding = shown.one_of(
        {"half-up": "Half a fen is rounded up.", "half-even": "Half a fen to the even fen."},
        "How interest earned is rounded.",
    )
    settled_interest_fen = shown.fen("Interest earned beside that of these instalments.", 0)
    instalments = shown.many(PlannedInstalmentSchema, "What is open, the oldest first.")


class ShareMovementSchema(Answer):
    """What something that happened to a loan means for your share; signed as you see it."""

    share_id = shown.id_("shr", "The share.")
    loan_id = shown.id_("loan", "The loan.")
    kind = shown.text("What happened, such as `loan.repaid`.", "loan.repaid")
    source_id = shown.text("What it comes from; once for each share and kind.", example_id("rep"))
    number = shown.whole("Counts what happened to the loan of this share, from 1.", 2)
    happened_on = shown.day("When.")
    business_date = shown.day("In which day's file it is.")
    principal_fen = shown.whole(
        "Repaid to you; below 0 lent by you. In fen.", 29_994, least=-(2**63)
    )
    interest_fen = shown.whole("Interest for you. In fen.", 4_319, least=-(2**63))
    fee_fen = shown.whole("Fees for you. In fen.", 0, least=-(2**63))
    penalty_fen = shown.whole("Penalty for you. In fen.", 0, least=-(2**63))
    service_fee_fen = shown.whole("Below 0: what you leave to us. In fen.", -864, least=-(2**63))
    funded_fen = shown.whole(
        "Of what you lend, what you had sent before. In fen.", 0, least=-(2**63)
    )
    due_fen = shown.whole("The sum: what we owe you for it. In fen.", 33_449, least=-(2**63))
    principal_open_fen = shown.fen("Your part of what the borrower owes, afterwards.", 329_946)
    loan_principal_paid_fen = shown.fen("Principal of the whole loan that is repaid.", 99_980)
    loan_interest_paid_fen = shown.fen("Interest of the whole loan that is paid.", 14_397)
    oldest_due = shown.day("Of the oldest open instalment; null when none is.", nullable=True)
    plan = shown.nested(
        SharePlanSchema,
        "How it runs on; null while it is the plan you have, the oldest instalments paid first.",
        nullable=True,
    )


class ShareClosedSchema(Answer):
    """Nothing is owed on a share any more."""

    share_id = shown.id_("shr", "The share.")
    loan_id = shown.id_("loan", "The loan.")
    happened_on = shown.day("When.")


class ShareLatenessSchema(ShareClosedSchema):
    """How late the loan of a share is."""

    days_past_due = shown.whole("Since the oldest unpaid due date.", 31)
    oldest_due = shown.day("That date; null when nothing is late any more.", nullable=True)
    bucket = shown.text("M0 current, M1 1 to 30 days, then by 30 days, at last `M6+`.", "M2")
    bucket_before = shown.text("As you were told before.", "M1")
    grade = shown.text(
        "`normal`, `special_mention`, `substandard`, `doubtful` or `loss`.", "special_mention"
    )
    grade_before = shown.text("As you were told before.", "normal")
    principal_open_fen = shown.fen("Your part of what the borrower owes.", 329_946)


class ShareFraudSchema(ShareClosedSchema):
    """The borrower of a share is held for a fraud, or not any more."""

    loan_id = shown.id_("loan", "The loan; null before the contract is signed.", nullable=True)
    flag_id = shown.id_("frd", "The flag: the same when it is lifted.")
    state = shown.one_of(
        {
            "flagged": "The borrower is held for a fraud.",
            "lifted": "It was not one, as we see it now.",
        },
        "Whether it stands.",
    )
    kind = shown.one_of(
        {
            "identity": "Somebody else's identity was used.",
            "false_information": "What the borrower said or handed in is not true.",
            "collusion": "Nothing was bought, or not at that price.",
            "filter": "Our anti-fraud rules turned a later application away.",
            "other": "Another kind.",
        },
        "What kind of fraud.",
    )


LEAST = -(2**63)


class ClearingSchema(Answer):
    """What is settled with you at one time; above 0 we pay you."""

    id = shown.id_("clr", "The clearing.")
    business_date = shown.day("The date that it settles.")
    state = shown.one_of(
        {
            "held": "We pay you: the money is on its way.",
            "even": "What moved comes to nothing.",
            "expected": "You owe it; what you do not pay goes into the next clearing.",
            "paid": "You have it.",
            "failed": "No money has moved: it goes into the next clearing.",
            "received": "We have it.",
        },
        "Where it is.",
    )
    movements = shown.whole("How many movements it settles.", 3)
    principal_fen = shown.whole("Of them, principal. In fen.", 29_994, least=LEAST)
    interest_fen = shown.whole("Interest. In fen.", 4_319, least=LEAST)
    fee_fen = shown.whole("Fees. In fen.", 0, least=LEAST)
    penalty_fen = shown.whole("Penalty. In fen.", 0, least=LEAST)
    service_fee_fen = shown.whole("Below 0: what you leave to us. In fen.", -864, least=LEAST)
    funded_fen = shown.whole("What you had sent for loans. In fen.", 0, least=LEAST)
    carried_fen = shown.whole("From earlier clearings. In fen.", 0, least=LEAST)
    amount_fen = shown.whole("All together. In fen.", 33_449, least=LEAST)
    payment_reference = shown.text("The bank's number of the payment.", "BK01", nullable=True)


class PortfolioWarningSchema(Answer):
    """Your loans with us together have crossed a threshold."""

    kind = shown.one_of(
        {
            "first_payment_default": "Part of loans whose first instalment was not paid.",
            "m1": "Part of principal that is late up to 30 days.",
            "concentration": "Part of principal in loans that came through one partner.",
        },
        "Which.",
    )
    rate = shown.rate("What it is.", "0.0712")
    threshold = shown.rate("What it has crossed.", "0.0500")
    loans = shown.whole("How many open loans.", 140)
    principal_open_fen = shown.fen("Your principal in them.", 40_000_000)
    business_date = shown.day("At whose end.")
