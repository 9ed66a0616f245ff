"""Leads per second through signed HTTP to a stored decision (ASSIST-2, ASSIST-3).

A platform sends a person and hands the application in, as if the law allowed that without a page of
ours (`redirect.required` is switched off here): so the whole way is two signed writes with sealed
fields, the identity service, the bank's check of the card, two bureaus, and the decision. Callers,
institutions and all parts of the system share the machine.
"""

import os
import threading
import time
from datetime import UTC, datetime
from itertools import count

from cf_partner_sdk import Client, LeadConsent

from benchmarks.system import Running, cpu_s, running
from gateway import rate_limits
from gateway.rate_model import Limit, RateGroup
from lending.channels import service as channels
from lending.foundation.audit import SYSTEM
from lending.foundation.database import Database
from processes.seed import DEMO_PLATFORM
from simulators.magic import somebody

LEADS = int(os.environ.get("CF_BENCH_LEADS", "400"))
THREADS = 8
SUITED = {
    "purpose_confirmed": True,
    "risk_understood": True,
    "income_monthly_fen": 1_200_000,
    "instalments_elsewhere_fen": 0,
    "student": False,
    "second_source": False,
}
TEXTS = [
    {"scope": scope, "text_version": "2026-11", "text_sha256": "ab" * 32}
    for scope in ("personal_info", "bureau_query", "sharing")
]


def prepare(database: Database) -> None:
    """Sets the limits, and the switch as it was before 2026-09-30."""
    with database.unit_of_work() as tx:
        partner = channels.partner_by_app_id(tx, DEMO_PLATFORM.app_id)
        rate_limits.agree(tx, partner.id, RateGroup.WRITES, Limit(10**6, 10**6, 60), SYSTEM)
        tx.run("UPDATE platform SET leads_per_day = 1000000")
        tx.run("UPDATE regulation_parameter SET value = 'off' WHERE code = 'redirect.required'")


def send(cf: Client, number: int) -> None:
    """Sends one person, and hands the application in."""
    who = somebody()
    lead = cf.leads.submit(
        lead_no=f"B-{number}",
        amount_fen=1_000_000,
        purpose="travel",
        name=who.name,
        identity_no=who.identity_no,
        mobile=who.mobile,
        consents=[LeadConsent("identity", "1", "ab" * 32, "app", datetime.now(UTC))],
        return_url="https://platform.example/back",
    )
    cf.leads.hand_in(lead.id, card_no=who.card_no, suitability=SUITED, consents=TEXTS)


def sent_per_second(system: Running) -> float:
    """Leads a second from all threads."""
    numbers, lock = count(), threading.Lock()

    def sender() -> None:
        with system.client() as cf:
            while True:
                with lock:
                    number = next(numbers)
                if number >= LEADS:
                    return
                send(cf, number)

    begun = time.perf_counter()
    threads = [threading.Thread(target=sender) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return LEADS / (time.perf_counter() - begun)


def main() -> None:
    """Prints the figures."""
    with running(app=DEMO_PLATFORM.app_id.removeprefix("app_")) as system:
        database = Database(system.database_url)
        prepare(database)
        before, begun = cpu_s(system), time.perf_counter()
        taken = sent_per_second(system)
        decided = 0
        while decided < LEADS:
            time.sleep(0.05)
            with database.unit_of_work() as tx:
                decided = int(tx.scalar("SELECT count(*) FROM decision"))
        seconds = time.perf_counter() - begun
        used = cpu_s(system)
        database.close()
    spent = {name: used[name] - before.get(name, 0.0) for name in used}
    print(f"taken and handed in    {taken:8.1f}/s")
    print(f"to a stored decision   {LEADS / seconds:8.1f}/s   {LEADS} leads, {THREADS} callers")
    shown = ", ".join(f"{name} {s / LEADS * 1000:.0f} ms" for name, s in sorted(spent.items()))
    print(f"CPU for each           {shown}")


if __name__ == "__main__":
    main()
