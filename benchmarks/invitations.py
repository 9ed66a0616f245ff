"""Invitations per second through signed HTTP: a funder reads what it decides on, and accepts.

Before that, how many searches for lenders a second are begun: routed, quota held, funder told.
Each invitation is two signed calls (the share with the borrower's data sealed to the funder, the
answer), from as many threads as the machine has cores, which open the packets on the same machine.
"""

import threading
import time
from datetime import date
from pathlib import Path

from cf_partner_sdk import open_packet
from Crypto.PublicKey import RSA

from benchmarks.system import Running, running
from gateway import rate_limits
from gateway.rate_model import Limit, RateGroup
from lending.channels import service as channels
from lending.customers import service as customers
from lending.customers.model import ConsentScope, Profile
from lending.customers.store import insert
from lending.foundation import ids
from lending.foundation.audit import SYSTEM
from lending.foundation.context import Context
from lending.funding import service as funding
from lending.loans import service as loans
from lending.loans.model import NewApplication
from lending.products import service as products
from lending.risk.model import Decision, Outcome
from processes import installation
from processes.seed import DEMO_SHOP, JOINT_PRODUCT

INVITATIONS, THREADS, AMOUNT_FEN = 400, 2, 200_000


def borrower(context: Context) -> str:
    """Somebody who wants to borrow."""
    person = Profile(ids.new("cus"), "张三", "110101199003071006", "13800138000", date(1990, 3, 7))
    with context.database.unit_of_work() as tx:
        insert(tx, context.keys, person)
    return person.customer_id


def seek(context: Context, customer_id: str) -> None:
    """One application that looks for lenders."""
    with context.database.unit_of_work() as tx:
        product = products.published(tx, JOINT_PRODUCT.code)
        new = NewApplication(
            partner_id=channels.partner_by_app_id(tx, DEMO_SHOP.app_id).id,
            scenario="benchmark",
            product_code=product.code,
            product_version=product.version,
            subject="",
            amount_fen=AMOUNT_FEN,
            purpose="electronics",
        )
        application_id = loans.start(tx, new)
        customers.give_consent(
            tx,
            customer_id,
            ConsentScope.FUNDERS,
            text_version="1",
            text_sha256="0" * 64,
            channel="benchmark",
            subject=application_id,
        )
        decision = Decision(
            *("dec_benchmark", application_id, Outcome.APPROVE, 700, AMOUNT_FEN, 12),
            *((), {}, {}, "system", tx.now),
        )
        wanted = funding.Seek(
            application_id, customer_id, product, AMOUNT_FEN, "electronics", decision
        )
        funding.seek(tx, context.keys, wanted)


def answer(system: Running, share_ids: list[str], key: RSA.RsaKey) -> None:
    """Reads and accepts shares until none is left."""
    with system.client() as client:
        while share_ids:
            share = client.shares.get(share_ids.pop())
            open_packet(share, key=key)
            assert share.invited_at is not None
            client.shares.accept(
                share.id, decision_reference=share.id[-8:], decided_at=share.invited_at
            )


def main() -> None:
    """Prints both rates."""
    with running("funder_careful") as system:
        context = installation.context(system.settings)
        customer_id = borrower(context)
        with context.database.unit_of_work() as tx:
            partner = channels.partner_by_app_id(tx, system.config["app_id"])
            for group in (RateGroup.READS, RateGroup.WRITES):
                rate_limits.agree(tx, partner.id, group, Limit(10**6, 10**6, 60), SYSTEM)
        begun = time.perf_counter()
        for _ in range(INVITATIONS):
            seek(context, customer_id)
        print(f"begun: {INVITATIONS / (time.perf_counter() - begun):,.0f} searches/s, one thread")
        with system.client() as client:
            waiting = [share.id for share in client.shares.list(state="invited")]
        key = RSA.import_key(Path(system.config["encryption_key"]).read_text())
        asked = len(waiting)
        threads = [
            threading.Thread(target=answer, args=(system, waiting, key)) for _ in range(THREADS)
        ]
        begun = time.perf_counter()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        rate = asked / (time.perf_counter() - begun)
        print(
            f"answered: {rate:,.1f} invitations/s ({2 * rate:,.0f} signed calls/s), {asked} in all"
        )
        context.database.close()


if __name__ == "__main__":
    main()
