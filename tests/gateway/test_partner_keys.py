"""A partner manages its own keys: register with proof, activate, retire, revoke."""

import base64
from datetime import timedelta
from typing import Any

import pytest
from cf_partner_sdk import Conflict, KeyState, NotFound, PrivateKey, Refused, RequestInvalid
from cf_partner_sdk.http_signatures import ALGORITHMS, possession_base
from werkzeug.test import TestResponse

from gateway import caller
from lending.channels import keys
from tests.gateway.world import World, code_of
from tests.keys import partner_key

QUOTE = {"amount_fen": 599_900}


def quote(world: World, key: PrivateKey) -> TestResponse:
    return world.send(world.signed(world.request("POST", "/v1/mall/quotes", QUOTE), key))


def body(new: PrivateKey, app_id: str = "app_shop", **changed: Any) -> dict[str, Any]:
    proof = new.sign(possession_base(app_id, new.keyid))
    jwk = {name: new.public.jwk[name] for name in ("kty", "crv", "x")}
    text = base64.urlsafe_b64encode(proof).rstrip(b"=").decode()
    return {"algorithm": "ed25519", "public_jwk": jwk, "proof": text, **changed}


def register(world: World, given: dict[str, Any], **how: Any) -> TestResponse:
    return world.write("/v1/keys", given, key=how.pop("key", "r"), **how)


@pytest.fixture
def new() -> PrivateKey:
    return PrivateKey.generate()


class TestRegistering:
    @pytest.mark.parametrize("algorithm", sorted(ALGORITHMS))
    def test_takes_a_key_of_each_algorithm_in_as_pending(self, world, algorithm):
        new = partner_key(algorithm)
        made = world.client().keys.register(key=new, description="shop server 2")
        assert (made.keyid, made.algorithm, made.state) == (new.keyid, algorithm, KeyState.PENDING)
        assert made.registered_by == f"partner_key:{world.shop.key.keyid}"
        assert made.valid_from is None
        assert code_of(quote(world, new)) == "key-revoked"
        world.client().keys.activate(new.keyid)
        assert quote(world, new).status_code == 200

    def test_wants_the_new_keys_own_signature(self, world, new):
        other = PrivateKey.generate()
        stolen = base64.urlsafe_b64encode(other.sign(possession_base("app_shop", new.keyid)))
        for proof in (stolen.rstrip(b"=").decode(), "AAAA", "A"):
            answer = register(world, body(new, proof=proof))
            assert (answer.status_code, code_of(answer)) == (422, "key.proof_refused")

    def test_takes_no_proof_that_was_made_for_another_partner(self, world, new):
        assert code_of(register(world, body(new, "app_other"))) == "key.proof_refused"

    def test_takes_no_key_twice_nor_of_another_partner(self, world, new):
        assert register(world, body(new)).status_code == 201
        assert code_of(register(world, body(new), key="r2")) == "key.taken"
        assert code_of(register(world, body(new, "app_other"), by=world.other)) == "key.taken"
        world.client().keys.revoke(new.keyid)
        assert code_of(register(world, body(new), key="r3")) == "key.taken"

    @pytest.mark.parametrize(
        ("jwk", "algorithm"),
        [
            ({"kty": "OKP", "crv": "Ed25519", "x": "AQ" + "A" * 41}, "ed25519"),
            ({"kty": "RSA", "n": "AQAB", "e": "AQAB"}, "rsa-pss-sha512"),
            ({"kty": "EC", "crv": "P-256", "x": "AQ", "y": "AQ"}, "ecdsa-p256-sha256"),
            ({"kty": "OKP"}, "ed25519"),
            ({"kty": "RSA", "n": "AQAB", "e": "AQAB"}, "ed25519"),
        ],
    )
    def test_takes_no_key_that_is_weak_broken_or_of_another_kind(self, world, jwk, algorithm):
        given = {"algorithm": algorithm, "public_jwk": jwk, "proof": "AAAA"}
        answer = register(world, given)
        assert (answer.status_code, code_of(answer)) == (422, "key.unusable")
        assert answer.json["field"] == "/public_jwk"

    def test_takes_no_private_half(self, world, new):
        given = body(new)
        given["public_jwk"]["d"] = "secret"
        answer = register(world, given)
        assert (answer.status_code, answer.json["field"]) == (400, "/public_jwk/d")
        assert "secret" not in answer.text

    def test_takes_no_shared_secret(self, world, new):
        assert register(world, body(new, algorithm="hmac-sha256")).status_code == 400

    def test_ends_at_a_number(self, world):
        for _ in range(keys.KEYS_MAX - 1):
            world.client().keys.register(key=PrivateKey.generate())
        with pytest.raises(Conflict) as refused:
            world.client().keys.register(key=PrivateKey.generate())
        assert refused.value.code == "key.too_many"


class TestAKeyForSomeFunctions:
    def test_opens_nothing_else(self, world, new):
        client = world.client()
        client.keys.activate(client.keys.register(key=new, functions=["webhooks"]).keyid)
        assert code_of(quote(world, new)) == "not_found"
        for path, status in (("/v1/webhook_endpoints", 200), ("/v1/keys", 404)):
            sent = world.signed(world.request("GET", path), new)
            assert world.send(sent).status_code == status, path

    def test_gives_no_more_than_it_has(self, world, new):
        client = world.client()
        client.keys.activate(client.keys.register(key=new, functions=["keys"]).keyid)
        third = PrivateKey.generate()
        narrow = world.client(type(world.shop)(world.shop.id, "app_shop", new))
        for functions in (None, ["mall"], ["keys", "mall"]):
            with pytest.raises(Refused) as refused:
                narrow.keys.register(key=third, functions=functions)
            assert refused.value.code == "key.functions_refused"
        assert narrow.keys.register(key=third, functions=["keys"]).functions == ("keys",)


