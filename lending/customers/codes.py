"""One-time codes by SMS: proof that somebody holds a mobile at this moment."""

import hmac
from datetime import timedelta
from hashlib import sha256

from lending.customers import rules, store
from lending.customers.errors import CodeSentTooOften
from lending.customers.model import CodeProblem
from lending.foundation import ids
from lending.foundation.crypto import FieldKeys
from lending.foundation.database import Database, Tx
from lending.foundation.ports import Sms

LIFETIME = timedelta(minutes=5)
PAUSE = timedelta(seconds=60)
"""At least this long after a code to one mobile for the same purpose, unless that was used."""
WINDOW, UNUSED_MAX, WINDOW_MAX = timedelta(minutes=10), 5, 20
"""Within the window a mobile gets at most so many codes that nobody used, and so many in all.

A code that was used proves that its owner wanted it: who signs in and then confirms several
payments is not kept waiting by codes long done with, and who does not hold the mobile cannot have
it flooded.
"""
ATTEMPTS_MAX = 5


def send_code(
    database: Database, sms: Sms, keys: FieldKeys, *, mobile: str, purpose: str, subject: str
) -> None:
    """Sends six digits that are good for five minutes, for one purpose and subject.

    The row commits before the message is sent: a code that arrives can be used.

    Raises MobileInvalid, CodeSentTooOften, OutsideFault.
    """
    phone = rules.mobile(mobile)
    index = keys.index(phone, of="mobile")
    code = ids.digits(6)
    with database.unit_of_work() as tx:
        store.lock_mobile(tx, index)
        sent = store.codes_sent(tx, index, tx.now - WINDOW)
        too_soon = any(
            of == purpose and not is_used and tx.now - at < PAUSE for at, of, is_used in sent
        )
        unused = sum(not is_used for _, _, is_used in sent)
        if too_soon or unused >= UNUSED_MAX or len(sent) >= WINDOW_MAX:
            raise CodeSentTooOften
        store.insert_code(
            tx,
            mobile_index=index,
            purpose=purpose,
            subject=subject,
            code_hmac=_digest(keys, code, purpose, subject),
            expires_at=tx.now + LIFETIME,
        )
    sms.send(mobile=phone, text=f"【安心消费金融】验证码 {code},5 分钟内有效,请勿告诉他人。")


def check_code(
    tx: Tx, keys: FieldKeys, *, mobile: str, purpose: str, subject: str, code: str
) -> CodeProblem | None:
    """None when the code is right, which uses it up; else why it does not count.

    It answers instead of raising, so that the wrong try is counted in the caller's unit of work.
    """
    found = store.newest_code(tx, keys.index(rules.mobile(mobile), of="mobile"), purpose, subject)
    if found is None or found.expires_at <= tx.now:
        return CodeProblem.EXPIRED
    if found.attempts >= ATTEMPTS_MAX:
        return CodeProblem.LOCKED
    if not hmac.compare_digest(found.code_hmac, _digest(keys, code.strip(), purpose, subject)):
        store.count_attempt(tx, found.id)
        return CodeProblem.WRONG
    store.use_code(tx, found.id)
    return None


def _digest(keys: FieldKeys, code: str, purpose: str, subject: str) -> bytes:
    return hmac.digest(keys.index_key, f"sms_code|{purpose}|{subject}|{code}".encode(), sha256)
