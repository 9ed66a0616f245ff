"""Payments a second at 64 tills at once, each signing with a key of its own, through signed HTTP.

A payment is taken against a customer's code: verified, nonce spent, the code used, decided by the
rules, stored with its reply, answered signed. Once with a customer for each till; once with every
till asking for the line of one customer, whose codes are made beforehand. The bare route answers
an object of like size on the same server to eight callers.

The callers share the two cores with the server, so the figure is that of both together. Each run
ends after its seconds or when its codes are used up.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, timedelta

import requests
from cf_partner_sdk import Client, PrivateKey, ProblemError

from benchmarks import bare
from benchmarks.system import Running, cpu_s, free_port, running
from gateway import rate_limits
from gateway.rate_model import Limit, RateGroup
from lending.channels import service as channels
from lending.credit_lines import service as credit_lines
from lending.credit_lines.model import NewLine
from lending.customers import service as customers
from lending.customers import store as customers_store
from lending.customers.model import ConsentScope, Profile
from lending.foundation import crypto, ids
from lending.foundation.audit import SYSTEM
from lending.foundation.crypto import FieldKeys
from lending.foundation.database import Database, Tx
from lending.loans import service as loans
from lending.loans.model import NewApplication
from lending.risk import rules as risk_rules
from lending.risk import service as risk
from lending.risk.model import Outcome
from lending.risk.reasons import reason
from lending.risk.rules import Verdict
from processes.seed import DEMO_STORES, STORE_PRODUCT
from scenarios.offline_credit import codes, payments_store, stores
from scenarios.offline_credit.model import SCENARIO, NewStore, PaymentCode
from simulators.magic import identity_no

TILLS = 64
SECONDS = 8.0
CODES_EACH = 40
WARM_UP = 3
"""Payments of each till before the clock runs: keys are fetched, statements prepared."""
CPU_MS_SHOWN = 0.1
LIMIT_FEN, AMOUNT_FEN = 20_000_000, 20_000
HERE = (31_230_400, 121_473_700)


@dataclass
class Till:
    """A till's client and the codes that customers show there."""

    key: PrivateKey
    store_id: str
    codes: list[str] = field(default_factory=list)


@dataclass
class Taken:
    """What was measured at all tills together."""

    seconds: float
    latencies_s: list[float]
    refused: dict[str, int]
    cpu_s: dict[str, float]
    """By part of the system, the callers' own beside them."""

    def line(self, name: str) -> str:
        """The figures of one run."""
        ordered = sorted(self.latencies_s)
        median, p99 = (ordered[int(len(ordered) * part)] * 1000 for part in (0.5, 0.99))
        refused = ", ".join(f"{count} x {code}" for code, count in self.refused.items()) or "none"
        return (
            f"{name:26} {len(ordered) / self.seconds:6.0f}/s, median {median:.0f} ms,"
            f" p99 {p99:.0f} ms, refused: {refused}\n{'':26} CPU ms a payment: {self._cpu()}"
        )

    def _cpu(self) -> str:
        each = {name: s * 1000 / len(self.latencies_s) for name, s in self.cpu_s.items()}
        parts = ", ".join(f"{name} {ms:.1f}" for name, ms in each.items() if ms >= CPU_MS_SHOWN)
        return f"{sum(each.values()):.1f} ({parts})"


