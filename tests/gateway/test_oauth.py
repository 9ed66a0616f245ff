"""Read-only tools of a partner: a token for a signed assertion, and what it opens."""

import base64
import hmac
import json
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from authlib.integrations.requests_client import OAuth2Session
from authlib.oauth2.rfc7523 import PrivateKeyJWT
from authlib.oauth2.rfc8414 import AuthorizationServerMetadata
from cf_partner_sdk import PrivateKey
from cf_partner_sdk.http_signatures import new_nonce
from joserfc.jwk import import_key
from werkzeug.test import TestResponse

import gateway
from gateway import caller, oauth, oauth_store
from gateway.oauth_tokens import SCOPES
from lending.channels import service as channels
from lending.foundation.audit import SYSTEM
from tests.gateway.world import ORDER, PUBLIC_URL, Partner, World, code_of
from tests.outside import WsgiTransport

TOKEN, REVOKE, METADATA = "/oauth/token", "/oauth/revoke", "/.well-known/oauth-authorization-server"
TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
NAMES = {name: names[0] for name, names in oauth.JOSE_NAMES.items()}
NEEDED = {"can_pay": "?amount_fen=1"}
"""The query that a call cannot do without."""
READS = sorted(each.name for each in gateway.ENDPOINTS if each.scope)
UNREAD = sorted(each.name for each in gateway.ENDPOINTS if not each.scope)


def encoded(value: Any) -> str:
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def claims_of(world: World, partner: Partner | None = None, **changes: Any) -> dict[str, Any]:
    """Claims in order; None takes one away."""
    app_id = (partner or world.shop).app_id
    plain = {"iss": app_id, "sub": app_id, "aud": PUBLIC_URL + TOKEN, "jti": new_nonce()}
    given = plain | {"iat": world.now, "exp": world.now + 60} | changes
    return {name: value for name, value in given.items() if value is not None}


def assertion(
    world: World, claims: Any = None, *, key: PrivateKey | None = None, **header: Any
) -> str:
    """A JWT as a tool signs it; whatever is wrong with it was signed by the key."""
    signer = key or world.shop.key
    head = {"alg": NAMES[signer.algorithm], "kid": signer.keyid, "typ": "JWT"} | header
    said = claims_of(world) if claims is None else claims
    text = f"{encoded(head)}.{encoded(said)}"
    return f"{text}.{encoded(signer.sign(text.encode()))}"


def post(world: World, path: str, form: Any, app=None, **headers: str) -> TestResponse:
    body = form if isinstance(form, bytes) else urlencode(form).encode()
    kind = {"content-type": "application/x-www-form-urlencoded"}
    sent = world.request("POST", path, body).but(headers=kind).with_headers(**headers)
    return world.send(sent, app)


def form_of(assertion_: str, **more: str) -> dict[str, str]:
    return {"client_assertion_type": TYPE, "client_assertion": assertion_} | more


def ask(world: World, assertion_: str | None = None, app=None, **more: str) -> TestResponse:
    """Asks for a token."""
    said = assertion(world) if assertion_ is None else assertion_
    form = {"grant_type": "client_credentials"} | form_of(said, **more)
    return post(world, TOKEN, form, app)


def token(world: World, **more: str) -> str:
    answer = ask(world, **more)
    assert answer.status_code == 200, answer.text
    return str(answer.json["access_token"])


def read(
    world: World, bearer: str, path: str = "/v1/mall/orders", *, by: Any = None, app=None
) -> TestResponse:
    sent = world.request("GET", path, headers={"authorization": f"Bearer {bearer}"})
    return world.send(world.signed(sent, by or world.shop.key), app)


def refused(answer: TestResponse, error: str = "invalid_client") -> str:
    """The description of a refusal in both languages: RFC 6749's and problem details'."""
    assert answer.status_code == 400, answer.text
    assert answer.content_type == "application/json"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["signature"]
    assert answer.json["error"] == error
    assert answer.json["code"] == f"oauth.{error}"
    assert answer.json["detail"] == answer.json["error_description"]
    assert "access_token" not in answer.json
    return str(answer.json["error_description"])


