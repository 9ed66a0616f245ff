"""T23: funders answer late, twice and both ways, and money arrives whatever was answered."""

import os
from contextlib import suppress
from datetime import timedelta
from random import Random

import pytest

from lending.customers import service as customers
from lending.customers.model import ConsentScope
from lending.foundation.database import Tx
from lending.foundation.errors import Problem
from lending.funding import answers, money_in, money_store, service, store
from lending.funding import jobs as funding_jobs
from lending.funding.answers import DeclineReason, OwnDecision
from lending.funding.model import FundingShare, Request, RequestState, ShareState, TransferState
from lending.ledger import service as ledger
from lending.ledger.chart import Code
from lending.products import service as products
from lending.products.model import Funding
from lending.risk.model import Decision, Outcome
from tests.funding.lenders import Lenders, account_of, joint
from tests.loans.world import PRODUCT, World

RUNS = int(os.environ.get("CF_EXAMPLES", "40"))
MINUTE = timedelta(minutes=1)
WHOLE = (RequestState.FOUND, RequestState.CALLED, RequestState.FUNDED, RequestState.PAID)
FUNDINGS = (
    Funding(4000, (6000,), 7000, wait_minutes=60),
    Funding(3000, (7000,), 4000, wait_minutes=60),
    Funding(4000, (3000, 3000), 4000, wait_minutes=60),
    Funding(3333, (3333, 3334), 7000, wait_minutes=60, fallback_own=True),
)


