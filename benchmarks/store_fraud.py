"""A day of traffic in stores with planted fraud: what the rules find, how soon, and whom they hurt.

Everything is decided by the code that decides in production, on a real database; only HTTP and the
signing of contracts are left out. The traffic is drawn from a seed, so that two runs are the same.

Planted, each as a scheme that ends when the day does:
  ring       one phone applies for many people whose papers are good, and pays from their lines
  cloned     a store's code, photographed or sent on, is opened elsewhere with a made-up position
  two cities an account is used by a thief in another city within the hour of its owner's payment
  relayed    a victim's payment code is read out to somebody at a till far away
  pushed     an employee of a gym pushes applications, mostly of people who owe elsewhere, and
             charges nearly the whole line ahead at one till

Honest people share phones in a family, scan a code too late once, stand outside the door, travel by
train, spend a whole line; one store has a promotion. One in eight owes too much elsewhere: to be
declined for that is no false positive.
"""

import heapq
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

from benchmarks.store_town import CITIES, Premises, Shopper, Town
from lending.risk import rules as risk_rules
from processes.migrate import migrate
from processes.postgres import EmbeddedPostgres
from scenarios.offline_credit.errors import OutsideTheStore, VisitEnded

OPENING = datetime(2026, 11, 23, 1, 30, tzinfo=UTC)
"""Half past nine in the morning in Shanghai."""
MINUTE, HOUR = 60, 3600
OPEN_S = 12 * HOUR
HONEST = ("honest applications", "honest payments")
FRAUD = ("ring", "cloned", "two cities", "relayed", "pushed")


@dataclass(frozen=True)
class Size:
    """How much happens."""

    stores: int = 40
    tills: int = 3
    customers: int = 1_500
    payments: int = 4_000
    applications: int = 600
    promotion: int = 24
    rings: int = 4
    ring_people: int = 12
    cloned: int = 40
    two_cities: int = 60
    relayed: int = 40
    gangs: int = 2
    pushed: int = 25


SMALL = Size(
    stores=8, tills=2, customers=60, payments=110, applications=24, promotion=0, rings=1,
    ring_people=7, cloned=5, two_cities=4, relayed=4, gangs=1, pushed=20,
)  # fmt: skip


@dataclass(frozen=True)
class Outcome:
    """What became of one application or payment."""

    kind: str
    scheme: str
    is_found: bool
    """Declined, referred, or turned away at the store's door, for what a fraud rule says."""
    reasons: tuple[str, ...]


