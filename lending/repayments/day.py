"""What the end of day prepares for the next date, and who carries it out."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta

from lending.foundation.context import Context
from lending.foundation.database import Tx
from lending.foundation.spans import Span
from lending.repayments import day_store, service

DEBIT_DAYS_LATE = (0, 1, 2, 3, 5, 7, 14, 21, 30)
"""On the due date, and on these days after it, what is due is collected from the card."""
BILL_DAYS_AHEAD = 5
AT_ONCE, SET = 800, 200
"""How many debits are sent in one go, and how many of them one after the other by one hand."""
HANDS = AT_ONCE // SET


def debit(tx: Tx, span: Span, following: date) -> int:
    """Puts the intent on record to collect what is due on a date; how many.

    Nothing is made for a loan with a debit in flight (T20). The intents are sent by `send_debits`.
    """
    return day_store.insert_debits(tx, span, following, list(DEBIT_DAYS_LATE))


def bill(tx: Tx, span: Span, following: date) -> int:
    """Makes the bill of each instalment that falls due within days; how many."""
    until = following + timedelta(days=BILL_DAYS_AHEAD)
    return day_store.insert_bills(tx, span, following, until)


def send_debits(context: Context) -> bool:
    """Sends automatic debits that wait, in sets; whether there may be more. Safe to be killed.

    Raises ExceptionGroup with what is in the way of single ones; all others are done.
    """
    with context.database.unit_of_work() as tx:
        waiting = day_store.unsent(tx, AT_ONCE)
    with ThreadPoolExecutor(HANDS) as hands:
        sets = [waiting[first : first + SET] for first in range(0, len(waiting), SET)]
        list(hands.map(lambda each: service.send_many(context, each), sets))
    return len(waiting) == AT_ONCE
