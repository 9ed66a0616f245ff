"""Funders beside the lender of the tests, and a product that is funded with them."""

from dataclasses import replace
from datetime import time, timedelta
from decimal import Decimal
from typing import Any

from lending.channels import service as channels
from lending.channels.model import NewAccount, NewPartner, PartnerKind
from lending.foundation.audit import SYSTEM
from lending.foundation.crypto import FieldKeys
from lending.foundation.database import Tx
from lending.funding import answers, funders, money_in, money_store, store
from lending.funding.answers import DeclineReason, OwnDecision
from lending.funding.model import (
    FunderAgreement,
    FundingShare,
    LicenceKind,
    NewFunder,
    Request,
    RequestState,
)
from lending.ledger.chart import Code
from lending.products import service as products
from lending.products.model import Funding
from tests.loans.world import PRODUCT, World
from tests.today import TODAY

FUNCTIONS = ("shares", "statements", "webhooks")
JWK = {"kty": "RSA", "alg": "RSA-OAEP-256", "e": "AQAB", "n": "t" * 342}
"""Has the form of a key; nothing that is encrypted to it is read here."""
TO_ONE = Funding(own_bp=4000, funders_bp=(6000,), own_bp_max=7000, wait_minutes=60)
TO_TWO = Funding(own_bp=4000, funders_bp=(3000, 3000), own_bp_max=7000, wait_minutes=60)


def agreement(funder_id: str, **changes: Any) -> FunderAgreement:
    return replace(
        FunderAgreement(
            funder_id=funder_id,
            product_code=PRODUCT.code,
            share_min_bp=3000,
            share_max_bp=7000,
            price_rate=Decimal("0.06"),
            service_fee_rate=Decimal("0.20"),
            income_rate=Decimal(1),
            decide_minutes=10,
            fund_minutes=30,
            cut_off=time(23, 0),
            quota_day_fen=100_000_000,
            quota_total_fen=1_000_000_000,
            amount_min_fen=10_000,
            amount_max_fen=20_000_000,
            periods_max=24,
            age_min=18,
            age_max=65,
            score_min=0,
            is_prefunded=False,
            valid_from=TODAY,
        ),
        **changes,
    )


def account_of(number: int) -> str:
    return f"62305800001{number:08d}"


def funder(
    tx: Tx, keys: FieldKeys, number: int, *, jwk: dict[str, Any] = JWK, **changes: Any
) -> str:
    """A listed and licensed funder with an agreement; its id."""
    name = f"资金方{number}"
    new = NewPartner(f"app_funder_{number}", "test", PartnerKind.FUNDER, name, FUNCTIONS)
    funder_id = channels.register(tx, new, SYSTEM)
    account = NewAccount(name, "某银行", account_of(number), 1)
    account_id = channels.add_account(tx, keys, funder_id, account, SYSTEM)
    licence = {
        "licence_kind": LicenceKind.NATIONAL_BANK,
        "licence_no": f"B{number:04d}",
        "licence_regions": (),
        "licence_from": TODAY,
        "licence_to": TODAY + timedelta(days=3650),
    }
    licence |= {name: changes.pop(name) for name in licence if name in changes}
    funders.take_on(
        tx,
        NewFunder(
            funder_id,
            clearing_account_id=account_id,
            encryption_jwk=jwk,
            group_code=changes.pop("group_code", ""),
            **licence,  # type: ignore[arg-type]
        ),
        SYSTEM,
    )
    funders.agree(tx, agreement(funder_id, **changes), SYSTEM)
    return funder_id


def joint(world: World, funding: Funding = TO_ONE) -> None:
    """From now on the product is funded jointly."""
    with world.database.unit_of_work() as tx:
        products.publish(tx, replace(PRODUCT, funding=funding), SYSTEM)


class Lenders:
    """The funders of a world, and what they answer."""

    def __init__(self, world: World, count: int = 2, *, first: int = 1, **changes: Any) -> None:
        self.world = world
        with world.database.unit_of_work() as tx:
            self.ids = [
                funder(
                    tx,
                    world.keys,
                    n,
                    price_rate=Decimal(f"0.0{4 + n}"),
                    **changes,
                )
                for n in range(first, first + count)
            ]

    def applied(self, order_no: str = "A-1") -> str:
        """An order that we approved and that looks for lenders; its id."""
        order_id = self.world.order(order_no)
        self.world.submit(order_id)
        self.world.work()
        return order_id

    def request(self) -> Request:
        """The newest request."""
        with self.world.database.unit_of_work() as tx:
            return store.requests(tx, state=None, limit=1)[0]

    def shares(self, request: Request | None = None) -> list[FundingShare]:
        of = request or self.request()
        with self.world.database.unit_of_work() as tx:
            return store.shares(tx, of.id)

    def living(self, request: Request | None = None) -> list[FundingShare]:
        return [share for share in self.shares(request) if not share.is_dead]

    def accept(self, share: FundingShare, *, bp: int | None = None) -> FundingShare:
        with self.world.database.unit_of_work() as tx:
            decision = OwnDecision(f"D-{share.id}", share.invited_at)
            return answers.accept(tx, share.funder_id, share.id, decision, share_bp=bp)

    def decline(self, share: FundingShare) -> FundingShare:
        with self.world.database.unit_of_work() as tx:
            return answers.decline(tx, share.funder_id, share.id, DeclineReason.CREDIT)

    def agreed(self, order_no: str = "A-1") -> str:
        """An order whose lenders have all agreed; its id."""
        order_id = self.applied(order_no)
        for share in self.living():
            self.accept(share)
        self.world.work()
        return order_id

    def pay(self, share: FundingShare, amount_fen: int | None = None, *, account: str = "") -> str:
        """The funder sends its money; the bank's number of it."""
        number = self.ids.index(share.funder_id) + 1
        return self.world.bank.send(
            account or account_of(number),
            share.amount_fen if amount_fen is None else amount_fen,
            f"JOINT {share.id}",
            self.world.clock.now(),
        )

    def look(self) -> None:
        """Takes in what came, and what follows from it."""
        money_in.look(self.world.context)
        self.world.work()

    def transfer(self, reference: str) -> Any:
        with self.world.database.unit_of_work() as tx:
            return money_store.transfer(tx, reference)

    def news(self) -> list[str]:
        rows = self.world.rows("SELECT kind FROM funding_news ORDER BY seq")
        return [row["kind"] for row in rows]

    def require_whole(self) -> None:
        """Every request that was found is 100 %, each lender 30 % at least (P16, T23)."""
        with self.world.database.unit_of_work() as tx:
            for request in store.requests(tx, state=None, limit=1000):
                if request.state in (
                    RequestState.FOUND,
                    RequestState.CALLED,
                    RequestState.FUNDED,
                    RequestState.PAID,
                ):
                    living = [s for s in store.shares(tx, request.id) if not s.is_dead]
                    weights = [request.own_bp, *(s.share_bp for s in living)]
                    assert sum(weights) == 10_000, weights
                    assert min(weights) >= 3000, weights

    def held_fen(self) -> int:
        return self.world.count(
            "SELECT coalesce(sum(amount_fen), 0) FROM ledger_hold h"
            " JOIN ledger_account a ON a.id = h.debit_account"
            " WHERE h.state = 'held' AND a.code IN (:total, :day)",
            total=Code.FUNDER_QUOTA.value,
            day=Code.FUNDER_QUOTA_DAY.value,
        )
