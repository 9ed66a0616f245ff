"""A lender with one shop and one buyer, and an outside that keeps its contract and can fail."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from lending.channels import service as channels
from lending.channels.model import Agreement, NewAccount, NewPartner, PartnerKind
from lending.claims import jobs as claim_jobs
from lending.commissions import jobs as commission_jobs
from lending.compliance import cost_showing, parameters
from lending.customers import service as customers
from lending.customers.model import ConsentScope
from lending.finance import jobs as finance_jobs
from lending.finance import reconciliation
from lending.foundation import business_day
from lending.foundation.audit import SYSTEM
from lending.foundation.clock import FixedClock
from lending.foundation.context import Context
from lending.foundation.crypto import FieldKeys
from lending.foundation.database import Database, Tx
from lending.foundation.files import FileStore
from lending.foundation.ports import (
    AccountCheck,
    AccountKind,
    ChannelResult,
    ChannelState,
    ChannelTransaction,
    DebitOrder,
    IncomingMoney,
    PayoutOrder,
)
from lending.foundation.settings import Settings
from lending.funding import jobs as funding_jobs
from lending.ledger import proof
from lending.ledger import service as ledger
from lending.ledger.chart import Code
from lending.ledger.model import Account
from lending.loans import jobs as loans_jobs
from lending.loans.model import Signature
from lending.products import service as products
from lending.products.model import FreeOffer, Product, SubsidyPayer, Tier
from lending.remittances import jobs as remittance_jobs
from lending.repayments import jobs as repayments_jobs
from scenarios.assisted_lending import jobs as lead_jobs
from scenarios.mall_installment import checkout, intake, news, servicing
from scenarios.mall_installment import jobs as mall_jobs
from scenarios.mall_installment.intake import PlaceOrder
from scenarios.mall_installment.orders import Item
from scenarios.offline_credit import jobs as store_jobs
from tests.gateway import described
from tests.risk.people import GOOD, bureaus, card, person
from tests.today import TODAY

PUBLIC_URL = "https://lender.example"
FUNCTIONS = ("mall", "stores", "payments", "statements", "webhooks")
PRODUCT = Product(
    code="mall-standard",
    version=0,
    name="商城分期",
    scenario="mall_installment",
    rate_annual=Decimal("0.1440"),
    rate_annual_cap=Decimal("0.24"),
    method="equal-instalment",
    day_count="30/360",
    rounding="half-up",
    periods=(3, 6, 12, 24),
    amount_min_fen=10_000,
    amount_max_fen=20_000_000,
    tiers=(Tier(0, 6), Tier(100_000, 12), Tier(500_000, 24)),
    free=(FreeOffer(periods=3, payer=SubsidyPayer.MERCHANT),),
    purposes=("electronics", "furniture"),
    penalty_rate_annual=Decimal("0.1872"),
    fee_upfront_rate=Decimal(0),
    order_expires_minutes=120,
)
PHONE = Item("sku-1", "手机", 1, 499_900, "electronics")
CASE = Item("sku-2", "保护壳", 2, 50_000, "electronics")
AMOUNT_FEN = PHONE.amount_fen + CASE.amount_fen
FEE_FEN = 3_599
"""0.6 % of CNY 5,999.00, half up."""
MERCHANT_ACCOUNTS = ("6230580000000010012", "6230580000000010020")


class KilledError(BaseException):
    """The process died here: nothing after this line ran."""


@dataclass
class Seams:
    """Every place where a process can die, counted; dies at the one it is told to."""

    die_at: int | None = None
    passed: int = 0

    def here(self) -> None:
        self.passed += 1
        if self.passed == self.die_at:
            raise KilledError


class FragileDatabase(Database):
    """A database whose client can die before and after each commit."""

    seams: Seams

    @contextmanager
    def unit_of_work(self) -> Iterator[Tx]:
        with super().unit_of_work() as tx:
            yield tx
            self.seams.here()
        self.seams.here()


@dataclass
class Booked:
    """One order in the bank's own book."""

    kind: str
    account_no: str
    name: str
    amount_fen: int
    state: ChannelState


