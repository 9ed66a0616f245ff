"""Pre-checks per second in batches of 1,000 against 10,000,000 stored customers (ASSIST-1, T07).

A platform asks through the SDK over signed HTTP, from as many threads as the machine has cores; it
hashes on the same machine. Of the customers a part may not be sent. Besides: how long the list of
those and a new key take, and by how much the time of a question differs between those who may be
sent and those who may not.
"""

import os
import secrets
import statistics
import threading
import time
from itertools import count
from typing import Any

from cf_partner_sdk import Client, PrecheckKey

from benchmarks.system import running
from gateway import rate_limits
from gateway.rate_model import Limit, RateGroup
from lending.channels import service as channels
from lending.customers.store import blacklist_cell
from lending.foundation import crypto
from lending.foundation.audit import SYSTEM
from lending.foundation.context import Context
from lending.foundation.database import Database
from processes import installation
from processes.seed import DEMO_PLATFORM
from scenarios.assisted_lending import precheck

CUSTOMERS = int(os.environ.get("CF_BENCH_CUSTOMERS", "10_000_000"))
BARRED = CUSTOMERS // 50
BATCH, SECONDS, THREADS = 1_000, 15.0, 2
PROBES = 2_000
_FILL = """
INSERT INTO customer (id, name_sealed, identity_no_sealed, identity_no_index, mobile_sealed,
    mobile_index, birth_date, created_at)
SELECT 'cus_' || lpad(n::text, 26, '0'), decode(repeat('00', 45), 'hex'),
    decode(repeat('00', 58), 'hex'), sha256(convert_to('i' || n, 'UTF8')),
    decode(repeat('00', 51), 'hex'), sha256(convert_to('m' || n, 'UTF8')), '1990-01-01', now()
FROM generate_series(CAST(:first AS bigint), CAST(:last AS bigint)) n
"""


def mobile_of(number: int) -> str:
    """The mobile of one of those who may not be sent."""
    return f"139{number:08d}"


def fill(database: Database, keys: crypto.FieldKeys) -> None:
    """Stores the customers, and those who may not be sent."""
    with database.unit_of_work() as tx:
        tx.touched("ALTER TABLE customer DROP CONSTRAINT customer_identity_no_index_key")
        tx.touched("DROP INDEX customer_mobile_index_idx")
    for first in range(1, CUSTOMERS + 1, 500_000):
        with database.unit_of_work() as tx:
            tx.touched(_FILL, first=first, last=min(first + 499_999, CUSTOMERS))
    with database.unit_of_work() as tx:
        tx.touched("ALTER TABLE customer ADD UNIQUE (identity_no_index)")
        tx.touched("CREATE INDEX ON customer (mobile_index)")
        now = tx.now
        copy = tx.driver.cursor().copy(
            "COPY blacklist_entry (kind, value_index, value_sealed, reason, source, added_at)"
            " FROM STDIN"
        )
        with copy as rows:
            for number in range(BARRED):
                index = keys.index(mobile_of(number), of="mobile")
                sealed = keys.seal(mobile_of(number), at=blacklist_cell("mobile", index))
                rows.write_row(("mobile", index, sealed, "benchmark", "benchmark", now))
    with database.unit_of_work() as tx:
        tx.touched("ANALYZE customer")
        tx.touched("ANALYZE blacklist_entry")


def agree(database: Database) -> None:
    """Sets the limits: counted as ever, and enough."""
    with database.unit_of_work() as tx:
        partner = channels.partner_by_app_id(tx, DEMO_PLATFORM.app_id)
        rate_limits.agree(tx, partner.id, RateGroup.READS, Limit(10**6, 10**6, 60), SYSTEM)
        tx.run("UPDATE platform SET prechecks_per_day = 2000000000")


def person(number: int) -> dict[str, str]:
    """Every fiftieth may not be sent."""
    mobile = (
        mobile_of(number % BARRED) if number % 50 == 0 else f"138{secrets.randbelow(10**8):08d}"
    )
    return {"identity_no": f"11010119900307{number % 10_000:04d}", "mobile": mobile}


def batches_per_second(cf: Client, key: PrecheckKey) -> tuple[float, float]:
    """Batches a second from all threads, and the median of one in milliseconds."""
    took: list[float] = []
    numbers, until = count(), time.perf_counter() + SECONDS

    def ask() -> None:
        while time.perf_counter() < until:
            people = [person(next(numbers)) for _ in range(BATCH)]
            begun = time.perf_counter()
            answers = cf.leads.precheck_batch(people, key=key)
            took.append(time.perf_counter() - begun)
            assert answers.count(False) == sum(p["mobile"].startswith("139") for p in people)

    begun = time.perf_counter()
    threads = [threading.Thread(target=ask) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return len(took) / (time.perf_counter() - begun), statistics.median(took) * 1000


def difference(cf: Client, key: PrecheckKey) -> tuple[float, float, float]:
    """Means of one question, in milliseconds, for who may and who may not be sent, in turns."""
    took: dict[bool, list[float]] = {True: [], False: []}
    for number in range(PROBES):
        may = number % 2 == 0
        mobile = f"138{number:08d}" if may else mobile_of(number % BARRED)
        begun = time.perf_counter()
        assert cf.leads.precheck(key=key, mobile=mobile) is may
        took[may].append((time.perf_counter() - begun) * 1000)
    yes, no = (statistics.mean(sorted(took[each])[: PROBES * 45 // 100]) for each in (True, False))
    return yes, no, abs(yes - no) / yes


def timed(act: Any, *given: Any) -> tuple[Any, float]:
    """What it gives, and how many seconds it took."""
    begun = time.perf_counter()
    return act(*given), time.perf_counter() - begun


def ready_key(cf: Client, context: Context) -> PrecheckKey:
    """A new key, once it is ready."""
    key = cf.platform.new_precheck_key()
    with context.database.unit_of_work() as tx:
        number = tx.scalar("SELECT number FROM precheck_key WHERE id = :id", id=key.key)
    precheck.index_key(context, int(number))
    return key


def main() -> None:
    """Prints the figures."""
    with running(app=DEMO_PLATFORM.app_id.removeprefix("app_")) as system:
        context = installation.context(system.settings, pool_size=2)
        agree(context.database)
        _, filled_s = timed(fill, context.database, context.keys)
        print(
            f"stored                 {CUSTOMERS:,} customers, {BARRED:,} barred, {filled_s:.0f} s"
        )
        _, list_s = timed(precheck.refresh, context)
        print(f"the list, first time   {list_s:8.1f} s")
        _, again_s = timed(precheck.refresh, context)
        print(f"the list, again        {again_s:8.1f} s")
        with system.client() as cf:
            key, key_s = timed(ready_key, cf, context)
            print(f"a new key              {key_s:8.1f} s")
            rate, median_ms = batches_per_second(cf, key)
            print(f"batches of {BATCH:,}       {rate:8.1f}/s = {rate * BATCH:,.0f} people/s,"
                  f" median {median_ms:.1f} ms")  # fmt: skip
            yes, no, apart = difference(cf, key)
            print(f"one question           {yes:8.2f} ms if yes, {no:.2f} ms if no,"
                  f" {apart:.1%} apart")  # fmt: skip
        context.database.close()


if __name__ == "__main__":
    main()
