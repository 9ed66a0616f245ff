"""Sensitive fields of requests: taken sealed only, opened where they stand, with a key of ours."""

import copy
import json
from collections.abc import Callable
from datetime import timedelta
from hashlib import sha256
from typing import Any

import anyio
import pytest
import requests
from cf_partner_sdk import AsyncClient, Clock, RequestInvalid, StaffMember
from cf_partner_sdk.field_encryption import encrypt
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from marshmallow import ValidationError, fields

from gateway import platform_keys, sealed_examples, store
from gateway.errors import FieldNotOpened
from gateway.fields import Strict, Text
from gateway.platform_keys import PlatformKeys
from gateway.sealed import SealedMessage, encode
from gateway.sealed_fields import NOT_SEALED, Envelope, Sealed
from lending.foundation import ids
from tests.gateway.described import document
from tests.gateway.test_guides import blocks
from tests.gateway.things import OPERATIONS
from tests.gateway.things import store as a_store
from tests.gateway.world import PUBLIC_URL, World, code_of
from tests.keys import example_key
from tests.outside import InALoop, WsgiTransport

NAME = "王小明"


class Listened(WsgiTransport):
    """Keeps what was sent, body by body."""

    def __init__(self, app: Any) -> None:
        super().__init__(app)
        self.bodies: list[bytes] = []

    def send(self, request: requests.PreparedRequest, **how: object) -> requests.Response:
        self.bodies.append(request.body or b"")
        return super().send(request, **how)


