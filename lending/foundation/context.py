"""What a running process hands to use cases and jobs: made once, at a composition root."""

from dataclasses import dataclass

from lending.foundation.crypto import FieldKeys
from lending.foundation.database import Database
from lending.foundation.files import FileStore
from lending.foundation.ports import CreditBureau, IdentityCheck, PaymentChannel, Sms
from lending.foundation.settings import Settings


@dataclass(frozen=True, slots=True)
class Context:
    """The database, the keys, the files, and whoever is plugged in as the outside world."""

    database: Database
    keys: FieldKeys
    files: FileStore
    settings: Settings
    channel: PaymentChannel
    bureaus: tuple[CreditBureau, ...]
    identity: IdentityCheck
    sms: Sms
