"""A year of loans that a platform brought, a guarantor stands behind and two funders share.

Three books agree to the fen: ours, each funder's own as its example service keeps it, the bank's.
"""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from cf_partner_sdk.integrations import WebhookReceiver

from examples.funder.app import booking
from examples.funder.book import Book
from examples.funder.check import differences
from lending.claims import service as claims
from lending.claims.model import ClaimState
from lending.finance import reconciliation
from lending.foundation.audit import SYSTEM
from lending.ledger import guarantors, proof
from lending.ledger import service as ledger
from lending.ledger.chart import Code
from lending.ledger.model import Account, funder_book, guarantor_book
from lending.loans import service as loans
from lending.loans.model import LoanState
from lending.repayments import changes
from lending.repayments import credits as credit_balances
from lending.repayments.model import What
from scenarios.mall_installment import servicing
from scenarios.mall_installment.servicing import RefundGoods
from tests.gateway.world import World as Front
from tests.joint_lending.year import ORDER_FEN, Service, Year

YEAR = 370
"""Days, so that the twelfth instalment is paid and cleared."""
POOL_FEN = 650_000
"""What the guarantor's deposit can pay: two claims of three."""


@pytest.fixture
def year(world: Front, tmp_path: Path) -> Iterator[Year]:
    with Year(world, tmp_path).open() as opened:
        yield opened


def test_with_prepayments_refunds_defaults_claims_and_recoveries_three_books_agree(year: Year):
    year.top_up(POOL_FEN)
    lent = {name: year.lend() for name in ("prepaid", "uneven")}
    bad = [year.lend("insufficient") for _ in range(3)]
    order_id, sold = year.sell()
    require_agreement(year)

    year.until(40)
    bounced = year.enter(lent["uneven"], What.NEXT)
    refund_goods(year, order_id, ORDER_FEN // 3)
    year.until(45)
    year.take_back(bounced)
    overpay_and_refund(year, lent["uneven"])
    year.until(60)
    down = year.services[1]
    down.is_down = True
    year.until(61)  # the second instalments are paid meanwhile
    down.is_down = False
    year.until(66)
    require_agreement(year)

    claimed = {each.loan_id: each.state for each in claims_of(year)}
    assert sorted(claimed.values()) == [ClaimState.FILED, ClaimState.PAID, ClaimState.PAID]
    recovered, lost = (each for each in bad if claimed[each] is ClaimState.PAID)
    (given_up,) = (each for each in bad if claimed[each] is ClaimState.FILED)
    year.pay(lent["prepaid"], What.PAYOFF)
    year.until(130)
    with year.world.database.unit_of_work() as tx:
        changes.write_off(tx, given_up)
    year.until(200)
    year.enter(recovered, What.PAYOFF)
    year.enter(given_up, What.DUE, 50_000)
    year.until(YEAR)

    states = {loan_id: state_of(year, loan_id) for loan_id in (*lent.values(), *bad, sold)}
    over = (*lent.values(), sold, recovered)
    assert {states[loan_id] for loan_id in over} == {LoanState.SETTLED}
    assert states[given_up] is LoanState.WRITTEN_OFF
    assert states[lost] is LoanState.ACTIVE
    require_agreement(year)
    require_any_order(year, down)


def overpay_and_refund(year: Year, loan_id: str) -> None:
    """The borrower sends too much, and gets the rest back on the card."""
    year.enter(loan_id, What.DUE, 40_000)
    with year.world.database.unit_of_work() as tx:
        customer_id = loans.loan(tx, loan_id).customer_id
        left_fen = credit_balances.credit(tx, customer_id).available_fen
        assert left_fen > 0
        credit_balances.refund(tx, loan_id, left_fen, SYSTEM)
    year.turn()


def refund_goods(year: Year, order_id: str, amount_fen: int) -> None:
    with year.world.database.unit_of_work() as tx:
        refund = RefundGoods("R-1", order_id, amount_fen)
        servicing.refund(tx, year.front.shop.id, refund)
    year.turn()


def require_any_order(year: Year, service: Service) -> None:
    """All that was posted once more, each twice and the newest first, makes the same book."""
    book = Book(year.folder / "again.sqlite")
    receiver = WebhookReceiver(year.verifier(service.url), booking(book), seen=book.seen)
    for headers, body in (each for each in reversed(service.posted) for _ in range(2)):
        at = int(headers["Webhook-Timestamp"])
        assert receiver.receive(headers, body, now=at).status in {200, 204}
    for told in ("owed_fen", "got_fen"):
        assert getattr(book, told)() == getattr(service.book, told)()
    assert [*map(dict, book.positions())] == [*map(dict, service.book.positions())]


def claims_of(year: Year) -> list[object]:
    with year.world.database.unit_of_work() as tx:
        return claims.page(tx, year.guarantor_id, state=None, before=None, limit=10)[0]


def state_of(year: Year, loan_id: str) -> LoanState:
    with year.world.database.unit_of_work() as tx:
        return loans.loan(tx, loan_id).state


def require_agreement(year: Year) -> None:
    """Nothing may be under way."""
    year.days(1)
    for service in year.services:
        day = year.today() - timedelta(days=1)
        found = differences(service.client, service.book, service.bank, service.config, day)
        assert found == []
    require_ours(year)


def require_ours(year: Year) -> None:
    """Our books agree with themselves, with each partner's legal book, and with the bank."""
    world = year.world
    with world.database.unit_of_work() as tx:
        found = reconciliation.three_way(tx, year.bank_rows())
        assert found.agree, found.items
        assert reconciliation.sub_ledger_check(tx) == []
        proof.seal(tx)
        assert proof.verify(tx) == []
        totals = year.front.outside.plugged.channel.book()
        assert totals["off_fen"] == 0
        at_the_bank = totals["our_balance_fen"] - totals["our_opening_fen"] + year.entered_fen
        assert ledger.balance(tx, Account(Code.BANK_SETTLEMENT)) == at_the_bank
        for funder_id, service in zip(year.town.lenders.ids, year.services, strict=True):
            book = funder_book(funder_id)
            rows = {row.code: row.balance_fen for row in ledger.trial_balance(tx, book=book)}
            assert sum(rows.values()) == 0
            assert rows.get(Code.LEAD_RECEIVABLE.value, 0) == service.book.owed_fen()
            moved_fen = service.book.got_fen() - service.book.sent_fen()
            assert rows[Code.BANK_SETTLEMENT.value] == moved_fen
            open_fen = {p["loan_id"]: p["principal_open_fen"] for p in service.book.positions()}
            kept = [
                each for each in open_fen if loans.loan(tx, each).state is not LoanState.WRITTEN_OFF
            ]
            assert rows.get(Code.LOAN_PRINCIPAL.value, 0) == sum(open_fen[each] for each in kept)
        book = guarantor_book(year.guarantor_id)
        theirs = {row.code: row.balance_fen for row in ledger.trial_balance(tx, book=book)}
        assert sum(theirs.values()) == 0
        for ours, mirror in (
            (guarantors.claimed, Code.CLAIM_PAYABLE),
            (guarantors.payable, Code.LENDER_RECEIVABLE),
            (guarantors.pool, Code.POOL_DEPOSIT),
        ):
            assert theirs.get(mirror.value, 0) == -ledger.balance(tx, ours(year.guarantor_id))
