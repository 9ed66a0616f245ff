"""Credit lines, what backs them, and money held back, at the console (M7, STORE-4, STORE-6)."""

from datetime import timedelta

import pytest
from flask import Flask
from flask_bootstrap import Bootstrap5

import console
import hosted
from console.credit_lines.pages import FORMS
from lending.credit_lines import guarded as line_guarded
from lending.credit_lines import securities
from lending.credit_lines import service as credit_lines
from lending.credit_lines.model import LineState, SecurityKind
from lending.foundation.audit import SYSTEM
from lending.repayments import guarded
from lending.system.model import Role
from tests.console.test_loans_and_approvals import Desk
from tests.credit_lines.lines import grant
from tests.loans.world import World
from tests.offline_credit.shop import Shop
from tests.today import TODAY


@pytest.fixture
def app(world: World) -> Flask:
    made = Flask("console_test", static_folder=None)
    made.config["BOOTSTRAP_SERVE_LOCAL"] = True
    Bootstrap5(made)
    made.register_blueprint(hosted.create_blueprint(world.context))
    kinds = {**guarded.kinds(), **line_guarded.kinds()}
    made.register_blueprint(console.create_blueprint(world.context, kinds))
    return made


@pytest.fixture
def zhou(app: Flask, world: World) -> Desk:
    return Desk(app, world, "zhou", "周经办", Role.FINANCE)


@pytest.fixture
def zheng(app: Flask, world: World) -> Desk:
    return Desk(app, world, "zheng", "郑复核", Role.FINANCE)


@pytest.fixture
def feng(app: Flask, world: World) -> Desk:
    return Desk(app, world, "feng", "冯风控", Role.RISK)


def line(world: World, line_id: str):
    with world.database.unit_of_work() as tx:
        return credit_lines.standing(tx, line_id)


def two_do(world: World, maker: Desk, checker: Desk, at: str, **form: str) -> None:
    """One proposes, another approves."""
    status, text = maker.post(f"{at}/propose", at, reason="依据充分", **form)
    assert status == 200, text
    (row,) = world.rows("SELECT id, digest FROM proposal WHERE state = 'open'")
    digest = row["digest"] if isinstance(row["digest"], str) else bytes(row["digest"]).hex()
    page = f"/approvals/{row['id']}"
    status, text = checker.post(f"{page}/approve", page, digest=digest, note="")
    assert status == 200, text
    assert "已通过并执行" in text


def test_every_kind_has_a_form():
    assert set(FORMS) == set(line_guarded.kinds())


class TestALine:
    def test_is_found_by_its_customers_mobile_and_shown_masked(self, world: World, feng: Desk):
        line_id = grant(world, 1_000_000)
        with world.database.unit_of_work() as tx:
            customer = credit_lines.get(tx, line_id).customer_id
        assert line_id in feng.get("/lines", q=customer)[1]
        assert line_id not in feng.get("/lines", q="nobody")[1]
        status, text = feng.get(f"/lines/{line_id}")
        assert status == 200
        assert "10,000.00" in text
        assert "****" in text

    def test_is_raised_by_two(self, world: World, zhou: Desk, zheng: Desk):
        line_id = grant(world, 1_000_000)
        last_day = (TODAY + timedelta(days=30)).isoformat()
        two_do(
            world,
            zhou,
            zheng,
            f"/lines/{line_id}",
            kind="credit_line.raise",
            amount="5000",
            last_day=last_day,
        )
        assert line(world, line_id).limit_fen == 1_500_000

    def test_is_raised_by_nobody_alone(self, world: World, zhou: Desk, feng: Desk):
        line_id = grant(world, 1_000_000)
        at, last_day = f"/lines/{line_id}", (TODAY + timedelta(days=30)).isoformat()
        form = {"kind": "credit_line.raise", "amount": "5000", "last_day": last_day}
        assert zhou.post(f"{at}/propose", at, reason="依据", **form)[0] == 200
        assert line(world, line_id).limit_fen == 1_000_000
        assert feng.post(f"{at}/propose", at, reason="依据", **form)[0] == 403

    def test_is_frozen_by_one_and_unfrozen_by_two(
        self, world: World, feng: Desk, zhou: Desk, zheng: Desk
    ):
        line_id = grant(world, 1_000_000)
        at = f"/lines/{line_id}"
        assert feng.post(f"{at}/freeze", at, because="疑似盗用")[0] == 200
        assert line(world, line_id).line.state is LineState.FROZEN
        two_do(world, zhou, zheng, at, kind="credit_line.unfreeze")
        assert line(world, line_id).line.state is LineState.OPEN

    def test_gets_other_limits_by_two_and_past_what_is_allowed_by_nobody(
        self, world: World, zhou: Desk, zheng: Desk
    ):
        line_id = grant(world, 1_000_000)
        at = f"/lines/{line_id}"
        limits = {f"scene-{each.scene}": "3000" for each in line(world, line_id).scenes}
        two_do(world, zhou, zheng, at, kind="credit_line.set_limit", limit="8000", **limits)
        standing = line(world, line_id)
        assert standing.limit_fen == 800_000
        assert {each.limit_fen for each in standing.scenes} == {300_000}
        status, _ = zhou.post(
            f"{at}/propose", at, kind="credit_line.set_limit", limit="200001", reason="x", **limits
        )
        assert status == 422

    def test_opens_when_its_guarantee_is_registered_by_two(
        self, world: World, zhou: Desk, zheng: Desk, feng: Desk
    ):
        line_id = grant(world, 1_000_000, security_needed_fen=1_000_000)
        with world.database.unit_of_work() as tx:
            car, watch = (
                securities.offer(
                    tx, world.keys, line_id, SecurityKind.PLEDGE, description=what, actor=SYSTEM
                )
                for what in ("汽车", "手表")
            )
        at = f"/lines/{line_id}"
        assert feng.post(f"{at}/reject-security", at, security=watch, because="赝品")[0] == 200
        two_do(
            world,
            zhou,
            zheng,
            at,
            kind="security.register",
            security=car,
            valued="12000",
            registration_no="沪动产 1",
        )
        assert line(world, line_id).line.state is LineState.OPEN


class TestMoneyHeldBack:
    def test_is_held_by_one_and_let_go_by_two(
        self, world: World, feng: Desk, zhou: Desk, zheng: Desk
    ):
        shop = Shop(world)
        paid = shop.paid(300_000, till=shop.gym_till, store_id=shop.gym, release_parts=3)
        at = f"/loans/{paid.loan_id}"
        assert feng.post(f"{at}/hold-release", at, because="投诉 T-1")[0] == 200
        assert "投诉 T-1" in feng.get(at)[1]
        assert {each["held"] for each in shop.view(paid.id)["release"]} == {True}
        two_do(world, zhou, zheng, at, kind="release.let_go")
        assert {each["held"] for each in shop.view(paid.id)["release"]} == {False}