class TestAskingForAToken:
    @pytest.mark.parametrize("algorithm", sorted(NAMES))
    def test_by_a_key_of_each_algorithm_opens_a_read(self, world, algorithm):
        tool = world.partner(f"app_{algorithm}"[:20], algorithm=algorithm)
        order = world.order("A-1", by=tool)
        answer = ask(world, assertion(world, claims_of(world, tool), key=tool.key))
        assert answer.status_code == 200, answer.text
        assert answer.json | {"access_token": ""} == {
            "access_token": "",
            "token_type": "Bearer",
            "expires_in": 900,
            "scope": (
                "orders:read stores:read payments:read leads:read shares:read commissions:read"
                " claims:read statements:read events:read"
            ),
            "cnf": {"jkt": tool.key.keyid},
        }
        got = read(world, answer.json["access_token"], by=tool.key)
        assert [each["id"] for each in got.json["data"]] == [order["id"]]
        assert got.headers["signature"]

    def test_takes_either_name_of_ed25519(self, world):
        for name in ("EdDSA", "Ed25519"):
            assert ask(world, assertion(world, alg=name)).status_code == 200

    def test_is_answered_signed_and_kept_by_nobody(self, world):
        answer = ask(world)
        assert answer.headers["signature"]
        assert answer.headers["cache-control"] == "no-store"

    def test_stores_the_digest_and_not_the_token(self, world):
        given = token(world)
        with world.database.unit_of_work() as tx:
            row = str(dict(tx.one("SELECT * FROM oauth_token")))
            assert oauth_store.token(tx, given)
        assert given not in row
        assert len(base64.urlsafe_b64decode(given + "=")) == 32

    def test_gives_scopes_of_functions_that_the_partner_has(self, world):
        both = "orders:read statements:read"
        assert ask(world, scope=both).json["scope"] == both
        claims = claims_of(world, world.funder)
        funder = ask(world, assertion(world, claims, key=world.funder.key))
        assert funder.json["scope"] == "events:read"

    def test_refuses_scopes_that_are_unknown_or_leave_nothing(self, world):
        for scope in ("orders:write", "orders:read admin", "ORDERS:READ"):
            refused(ask(world, scope=scope), "invalid_scope")
        funder = assertion(world, claims_of(world, world.funder), key=world.funder.key)
        refused(ask(world, funder, scope="statements:read"), "invalid_scope")
        assert world.count("oauth_token") == 0

    def test_of_the_other_environment_is_refused(self, world):
        live, _ = world.front(replace(world.settings, environment="live"))
        refused(ask(world, app=live))

    def test_is_refused_by_a_front_of_another_address(self, world):
        other, _ = world.front(replace(world.settings, front_url="http://other.example:8080"))
        form = {"grant_type": "client_credentials"} | form_of(assertion(world))
        kind = {"content-type": "application/x-www-form-urlencoded"}
        sent = world.request("POST", TOKEN, urlencode(form).encode()).but(
            headers=kind, base_url="http://other.example:8080"
        )
        assert "aud" in refused(world.send(sent, other))

    def test_is_what_an_oauth_library_does_by_itself(self, world):
        key, told = world.shop.key, world.send(world.request("GET", METADATA)).json
        session = OAuth2Session(
            "app_shop", import_key(key.to_pem(), "OKP"), token_endpoint_auth_method=oauth.METHOD
        )
        claims = {"iat": world.now, "exp": world.now + 60}
        proof = PrivateKeyJWT(told["token_endpoint"], claims, {"kid": key.keyid}, "Ed25519")
        session.register_client_auth_method(proof)
        session.mount("https://", WsgiTransport(world.app))
        secure = told["token_endpoint"].replace("http://", "https://")
        given = session.fetch_token(secure, grant_type="client_credentials", scope="orders:read")
        assert given["scope"] == "orders:read"
        assert read(world, given["access_token"]).status_code == 200


