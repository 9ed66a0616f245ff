"""Whether the books agree: the bank's, our rows, our ledger, and the ledger's own details."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta

from lending.finance import clearing_store, rules, store
from lending.finance.model import (
    CheckKind,
    ClaimPosition,
    Difference,
    Differences,
    Span,
    SubLedgerDifference,
)
from lending.foundation.clock import SHANGHAI, shanghai_date
from lending.foundation.database import Database, Tx
from lending.foundation.ports import ChannelTransaction, PaymentChannel
from lending.ledger import claims
from lending.ledger import service as ledger
from lending.ledger.chart import Code


def bank_file(
    database: Database, channel: PaymentChannel, *, on: date | None = None
) -> list[ChannelTransaction]:
    """The bank's file of a day, or of all days since our first order as one.

    Raises OutsideFault where a file cannot be had or is not whole.
    """
    if on is not None:
        return channel.daily_file(on)
    with database.unit_of_work() as tx:
        first = store.first_order_at(tx)
        today = shanghai_date(tx.now)
    return [
        line
        for day in (_days(shanghai_date(first), today) if first else ())
        for line in channel.daily_file(day)
    ]


def three_way(
    tx: Tx, bank_file: Sequence[ChannelTransaction], *, on: date | None = None
) -> Differences:
    """Compares the bank's file, our payouts and repayments, and our ledger, to the fen (X3).

    Without `on` the file must be the bank's whole book. With it, the file is that calendar day's
    in Shanghai: then our orders that ended that day must be in it, and whatever is in it must be
    ours. An order that the bank booked on the other side of midnight shows until both days are
    looked at together.
    """
    span = _day(on) if on else None
    numbers = [line.channel_order_no for line in bank_file]
    return rules.compare(bank_file, store.orders(tx, span, numbers), store.lone_entries(tx, span))


def of_numbers(
    tx: Tx, lines: Mapping[str, ChannelTransaction], numbers: Collection[str]
) -> tuple[Difference, ...]:
    """Compares the orders of some numbers with the bank's lines of them, whatever their dates."""
    nothing_else = Span(tx.now, tx.now)
    orders = store.orders(tx, nothing_else, list(numbers))
    return rules.compare(list(lines.values()), orders, []).items


def sub_ledger_check(tx: Tx) -> list[SubLedgerDifference]:
    """Whether the ledger's details are what the loans say, by loan and by customer (L11, L12, P12).

    Principal of a loan is what its current plan leaves open; exposure of a customer is that of all
    loans on no line and what lines take, and what is held on it the loans that are signed and not
    paid out; the same for each line and its scenes. What is kept back of a merchant is by loan what
    its parts say; suspense is empty.
    Interest receivable and subsidies not earned are, by product, what open loans add up to; what is
    written off is by loan what it still owes; what funders are owed is what is not cleared.
    """
    principal, exposure, suspense, interest, subsidy, written_off, retained, payable = (
        {item.owner: item.balance_fen for item in ledger.sub_ledger(tx, code)}
        for code in (
            Code.LOAN_PRINCIPAL,
            Code.EXPOSURE,
            Code.SUSPENSE,
            Code.INTEREST_RECEIVABLE,
            Code.DEFERRED_SUBSIDY,
            Code.WRITTEN_OFF,
            Code.MERCHANT_RETAINED,
            Code.FUNDER_PAYABLE,
        )
    )
    owed = {funder: -fen for funder, fen in clearing_store.owed(tx).items()}
    held = store.held_by_owner(tx, Code.EXPOSURE)
    drawn, drawn_held = _of_lines(tx)
    return [
        *rules.unlike(CheckKind.LOAN_PRINCIPAL, principal, store.open_principal_by_loan(tx)),
        *rules.unlike(CheckKind.EXPOSURE, exposure, store.open_principal_by_customer(tx)),
        *rules.unlike(CheckKind.EXPOSURE_HELD, held, store.awaiting_payout_by_customer(tx)),
        *rules.unlike(CheckKind.MERCHANT_RETAINED, retained, store.not_released_by_loan(tx)),
        *rules.unlike(CheckKind.FUNDER_PAYABLE, payable, owed),
        *rules.unlike(CheckKind.CREDIT_LINE, drawn, store.open_principal_by_line(tx)),
        *rules.unlike(CheckKind.CREDIT_LINE_HELD, drawn_held, store.awaiting_payout_by_line(tx)),
        *rules.unlike(CheckKind.SUSPENSE, suspense, {}),
        *rules.unlike(
            CheckKind.INTEREST_RECEIVABLE, interest, store.interest_receivable_by_product(tx)
        ),
        *rules.unlike(CheckKind.DEFERRED_SUBSIDY, subsidy, store.subsidy_not_earned_by_product(tx)),
        *rules.unlike(CheckKind.WRITTEN_OFF, written_off, store.written_off_by_loan(tx)),
    ]


def _of_lines(tx: Tx) -> tuple[dict[str, int], dict[str, int]]:
    """What stands and what is held on the accounts of lines and of their scenes."""
    codes = (Code.CREDIT_LINE, Code.CREDIT_LINE_SCENE)
    posted = {row.owner: row.balance_fen for code in codes for row in ledger.sub_ledger(tx, code)}
    held = {k: v for code in codes for k, v in store.held_by_owner(tx, code).items()}
    return posted, held


def merchant_claims(tx: Tx, partner_id: str) -> ClaimPosition:
    """What a merchant owes us for returned goods, and what is being taken back of it (MALL-5)."""
    return store.claim_position(tx, partner_id, claims.open_claim_fen(tx, partner_id))


def _day(on: date) -> Span:
    start = datetime.combine(on, time(), SHANGHAI).astimezone(UTC)
    return Span(start, start + timedelta(days=1))


def _days(first: date, last: date) -> Iterator[date]:
    for number in range((last - first).days + 1):
        yield first + timedelta(days=number)
