"""Funders at the console: two persons take them on and agree, one stops them."""

import json
from decimal import Decimal
from pathlib import Path

import pytest

from console.funding.pages import FORMS
from lending.channels import service as channels
from lending.channels.model import NewAccount, NewPartner, PartnerKind
from lending.foundation.audit import SYSTEM
from lending.funding import funders, guarded
from lending.funding.model import FunderState
from lending.system.model import Role
from tests.console.test_loans_and_approvals import Desk, digest_of, waiting
from tests.console.test_sign_in import composed
from tests.funding.lenders import JWK, Lenders, account_of, joint
from tests.loans.world import World

LICENCE = {
    "licence_kind": "national_bank",
    "licence_no": "B0001",
    "regions": "",
    "licence_from": "2026-01-01",
    "licence_to": "2036-01-01",
    "encryption_jwk": json.dumps(JWK),
    "group_code": "91310000MA1FL0001A",
}
AGREEMENT = {
    "product_code": "mall-standard",
    "share_min": "30",
    "share_max": "70",
    "price_percent": "5.5",
    "service_fee_percent": "20",
    "income_percent": "95",
    "cut_off": "17:00",
    "is_prefunded": "",
    "valid_from": "2026-11-23",
    "decide_minutes": "10",
    "fund_minutes": "30",
    "quota_day_fen": "1000000",
    "quota_total_fen": "10000000",
    "amount_min_fen": "100",
    "amount_max_fen": "200000",
    "periods_max": "24",
    "age_min": "18",
    "age_max": "60",
    "score_min": "0",
}


@pytest.fixture
def partner_id(world: World) -> str:
    new = NewPartner("app_bank", "test", PartnerKind.FUNDER, "稳健银行", ("shares",))
    with world.database.unit_of_work() as tx:
        made = channels.register(tx, new, SYSTEM)
        account = NewAccount("稳健银行", "某银行", account_of(9), 1)
        channels.add_account(tx, world.keys, made, account, SYSTEM)
    return made


def test_a_funder_is_taken_on_and_agreed_with_by_two_and_stopped_by_one(
    world: World, partner_id: str, tmp_path: Path
):
    app = composed(world, tmp_path)
    zhou = Desk(app, world, "zhou", "周经办", Role.FINANCE)
    zheng = Desk(app, world, "zheng", "郑复核", Role.FINANCE)
    feng = Desk(app, world, "feng", "冯风控", Role.RISK)
    at = f"/funders/{partner_id}"

    def two_do(kind: str, **form: str) -> None:
        status, text = zhou.post(f"{at}/propose", at, kind=kind, reason="尽调通过", **form)
        assert status == 200, text
        proposal = waiting(zheng)
        page = zheng.get(proposal)[1]
        status, text = zheng.post(f"{proposal}/approve", proposal, digest=digest_of(page))
        assert status == 200, text

    assert "未准入" in zhou.get("/funders")[1]
    two_do("funder.take_on", **LICENCE)
    for wrong in ({"share_min": "29.99"}, {"share_min": "33.335"}, {"price_percent": "NaN"}):
        refused = AGREEMENT | wrong
        status, text = zhou.post(f"{at}/propose", at, kind="funder.agree", reason="x", **refused)
        assert status in (400, 422), text
    two_do("funder.agree", **AGREEMENT)
    status, text = zhou.post(f"{at}/propose", at, kind="funder.agree", reason="x", **AGREEMENT)
    assert status == 422, text
    with world.database.unit_of_work() as tx:
        (agreed,) = funders.agreements(tx, funder_id=partner_id)
    assert (agreed.share_min_bp, agreed.quota_day_fen) == (3000, 100_000_000)
    assert agreed.income_rate == Decimal("0.95")
    assert "91310000MA1FL0001A" in zhou.get(at)[1]
    assert "mall-standard" in zhou.get(at)[1]
    status, text = feng.post(f"{at}/stop", at, because="投诉较多")
    assert (status, "投诉较多" in text) == (200, True)
    two_do("funder.resume")
    with world.database.unit_of_work() as tx:
        assert funders.get(tx, partner_id).state is FunderState.ACTIVE


def test_the_page_of_searches_says_why_a_funder_was_chosen(world: World, tmp_path: Path):
    joint(world)
    Lenders(world, 2).applied()
    desk = Desk(composed(world, tmp_path), world, "feng", "冯风控", Role.RISK)
    page = desk.get("/funding")[1]
    assert "资金方1" in page
    assert "为可选中最低" in page


def test_every_kind_has_its_form():
    assert set(FORMS) == set(guarded.kinds())