class TestAnAssertion:
    @pytest.mark.parametrize(
        "aud",
        [
            None, "", PUBLIC_URL, PUBLIC_URL + REVOKE, PUBLIC_URL + TOKEN + "/",
            "https://elsewhere.example/oauth/token", ["https://elsewhere.example/oauth/token"],
            [PUBLIC_URL + TOKEN, "https://elsewhere.example/oauth/token"], [], {}, 1,
        ],
    )  # fmt: skip
    def test_for_another_audience_is_refused(self, world, aud):
        assert "aud" in refused(ask(world, assertion(world, claims_of(world, aud=aud))))

    def test_for_us_in_a_list_of_one_is_taken(self, world):
        claims = claims_of(world, aud=[PUBLIC_URL + TOKEN])
        assert ask(world, assertion(world, claims)).status_code == 200

    def test_is_good_once_in_every_process(self, world):
        said = assertion(world)
        another, _ = world.front(world.settings)
        assert ask(world, said).status_code == 200
        for app in (world.app, another):
            assert "jti" in refused(ask(world, said, app))

    def test_is_good_once_though_20_send_it_together(self, world):
        said = assertion(world)
        with ThreadPoolExecutor(8) as threads:
            answers = list(threads.map(lambda _: ask(world, said), range(20)))
        assert sorted(each.status_code for each in answers) == [200] + [400] * 19
        assert world.count("oauth_token") == 1

    def test_is_used_up_by_a_refusal_behind_it(self, world):
        said = assertion(world)
        refused(ask(world, said, scope="admin"), "invalid_scope")
        assert "jti" in refused(ask(world, said))

    def test_with_the_jti_of_another_partner_is_no_replay(self, world):
        jti = new_nonce()
        for partner in (world.shop, world.other):
            claims = claims_of(world, partner, jti=jti)
            assert ask(world, assertion(world, claims, key=partner.key)).status_code == 200

    def test_that_is_not_the_keys_uses_up_no_jti(self, world):
        claims = claims_of(world)
        forged = assertion(world, claims, key=PrivateKey.generate(), kid=world.shop.key.keyid)
        assert "bad_signature" in refused(ask(world, forged))
        assert ask(world, assertion(world, claims)).status_code == 200

    @pytest.mark.parametrize("jti", [None, "", "short", "x" * 129, "with a blank in it", "\0" * 20,
                                     "é" * 20, 1, ["x" * 20], {}])  # fmt: skip
    def test_without_a_plain_jti_is_refused(self, world, jti):
        assert "jti" in refused(ask(world, assertion(world, claims_of(world, jti=jti))))

    @pytest.mark.parametrize("ahead_s", [-3600, -1, 0, 301, 86_400, 10**15])
    def test_that_is_past_or_lives_too_long_is_refused(self, world, ahead_s):
        claims = claims_of(world, exp=world.now + ahead_s)
        assert "exp" in refused(ask(world, assertion(world, claims)))

    @pytest.mark.parametrize("ahead_s", [1, 300])
    def test_within_five_minutes_is_taken(self, world, ahead_s):
        claims = claims_of(world, exp=world.now + ahead_s)
        assert ask(world, assertion(world, claims)).status_code == 200

    @pytest.mark.parametrize("exp", [None, True, "1", "", [], float("1e300"), float("nan")])
    def test_without_a_plain_exp_is_refused(self, world, exp):
        refused(ask(world, assertion(world, claims_of(world, exp=exp))))

    def test_that_is_not_good_yet_is_refused(self, world):
        for name in ("iat", "nbf"):
            for value in (world.now + 31, "0", True):
                said = assertion(world, claims_of(world, **{name: value}))
                assert name in refused(ask(world, said))
            said = assertion(world, claims_of(world, **{name: world.now + 30}))
            assert ask(world, said).status_code == 200

    @pytest.mark.parametrize("changes", [
        {"sub": None}, {"iss": None}, {"sub": 1}, {"sub": "app_other"}, {"iss": "app_other"},
        {"sub": "app_nobody"}, {"sub": "app\0shop"}, {"sub": "x" * 65}, {"sub": ["app_shop"]},
        {"iss": "app_other", "sub": "app_other"},
    ])  # fmt: skip
    def test_of_another_subject_than_the_keys_is_refused(self, world, changes):
        refused(ask(world, assertion(world, claims_of(world) | changes)))

    def test_of_another_partners_key_is_refused(self, world):
        said = assertion(world, claims_of(world), key=world.other.key)
        assert "kid" in refused(ask(world, said))
        said = assertion(world, claims_of(world), key=world.other.key, kid=world.shop.key.keyid)
        assert "bad_signature" in refused(ask(world, said))

    @pytest.mark.parametrize("kid", [None, "", "x", 1, ["x"], "\0", "app_shop"])
    def test_without_a_kid_of_ours_is_refused(self, world, kid):
        refused(ask(world, assertion(world, kid=kid)))
        assert world.count("oauth_assertion") == 0

    def test_brings_no_key_of_its_own(self, world):
        stranger = PrivateKey.generate()
        for header in ({"kid": stranger.keyid}, {"kid": world.shop.key.keyid}):
            said = assertion(world, key=stranger, jwk=stranger.public.jwk, **header)
            refused(ask(world, said))

    def test_that_is_not_signed_is_refused(self, world):
        for alg in ("none", "None", "NONE", "", None):
            head = {"alg": alg, "kid": world.shop.key.keyid}
            text = f"{encoded(head)}.{encoded(claims_of(world))}."
            refused(ask(world, text))
            refused(ask(world, text + encoded(b"x" * 64)))

    def test_under_a_public_key_taken_for_a_secret_is_refused(self, world):
        tool = world.partner("app_rsa", algorithm="rsa-v1_5-sha256")
        jwk = json.dumps(tool.key.public.jwk)
        for secret in (tool.key.public.to_pem(), jwk, tool.key.keyid):
            for alg, digest in (("HS256", "sha256"), ("HS512", "sha512")):
                head = {"alg": alg, "kid": tool.key.keyid}
                text = f"{encoded(head)}.{encoded(claims_of(world, tool))}"
                mac = hmac.digest(secret.encode(), text.encode(), digest)
                assert "unsupported" in refused(ask(world, f"{text}.{encoded(mac)}"))

    def test_in_another_algorithm_of_the_same_key_is_refused(self, world):
        tool = world.partner("app_rsa", algorithm="rsa-pss-sha512")
        weaker = PrivateKey.from_pem(tool.key.to_pem(), "rsa-v1_5-sha256")
        said = assertion(world, claims_of(world, tool), key=weaker, alg="RS256")
        assert "alg" in refused(ask(world, said))

    def test_of_a_revoked_key_is_refused_at_once(self, world):
        with world.database.unit_of_work() as tx:
            channels.revoke_key(tx, world.shop.key.keyid, SYSTEM)
        assert "revoked" in refused(ask(world))

    def test_that_could_be_read_in_two_ways_is_refused(self, world):
        key = world.shop.key
        head = encoded({"alg": "EdDSA", "kid": key.keyid})
        good = json.dumps(claims_of(world))
        for raw in (
            good[:-1] + ', "sub": "app_other"}',
            "[" * 5000, "[]", "1", "null", "", "{}", "\ufeff{}",
            good[:-1] + ', "x": ' + "9" * 5000 + "}", '{"sub":"\\ud800"}',
        ):  # fmt: skip
            text = f"{head}.{encoded(raw.encode())}"
            refused(ask(world, f"{text}.{encoded(key.sign(text.encode()))}"))

    def test_that_is_none_is_refused(self, world):
        whole = assertion(world)
        for said in (
            "", ".", "..", "...", "a.b.c", "é.é.é", whole[:-2], whole + ".", whole + "=",
            " " + whole, whole.replace(".", ". ", 1), whole.replace(".", ""), "\0", "." * 9000,
            f"{encoded([])}.{encoded({})}.x", f"{encoded({'alg': 'EdDSA', 'crit': ['x']})}.e30.x",
        ):  # fmt: skip
            refused(ask(world, said))
        assert ask(world, whole).status_code == 200


