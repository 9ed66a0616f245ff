"""What goes over the wire with platforms: themselves, pre-checks, leads."""

from collections.abc import Mapping
from typing import Any, cast

from marshmallow import ValidationError, fields, post_load, validate

from gateway import shown
from gateway.fields import Choice, Flag, Instant, Strict, Text, Url, Whole, said
from gateway.schemas.mall import METADATA, NUMBER
from gateway.sealed_fields import Envelope, Sealed
from gateway.shown import Answer
from lending.channels.listings import ListState
from lending.customers.model import ConsentScope
from scenarios.assisted_lending import attachments, rules
from scenarios.assisted_lending.applying import Suitability
from scenarios.assisted_lending.by_api import HandIn, LenderConsent
from scenarios.assisted_lending.intake import SCHEMA_VERSIONS
from scenarios.assisted_lending.model import PURPOSES, Applicant, Consent, NewLead, Scope
from scenarios.assisted_lending.precheck import Probe

AMOUNT_MAX_FEN = 20_000_000
BATCH_MAX = 1_000
WORD = r"[a-z0-9_]+"
HASH_EXAMPLE = f"{rules.HASH_PREFIX}{'9f2c' * 16}"
STATES = {
    "received": "The person has not come to the lender's page: send them to `handover_url`.",
    "handed_over": "The person is at the lender's page.",
    "deciding": "The application is being decided, usually within a second.",
    "referred": "A person decides; `lead.approved` or `lead.refused` follows.",
    "refused": "The lender will not lend. Why is the person's own affair.",
    "approved": "The person may choose an offer and sign.",
    "signed": "The contract is made; the payout to the person's account follows.",
    "paying": "The payout is on its way and not yet certain.",
    "payout_failed": "The person's account was refused; they are asked for another.",
    "paid": "The person has the money.",
    "cancelled": "Ended before any money left, by you, by the person or by us.",
    "expired": "The person did not sign in time.",
}
LIST_STATES = {
    ListState.LISTED.value: "You may ask and send.",
    ListState.STOPPED.value: "The lender takes nothing from you for the time being.",
    ListState.NOT_IN_FORCE.value: "Your contract has ended, or has not begun.",
    ListState.REMOVED.value: "You were taken off the list.",
}
SCOPES = {
    Scope.IDENTITY.value: "Name, identity number and mobile: always needed.",
    Scope.PROFILE.value: "`profile`.",
    Scope.DEVICE.value: "`device`.",
    Scope.BEHAVIOUR.value: "`behaviour`.",
    Scope.SCORE.value: "`score`.",
    Scope.ATTACHMENTS.value: "Documents and pictures that are attached.",
}
LEAD_NO = said("Your number of the lead; each may be used for one lead.", "L-77")
AMOUNT = said("What the person wishes to borrow. In fen.", 1_000_000)
PURPOSE = said("What the person wants the money for.", "renovation")
RETURN_URL = said("Where the person goes when done.", "https://platform.example/loans/L-77")
PRODUCT_CODE = said("Which product of your agreement; left out, the one you have.", "cash-standard")
KEY = said("Which of your keys: the `key` that came with its secret.", shown.example_id("pck"))
IDENTITY_HASH = said(
    "`hmac-sha256:` and the hex digits of HMAC-SHA-256, under your key, of `identity_no:` and the"
    " identity number in capitals.",
    HASH_EXAMPLE,
)
MOBILE_HASH = said("The same of `mobile:` and the eleven digits of the mobile.", HASH_EXAMPLE)


class PrecheckRequest(Strict):
    """A person whom you would like to send, as nobody can read."""

    key = Text(most=64, pattern=r"[a-z0-9_]+", required=True, metadata=KEY)
    identity_no = Text(most=128, load_default=None, metadata=IDENTITY_HASH)
    mobile = Text(most=128, load_default=None, metadata=MOBILE_HASH)

    @post_load
    def probe(self, data: dict[str, Any], **_: object) -> dict[str, Any]:
        """The key and the one probe."""
        return {"key": data["key"], "probes": [_probe(data, "")]}


