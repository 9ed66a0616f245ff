"""Funders of loans: partners with an account of their own."""

from decimal import Decimal

from lending.channels import service as channels
from lending.channels.model import NewAccount, NewPartner, PartnerKind
from lending.engine.events import Event
from lending.foundation.audit import SYSTEM
from lending.ledger import service as ledger
from lending.ledger.chart import Code
from lending.ledger.model import Account, funder_book
from lending.loans import life
from lending.loans.terms import Share
from tests.batch.portfolio import Lent, lend
from tests.loans.world import World


def funder(world: World, name: str = "甲银行", account: str = "6230580000000077001") -> str:
    """A bank that funds with us; its id."""
    with world.database.unit_of_work() as tx:
        partner_id = channels.register(
            tx, NewPartner(f"app_{account}", "test", PartnerKind.FUNDER, name, ()), SYSTEM
        )
        channels.add_account(
            tx, world.keys, partner_id, NewAccount(name, "测试银行", account, 1), SYSTEM
        )
    return partner_id


def shared_with(*funders: str, fee: str = "0", prefunded: bool = False) -> tuple[Share, ...]:
    """Ours and equal parts of others."""
    weight = 6_000 // len(funders)
    others = (
        Share(each, weight, service_fee_rate=Decimal(fee), prefunded=prefunded) for each in funders
    )
    return (Share("own", 4_000), *others)


def lent(world: World, shares: tuple[Share, ...], principal_fen: int = 600_000) -> str:
    """A joint loan that is paid out today; its id."""
    with world.database.unit_of_work() as tx:
        return lend(tx, world, Lent(principal_fen=principal_fen, shares=shares))


def happen(world: World, loan_id: str, event: Event, source_id: str) -> None:
    with world.database.unit_of_work() as tx:
        life.record(tx, life.locked(tx, loan_id), event, source_id=source_id, kind="loan.repaid")


def in_its_book(world: World, funder_id: str, code: Code, owner: str = "") -> int:
    with world.database.unit_of_work() as tx:
        return ledger.balance(tx, Account(code, owner, funder_book(funder_id)))