class TestTheForm:
    def test_of_another_kind_is_refused(self, world):
        body = json.dumps(form_of(assertion(world), grant_type="client_credentials")).encode()
        for kind in ("application/json", "text/plain", "multipart/form-data; boundary=x"):
            refused(post(world, TOKEN, body, content_type=kind), "invalid_request")
        refused(post(world, TOKEN, b"x=" + b"y" * 17_000), "invalid_request")
        refused(post(world, TOKEN, b""), "invalid_request")
        refused(post(world, TOKEN, b"\xff\x00=%ff&%"), "invalid_request")

    def test_with_a_parameter_twice_or_in_the_url_is_refused(self, world):
        form = form_of(assertion(world), grant_type="client_credentials")
        twice = urlencode(form).encode() + b"&scope=events:read&scope=orders:read"
        refused(post(world, TOKEN, twice), "invalid_request")
        sent = world.request("POST", TOKEN, b"", query=urlencode(form))
        kind = {"content-type": "application/x-www-form-urlencoded"}
        refused(world.send(sent.but(headers=kind)), "invalid_request")

    @pytest.mark.parametrize(
        "grant", ["password", "refresh_token", "authorization_code", "implicit", '"\\\0é', TYPE]
    )
    def test_of_another_grant_is_refused(self, world, grant):
        form = form_of(assertion(world), grant_type=grant)
        said = refused(post(world, TOKEN, form), "unsupported_grant_type")
        assert said.isascii()
        assert '"' not in said

    def test_with_another_credential_is_refused(self, world):
        basic = "Basic " + base64.b64encode(b"app_shop:x").decode()
        form = form_of(assertion(world), grant_type="client_credentials")
        refused(post(world, TOKEN, form, authorization=basic), "invalid_request")
        refused(post(world, TOKEN, form | {"client_secret": "x"}), "invalid_request")
        bare = {"grant_type": "client_credentials", "client_id": "app_shop"}
        refused(post(world, TOKEN, bare))
        refused(post(world, TOKEN, form | {"client_assertion_type": "x"}))

    def test_may_name_its_client_if_it_is_the_subject(self, world):
        assert ask(world, client_id="app_shop").status_code == 200
        refused(ask(world, client_id="app_other"))

    def test_by_another_method_is_not_there(self, world):
        for method in ("GET", "PUT", "DELETE"):
            assert world.send(world.request(method, TOKEN)).status_code == 405