def prepare(system: Running) -> tuple[list[Till], list[Till]]:
    """Tills of one store: with a customer each, and all with the codes of one customer."""
    database = Database(system.database_url)
    keys = crypto.load_or_make(system.settings.keys / "fields.json")
    with database.unit_of_work() as tx:
        partner_id = channels.partner_by_app_id(tx, DEMO_STORES.app_id).id
        for group in (RateGroup.READS, RateGroup.WRITES):
            rate_limits.agree(tx, partner_id, group, Limit(1_000_000, 1_000_000, 60), SYSTEM)
        new = NewStore("S-BENCH", "测速店", "appliances", *HERE, 200)
        store_id = str(stores.register(tx, partner_id, new)["id"])
        tills = [_till(tx, partner_id, store_id, number) for number in range(TILLS)]
    together = [Till(each.key, store_id) for each in tills]
    for number, till in enumerate(tills):
        with database.unit_of_work() as tx:
            till.codes = list(_codes(tx, *_customer(tx, keys, partner_id, number), CODES_EACH))
    with database.unit_of_work() as tx:
        one = _customer(tx, keys, partner_id, TILLS)
        for till in together:
            till.codes = list(_codes(tx, *one, CODES_EACH // 4 + WARM_UP))
    database.close()
    return tills, together


def _till(tx: Tx, partner_id: str, store_id: str, number: int) -> Till:
    key = PrivateKey.generate()
    channels.add_key(
        tx,
        partner_id=partner_id,
        keyid=key.keyid,
        algorithm=key.algorithm,
        public_jwk=key.public.jwk,
        actor=SYSTEM,
        functions=("payments",),
    )
    stores.add_till(tx, partner_id, store_id, till_no=f"B-{number}", keyid=key.keyid)
    return Till(key, store_id)


def _customer(tx: Tx, keys: FieldKeys, partner_id: str, number: int) -> tuple[str, str]:
    """A customer with an open line: the line's id and the card's."""
    born = date(1975, 1, 1) + timedelta(days=number)
    who = identity_no("310104", f"{born:%Y%m%d}", "100")
    profile = Profile(ids.new("cus"), "张三", who, f"139{number:08d}", born)
    assert customers_store.insert(tx, keys, profile)
    card_id = customers_store.upsert_card(
        tx, keys, profile.customer_id, number=f"6230581{number:012d}", bank_name="测试银行"
    )
    application_id = loans.start(
        tx,
        NewApplication(
            partner_id=partner_id,
            scenario=SCENARIO,
            product_code=STORE_PRODUCT.code,
            product_version=1,
            subject=f"bench-{number}",
            amount_fen=LIMIT_FEN,
            purpose="appliances",
            is_for_line=True,
        ),
    )
    verdict = Verdict(Outcome.APPROVE, 700, LIMIT_FEN, 24, (reason("SCORE_GOOD"),), {})
    risk.keep(tx, application_id, verdict, risk_rules.load())
    customers.give_consent(
        tx,
        profile.customer_id,
        ConsentScope.PERSONAL_INFO,
        text_version="1",
        text_sha256="0" * 64,
        channel="bench",
        subject=application_id,
    )
    line_id = credit_lines.grant(
        tx,
        NewLine(
            customer_id=profile.customer_id,
            application_id=application_id,
            product_code=STORE_PRODUCT.code,
            product_version=1,
            limit_fen=LIMIT_FEN,
            scenes={"appliances": LIMIT_FEN},
        ),
        SYSTEM,
    )
    return line_id, card_id


def _codes(tx: Tx, line_id: str, card_id: str, count: int) -> Iterator[str]:
    """Codes that are good for an hour, where a phone would make one a payment."""
    for _ in range(count):
        secret = codes.new_payment_code()
        new = PaymentCode(
            id=ids.new("pcd"),
            line_id=line_id,
            bank_card_id=card_id,
            device={"fingerprint": f"fp-{line_id}"},
            latitude_e6=HERE[0],
            longitude_e6=HERE[1],
            quick_max_fen=0,
            quick_periods=None,
            quick_showing_id=None,
            created_at=tx.now,
            expires_at=tx.now + timedelta(hours=1),
            used_at=None,
        )
        payments_store.insert_code(tx, new, codes.digest(secret))
        yield secret


def pay(cf: Client, till: Till) -> None:
    """One payment against the next code of a till."""
    cf.payments.create(
        payment_no=ids.new("p"),
        amount_fen=AMOUNT_FEN,
        store_id=till.store_id,
        code=till.codes.pop(),
    )


def take(system: Running, tills: list[Till]) -> Taken:
    """Has all tills take payments at once until the time is over or the codes are used."""
    latencies: list[float] = []
    refused: dict[str, int] = {}
    lock, start = threading.Lock(), threading.Barrier(len(tills) + 1)

    def work(till: Till) -> None:
        with Client(
            app_id=DEMO_STORES.app_id,
            key=till.key,
            base_url=system.config["base_url"],
            root_keyid=system.config["root_keyid"],
        ) as cf:
            for _ in range(WARM_UP):
                with suppress(ProblemError):
                    pay(cf, till)
            start.wait()
            until = time.perf_counter() + SECONDS
            while till.codes and time.perf_counter() < until:
                begun = time.perf_counter()
                try:
                    pay(cf, till)
                except ProblemError as problem:
                    with lock:
                        refused[problem.code] = refused.get(problem.code, 0) + 1
                    continue
                latencies.append(time.perf_counter() - begun)

    threads = [threading.Thread(target=work, args=(each,), daemon=True) for each in tills]
    for thread in threads:
        thread.start()
    start.wait()
    begun, before = time.perf_counter(), cpu_s(system)
    for thread in threads:
        thread.join(SECONDS + 60)
    seconds = time.perf_counter() - begun
    used = {name: s - before.get(name, 0.0) for name, s in cpu_s(system).items()}
    return Taken(seconds, latencies, refused, used)


def bare_rate(answer: object) -> float:
    """What the bare route does for eight callers."""
    with bare.served(answer, port=free_port()) as url:

        def caller(_number: int) -> Callable[[], object]:
            http = requests.Session()
            return lambda: http.post(url, json={"amount_fen": AMOUNT_FEN}, timeout=10)

        return bare.calls_per_second(caller, 4)


def main() -> None:
    """Prints the figures."""
    with running() as system:
        tills, together = prepare(system)
        apart = take(system, tills)
        contended = take(system, together)
        office = Client(
            app_id=DEMO_STORES.app_id,
            key=tills[0].key,
            base_url=system.config["base_url"],
            root_keyid=system.config["root_keyid"],
        )
        with office, suppress(StopIteration):
            sample = next(office.payments.list(limit=1))
    print(f"{TILLS} tills at once")
    print(apart.line("a customer for each till"))
    print(contended.line("one customer for all"))
    rate = bare_rate({"id": sample.id, "state": str(sample.state), "filler": "x" * 900})
    paid = len(apart.latencies_s) / apart.seconds
    print(f"{'bare route':26} {rate:6.0f}/s; payments are {paid / rate:.1%} of it")


if __name__ == "__main__":
    main()