@dataclass
class Bank:
    """Keeps the contract of `PaymentChannel`: one order number is one payment for ever."""

    seams: Seams
    book: dict[str, Booked] = field(default_factory=dict)
    refuse: set[str] = field(default_factory=set)
    """Account numbers that it pays nothing to, and collects nothing from."""
    strangers: set[str] = field(default_factory=set)
    """Wallets of other people."""
    lose_requests: int = 0
    """So many of the next money calls never arrive."""
    lose_answers: int = 0
    """So many of the next money calls arrive, but their answer does not."""
    silent_queries: int = 0
    slow: int = 0
    """So many of the next orders stay in processing until `settle`."""
    calls: list[tuple[str, str]] = field(default_factory=list)
    came: list[IncomingMoney] = field(default_factory=list)
    """Money that others sent to the lender, in order."""
    during: Callable[[], None] = lambda: None
    """Runs inside the next money call, once: whatever else happens meanwhile."""

    def pay_out(self, order: PayoutOrder) -> ChannelResult:
        booked = Booked(
            "payout" if order.kind is AccountKind.BANK else "wallet_payout",
            order.account_no,
            order.account_name,
            order.amount_fen,
            self._fate(order.account_no),
        )
        return self._money("pay_out", order.channel_order_no, booked)

    def debit(self, order: DebitOrder) -> ChannelResult:
        booked = Booked(
            "debit", order.card_no, order.name, order.amount_fen, self._fate(order.card_no)
        )
        return self._money("debit", order.channel_order_no, booked)

    def query_payout(
        self, channel_order_no: str, kind: AccountKind = AccountKind.BANK
    ) -> ChannelResult:
        return self._query(channel_order_no)

    def query_debit(self, channel_order_no: str) -> ChannelResult:
        return self._query(channel_order_no)

    def check_account(
        self, *, name: str, identity_no: str, account_no: str, mobile: str
    ) -> AccountCheck:
        return AccountCheck(matched=True, reference="acc-1", bank_name="测试银行")

    def check_wallet(self, *, name: str, identity_no: str, account_no: str) -> AccountCheck:
        is_theirs = account_no not in self.strangers
        return AccountCheck(matched=is_theirs, reference="wal-1", bank_name="测试钱包")

    def send(self, account: str, amount_fen: int, remark: str, at: datetime) -> str:
        """Somebody sends the lender money; the bank's number of it."""
        reference = f"IN{len(self.came) + 1:06d}"
        self.came.append(
            IncomingMoney(reference, len(self.came) + 1, account, "某银行", amount_fen, remark, at)
        )
        return reference

    def incoming(self, after: int, limit: int) -> list[IncomingMoney]:
        return [each for each in self.came if each.seq > after][:limit]

    def daily_file(self, day: date) -> list[ChannelTransaction]:
        """The whole book, whatever the day."""
        return [
            ChannelTransaction(each.reference, "incoming", each.amount_fen, "paid", each.reference)
            for each in self.came
        ] + [
            ChannelTransaction(
                number, each.kind, each.amount_fen, each.state, f"bank-{number[-6:]}"
            )
            for number, each in self.book.items()
        ]

    def heal(self) -> None:
        """From now on every call arrives, is answered, and is done at once."""
        self.lose_requests = self.lose_answers = self.silent_queries = self.slow = 0
        self.settle()

    def settle(self, state: ChannelState = ChannelState.PAID) -> None:
        for booked in self.book.values():
            if booked.state is ChannelState.PROCESSING:
                booked.state = state

    def paid(self, kind: str = "payout") -> list[Booked]:
        return [
            each
            for each in self.book.values()
            if each.kind == kind and each.state is ChannelState.PAID
        ]

    def _fate(self, account_no: str) -> ChannelState:
        return ChannelState.FAILED if account_no in self.refuse else ChannelState.PAID

    def _money(self, name: str, number: str, booked: Booked) -> ChannelResult:
        self.calls.append((name, number))
        self.seams.here()
        during, self.during = self.during, lambda: None
        during()
        if self.lose_requests:
            self.lose_requests -= 1
            return ChannelResult(ChannelState.UNKNOWN, number)
        if self.slow and number not in self.book:
            self.slow -= 1
            booked = replace(booked, state=ChannelState.PROCESSING)
        there = self.book.setdefault(number, booked)
        assert (there.account_no, there.amount_fen) == (booked.account_no, booked.amount_fen)
        self.seams.here()
        if self.lose_answers:
            self.lose_answers -= 1
            return ChannelResult(ChannelState.UNKNOWN, number)
        return self._answer(number)

    def _query(self, number: str) -> ChannelResult:
        self.calls.append(("query", number))
        self.seams.here()
        if self.silent_queries:
            self.silent_queries -= 1
            return ChannelResult(ChannelState.UNKNOWN, number)
        if number not in self.book:
            return ChannelResult(ChannelState.NOT_FOUND, number)
        return self._answer(number)

    def _answer(self, number: str) -> ChannelResult:
        booked = self.book[number]
        code = "ACCOUNT_CLOSED" if booked.state is ChannelState.FAILED else ""
        return ChannelResult(
            booked.state,
            number,
            reference=f"bank-{number[-6:]}",
            code=code,
            amount_fen=booked.amount_fen,
        )


