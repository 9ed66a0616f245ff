import re

import pytest

from lending.customers import codes
from lending.customers.errors import CodeSentTooOften
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