def encoded(number: int) -> str:
    return encode(number.to_bytes((number.bit_length() + 7) // 8, "big"))


def store_of(path: str) -> str:
    return path.split("/")[3]


@pytest.fixture(scope="module")
def at(shared_world: World) -> str:
    """Where a store's staff are named."""
    return f"/v1/stores/{a_store(shared_world, shared_world.shop)}/staff"


def person() -> dict[str, str]:
    return {"staff_no": ids.new("e"), "name": NAME}


def other_letter(text: str) -> str:
    return ("B" if text[0] == "A" else "A") + text[1:]


def altered(part: str) -> Callable[[dict], None]:
    def alter(body: dict) -> None:
        body["name"][part] = other_letter(body["name"][part])

    return alter


def put(*path: str, value: Any) -> Callable[[dict], None]:
    def change(body: dict) -> None:
        for step in path[:-1]:
            body = body[step]
        body[path[-1]] = value

    return change


class TestASealedField:
    def test_is_opened_before_the_service_is_called(self, shared_world, at):
        body = shared_world.sealed(person(), "/name")
        assert NAME not in json.dumps(body, ensure_ascii=False)
        answer = shared_world.write(at, body, key=ids.new("k"))
        assert (answer.status_code, answer.json["name_masked"]) == (201, "*小明")

    @pytest.mark.parametrize("plain", [NAME, None, 7, {}, {"enc": "A256GCM"}, [NAME]])
    def test_is_refused_in_clear(self, shared_world, at, plain):
        body = shared_world.sealed(person(), "/name") | {"name": plain}
        answer = shared_world.write(at, body, key=ids.new("k"))
        if plain is None:
            assert answer.json["code"] == "fields.refused"
            return
        assert (answer.status_code, code_of(answer)) == (400, "field-not-encrypted")
        assert answer.json["field"] == "/name"
        assert "SDK" in answer.json["mend"]

    @pytest.mark.parametrize(
        ("change", "field"),
        [
            (altered("tag"), "/name"),
            (altered("nonce"), "/name"),
            (altered("ciphertext"), "/name"),
            (put("name", "enc", value="A128GCM"), "/name"),
            (put("name", "tag", value="AAAA"), "/name"),
            (put("name", "tag", value=7), "/name"),
            (put("name", "nonce", value="!"), "/name"),
            (put("encryption", "key", value="AAAA"), "/name"),
            (lambda body: body.pop("encryption"), "/encryption"),
            (put("encryption", value=None), "/encryption"),
            (put("encryption", "kid", value=None), "/encryption"),
        ],
    )
    def test_that_was_altered_does_not_open(self, shared_world, at, change, field):
        body = shared_world.sealed(person(), "/name")
        change(body)
        answer = shared_world.write(at, body, key=ids.new("k"))
        assert (answer.status_code, code_of(answer)) == (400, "field-not-opened")
        assert answer.json["field"] == field
        assert "associated" in answer.json["mend"]

    def test_of_another_message_does_not_open(self, shared_world, at):
        one, other = (shared_world.sealed(person(), "/name") for _ in range(2))
        answer = shared_world.write(at, one | {"name": other["name"]}, key=ids.new("k"))
        assert code_of(answer) == "field-not-opened"

    def test_sealed_for_another_place_does_not_open(self, shared_world, at):
        elsewhere = shared_world.sealed({"nickname": NAME}, "/nickname")
        body = {**person(), "name": elsewhere["nickname"], "encryption": elsewhere["encryption"]}
        answer = shared_world.write(at, body, key=ids.new("k"))
        assert (code_of(answer), answer.json["field"]) == ("field-not-opened", "/name")

    def test_sealed_to_a_key_that_is_not_ours_is_told_so(self, shared_world, at):
        stranger = example_key().public_key().public_numbers()
        jwk = {**shared_world.platform.encryption_jwk, "n": encoded(stranger.n + 2)}
        answer = shared_world.write(at, encrypt(person(), ["/name"], jwk=jwk), key=ids.new("k"))
        assert (answer.status_code, code_of(answer)) == (400, "encryption-key-unknown")
        assert answer.json["field"] == "/encryption/kid"
        assert "directory" in answer.json["mend"]

    def test_is_held_to_its_schema_once_it_is_open(self, shared_world, at):
        for name in ("", "x" * 51, "a\u202eb"):
            body = shared_world.sealed(person() | {"name": name}, "/name")
            answer = shared_world.write(at, body, key=ids.new("k"))
            assert (code_of(answer), answer.json["field"]) == ("fields.refused", "/name")
            assert name not in answer.text or not name

    def test_where_none_is_taken_is_as_wrong_as_anything_else(self, shared_world, at):
        body = shared_world.sealed(person(), "/staff_no", "/name")
        answer = shared_world.write(at, body, key=ids.new("k"))
        assert (code_of(answer), answer.json["field"]) == ("fields.refused", "/staff_no")


class Person(Strict):
    name = Sealed(Text(most=50), required=True)
    mobile = Sealed(Text(most=11, pattern="1[0-9]{10}"))


class People(Strict):
    people = fields.List(fields.Nested(Person))
    encryption = Envelope(required=False)


PEOPLE = {"people": [{"name": "甲", "mobile": "13800000000"}, {"name": "乙"}]}
POINTERS = ("/people/0/name", "/people/0/mobile", "/people/1/name")


class TestFieldsDeepInAMessage:
    def sealed(self) -> dict[str, Any]:
        key = example_key().public_key().public_numbers()
        jwk = {"kty": "RSA", "n": encoded(key.n), "e": "AQAB"}
        return encrypt(PEOPLE, POINTERS, jwk=jwk)

    def opened(self, body: dict[str, Any]) -> Any:
        message = SealedMessage(body, {sealed_examples.KID: example_key()})
        return People().load(message.body)

    def test_open_each_at_its_pointer(self):
        assert self.opened(self.sealed()) == PEOPLE

    def test_are_refused_in_clear_too(self):
        with pytest.raises(ValidationError, match=NOT_SEALED):
            self.opened(PEOPLE)

    def test_swapped_do_not_open(self):
        for one, other in ((0, 1), (1, 0)):
            body = copy.deepcopy(self.sealed())
            body["people"][one]["name"] = self.sealed()["people"][other]["name"]
            with pytest.raises(FieldNotOpened) as refused:
                self.opened(body)
            assert refused.value.field == f"/people/{one}/name"
        body = self.sealed()
        one = body["people"][0]
        one["name"], one["mobile"] = one["mobile"], one["name"]
        with pytest.raises(FieldNotOpened):
            self.opened(body)


class TestRepeatingACallWithSealedFields:
    """Sealing is random, so the same call has other bytes each time its sender starts anew."""

    def test_answers_the_stored_reply_also_when_it_is_sealed_anew(self, shared_world, at):
        new, key = person(), ids.new("k")
        first = shared_world.write(at, shared_world.sealed(new, "/name"), key=key)
        again = shared_world.write(at, shared_world.sealed(new, "/name"), key=key)
        assert (again.status_code, again.data) == (201, first.data)

    def test_refuses_another_name_under_the_same_key(self, shared_world, at):
        new, key = person(), ids.new("k")
        shared_world.write(at, shared_world.sealed(new, "/name"), key=key)
        other = shared_world.sealed(new | {"name": "李四"}, "/name")
        assert code_of(shared_world.write(at, other, key=key)) == "idempotency.key_reused"

    def test_keeps_the_digest_of_the_bytes(self, shared_world, at):
        body, key = shared_world.sealed(person(), "/name"), ids.new("k")
        sent = shared_world.request("POST", at, body, headers={"idempotency-key": key})
        shared_world.send(shared_world.signed(sent))
        with shared_world.database.unit_of_work() as tx:
            kept = store.reply(tx, shared_world.shop.id, key)
        assert bytes(kept["body_sha256"]) == sha256(sent.body).digest()
        assert NAME.encode() not in bytes(kept["opened_mac"])


class TestAPartnersClient:
    def test_seals_by_itself(self, shared_world, at):
        with shared_world.client() as cf:
            made = cf.stores.staff.add(store_of(at), staff_no=ids.new("e"), name=NAME)
        assert made.name_masked == "*小明"

    def test_repeats_a_call_safely_after_it_was_started_anew(self, shared_world, at):
        staff_no, key = ids.new("e"), ids.new("k")
        made = []
        for _ in range(2):
            with shared_world.client() as cf:
                add = cf.stores.staff.add
                made.append(add(store_of(at), staff_no=staff_no, name=NAME, idempotency_key=key))
        assert made[0] == made[1]

    def test_seals_in_an_event_loop_too(self, shared_world, at):
        world = shared_world

        async def name_somebody() -> StaffMember:
            async with AsyncClient(
                app_id=world.shop.app_id,
                key=world.shop.key,
                base_url=PUBLIC_URL,
                root_keyid=world.platform.root_keyid,
                clock=Clock(wall=lambda: world.clock.now().timestamp()),
                transport=InALoop(world.app),
            ) as cf:
                return await cf.stores.staff.add(store_of(at), staff_no=ids.new("e"), name=NAME)

        assert anyio.run(name_somebody).name_masked == "*小明"

    def test_goes_on_while_the_key_is_replaced_and_after_the_old_one_is_gone(self, world: World):
        store_id, folder = a_store(world, world.shop), world.settings.keys
        transport = Listened(world.app)
        used: list[str] = []

        def seals() -> None:
            cf.stores.staff.add(store_id, staff_no=ids.new("e"), name=NAME)
            used.append(json.loads(transport.bodies[-1])["encryption"]["kid"])

        with world.client(through=transport) as cf:
            cf.directory.keyring.clock.monotonic = lambda: world.clock.now().timestamp()
            seals()
            for step in (platform_keys.publish_next, platform_keys.use_next):
                step(folder, "encryption")
                transport.app = world.front(world.settings)[0]
                seals()
            platform_keys.forget_old(folder, "encryption")
            transport.app = world.front(world.settings)[0]
            world.clock.advance(timedelta(minutes=2))
            transport.bodies.clear()
            seals()
        assert used[0] == used[1] == used[2] != used[3]
        assert used[3] == PlatformKeys.load_or_make(folder).encryption_jwk["kid"]
        assert len(transport.bodies) == 3, "refused, the directory, sealed anew"

    def test_says_so_when_the_lender_knows_none_of_the_keys_that_it_publishes(self, world: World):
        store_id = a_store(world, world.shop)
        transport = Listened(world.app)
        with world.client(through=transport) as cf:
            cf.stores.get(store_id)
            keys = world.settings.keys
            (keys / "platform_encryption.pem").unlink()
            transport.app = world.front(world.settings)[0]
            with pytest.raises(RequestInvalid) as refused:
                cf.stores.staff.add(store_id, staff_no="E-1", name=NAME)
        assert refused.value.code == "encryption-key-unknown"
        assert len(transport.bodies) == 2 + 2, "it tries twice and not for ever"


class TestTheDescription:
    def test_says_which_fields_are_sealed_and_how(self):
        request = document()["components"]["schemas"]["StaffRequest"]
        name = request["properties"]["name"]
        assert name["required"] == ["enc", "nonce", "ciphertext", "tag"]
        assert (name["x-sealed"]["type"], name["x-sealed"]["maxLength"]) == ("string", 50)
        assert set(request["required"]) == {"staff_no", "name", "encryption"}
        envelope = document()["components"]["schemas"]["Encryption"]
        assert envelope["properties"]["alg"]["enum"] == ["RSA-OAEP-256"]

    def test_tells_of_the_refusals_of_calls_that_take_sealed_fields_only(self):
        codes = {
            about["operationId"]: about["responses"]["400"]["content"]["application/problem+json"]
            for item in document()["paths"].values()
            for about in item.values()
        }
        assert "field-not-opened" in codes["add_staff"]["examples"]
        assert "field-not-opened" not in codes["add_till"]["examples"]


class TestTheGuide:
    """`docs/encrypted-fields.md`: its example is right to the byte, and its program is let in."""

    @pytest.fixture
    def shown(self) -> dict[str, str]:
        return {language: text.rstrip("\n") for language, _, text in blocks("encrypted-fields")}

    def test_shows_the_body_that_the_reference_has(self, shown):
        assert json.loads(shown["sealed"]) == OPERATIONS["add_staff"].example

    def test_shows_what_opens_it(self, shown):
        body = json.loads(shown["sealed"])
        key = load_pem_private_key(shown["rsa"].encode(), None)
        opened = SealedMessage(body, {body["encryption"]["kid"]: key})
        assert encode(opened.secret) == shown["content-key"]
        assert shown["associated"] == f"{opened.kid}\n/name"
        assert opened.body["name"].text() == NAME

    def test_has_a_program_that_seals(self, shared_world, at, shown):
        names: dict[str, Any] = {}
        exec(shown["python"], names)
        jwk = shared_world.platform.directory()["keys"][-1]
        answer = shared_world.write(at, names["sealed"](person(), ["name"], jwk), key=ids.new("k"))
        assert (answer.status_code, answer.json["name_masked"]) == (201, "*小明")