@dataclass
class World:
    """The lender, its outside, and a buyer whose card is verified."""

    database: FragileDatabase
    clock: FixedClock
    keys: FieldKeys
    files: FileStore
    bank: Bank
    seams: Seams
    partner_id: str = ""
    customer_id: str = ""
    card_id: str = ""
    context: Context = None  # type: ignore[assignment]

    def order(self, order_no: str = "A-1", *, items: tuple[Item, ...] = (PHONE, CASE)) -> str:
        """A placed order; its id."""
        command = PlaceOrder(
            order_no=order_no,
            amount_fen=sum(item.amount_fen for item in items),
            items=items,
            return_url="https://shop.example/back",
        )
        with self.database.unit_of_work() as tx:
            return str(
                intake.place_order(tx, self.keys, self.partner_id, command, PUBLIC_URL)["id"]
            )

    def consent(self, order_id: str, customer_id: str | None = None) -> None:
        with self.database.unit_of_work() as tx:
            application_id = checkout.view(tx, order_id).order.application_id
            for scope in (
                ConsentScope.PERSONAL_INFO,
                ConsentScope.BUREAU_QUERY,
                ConsentScope.FUNDERS,
            ):
                customers.give_consent(
                    tx,
                    customer_id or self.customer_id,
                    scope,
                    text_version="1",
                    text_sha256="0" * 64,
                    channel="hosted",
                    subject=application_id,
                )

    def submit(self, order_id: str) -> None:
        self.consent(order_id)
        with self.database.unit_of_work() as tx:
            checkout.submit(
                tx,
                order_id,
                customer_id=self.customer_id,
                bank_card_id=self.card_id,
                device={"fingerprint": f"fp-{order_id}", "ip": "203.0.113.9", "user_agent": "x"},
            )

    def approved(self, order_no: str = "A-1", **placed: Any) -> str:
        """An order that was decided; its id."""
        order_id = self.order(order_no, **placed)
        self.submit(order_id)
        self.work()
        assert self.state(order_id) == "approved", self.state(order_id)
        return order_id

    def confirmed(self, order_id: str, periods: int = 12) -> str:
        """A cost table that was shown, read and confirmed; the showing's id."""
        with self.database.unit_of_work() as tx:
            seen = checkout.view(tx, order_id).order
            showing_id = cost_showing.show(
                tx, seen.application_id, checkout.cost_table(tx, order_id, periods)
            )
        self.clock.advance(timedelta(seconds=11))
        with self.database.unit_of_work() as tx:
            cost_showing.scrolled(tx, showing_id)
            cost_showing.confirm(tx, showing_id, read_seconds_min=10)
        return showing_id

    def sign(self, order_id: str, periods: int = 12, showing_id: str | None = None) -> str:
        """Reads, confirms and signs; the loan's id."""
        showing_id = showing_id or self.confirmed(order_id, periods)
        with self.database.unit_of_work() as tx:
            return checkout.sign(
                tx,
                self.keys,
                self.files,
                order_id=order_id,
                periods=periods,
                signature=Signature(showing_id, "sms_code", {"ip": "203.0.113.9"}),
            )

    def another_buyer(self, serial: int) -> None:
        """From now on somebody new buys, so that no limit and no velocity rule is met."""
        self.clock.advance(timedelta(days=31))  # out of the windows that count applications
        self.customer_id = person(
            self.database, self.keys, sequence=100 + serial, mobile=f"138001{serial:05d}"
        )
        self.card_id = card(self.database, self.keys, self.customer_id, f"62305800000{serial:08d}")

    def signed(self, order_no: str = "A-1", periods: int = 12, **placed: Any) -> tuple[str, str]:
        """A signed order whose payout has not begun; the ids of order and loan."""
        order_id = self.approved(order_no, **placed)
        return order_id, self.sign(order_id, periods)

    def paid(self, order_no: str = "A-1", periods: int = 12, **placed: Any) -> tuple[str, str]:
        """An order that was paid out; the ids of order and loan."""
        order_id, loan_id = self.signed(order_no, periods, **placed)
        self.work()
        assert self.state(order_id) == "paid", self.state(order_id)
        return order_id, loan_id

    def view(self, order_id: str) -> dict[str, Any]:
        with self.database.unit_of_work() as tx:
            return servicing.order(tx, self.keys, self.partner_id, order_id, PUBLIC_URL)

    def state(self, order_id: str) -> str:
        return str(self.view(order_id)["state"])

    def balance(self, code: Code, owner: str = "") -> int:
        with self.database.unit_of_work() as tx:
            return ledger.balance(tx, Account(code, owner))

    def trial_balance(self) -> int:
        with self.database.unit_of_work() as tx:
            return sum(row.balance_fen for row in ledger.trial_balance(tx))

    def require_books_agree(self) -> None:
        """L1, L2, L9, L11, X1 to X3: the bank's book, our rows and our ledger; detail and control.

        At rest: nothing may be under way.
        """
        with self.database.unit_of_work() as tx:
            found = reconciliation.three_way(tx, self.bank.daily_file(TODAY))
            assert found.agree, found.items
            assert not found.in_flight
            assert reconciliation.sub_ledger_check(tx) == []
            proof.seal(tx)
            assert proof.verify(tx) == []

    def exposure(self) -> int:
        return self.balance(Code.EXPOSURE, self.customer_id)

    def rows(self, sql: str, **values: Any) -> list[dict[str, Any]]:
        with self.database.unit_of_work() as tx:
            return [dict(row) for row in tx.all(sql, **values)]

    def count(self, sql: str, **values: Any) -> int:
        with self.database.unit_of_work() as tx:
            return int(tx.scalar(sql, **values))

    def work(self, wait: timedelta = timedelta(0)) -> None:
        """Lets time pass, then runs every job that is due until none is."""
        self.clock.advance(wait)
        handlers = {
            **loans_jobs.handlers(self.context),
            **funding_jobs.handlers(self.context),
            **repayments_jobs.handlers(self.context),
            **finance_jobs.handlers(self.context),
            **remittance_jobs.handlers(self.context),
            **claim_jobs.handlers(self.context),
            **commission_jobs.handlers(self.context),
            **mall_jobs.handlers(self.context),
            **store_jobs.handlers(self.context),
            **lead_jobs.handlers(self.context),
        }
        while job := self.due_job():
            handlers[job["task_name"]](**job["args"])
            with self.database.unit_of_work() as tx:
                tx.run("DELETE FROM procrastinate_jobs WHERE id = :id", id=job["id"])

    def work_until_quiet(self, rounds: int = 12) -> None:
        """As `work`, with the waits that jobs ask for, as long as payments are under way."""
        for _ in range(rounds):
            self.work()
            waiting = self.rows(
                "SELECT min(scheduled_at) AS at FROM procrastinate_jobs"
                " WHERE task_name NOT IN ('mall.expire', 'assisted.expire')"
            )[0]["at"]
            if waiting is None:
                return
            self.clock.advance(waiting - self.clock.now())
        raise AssertionError("jobs go on and on")

    def events(self, order_id: str) -> list[str]:
        """The events that the shop has been told, oldest first, each as the catalogue has it."""
        while news.relay(self.context):
            pass
        rows = self.rows(
            "SELECT type, data FROM event WHERE subject = :id ORDER BY seq", id=order_id
        )
        for row in rows:
            described.check_event(row["type"], row["data"]["object"])
        return [row["type"] for row in rows]

    def last_event(self, order_id: str) -> dict[str, Any]:
        """What the newest event carries."""
        self.events(order_id)
        rows = self.rows(
            "SELECT data FROM event WHERE subject = :id ORDER BY seq DESC LIMIT 1", id=order_id
        )
        return dict(rows[0]["data"]["object"])

    def due_job(self) -> dict[str, Any] | None:
        """The oldest job whose time has come."""
        found = self.rows(
            "SELECT id, task_name, args FROM procrastinate_jobs"
            " WHERE scheduled_at IS NULL OR scheduled_at <= :now ORDER BY id LIMIT 1",
            now=self.clock.now(),
        )
        return found[0] if found else None


