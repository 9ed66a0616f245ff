"""Platforms at the console: two persons list them, one takes them out of work (名单制)."""

import re

import pytest
from flask import Flask
from flask_bootstrap import Bootstrap5

import console
import hosted
from console.channels.pages import FORMS
from lending.channels import service as channels
from lending.channels.errors import PartnerStopped
from lending.channels.model import NewPartner, PartnerKind
from lending.foundation.audit import SYSTEM
from lending.system.model import Role
from scenarios.assisted_lending import guarded, platforms
from scenarios.assisted_lending.errors import NotAPlatform
from tests.console.test_loans_and_approvals import Desk, digest_of, waiting
from tests.loans.world import World

AGREED = {
    "legal_name": "小满优选科技有限公司",
    "credit_code": "91310000MA1K4B2C3D",
    "service": "互联网引流",
    "contract_no": "HT-1",
    "contract_from": "2026-01-01",
    "contract_to": "2027-12-31",
    "mandate_no": "WT-1",
    "tier": "B",
    "sites": "platform.example, www.platform.example",
    "prechecks_per_day": "1000",
    "leads_per_day": "50",
    "promises": "none",
    "charges": "none",
}


@pytest.fixture
def app(world: World) -> Flask:
    made = Flask("console_test", static_folder=None)
    made.config["BOOTSTRAP_SERVE_LOCAL"] = True
    Bootstrap5(made)
    made.register_blueprint(hosted.create_blueprint(world.context))
    made.register_blueprint(console.create_blueprint(world.context, guarded.kinds()))
    return made


@pytest.fixture
def partner_id(world: World) -> str:
    new = NewPartner("app_platform", "test", PartnerKind.PLATFORM, "小满优选", ("leads",))
    with world.database.unit_of_work() as tx:
        return channels.register(tx, new, SYSTEM)


def required(world: World, partner_id: str) -> platforms.Platform:
    with world.database.unit_of_work() as tx:
        return platforms.require(tx, partner_id)


def test_a_platform_is_listed_by_two_stopped_by_one_and_resumed_by_two(
    app: Flask, world: World, partner_id: str
):
    zhou = Desk(app, world, "zhou", "周经办", Role.FINANCE)
    zheng = Desk(app, world, "zheng", "郑复核", Role.FINANCE)
    feng = Desk(app, world, "feng", "冯风控", Role.RISK)
    at = f"/platforms/{partner_id}"

    def two_do(kind: str, **form: str) -> None:
        status, text = zhou.post(f"{at}/propose", at, kind=kind, reason="尽调通过", **form)
        assert status == 200, text
        proposal = waiting(zheng)
        page = zheng.get(proposal)[1]
        status, text = zheng.post(f"{proposal}/approve", proposal, digest=digest_of(page))
        assert status == 200, text

    assert "未入名单" in zhou.get("/platforms")[1]
    for unsaid in ("promises", "charges"):
        lacking = {name: "" if name == unsaid else value for name, value in AGREED.items()}
        status, _ = zhou.post(f"{at}/propose", at, kind="platform.agree", reason="x", **lacking)
        assert status == 400
    two_do("platform.agree", **AGREED)
    made = required(world, partner_id)
    assert (made.tier, made.sites) == ("B", ("platform.example", "www.platform.example"))
    assert "合作中" in zhou.get("/platforms")[1]
    status, text = feng.post(f"{at}/stop", at, because="投诉较多")
    assert (status, "投诉较多" in text) == (200, True)
    with pytest.raises(PartnerStopped):
        required(world, partner_id)
    two_do("platform.resume")
    assert required(world, partner_id) == made
    assert re.search('id="state">合作中', zhou.get(at)[1])


def test_every_kind_has_its_form():
    assert set(FORMS) == set(guarded.kinds())


def test_a_shop_is_no_platform(world: World):
    with world.database.unit_of_work() as tx, pytest.raises(NotAPlatform):
        platforms.require(tx, world.partner_id)
