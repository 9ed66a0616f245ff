import re
from datetime import timedelta

import pytest

from lending.customers import codes
from lending.customers.errors import CodeSentTooOften
from lending.foundation.clock import FixedClock
from lending.foundation.crypto import FieldKeys
from lending.foundation.database import Database

MOBILE = "13800000001"


class Inbox:
    """Keeps the newest message."""

    text = ""

    def send(self, *, mobile: str, text: str) -> None:
        self.text = text


class TestASecondCodeWithinAMinute:
    def test_is_sent_only_when_the_first_was_used(self, database: Database, field_keys: FieldKeys):
        inbox = Inbox()

        def send(subject: str) -> None:
            codes.send_code(
                database, inbox, field_keys, mobile=MOBILE, purpose="sign", subject=subject
            )

        send("agreement")
        with pytest.raises(CodeSentTooOften):
            send("payment")
        digits = re.search(r"\d{6}", inbox.text)
        assert digits is not None
        with database.unit_of_work() as tx:
            wrong = codes.check_code(
                tx, field_keys, mobile=MOBILE, purpose="sign", subject="agreement", code=digits[0]
            )
        assert wrong is None
        send("payment")


class TestCodesToOneMobile:
    """A customer who signs in and confirms payments, and somebody who only has codes sent."""

    def send(self, database: Database, keys: FieldKeys, number: int) -> str:
        inbox = Inbox()
        codes.send_code(
            database, inbox, keys, mobile=MOBILE, purpose="sign", subject=f"payment-{number}"
        )
        digits = re.search(r"\d{6}", inbox.text)
        assert digits is not None
        return digits[0]

    def test_that_are_used_let_many_payments_be_confirmed_up_to_twenty(
        self, database: Database, field_keys: FieldKeys
    ):
        for number in range(codes.WINDOW_MAX):
            code = self.send(database, field_keys, number)
            with database.unit_of_work() as tx:
                wrong = codes.check_code(
                    tx,
                    field_keys,
                    mobile=MOBILE,
                    purpose="sign",
                    subject=f"payment-{number}",
                    code=code,
                )
            assert wrong is None
        with pytest.raises(CodeSentTooOften):
            self.send(database, field_keys, codes.WINDOW_MAX)

    def test_that_nobody_uses_are_five_at_most_within_ten_minutes(
        self, database: Database, field_keys: FieldKeys, clock: FixedClock
    ):
        for number in range(codes.UNUSED_MAX):
            self.send(database, field_keys, number)
            clock.advance(codes.PAUSE)
        with pytest.raises(CodeSentTooOften):
            self.send(database, field_keys, codes.UNUSED_MAX)
        clock.advance(codes.WINDOW - codes.UNUSED_MAX * codes.PAUSE + timedelta(seconds=1))
        self.send(database, field_keys, codes.UNUSED_MAX)
