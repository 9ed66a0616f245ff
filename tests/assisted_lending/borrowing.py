"""Somebody who was sent and has a loan that runs: days pass, money comes."""

from datetime import timedelta

from lending.foundation import business_day
from lending.foundation.audit import SYSTEM
from lending.foundation.clock import shanghai_date
from lending.loans import day, day_store, lateness
from lending.repayments import service as repayments
from lending.repayments.model import What
from lending.repayments.transfers import Transfer, enter
from tests.assisted_lending.sending import Sending

STEPS = (day.fall_due, day.accrue, lateness.warn)


class Borrower:
    """Somebody who was sent, with a loan that runs."""

    def __init__(self, sending: Sending, lead_id: str) -> None:
        self.sending, self.lead_id = sending, lead_id
        self.loan_id = str(sending.view(lead_id)["loan_id"])

    def days(self, count: int) -> None:
        """So many days pass at once, and the end of day takes the loans there."""
        world = self.sending.world
        world.clock.advance(timedelta(days=count))
        with world.database.unit_of_work() as tx:
            today = shanghai_date(tx.now)
            tx.run("UPDATE business_day SET business_date = :day", day=today)
            for span in day_store.spans(tx, 1_000):
                for step in STEPS:
                    step(tx, span, today)

    def pay(self, what: What) -> str:
        with self.sending.world.database.unit_of_work() as tx:
            today = business_day.today(tx)
            owed = repayments.quote(tx, self.loan_id, what).amount_fen
            reference = f"{self.loan_id}-{today}-{what.value}"
            transfer = Transfer(owed, today, reference, what)
            return enter(tx, self.loan_id, transfer, SYSTEM).id

    def told(self) -> list[str]:
        """The events since the payout."""
        events = self.sending.events(self.lead_id)
        return events[events.index("paid") + 1 :]