class Hashed(Strict):
    """One person, as nobody can read."""

    identity_no = Text(most=128, load_default=None, metadata=IDENTITY_HASH)
    mobile = Text(most=128, load_default=None, metadata=MOBILE_HASH)


class Many(fields.List[Any]):
    """Up to a thousand of them, read in one go: the schema of each would cost ten times as much."""

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **_: Any
    ) -> list[Any]:
        if not isinstance(value, list) or not 1 <= len(value) <= BATCH_MAX:
            raise ValidationError(f"must be a list of 1 to {BATCH_MAX}")
        for place, each in enumerate(value):
            if not isinstance(each, dict) or not each.keys() <= {"identity_no", "mobile"}:
                raise ValidationError({place: ["must hold identity_no, mobile, or both"]})
            if not all(text is None or isinstance(text, str) for text in each.values()):
                raise ValidationError({place: ["must hold texts"]})
        return value


class BatchRequest(Strict):
    """Up to a thousand people whom you would like to send."""

    key = Text(most=64, pattern=r"[a-z0-9_]+", required=True, metadata=KEY)
    people = Many(
        fields.Nested(Hashed),
        required=True,
        metadata=said("Whom you ask for, 1 to 1,000.", minItems=1, maxItems=BATCH_MAX),
    )

    @post_load
    def probes(self, data: dict[str, Any], **_: object) -> dict[str, Any]:
        """The key and the probes."""
        made = [_probe(each, f"/people/{place}") for place, each in enumerate(data["people"])]
        return {"key": data["key"], "probes": made}


def _probe(given: Mapping[str, Any], at: str) -> Probe:
    """A person as the wire has them.

    Raises HashFormWrong, naming the field.
    """
    read = {
        name: rules.read_hash(text, at=f"{at}/{name}")
        for name in ("identity_no", "mobile")
        if (text := given.get(name)) is not None
    }
    if not read:
        read = {"identity_no": rules.read_hash("", at=f"{at}/identity_no")}
    return Probe(read.get("identity_no"), read.get("mobile"))


class PrecheckSchema(Answer):
    """The one bit that a pre-check tells."""

    may_be_sent = shown.flag("Whether the person may be sent.", example=True)


class BatchSchema(Answer):
    """One bit for each person, in the order of the question."""

    may_be_sent = shown.many(
        fields.Boolean(), "Whether each may be sent, in your order.", examples=[[True, False]]
    )


class PrecheckKeySchema(Answer):
    """A key for pre-checks. Its secret is shown here and never again."""

    key = shown.text("Name it in every pre-check.", shown.example_id("pck"))
    secret = shown.text("The secret, in hex digits: keep it as you keep passwords.", "5e" * 32)
    algorithm = shown.text("Always `hmac-sha256`.", "hmac-sha256")
    created_at = shown.instant("When it was made.")
    old_keys_until = shown.instant("Until when the keys before it are good.")


class PlatformSchema(Answer):
    """What the lender has agreed with you."""

    name = shown.text("Your name.", "小满优选")
    legal_name = shown.text("Your name as the public list has it.", "小满优选科技有限公司")
    list_state = shown.one_of(LIST_STATES, "Where you are on the lender's list (名单制).")
    service = shown.text("What you do for the lender, as the list says.", "互联网引流")
    contract_no = shown.text("Number of the contract.", "HT-2026-001")
    contract_from = shown.day("First day of the contract.")
    contract_to = shown.day("Last day of the contract.")
    tier = shown.text("A to C: how well your people repay, as the lender judges it.", "B")
    sites = shown.many(
        fields.String(), "Sites from which people may come.", examples=[["platform.example"]]
    )
    prechecks_per_day = shown.whole("How many people you may ask for in a day.", 100_000)
    prechecks_used = shown.whole("How many you asked for today.", 1_204)
    leads_per_day = shown.whole("How many leads you may send in a day.", 5_000)
    leads_used = shown.whole("How many you sent today.", 57)
    products = shown.many(
        fields.String(), "Products of your agreement.", examples=[["cash-standard"]]
    )
    published_at = shown.instant("Since when you are on the public list.")