@dataclass
class Day:
    """The day's events in their order, and what became of each."""

    town: Town
    size: Size
    outcomes: list[Outcome] = field(default_factory=list)
    _plan: list[tuple[float, int, Callable[[], None]]] = field(default_factory=list)
    _numbers: Iterator[int] = field(default_factory=count)
    _last: dict[str, tuple[float, Premises]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.random = self.town.random
        table = risk_rules.load().tables
        self.fraud_codes = {
            str(row["reason"]) for name in ("own_filters", "draw_filters")
            for row in table[name].rows
        }  # fmt: skip
        cities = list(CITIES)
        self.stores = [
            self.town.store(
                cities[number % 4], "fitness" if number // 4 % 2 else "appliances", self.size.tills
            )
            for number in range(self.size.stores)
        ]
        self.customers = [
            self.town.with_line(self.town.shopper(cities[number % 4]))
            for number in range(self.size.customers)
        ]

    def run(self) -> None:
        """Plans the day and lives through it; whatever is planned meanwhile comes in its turn."""
        self._plan_honest_payments()
        self._plan_honest_applications()
        for plan in (self._ring, self._cloned, self._two_cities, self._relayed, self._gang):
            plan()
        while self._plan:
            second, _, do = heapq.heappop(self._plan)
            due = OPENING + timedelta(seconds=second)
            self.town.clock.advance(max(timedelta(0), due - self.town.clock.now()))
            do()

    def at(self, second: float, do: Callable[[], None]) -> None:
        heapq.heappush(self._plan, (second, next(self._numbers), do))

    @property
    def now_s(self) -> float:
        return (self.town.clock.now() - OPENING).total_seconds()

    def rush(self) -> float:
        """A second of the day: most come at noon and after work."""
        middle, spread = self.random.choice(((3.0, 1.2), (9.0, 1.5)))
        return min(max(self.random.gauss(middle, spread), 0.1), 11.8) * HOUR

    def keep(self, kind: str, scheme: str, outcome: str, reasons: Iterable[str]) -> None:
        found = self.fraud_codes.intersection(reasons)
        is_found = outcome == "turned_away" or (
            outcome in ("declined", "decline", "refer") and bool(found)
        )
        self.outcomes.append(Outcome(kind, scheme, is_found, tuple(sorted(found))))

    def store_in(self, city: str) -> Premises:
        return self.random.choice([each for each in self.stores if each.city == city])

    def pay(
        self, kind: str, scheme: str, shopper: Shopper, store: Premises, percent: int, **how: object
    ) -> None:
        till = how.pop("till", self.random.randrange(self.size.tills))
        state, reasons = self.town.pay(shopper, store, percent=percent, till=till, **how)  # type: ignore[arg-type]
        self.keep(kind, scheme, state, reasons)

    def percent(self, high: float) -> int:
        is_high = self.random.random() < high
        return self.random.randint(80, 100) if is_high else self.random.randint(3, 60)

    def _plan_honest_payments(self) -> None:
        """Some 2 % travel: they pay at home in the morning and elsewhere in the afternoon."""
        for number in range(self.size.payments):
            shopper = self.customers[number % len(self.customers)]
            second, city = self.rush(), shopper.city
            if number % len(self.customers) % 50 == 0 and second > 6 * HOUR:
                city = "苏州" if city == "上海" else "上海"
            if number % len(self.customers) % 50 == 0 and city == shopper.city:
                second = min(second, 4 * HOUR)
            self.at(second, lambda who=shopper, where=city: self._honest_payment(who, where))  # type: ignore[misc]

    def _honest_payment(self, shopper: Shopper, city: str) -> None:
        """Whoever paid a short while ago is still in the same store."""
        store = self.store_in(city)
        before = self._last.get(shopper.customer_id)
        if before and self.now_s - before[0] < (1.5 if before[1].city != city else 0.75) * HOUR:
            store = before[1]
        self._last[shopper.customer_id] = (self.now_s, store)
        self.pay(HONEST[1], "", shopper, store, self.percent(0.06), phone_at=self.phone_near(store))

    def phone_near(self, store: Premises) -> tuple[int, int] | None:
        """One phone in five does not tell where it is; one in fifty is off by a kilometre."""
        kind = self.random.random()
        if kind < 0.2:
            return None
        return self.town.somewhere(store.at, 1_000 if kind < 0.22 else 40)

    def _plan_honest_applications(self) -> None:
        for _ in range(self.size.applications):
            store = self.random.choice(self.stores)
            self.at(self.rush(), lambda where=store: self._honest_application(where))  # type: ignore[misc]
        for _ in range(self.size.promotion):
            second = self.random.uniform(5, 7) * HOUR
            self.at(second, lambda: self._honest_application(self.stores[0]))

    def _honest_application(self, store: Premises) -> None:
        town, draw = self.town, self.random.random
        family = self.random.choice(self.customers).device if draw() < 0.05 else ""
        shopper = town.shopper(store.city, device=family, is_bad=draw() < 0.125)
        if draw() < 0.03:
            town.arrive(shopper, store, code_age_s=400)
        token = town.arrive(shopper, store, staff_no=self.random.choice(("E-1", "E-2")))
        if draw() < 0.03:
            town.locate(token, (store.at[0] + 5_000, store.at[1]))
        assert town.locate(token, town.somewhere(store.at, 20)) == "inside"
        outcome, reasons = town.apply(shopper, token)
        self.keep(HONEST[0], "", outcome, reasons)
        if shopper.line_id and draw() < 0.6:
            self.at(
                self.now_s + self.random.uniform(5, 25) * MINUTE,
                lambda: self.pay(
                    HONEST[1], "", shopper, store, self.percent(0.4),
                    phone_at=self.phone_near(store),
                ),
            )  # fmt: skip

    def _ring(self) -> None:
        for number in range(self.size.rings):
            store = self.random.choice(self.stores)
            begin = self.random.uniform(0.5, 8) * HOUR
            for place in range(self.size.ring_people):
                second = begin + place * self.random.uniform(5, 12) * MINUTE
                self.at(second, lambda n=number, where=store: self._ring_person(n, where))  # type: ignore[misc]

    def _ring_person(self, number: int, store: Premises) -> None:
        town, scheme = self.town, f"ring {number}"
        shopper = town.shopper(store.city, device=f"ring-phone-{number}")
        token = town.arrive(shopper, store)
        town.locate(token, town.somewhere(store.at, 20))
        self.keep("ring", scheme, *town.apply(shopper, token))
        if shopper.line_id:
            self.at(self.now_s + 300, lambda: self.pay("ring", scheme, shopper, store, 95))

    def _cloned(self) -> None:
        """In turn: an old photograph, a code sent on and opened at home first, one with a program
        for positions from the start."""
        for number in range(self.size.cloned):
            store = self.stores[number % 4]
            how = ("old", "home", "program")[number % 3]
            self.at(self.rush(), lambda h=how, n=number, s=store: self._clone(h, n, s))  # type: ignore[misc]

    def _clone(self, how: str, number: int, store: Premises) -> None:
        town, made_up = self.town, (store.at[0] + 111, store.at[1] + 222)
        shopper = town.shopper(store.city, device=f"cloner-{number}")
        try:
            if how == "old":
                for _ in range(2):
                    town.arrive(shopper, store, code_age_s=1_800)
            token = town.arrive(shopper, store, code_age_s=90)
            if how == "home":
                town.locate(token, town.somewhere(store.at, 60_000))
            town.locate(token, made_up)
            self.keep("cloned", f"{how} {store.id}", *town.apply(shopper, token))
        except (VisitEnded, OutsideTheStore):
            self.keep("cloned", f"{how} {store.id}", "turned_away", ())

    def _two_cities(self) -> None:
        for number in range(self.size.two_cities):
            owner = self.customers[-1 - number]
            city = self.random.choice([each for each in CITIES if each != owner.city])
            second = self.rush()
            self.at(second, lambda who=owner: self._honest_payment(who, who.city))  # type: ignore[misc]
            later = second + self.random.uniform(3, 40) * MINUTE
            self.at(later, lambda who=owner, where=city: self._thief(who, where))  # type: ignore[misc]

    def _thief(self, owner: Shopper, city: str) -> None:
        thief = Shopper(owner.customer_id, owner.card_id, "thief's", city, owner.line_id)
        thief.device = f"thief-of-{owner.device}"
        self.pay("two cities", owner.line_id, thief, self.store_in(city), self.percent(0.5))

    def _relayed(self) -> None:
        """The victim is at home in another city; one phone in five does not tell where it is."""
        for number in range(self.size.relayed):
            victim = self.customers[-1 - self.size.two_cities - number]
            city = self.random.choice([each for each in CITIES if each != victim.city])
            self.at(self.rush(), lambda who=victim, where=city: self._relay(who, where))  # type: ignore[misc]

    def _relay(self, victim: Shopper, city: str) -> None:
        home = self.town.somewhere(CITIES[victim.city], 10_000)
        at = home if self.random.random() < 0.8 else None
        self.pay(
            "relayed", victim.line_id, victim, self.store_in(city), self.percent(0.5), phone_at=at
        )

    def _gang(self) -> None:
        gyms = [each for each in self.stores if each.is_prepaid]
        for number in range(self.size.gangs):
            begin = self.random.uniform(1, 7) * HOUR
            for place in range(self.size.pushed):
                second = begin + place * 6 * MINUTE
                self.at(second, lambda n=number: self._push(n, gyms[n]))  # type: ignore[misc]

    def _push(self, number: int, gym: Premises) -> None:
        town, scheme = self.town, f"gang {number}"
        shopper = town.shopper(gym.city, is_bad=self.random.random() < 0.5)
        token = town.arrive(shopper, gym, staff_no="E-2")
        town.locate(token, town.somewhere(gym.at, 20))
        outcome, reasons = town.apply(shopper, token)
        if outcome != "decline" or self.fraud_codes.intersection(reasons):
            self.keep("pushed", scheme, outcome, reasons)
        if shopper.line_id:
            self.at(
                self.now_s + 240,
                lambda: self.pay("pushed", scheme, shopper, gym, 95, till=0),
            )


def report(outcomes: list[Outcome]) -> list[str]:
    """What was found of each kind, how many of a scheme passed first, and whom the rules hurt."""
    lines = ["kind        planted   found    rate   passed before the first is found"]
    for kind in FRAUD:
        mine = [each for each in outcomes if each.kind == kind]
        found = sum(each.is_found for each in mine)
        schemes: dict[str, list[bool]] = defaultdict(list)
        for each in mine:
            schemes[each.scheme].append(each.is_found)
        before = sorted(s.index(True) if True in s else len(s) for s in schemes.values())
        middle = before[len(before) // 2]
        lines.append(
            f"{kind:<11} {len(mine):>7} {found:>7} {found / len(mine):>7.1%}"
            f"   {middle} in the middle, {before[-1]} at most, of {len(schemes)} schemes"
        )
    for kind in HONEST:
        mine = [each for each in outcomes if each.kind == kind]
        hurt = [each for each in mine if each.is_found]
        by_rule = Counter(code for each in hurt for code in each.reasons)
        told = ", ".join(f"{code} {number}" for code, number in by_rule.most_common())
        lines.append(
            f"{kind}: {len(mine)}, stopped {len(hurt)} ({len(hurt) / len(mine):.2%}) {told}"
        )
    return lines


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="cf-bench-") as folder:
        server = EmbeddedPostgres(Path(folder) / "postgres")
        server.start(for_tests=True)
        try:
            began = time.perf_counter()
            url = server.ensure_database("town")
            migrate(url)
            town = Town(url, Path(folder), OPENING, seed=5)
            day = Day(town, Size())
            ready = time.perf_counter()
            day.run()
            ended = time.perf_counter()
            town.database.close()
            print("\n".join(report(day.outcomes)))
            print(f"{len(day.outcomes):,} decisions in {ended - ready:.0f} s, "
                  f"prepared in {ready - began:.0f} s")  # fmt: skip
        finally:
            server.stop()


if __name__ == "__main__":
    main()