class TestAToken:
    @pytest.mark.parametrize("name", READS)
    def test_opens_the_reads_of_its_scope_and_no_other(self, shared_world, name):
        world = shared_world
        scope = next(each.scope for each in gateway.ENDPOINTS if each.name == name)
        path = next(each.path for each in gateway.ENDPOINTS if each.name == name)
        path = path.replace("<", "").replace(">", "") + NEEDED.get(name, "")
        theirs, others = token(world, scope=scope), token(world, scope=other_than(scope))
        assert read(world, theirs, path).status_code in (200, 404)
        answer = read(world, others, path)
        assert (answer.status_code, code_of(answer)) == (403, "token.scope_missing")
        assert f'error="insufficient_scope", scope="{scope}"' in answer.headers["www-authenticate"]

    @pytest.mark.parametrize("name", UNREAD)
    def test_opens_no_write_and_nothing_that_has_no_scope(self, shared_world, name):
        world = shared_world
        endpoint = next(each for each in gateway.ENDPOINTS if each.name == name)
        headers = {"authorization": f"Bearer {token(world)}", "idempotency-key": "k"}
        path = endpoint.path.replace("<", "").replace(">", "")
        body = ORDER if endpoint.request else None
        answer = world.call(endpoint.method, path, body, headers=headers)
        assert (answer.status_code, code_of(answer)) == (403, "token.not_for_tools")
        assert world.count("mall_order") == 0
        assert world.count("stored_reply") == 0

    def test_opens_nothing_for_another_key(self, world):
        theirs = token(world)
        answer = read(world, theirs, by=world.other.key)
        assert (answer.status_code, code_of(answer)) == (401, "token.invalid")
        assert 'error="invalid_token"' in answer.headers["www-authenticate"]
        second = PrivateKey.generate()
        world.add_key(world.shop.id, second)
        assert code_of(read(world, theirs, by=second)) == "token.invalid"
        assert read(world, theirs).status_code == 200

    def test_opens_nothing_without_a_signature_that_covers_it(self, world):
        bearer = {"authorization": f"Bearer {token(world)}"}
        plain = world.request("GET", "/v1/mall/orders")
        assert code_of(world.send(plain.but(headers=bearer))) == "signature-missing"
        added = world.signed(plain)
        answer = world.send(added.but(headers=added.headers | bearer))
        assert code_of(answer) == "component-not-covered"
        assert answer.json["missing"] == ["authorization"]

    def test_cannot_be_exchanged_after_signing(self, world):
        sent = world.request("GET", "/v1/mall/orders", headers={"authorization": "Bearer x"})
        altered = world.signed(sent).with_headers(authorization=f"Bearer {token(world)}")
        assert code_of(world.send(altered)) == "signature-mismatch"

    @pytest.mark.parametrize("value", ["Bearer", "Bearer ", "Bearer x", "Basic x", "DPoP x", "x",
                                       "Bearer x y", "Bearer " + "x" * 4000])  # fmt: skip
    def test_that_was_never_given_is_refused(self, world, value):
        sent = world.request("GET", "/v1/mall/orders", headers={"authorization": value})
        assert code_of(world.send(world.signed(sent))) == "token.invalid"

    def test_is_good_for_fifteen_minutes(self, world):
        given = token(world)
        world.clock.advance(timedelta(seconds=899))
        assert read(world, given).status_code == 200
        world.clock.advance(timedelta(seconds=1))
        assert code_of(read(world, given)) == "token.invalid"

    def test_ends_with_its_key_in_every_process(self, world):
        another, _ = world.front(world.settings)
        given = token(world)
        for app in (world.app, another):
            assert read(world, given, app=app).status_code == 200
        with world.database.unit_of_work() as tx:
            channels.revoke_key(tx, world.shop.key.keyid, SYSTEM)
        time.sleep(caller.KEY_GOOD_FOR_S + 0.1)
        for app in (world.app, another):
            assert code_of(read(world, given, app=app)) == "key-revoked"

    def test_ends_with_the_function_of_its_scope(self, world):
        given = token(world)
        with world.database.unit_of_work() as tx:
            tx.run("UPDATE partner SET functions = '{}' WHERE id = :id", id=world.shop.id)
        front, _ = world.front(world.settings)
        assert read(world, given, app=front).status_code == 404

    def test_shows_its_partners_things_only(self, world):
        theirs = world.order("A-1", by=world.other)["id"]
        given = token(world)
        assert read(world, given).json["data"] == []
        assert read(world, given, f"/v1/mall/orders/{theirs}").status_code == 404