def make(
    database_url: str, clock: FixedClock, keys: FieldKeys, files: FileStore, *, report: Any = GOOD
) -> World:
    """A world on a fresh database."""
    seams = Seams()
    database = FragileDatabase(database_url, clock=clock)
    database.seams = seams
    bank = Bank(seams)
    world = World(database, clock, keys, files, bank, seams)
    world.context = Context(
        database=database,
        keys=keys,
        files=files,
        settings=Settings(front_url=PUBLIC_URL),
        channel=bank,
        bureaus=bureaus(report, report),
        identity=None,  # type: ignore[arg-type]  nobody is identified here
        sms=None,  # type: ignore[arg-type]  no message is sent here
    )
    with database.unit_of_work() as tx:
        business_day.open_first(tx, TODAY)
        parameters.seed(tx)
        products.publish(tx, PRODUCT, SYSTEM)
    world.partner_id = shop(world, "app_shop", "小满数码", MERCHANT_ACCOUNTS)
    world.customer_id = person(database, keys)
    world.card_id = card(database, keys, world.customer_id, "6230580000000099990")
    return world


def shop(world: World, app_id: str, name: str, accounts: tuple[str, ...]) -> str:
    """A listed shop with an agreement and settlement accounts; its id."""
    with world.database.unit_of_work() as tx:
        partner_id = channels.register(
            tx, NewPartner(app_id, "test", PartnerKind.MERCHANT, name, FUNCTIONS), SYSTEM
        )
        agreement = Agreement(partner_id, PRODUCT.code, Decimal("0.006"), TODAY, None)
        channels.agree(tx, agreement, SYSTEM)
        for priority, number in enumerate(accounts, start=1):
            account = NewAccount(f"{name}有限公司", "测试银行", number, priority)
            channels.add_account(tx, world.keys, partner_id, account, SYSTEM)
    return partner_id