class TestRotating:
    def test_loses_no_call(self, world, new, monkeypatch):
        monkeypatch.setattr(caller, "KEY_GOOD_FOR_S", 0)  # real time; the clock here is the test's
        client, old = world.client(), world.shop.key
        client.keys.register(key=new)
        assert client.keys.activate(new.keyid).valid_from == world.clock.now()
        for key in (old, new):
            assert quote(world, key).status_code == 200
        until = world.clock.now() + timedelta(hours=1)
        retiring = client.keys.retire(old.keyid, verifies_until=until)
        assert (retiring.state, retiring.valid_to) == (KeyState.RETIRING, until)
        for key in (old, new):
            assert quote(world, key).status_code == 200
        world.clock.advance(timedelta(hours=1))
        assert code_of(quote(world, old)) == "key-revoked"
        assert quote(world, new).status_code == 200
        mine = {key.keyid: key.state for key in self.after(world, new).keys.list()}
        assert mine == {old.keyid: KeyState.REVOKED, new.keyid: KeyState.ACTIVE}

    def after(self, world: World, key: PrivateKey):
        return world.client(type(world.shop)(world.shop.id, "app_shop", key))

    def test_takes_a_week_unless_told_otherwise(self, world, new):
        client = world.client()
        client.keys.activate(client.keys.register(key=new).keyid)
        assert client.keys.retire(new.keyid).valid_to == world.clock.now() + timedelta(days=7)

    @pytest.mark.parametrize("days", [-1, 0, 91])
    def test_ends_ahead_and_within_90_days(self, world, new, days):
        client = world.client()
        client.keys.activate(client.keys.register(key=new).keyid)
        with pytest.raises(RequestInvalid) as refused:
            client.keys.retire(new.keyid, verifies_until=world.clock.now() + timedelta(days=days))
        assert (refused.value.code, refused.value.field) == ("key.end_refused", "/verifies_until")

    def test_never_leaves_a_partner_without_a_key(self, world, new):
        client = world.client()
        client.keys.register(key=new)
        with pytest.raises(Conflict) as refused:
            client.keys.retire(world.shop.key.keyid)
        assert refused.value.code == "key.last"

    def test_goes_one_way(self, world, new):
        client = world.client()
        client.keys.register(key=new)
        with pytest.raises(Conflict, match=r"key\.wrong_state"):
            client.keys.retire(new.keyid)
        client.keys.activate(new.keyid)
        assert client.keys.activate(new.keyid).state is KeyState.ACTIVE
        client.keys.retire(new.keyid)
        with pytest.raises(Conflict, match=r"key\.wrong_state"):
            client.keys.activate(new.keyid)
        client.keys.revoke(new.keyid)
        for again in (client.keys.activate, client.keys.retire):
            with pytest.raises(Conflict, match=r"key\.wrong_state"):
                again(new.keyid)

    def test_is_not_begun_by_a_key_on_its_way_out(self, world, new):
        client, old = world.client(), world.shop.key
        client.keys.activate(client.keys.register(key=new).keyid)
        client.keys.retire(old.keyid)
        with pytest.raises(Conflict, match=r"key\.signer_retiring"):
            client.keys.register(key=PrivateKey.generate())
        assert {key.keyid for key in client.keys.list()} == {old.keyid, new.keyid}


class TestRevoking:
    def test_ends_a_key_at_once_in_this_and_every_process(self, world, new, monkeypatch):
        monkeypatch.setattr(caller, "KEY_GOOD_FOR_S", 0)  # the wait has a test of its own
        another, _ = world.front(world.settings)
        client = world.client()
        client.keys.activate(client.keys.register(key=new).keyid)
        gone = client.keys.revoke(new.keyid)
        assert (gone.state, gone.revoked_at) == (KeyState.REVOKED, world.clock.now())
        sent = world.request("POST", "/v1/mall/quotes", QUOTE)
        for app in (world.app, another):
            assert code_of(world.send(world.signed(sent, new), app)) == "key-revoked"

    def test_twice_is_once(self, world, new):
        client = world.client()
        client.keys.register(key=new)
        first = client.keys.revoke(new.keyid)
        world.clock.advance(timedelta(minutes=1))
        assert client.keys.revoke(new.keyid) == first

    def test_may_be_of_the_last_key_and_by_itself(self, world, monkeypatch):
        monkeypatch.setattr(caller, "KEY_GOOD_FOR_S", 0)
        assert world.client().keys.revoke(world.shop.key.keyid).state is KeyState.REVOKED
        assert code_of(quote(world, world.shop.key)) == "key-revoked"


class TestEveryChange:
    def test_leaves_a_line_in_the_audit_log(self, world, new):
        client, signer = world.client(), f"partner_key:{world.shop.key.keyid}"
        client.keys.activate(client.keys.register(key=new).keyid)
        client.keys.retire(new.keyid)
        client.keys.revoke(new.keyid)
        with world.database.unit_of_work() as tx:
            lines = tx.all(
                "SELECT actor, action, subject, detail FROM audit_log WHERE actor = :signer"
                " ORDER BY seq",
                signer=signer,
            )
        assert [line["action"] for line in lines] == [
            f"partner.{verb}_key" for verb in ("register", "activate", "retire", "revoke")
        ]
        assert {line["subject"] for line in lines} == {world.shop.id}
        assert {line["detail"]["keyid"] for line in lines} == {new.keyid}

    def test_of_a_key_that_is_another_partners_is_404(self, world):
        keyid = world.other.key.keyid
        for act in (world.client().keys.get, world.client().keys.revoke):
            with pytest.raises(NotFound):
                act(keyid)