class ApplicantIn(Strict):
    """Who is sent; sealed on the way."""

    name = Sealed(
        Text(least=2, most=30), required=True, metadata=said("The name as on the card.", "王小满")
    )
    identity_no = Sealed(
        Text(most=18), required=True, metadata=said("The identity number.", "110101199003071006")
    )
    mobile = Sealed(Text(most=16), required=True, metadata=said("The mobile.", "13812345678"))


class ProfileIn(Strict):
    """What the person told you of themselves."""

    education = Choice(
        {
            "none": "None.",
            "school": "School.",
            "college": "College.",
            "university": "University.",
            "postgraduate": "More than that.",
        },
        metadata=said("Education.", "university"),
    )
    household = Choice(
        {"single": "Single.", "married": "Married.", "other": "Something else."},
        metadata=said("Household.", "married"),
    )
    occupation = Text(most=64, metadata=said("What the person works as.", "软件工程师"))
    employer_kind = Choice(
        {
            "public": "The state.",
            "company": "A company.",
            "own": "Works for themselves.",
            "none": "Does not work.",
        },
        metadata=said("Who pays the person.", "company"),
    )
    employed_months = Whole(least=0, most=720, metadata=said("Months in this work.", 36))
    income_monthly_fen = Whole(
        least=0, most=10**10, metadata=said("Income each month. In fen.", 1_200_000)
    )
    region = Text(
        most=6, pattern=r"[0-9]{6}", metadata=said("Where they live (GB/T 2260).", "310101")
    )
    dependants = Whole(least=0, most=20, metadata=said("How many they provide for.", 1))


class DeviceIn(Strict):
    """From where the person came."""

    fingerprint = Text(most=128, metadata=said("What tells the device from others.", "d-4f9a"))
    ip = Text(most=45, metadata=said("The address as you saw it.", "203.0.113.9"))
    system = Choice(
        {"ios": "iOS.", "android": "Android.", "harmony": "HarmonyOS.", "other": "Another."},
        metadata=said("The operating system.", "android"),
    )
    model = Text(most=64, metadata=said("The model.", "PGT-AN10"))
    is_emulator = Flag(metadata=said("Whether it is no real device.", False))
    is_proxy = Flag(metadata=said("Whether it came by a proxy.", False))


class BehaviourIn(Strict):
    """What the person did with you."""

    registered_days = Whole(least=0, most=40_000, metadata=said("Days since they joined.", 812))
    active_days_30d = Whole(least=0, most=30, metadata=said("Days of the last 30 they came.", 17))
    orders_12m = Whole(least=0, most=10**6, metadata=said("Orders in twelve months.", 24))
    spent_12m_fen = Whole(least=0, most=10**11, metadata=said("What they cost. In fen.", 1_830_000))
    refunds_12m = Whole(least=0, most=10**6, metadata=said("Orders that went back.", 1))
    logins_failed_30d = Whole(least=0, most=10**6, metadata=said("Logins that failed.", 0))


class ScoreIn(Strict):
    """What you make of the person. It is kept, and no rule of the lender's reads it."""

    name = Text(most=64, required=True, metadata=said("Which score it is.", "credit-v3"))
    value = Whole(least=-1, most=10**6, required=True, metadata=said("The score.", 688))
    least = Whole(least=-1, most=10**6, required=True, metadata=said("The worst there is.", 300))
    most = Whole(least=-1, most=10**6, required=True, metadata=said("The best there is.", 850))


