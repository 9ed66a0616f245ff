"""Partners at the console: two persons take one on, with account and key; one takes it off."""

import json
from pathlib import Path

import pytest
from cf_partner_sdk import PrivateKey
from flask import Flask

from console.channels.partners import carried
from lending.channels import guarded, keys
from lending.channels import service as channels
from lending.channels.errors import PartnerNotListed
from lending.channels.model import FUNCTIONS, KeyState, Partner, PartnerKind
from lending.system.model import Role
from tests.console.test_loans_and_approvals import Desk
from tests.console.test_products import two_do
from tests.console.test_sign_in import composed
from tests.loans.world import World

NUMBER = "6230580000000077001"


@pytest.fixture
def app(world: World, tmp_path: Path) -> Flask:
    return composed(world, tmp_path)


@pytest.fixture
def desks(app: Flask, world: World) -> tuple[Desk, Desk]:
    names = (("zhou", "周经办"), ("zheng", "郑复核"))
    maker, checker = (Desk(app, world, *name, Role.FINANCE) for name in names)
    return maker, checker


def taken_on(world: World, desks: tuple[Desk, Desk]) -> Partner:
    new = {"partner_name": "顺风家电", "app_id": "app_shunfeng", "partner_kind": "store"}
    two_do(desks, "/partners", "partner.take_on", **new)
    with world.database.unit_of_work() as tx:
        return channels.partner_by_app_id(tx, "app_shunfeng")


class TestANewPartner:
    def test_is_taken_on_with_account_and_key_by_two(self, world: World, desks: tuple[Desk, Desk]):
        partner = taken_on(world, desks)
        assert partner.functions == FUNCTIONS[PartnerKind.STORE]
        assert partner.environment == world.context.settings.environment
        at = f"/partners/{partner.id}"
        assert at in desks[0].get("/partners")[1]

        account = {"holder": "顺风家电有限公司", "bank_name": "模拟银行", "priority": "1"}
        seen = two_do(desks, at, "partner.add_account", number=NUMBER, **account)
        assert (NUMBER in seen, NUMBER[-4:] in seen) == (False, True)
        key = PrivateKey.generate()
        two_do(desks, at, "partner.add_key", public_key=key.public.to_pem())

        with world.database.unit_of_work() as tx:
            (found,) = channels.settlement_accounts(tx, partner.id)
            number = channels.account_number(tx, world.context.keys, found.id)
            (registered,) = keys.of_partner(tx, partner.id)
        assert (found.holder, number) == ("顺风家电有限公司", NUMBER)
        assert (registered.keyid, registered.state) == (key.keyid, KeyState.ACTIVE)
        page = desks[0].get(at)[1]
        assert key.keyid in page
        assert NUMBER not in page

    @pytest.mark.parametrize(
        ("changed", "told"),
        [
            ({"app_id": "Shunfeng"}, "app_xiaoman"),
            ({"app_id": "app_taken"}, "换一个"),
            ({"partner_kind": "bank"}, "从列表中选择"),
            ({"partner_name": ""}, "1 至 64"),
        ],
    )
    def test_is_refused_with_the_field_and_the_mend(
        self, world: World, desks: tuple[Desk, Desk], changed: dict[str, str], told: str
    ):
        form = {
            "partner_name": "顺风家电",
            "app_id": "app_shunfeng",
            "partner_kind": "store",
        } | changed
        if form["app_id"] == "app_taken":
            taken = {"partner_name": "别家", "app_id": "app_taken", "partner_kind": "store"}
            two_do(desks, "/partners", "partner.take_on", **taken)
        status, text = desks[0].post(
            "/partners/propose", "/partners", kind="partner.take_on", reason="x", **form
        )
        assert status in (400, 409)
        assert told in text


class TestAKey:
    def test_that_is_private_or_no_key_is_refused(self, world: World, desks: tuple[Desk, Desk]):
        at = f"/partners/{world.partner_id}"
        private = PrivateKey.generate()
        for typed in (private.to_pem(), "hello", json.dumps({"kty": "oct", "k": "AAAA"})):
            status, text = desks[0].post(
                f"{at}/propose", at, kind="partner.add_key", reason="x", public_key=typed
            )
            assert status == 400
            assert "请粘贴合作方的公钥" in text

    def test_is_revoked_by_one_at_once(self, app: Flask, world: World, desks: tuple[Desk, Desk]):
        at = f"/partners/{world.partner_id}"
        key = PrivateKey.generate()
        two_do(desks, at, "partner.add_key", public_key=json.dumps(key.public.jwk))
        feng = Desk(app, world, "feng", "冯风控", Role.RISK)
        assert feng.post(f"{at}/revoke", at, keyid=key.keyid)[0] == 200
        with world.database.unit_of_work() as tx:
            assert keys.one(tx, world.partner_id, key.keyid).state is KeyState.REVOKED


class TestAPartner:
    def test_is_taken_off_the_list_by_one(self, app: Flask, world: World):
        at = f"/partners/{world.partner_id}"
        feng = Desk(app, world, "feng", "冯风控", Role.RISK)
        assert feng.post(f"{at}/unlist", at)[0] == 200
        with world.database.unit_of_work() as tx, pytest.raises(PartnerNotListed):
            channels.require_listed(tx, world.partner_id)


def test_every_kind_has_its_form(world: World):
    kinds = guarded.kinds(world.context.keys, "test")
    assert {*carried(world.context.keys), "partner.agree"} == set(kinds)