class Play:
    """One application, and whatever may happen to its search for lenders."""

    def __init__(self, world: World, lenders: Lenders, number: int) -> None:
        self.world, self.lenders, self.random = world, lenders, Random(number)
        self.application_id = f"app_{number}"
        self.loan_id = f"loan_{number}"
        self.amount_fen = self.random.randint(10_000, 9_999_999)
        self.handlers = funding_jobs.handlers(world.context)
        with world.database.unit_of_work() as tx:
            customers.give_consent(
                tx,
                world.customer_id,
                ConsentScope.FUNDERS,
                text_version="1",
                text_sha256="0" * 64,
                channel="hosted",
                subject=self.application_id,
            )
            service.seek(
                tx,
                world.keys,
                service.Seek(
                    self.application_id,
                    world.customer_id,
                    products.published(tx, PRODUCT.code),
                    self.amount_fen,
                    "electronics",
                    Decision(
                        *("dec_1", self.application_id, Outcome.APPROVE, 600, self.amount_fen, 24),
                        *((), {}, {}, "system", tx.now),
                    ),
                ),
            )

    def step(self) -> None:
        """Something happens; what is refused is refused by name."""
        with suppress(Problem):
            self.random.choice(
                (
                    *(self.accept, self.accept, self.decline, self.counter, self.wait),
                    *(self.sign, self.sign, self.money, self.money, self.wrong_money),
                    *(self.look, self.withdraw),
                )
            )()
        self.require_whole()

    def accept(self) -> None:
        self._answer(None)

    def counter(self) -> None:
        self._answer(self.random.choice((2999, 3000, 4000, 5000)))

    def _answer(self, bp: int | None) -> None:
        share = self.any_share()
        with self.world.database.unit_of_work() as tx:
            decision = OwnDecision(f"D-{share.id}", share.invited_at)
            answers.accept(tx, share.funder_id, share.id, decision, share_bp=bp)

    def decline(self) -> None:
        share = self.any_share()
        with self.world.database.unit_of_work() as tx:
            answers.decline(tx, share.funder_id, share.id, DeclineReason.CREDIT)

    def wait(self) -> None:
        self.work(self.random.choice((0, 1, 9, 11, 31)) * MINUTE)

    def sign(self) -> None:
        with self.world.database.unit_of_work() as tx:
            if service.agreed(tx, self.application_id):
                money_in.call(tx, self.application_id, self.loan_id)

    def money(self) -> None:
        share = self.any_share()
        self._send(share, share.amount_fen)

    def wrong_money(self) -> None:
        share = self.any_share()
        self._send(share, share.amount_fen + self.random.choice((-1, 1)))

    def _send(self, share: FundingShare, amount_fen: int) -> None:
        number = self.lenders.ids.index(share.funder_id) + 1
        self.world.bank.send(account_of(number), amount_fen, share.id, self.world.clock.now())

    def look(self) -> None:
        self.handlers["funding.look"]()

    def withdraw(self) -> None:
        if self.random.random() < 0.2:
            with self.world.database.unit_of_work() as tx:
                service.withdraw(tx, self.application_id)

    def any_share(self) -> FundingShare:
        return self.random.choice(self.shares())

    def shares(self) -> list[FundingShare]:
        with self.world.database.unit_of_work() as tx:
            return store.shares(tx, self._request(tx).id)

    def request(self) -> Request:
        with self.world.database.unit_of_work() as tx:
            return self._request(tx)

    def _request(self, tx: Tx) -> Request:
        found = store.request_of_application(tx, self.application_id)
        assert found is not None
        return found

    def work(self, wait: timedelta = timedelta(0)) -> None:
        """Lets time pass and does what is due; what loans would do of it is done by hand."""
        self.world.clock.advance(wait)
        while job := self.world.due_job():
            if job["task_name"] in self.handlers:
                self.handlers[job["task_name"]](**job["args"])
            elif job["task_name"] == "loans.no_funds":
                with self.world.database.unit_of_work() as tx:
                    service.withdraw(tx, job["args"]["application_id"])
            with self.world.database.unit_of_work() as tx:
                tx.run("DELETE FROM procrastinate_jobs WHERE id = :id", id=job["id"])

    def require_whole(self) -> None:
        request = self.request()
        living = [s for s in self.shares() if not s.is_dead]
        weights = [request.own_bp, *(s.share_bp for s in living)]
        assert sum(s.share_bp for s in living) <= 7000, weights
        if request.state in WHOLE and request.state is not RequestState.PAID:
            if any(s.state is ShareState.EXPIRED and s.fund_by for s in self.shares()):
                return  # its money did not come: the loan is being given up
            assert sum(weights) == 10_000, weights
            assert min(weights) >= 3000, weights
            parts = sum(s.amount_fen for s in living)
            assert parts <= self.amount_fen
        assert len({s.funder_id for s in living}) == len(living)

    def end(self) -> None:
        """Time passes until nothing more can happen; then no fen is without an owner."""
        for _ in range(3):
            self.look()
            self.work(62 * MINUTE)
        self.look()
        self.work(timedelta(days=4))
        request = self.request()
        if request.state is RequestState.FOUND:
            with self.world.database.unit_of_work() as tx:
                service.withdraw(tx, self.application_id)
        self.work()
        living = [s for s in self.shares() if not s.is_dead]
        owned = sum(s.amount_fen for s in living if s.state is ShareState.FUNDED)
        with self.world.database.unit_of_work() as tx:
            taken = tx.scalar(
                "SELECT coalesce(sum(t.amount_fen), 0) FROM incoming_transfer t"
                " JOIN funding_share s ON s.id = t.share_id"
                " WHERE t.state = 'taken' AND s.request_id = :id",
                id=request.id,
            )
        assert taken == owned
        if request.state is not RequestState.FUNDED:
            assert not living


@pytest.mark.parametrize("funding", FUNDINGS)
def test_whatever_comes_in_whatever_order_shares_are_whole_and_no_fen_is_lost(
    world: World, funding: Funding
):
    joint(world, funding)
    lenders = Lenders(world, 4)
    for number in range(RUNS // len(FUNDINGS)):
        play = Play(world, lenders, number)
        for _ in range(play.random.randint(2, 14)):
            play.step()
        play.end()
    with world.database.unit_of_work() as tx:
        came = money_store.transfers(tx, limit=10_000)
        assert {t.state for t in came} <= {TransferState.TAKEN, TransferState.RETURNED}
        assert sum(row.balance_fen for row in ledger.sub_ledger(tx, Code.SUSPENSE)) == 0
        taken = sum(t.amount_fen for t in came if t.state is TransferState.TAKEN)
        waiting = sum(row.balance_fen for row in ledger.sub_ledger(tx, Code.FUNDER_MONEY_IN))
    assert waiting == -taken
    assert world.balance(Code.BANK_SETTLEMENT) == taken
    back = sum(each.amount_fen for each in world.bank.paid())
    assert sum(each.amount_fen for each in world.bank.came) == taken + back