class ConsentIn(Strict):
    """What shows that the person agreed to one kind of data being handed on."""

    scope = Choice(SCOPES, required=True, metadata=said("To what.", "identity"))
    text_version = Text(most=64, required=True, metadata=said("Version of the text.", "2026-09"))
    text_sha256 = Text(
        least=64,
        most=64,
        pattern="[0-9a-f]{64}",
        required=True,
        metadata=said("SHA-256 of the text that was shown, in hex digits.", "ab" * 32),
    )
    channel = Choice(
        {
            "app": "Your app.",
            "web": "Your site.",
            "mini_program": "A mini program.",
            "call": "Voice.",
        },
        required=True,
        metadata=said("Where it was shown.", "app"),
    )
    given_at = Instant(required=True, metadata=said("When they agreed.", shown.INSTANT))


class LeadRequest(Strict):
    """A person whom you send. Nothing in it can set what the lender decides."""

    schema_version = Choice(
        {each: f"Version {each}." for each in SCHEMA_VERSIONS},
        required=True,
        metadata=said("Of this schema.", "1"),
    )
    lead_no = Text(most=64, pattern=NUMBER, required=True, metadata=LEAD_NO)
    product_code = Text(most=64, pattern=NUMBER, load_default=None, metadata=PRODUCT_CODE)
    amount_fen = Whole(least=1, most=AMOUNT_MAX_FEN, required=True, metadata=AMOUNT)
    purpose = Choice(
        {name: f"{words}." for name, words in PURPOSES.items()}, required=True, metadata=PURPOSE
    )
    applicant = fields.Nested(ApplicantIn, required=True, metadata=said("Who is sent."))
    encryption = Envelope(required=True)
    profile = fields.Nested(
        ProfileIn, load_default=dict, metadata=said("Needs a consent for `profile`.")
    )
    device = fields.Nested(
        DeviceIn, load_default=dict, metadata=said("Needs a consent for `device`.")
    )
    behaviour = fields.Nested(
        BehaviourIn, load_default=dict, metadata=said("Needs a consent for `behaviour`.")
    )
    score = fields.Nested(ScoreIn, load_default=dict, metadata=said("Needs a consent for `score`."))
    consents = fields.List(
        fields.Nested(ConsentIn),
        required=True,
        validate=validate.Length(1, len(SCOPES)),
        metadata=said("One for each kind of data that you send."),
    )
    return_url = Url(required=True, metadata=RETURN_URL)
    metadata = fields.Dict(
        keys=Text(most=40),
        values=Text(least=0, most=500),
        load_default=dict,
        validate=validate.Length(0, 20),
        metadata=METADATA,
    )

    @post_load
    def command(self, data: dict[str, Any], **_: object) -> NewLead:
        """The command that the scenario takes."""
        told = {
            scope: cast("dict[str, Any]", data.pop(scope.value))
            for scope in (Scope.PROFILE, Scope.DEVICE, Scope.BEHAVIOUR, Scope.SCORE)
        }
        consents = tuple(
            Consent(**{**each, "scope": Scope(each["scope"])}) for each in data.pop("consents")
        )
        applicant = Applicant(**data.pop("applicant"))
        return NewLead(applicant=applicant, consents=consents, told=told, **data)


class SuitabilityIn(Strict):
    """What the person can bear, as they answered."""

    purpose_confirmed = Flag(required=True, metadata=said("It is for what was named.", True))
    risk_understood = Flag(required=True, metadata=said("What being late means is clear.", True))
    income_monthly_fen = Whole(
        least=1, most=10**10, required=True, metadata=said("Income each month. In fen.", 1_200_000)
    )
    instalments_elsewhere_fen = Whole(
        least=0, most=10**10, required=True, metadata=said("Repaid elsewhere. In fen.", 0)
    )
    student = Flag(required=True, metadata=said("Whether the person studies.", False))
    second_source = Flag(required=True, metadata=said("Whether somebody else would pay.", False))


