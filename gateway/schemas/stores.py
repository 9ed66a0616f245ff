"""What goes over the wire for stores, their tills and their staff."""

from marshmallow import fields, post_load

from gateway import shown
from gateway.fields import Choice, Strict, Text, Whole, said
from gateway.schemas.keys import KEYID
from gateway.schemas.mall import NUMBER
from gateway.sealed_fields import Envelope, Sealed
from gateway.shown import Answer, example_id
from scenarios.offline_credit.model import SCENES as SCENES_KNOWN
from scenarios.offline_credit.model import NewStore

SCENES = {
    "appliances": "Household appliances.",
    "furniture": "Furniture and furnishing.",
    "medical_beauty": "Medical beauty.",
    "fitness": "Gyms: paid ahead, so the money reaches you by period.",
    "courses": "Courses: paid ahead, so the money reaches you by period.",
    "rent": "Rent: paid ahead, so the money reaches you by period.",
}
assert set(SCENES) == set(SCENES_KNOWN)
STORE_STATES = {
    "open": "Customers may apply and pay there.",
    "closed": "Takes nobody any more; payments that are under way go through.",
}
TILL_STATES = {
    "active": "Takes payments.",
    "retired": "Takes nothing any more; it does not come back.",
}
STAFF_STATES = {
    "active": "Helps customers to apply.",
    "left": "Works there no more.",
}
STORE_NO = said("Your number of the store; each may be used for one store.", "S-001")
STORE_NAME = said("What customers read.", "小满家电 人民广场店")
TILL_NO = said("Your number of the till; once in a store.", "T-1")
STAFF_NO = said("Your number of the person; once in a store.", "E-17")
LATITUDE = said("North of the equator, in millionths of a degree (WGS 84).", 31_230_400)
LONGITUDE = said("East of Greenwich, in millionths of a degree (WGS 84).", 121_473_700)
RADIUS = said("How far from there a phone still is in the store, in metres.", 150)
SCENE = said("What the store sells, and so what a payment there is for.", "appliances")


class StoreRequest(Strict):
    """A store to be registered."""

    store_no = Text(most=64, pattern=NUMBER, required=True, metadata=STORE_NO)
    name = Text(most=100, required=True, metadata=STORE_NAME)
    scene = Choice(SCENES, required=True, metadata=SCENE)
    latitude_e6 = Whole(least=-90_000_000, most=90_000_000, required=True, metadata=LATITUDE)
    longitude_e6 = Whole(least=-180_000_000, most=180_000_000, required=True, metadata=LONGITUDE)
    radius_m = Whole(least=20, most=5000, load_default=200, metadata=RADIUS)

    @post_load
    def command(self, data: dict[str, object], **_: object) -> NewStore:
        """The command that the scenario takes."""
        return NewStore(**data)  # type: ignore[arg-type]


class TillRequest(Strict):
    """A till to be added to a store."""

    till_no = Text(most=64, pattern=NUMBER, required=True, metadata=TILL_NO)
    keyid = Text(
        most=43,
        least=43,
        pattern=r"[A-Za-z0-9_-]+",
        required=True,
        metadata=said(
            "The thumbprint of the till's own key, which you have registered for it: see"
            " `register_key`, with `functions` of `payments` alone.",
            KEYID,
        ),
    )


class StaffRequest(Strict):
    """Somebody who works in a store."""

    staff_no = Text(most=64, pattern=NUMBER, required=True, metadata=STAFF_NO)
    name = Sealed(Text(most=50), required=True, metadata=said("Their name.", "王小明"))
    encryption = Envelope(required=True)


class StoreSchema(Answer):
    """A store."""

    id = shown.id_("sto", "The store.")
    store_no = fields.String(required=True, metadata=STORE_NO)
    name = fields.String(required=True, metadata=STORE_NAME)
    scene = shown.one_of(SCENES, "What it sells.", "appliances")
    latitude_e6 = shown.whole(LATITUDE["description"], 31_230_400, least=-90_000_000)
    longitude_e6 = shown.whole(LONGITUDE["description"], 121_473_700, least=-180_000_000)
    radius_m = shown.whole(RADIUS["description"], 150, least=20, most=5000)
    state = shown.one_of(STORE_STATES, "Whether it takes customers.")
    created_at = shown.instant("When it was registered.")


class StoreList(Answer):
    """A page of stores."""

    data = shown.many(StoreSchema, "The rows of the page, newest first.")
    next_cursor = shown.next_cursor()


class TillSchema(Answer):
    """A till."""

    id = shown.id_("til", "The till.")
    store_id = shown.id_("sto", "Its store.")
    till_no = fields.String(required=True, metadata=TILL_NO)
    keyid = shown.text("The thumbprint of its key.", KEYID)
    state = shown.one_of(TILL_STATES, "Whether it takes payments.")
    created_at = shown.instant("When it was added.")


class TillList(Answer):
    """The tills of a store."""

    data = shown.many(TillSchema, "All of them, by number.")
    next_cursor = shown.next_cursor()


class StaffSchema(Answer):
    """Somebody who works in a store."""

    id = shown.id_("stf", "The person.")
    store_id = shown.id_("sto", "Their store.")
    staff_no = fields.String(required=True, metadata=STAFF_NO)
    name_masked = shown.text("Their name, in part.", "*小明")
    state = shown.one_of(STAFF_STATES, "Whether they work there.")
    created_at = shown.instant("When they were added.")


class StaffList(Answer):
    """The staff of a store."""

    data = shown.many(StaffSchema, "All of them, by number.")
    next_cursor = shown.next_cursor()


class StoreCodeSchema(Answer):
    """The code that the store's screen shows now."""

    store_id = shown.id_("sto", "Of which store.")
    url = shown.url(
        "Show it as a QR code: customers scan it to apply, in the store only.",
        f"https://lender.example/s/{example_id('sto')}.29929470.gezdgnbvgy3tqojqgezdgnbv",
    )
    next_at = shown.instant("When to ask for the next.")
    expires_at = shown.instant("From when this one lets nobody in.")