class TestRevoking:
    def revoke(self, world: World, given: str, **how: Any) -> TestResponse:
        partner, key = how.get("partner", world.shop), how.get("key")
        said = assertion(world, claims_of(world, partner), key=key or partner.key)
        return post(world, REVOKE, form_of(said, token=given) | how.get("more", {}))

    def test_ends_the_token_in_every_process_at_once(self, world):
        another, _ = world.front(world.settings)
        given, kept = token(world), token(world)
        assert read(world, given, app=another).status_code == 200
        answer = self.revoke(world, given)
        assert (answer.status_code, answer.json) == (200, {})
        for app in (world.app, another):
            assert code_of(read(world, given, app=app)) == "token.invalid"
            assert read(world, kept, app=app).status_code == 200

    def test_again_or_of_nothing_is_answered_alike(self, world):
        given = token(world)
        for each in (given, given, "nothing"):
            assert self.revoke(world, each).status_code == 200

    def test_may_be_done_by_another_key_of_the_partner(self, world):
        given = token(world)
        second = PrivateKey.generate()
        world.add_key(world.shop.id, second)
        assert self.revoke(world, given, key=second).status_code == 200
        assert code_of(read(world, given)) == "token.invalid"

    def test_of_another_partners_token_is_refused(self, world):
        given = token(world)
        refused(self.revoke(world, given, partner=world.other), "invalid_grant")
        assert read(world, given).status_code == 200

    def test_needs_an_assertion_that_was_not_used(self, world):
        given = token(world)
        refused(post(world, REVOKE, {"token": given}))
        refused(post(world, REVOKE, {"token": given, "client_id": "app_shop"}))
        said = assertion(world)
        assert ask(world, said).status_code == 200
        assert "jti" in refused(post(world, REVOKE, form_of(said, token=given)))
        assert read(world, given).status_code == 200

    def test_takes_a_hint_if_it_names_a_kind_of_token(self, world):
        given = token(world)
        more = {"token_type_hint": "saml"}
        answer = self.revoke(world, given, more=more)
        assert answer.json["error"] == "unsupported_token_type"
        more = {"token_type_hint": "access_token"}
        assert self.revoke(world, given, more=more).status_code == 200
        assert code_of(read(world, given)) == "token.invalid"

    def test_of_no_token_is_refused(self, world):
        refused(post(world, REVOKE, form_of(assertion(world))), "invalid_request")