class LenderConsentIn(Strict):
    """A consent to one of the lender's own texts, as you have shown it."""

    scope = Choice(
        {
            "personal_info": "Processing what is needed for the loan.",
            "bureau_query": "Asking credit bureaus.",
            "sharing": "Telling you the state.",
        },
        required=True,
        metadata=said("To what.", "personal_info"),
    )
    text_version = Text(most=64, required=True, metadata=said("Of the lender's text.", "2026-11"))
    text_sha256 = Text(
        least=64,
        most=64,
        pattern="[0-9a-f]{64}",
        required=True,
        metadata=said("SHA-256 of it, in hex digits.", "ab" * 32),
    )


class HandInRequest(Strict):
    """What your own page has asked, where the law allows that."""

    card_no = Sealed(
        Text(most=23), required=True, metadata=said("The person's own card.", "6217000000000000883")
    )
    suitability = fields.Nested(SuitabilityIn, required=True, metadata=said("What they can bear."))
    consents = fields.List(
        fields.Nested(LenderConsentIn),
        required=True,
        validate=validate.Length(1, 3),
        metadata=said("One for each of the lender's texts."),
    )
    encryption = Envelope(required=True)

    @post_load
    def command(self, data: dict[str, Any], **_: object) -> HandIn:
        """The command that the scenario takes."""
        return HandIn(
            card_no=data["card_no"],
            suitability=Suitability(**data["suitability"]),
            consents=tuple(
                LenderConsent(**{**each, "scope": ConsentScope(each["scope"])})
                for each in data["consents"]
            ),
        )


class AttachmentSchema(Answer):
    """A file of a lead. It is kept in a form of our own: written anew."""

    id = shown.id_("att", "The lender's id of the file.")
    lead_id = shown.id_("led", "Of which lead.")
    kind = shown.one_of(attachments.KINDS, "What it is.", "income")
    content_type = shown.text("What it is by its content.", "image/jpeg")
    size_bytes = shown.whole("As it is kept, in bytes.", 631, least=1)
    sha256 = shown.text("As it is kept, in hex digits.", "ef" * 32)
    created_at = shown.instant("When it was taken.")


class LeadSchema(Answer):
    """A lead and where it is. Nothing of the person that you did not send."""

    id = shown.id_("led", "The lender's id of the lead.")
    lead_no = fields.String(required=True, metadata=LEAD_NO)
    schema_version = shown.text("Of the schema it came in.", "1")
    amount_fen = shown.fen("What the person wished to borrow.", 1_000_000, least=1)
    currency = shown.text("Always CNY.", "CNY", pattern="^CNY$")
    purpose = fields.String(required=True, metadata=PURPOSE)
    product_code = shown.text("Which product.", "cash-standard")
    state = shown.one_of(STATES, "Where the lead is.")
    handover_url = shown.url(
        "Where to send the person, in one hop. Good once; null when it was used, or there is no"
        " more to do.",
        "https://lender.example/handover/led_gezdgnbvgy3tqojqgezdgnbvgy.1.1795770000.abcd",
        nullable=True,
    )
    handover_expires_at = shown.instant("Until when the link is good.")
    return_url = fields.String(required=True, metadata=RETURN_URL | {"format": "uri"})
    metadata = fields.Dict(
        keys=fields.String(), values=fields.String(), required=True, metadata=METADATA
    )
    loan_id = shown.id_("loan", "The loan; null before the person signed.", nullable=True)
    periods = shown.whole(
        "Instalments that the person chose; null before.", None, least=1, nullable=True
    )
    paid_fen = shown.fen("What was paid to the person.", 0)
    paid_at = shown.instant("When; null before.", nullable=True)
    refuse_reason = fields.String(
        required=True,
        allow_none=True,
        metadata=said("`refused_by_lender` or null: the reasons are the applicant's own.", None),
    )
    created_at = shown.instant("When it was taken.")
    updated_at = shown.instant("When it last changed.")
    expires_at = shown.instant("Until when the person may sign.")


class LeadList(Answer):
    """A page of leads."""

    data = shown.many(LeadSchema, "The rows of the page, newest first.")
    next_cursor = shown.next_cursor()
