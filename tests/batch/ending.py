"""A process that ends days, to be killed: `python -m tests.batch.ending URL FOLDER UNTIL`."""

import sys
from datetime import datetime
from pathlib import Path

from lending.batch import end_of_day
from lending.foundation import crypto
from lending.foundation.clock import FixedClock
from lending.foundation.context import Context
from lending.foundation.database import Database
from lending.foundation.files import FileStore
from lending.foundation.settings import Settings
from tests.loans.world import Bank, Seams

PART_SIZE = 7


def context(url: str, folder: Path, now: datetime) -> Context:
    return Context(
        database=Database(url, clock=FixedClock(now)),
        keys=crypto.load_or_make(folder / "keys.json"),
        files=FileStore(folder),
        settings=Settings(),
        channel=Bank(Seams()),
        bureaus=(),
        identity=None,
        sms=None,
    )


if __name__ == "__main__":
    end_of_day.PART_SIZE = PART_SIZE
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    end_of_day.catch_up(
        context(sys.argv[1], Path(sys.argv[2]), datetime.fromisoformat(sys.argv[3])), workers=2
    )