class TestTheDescription:
    def test_is_the_metadata_of_rfc_8414(self, world):
        answer = world.send(world.request("GET", METADATA))
        assert answer.content_type == "application/json"
        assert answer.json["issuer"] == PUBLIC_URL
        secure = json.loads(answer.text.replace("http://", "https://"))
        assert secure["response_types_supported"] == [], "there is no authorization endpoint"
        AuthorizationServerMetadata({**secure, "response_types_supported": ["none"]}).validate()

    def test_leads_to_endpoints_that_are_there(self, world):
        told = world.send(world.request("GET", METADATA)).json
        for name in ("token_endpoint", "revocation_endpoint"):
            path = told[name].removeprefix(PUBLIC_URL)
            refused(post(world, path, b""), "invalid_request")
        page = told["service_documentation"].removeprefix(PUBLIC_URL)
        assert TOKEN in world.send(world.request("GET", page)).text

    def test_in_openapi_names_the_scope_of_each_read_and_none_of_a_write(self, world):
        told = world.send(world.request("GET", "/openapi.json")).json
        flow = told["components"]["securitySchemes"]["tool"]["flows"]["clientCredentials"]
        assert flow["tokenUrl"] == PUBLIC_URL + TOKEN
        assert set(flow["scopes"]) == set(SCOPES)
        described = (*gateway.ENDPOINTS, *gateway.SANDBOX_ENDPOINTS)
        scopes = {each.name: each.scope for each in described}
        for operations in told["paths"].values():
            for method, operation in operations.items():
                scope = scopes[operation["operationId"]]
                wanted = [{"signature": []}]
                if scope:
                    assert method == "get"
                    wanted.append({"signature": [], "tool": [scope]})
                assert operation["security"] == wanted

    def test_of_scopes_is_on_no_write(self):
        assert not [each.name for each in gateway.ENDPOINTS if each.writes and each.scope]


def test_what_time_has_ended_is_forgotten(world: World):
    token(world)
    with world.database.unit_of_work() as tx:
        assert oauth_store.prune(tx) == 0
    world.clock.advance(timedelta(seconds=300))
    with world.database.unit_of_work() as tx:
        assert oauth_store.prune(tx) == 1
    world.clock.advance(timedelta(seconds=600))
    with world.database.unit_of_work() as tx:
        assert oauth_store.prune(tx) == 1
    assert world.count("oauth_assertion") == world.count("oauth_token") == 0


def other_than(scope: str) -> str:
    return next(each for each in ("orders:read", "events:read") if each != scope)
