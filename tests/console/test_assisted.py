"""Commissions, guarantees and channel statistics at the console: seen by one, moved by two."""

from pathlib import Path

import pytest
from flask import Flask

from console.claims.pages import FORMS as CLAIM_FORMS
from console.commissions.pages import FORMS as COMMISSION_FORMS
from lending.claims import guarded as claim_guarded
from lending.claims.model import ClaimState
from lending.commissions import guarded as commission_guarded
from lending.commissions import service as commissions
from lending.commissions.model import BillState
from lending.ledger.chart import Code
from lending.operations import service as tickets
from lending.operations.model import TicketState
from lending.repayments.model import What
from lending.system.model import Role
from tests.assisted.brought import Assisted, assisted
from tests.console.test_loans_and_approvals import URL, Desk
from tests.console.test_sign_in import composed
from tests.loans.world import World


@pytest.fixture
def app(world: World, tmp_path: Path) -> Flask:
    return composed(world, tmp_path)


def signed_in(app: Flask, world: World) -> tuple[Desk, Desk]:
    """Two of finance, from this moment on."""
    return (
        Desk(app, world, "zhou", "周经办", Role.FINANCE),
        Desk(app, world, "zheng", "郑复核", Role.FINANCE),
    )


def do(world: World, two: tuple[Desk, Desk], path: str, page: str, **form: str) -> None:
    """One proposes at a page, another approves."""
    maker, checker = two
    status, text = maker.post(path, page, reason="依据充分", **form)
    assert status == 200, text
    (row,) = world.rows("SELECT id, digest FROM proposal WHERE state = 'open'")
    at = f"/approvals/{row['id']}"
    status, text = checker.post(f"{at}/approve", at, digest=row["digest"], note="")
    assert "已通过并执行" in text, text


def test_every_kind_has_a_form(world: World):
    assert set(CLAIM_FORMS) == set(claim_guarded.kinds())
    assert set(COMMISSION_FORMS) == set(commission_guarded.kinds(world.files))


class TestABill:
    def test_that_is_disputed_is_answered_by_two(self, world: World, app: Flask):
        both = assisted(world)
        both.pay(both.lend(days_ago=31), What.DUE)
        both.days(1)
        with world.database.unit_of_work() as tx:
            (bill,) = commissions.page(tx, both.platform_id)[0]
            commissions.dispute(tx, both.platform_id, bill.id, "少计 L-77")
        two = signed_in(app, world)
        maker = two[0]
        assert bill.id in maker.get("/commissions", state="disputed")[1]
        assert bill.id not in maker.get("/commissions", state="open")[1]
        page = f"/commissions/{bill.id}"
        with world.database.unit_of_work() as tx:
            ticket = tickets.undecided_dispute(tx, bill.id)
        assert ticket is not None
        assert f"/console{page}" in maker.get(f"/tickets/{ticket.id}")[1]
        assert "少计 L-77" in maker.get(page)[1]
        answer = maker.client.get(f"/console{page}/bill.pdf", base_url=URL)
        assert answer.data.startswith(b"%PDF")
        do(
            world, two, f"{page}/propose", page,
            kind="commission.answer", answer="已补计", more="7", less="",
        )  # fmt: skip
        with world.database.unit_of_work() as tx:
            mended = commissions.get(tx, bill.id)
            ended = tickets.get(tx, ticket.id)
        assert (mended.state, mended.adjustment_fen) == (BillState.OPEN, 700)
        assert (ended.state, ended.answer) == (TicketState.CLOSED, "结算单异议答复:已补计")


class TestAGuarantor:
    def test_whose_money_came_is_entered_by_two(self, world: World, app: Flask):
        both: Assisted = assisted(world, pool_fen=0)
        both.lend(days_ago=60)
        both.days(1)
        (claim,) = both.claims()
        two = signed_in(app, world)
        assert claim.id in two[0].get("/guarantees")[1]
        page = f"/claims/{claim.id}"
        day = str(world.rows("SELECT business_date FROM business_day")[0]["business_date"])
        do(
            world, two, f"{page}/propose", page, kind="claim.receive", reference="I-1",
            amount=f"{claim.amount_fen // 100}.{claim.amount_fen % 100:02d}", arrived_on=day,
        )  # fmt: skip
        assert both.claims()[0].state is ClaimState.PAID
        do(
            world, two, f"/claims/{both.guarantor_id}/propose", "/guarantees",
            kind="pool.top_up", reference="I-2", amount="88", arrived_on=day,
        )  # fmt: skip
        assert world.balance(Code.GUARANTEE_POOL, both.guarantor_id) == -8_800

    def test_whose_claim_is_withdrawn_shows_why(self, world: World, app: Flask):
        both: Assisted = assisted(world, pool_fen=0)
        loan_id = both.lend(days_ago=60)
        both.days(1)
        both.pay(loan_id, What.PAYOFF)
        both.days(1)
        (claim,) = both.claims()
        desk, _ = signed_in(app, world)
        assert "借款人已还清逾期款" in desk.get(f"/claims/{claim.id}")[1]


class TestChannelStatistics:
    def test_show_each_platform(self, world: World, app: Flask):
        both = assisted(world, pool_fen=0)
        both.lend()
        two = signed_in(app, world)
        status, text = two[0].get("/channel-statistics", month="2026-11")
        assert status == 200
        assert "app_platform" in text
        assert "6,000.00" in text
        assert two[0].get("/channel-statistics", month="x")[0] == 400
