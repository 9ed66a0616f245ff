"""A lender, a platform, a guarantor and two funders' own services, at one bank, on one clock.

The funders are the example service: its desk, its book and its endpoint on a port of this machine.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from threading import Thread
from typing import Any

import requests
from cf_partner_sdk import Client, Clock, HttpOptions, KeyDirectory, WebhookVerifier
from cf_partner_sdk._sync import Http
from flask import Flask, Response, request
from werkzeug.serving import make_server

from connectors.bank import BankUnavailable
from examples.funder.app import web
from examples.funder.book import Book
from examples.funder.desk import Desk
from gateway.webhooks import Deliveries
from lending.batch import end_of_day
from lending.channels import service as channels
from lending.channels.model import NewAccount, NewPartner, PartnerKind
from lending.claims import service as claims
from lending.claims.model import Arrival
from lending.compliance import parameters
from lending.compliance.model import Parameter
from lending.foundation import business_day
from lending.foundation.audit import SYSTEM
from lending.foundation.clock import shanghai_date
from lending.foundation.ports import ChannelTransaction
from lending.funding import funders
from lending.products import service as products
from lending.repayments import day as repayment_day
from lending.repayments import service as repayments
from lending.repayments.model import What
from lending.repayments.transfers import Transfer, enter
from processes import seed_platform
from processes.seed import CASH_PRODUCT
from scenarios.assisted_lending import news as lead_news
from scenarios.joint_lending import news as share_news
from scenarios.mall_installment import news as mall_news
from simulators.magic import somebody
from tests.assisted_lending.sending import CONSENTS, Sending, Sent
from tests.funding.lenders import TO_TWO, account_of, agreement
from tests.gateway.world import PUBLIC_URL
from tests.gateway.world import World as Front
from tests.joint_lending.town import RSA_KEY, Town
from tests.outside import WsgiTransport
from tests.today import TODAY

QUIET = 26
"""So many days before instalments are due again, those of before are paid and cleared."""
ONE_DAY = timedelta(days=1)
TEMPERS = ("careful", "generous")
LEAD_FEN, ORDER_FEN = 290_001, 239_997
"""What each borrows; neither divides evenly."""
BANK_URL = "http://bank.example"
TO_EACH = {*CONSENTS, "consent_funders"}


def monthly(today: date) -> date:
    """The next day on which instalments are due."""
    following = today.replace(day=TODAY.day)
    return following if following > today else (following + 20 * ONE_DAY).replace(day=TODAY.day)


class AtRest:
    """The bank, whose files of days nobody fetches: its days are the machine's, not the test's."""

    def __init__(self, channel: Any) -> None:
        self._channel = channel

    def __getattr__(self, name: str) -> Any:
        return getattr(self._channel, name)

    def daily_file(self, day: date) -> list[ChannelTransaction]:
        raise BankUnavailable(f"no file of {day}")


@dataclass
class Service:
    """One funder's own service."""

    client: Client
    book: Book
    desk: Desk
    bank: requests.Session
    config: dict[str, Any]
    url: str = ""
    is_down: bool = False
    posted: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    """All that came in, as it came."""

    def endpoint(self, verifier: WebhookVerifier) -> Flask:
        """The example's endpoint; while it is down it takes nothing."""
        app = web(self.config["name"], self.book, verifier)

        @app.before_request
        def keep() -> Response | None:
            if self.is_down:
                return Response(status=503)
            if request.method == "POST":
                self.posted.append((dict(request.headers), request.get_data()))
            return None

        return app

    def works(self) -> bool:
        """Deals with what there is news of; whether there was any."""
        news = [] if self.is_down else self.book.news()
        for share_id in news:
            self.desk.deal_with(share_id)
        return bool(news)


class Leads(Sending):
    """Leads of this year, whose work is everybody's."""

    url = PUBLIC_URL
    turn: Any = None

    def work(self, wait: timedelta = timedelta(0)) -> None:
        self.world.clock.advance(wait)
        self.turn()


class Year:
    """Everybody, and what they do day by day."""

    def __init__(self, front: Front, folder: Path) -> None:
        self.front, self.folder = front, folder
        self.town = Town(front, TO_TWO)
        self.world = self.town.world
        channel = AtRest(self.world.context.channel)
        self.world.context = replace(self.world.context, channel=channel)
        self.leads = Leads(self.world)
        self.leads.turn = self.turn
        self.deliveries = Deliveries(front.context)
        self.entered_fen = 0
        """What came by hand, which this bank has not seen."""
        self._agree()
        self.services: list[Service] = []

    @contextmanager
    def open(self) -> Iterator["Year"]:
        """While the funders' endpoints are up."""
        servers = []
        for number, temper in enumerate(TEMPERS):
            service = self._service(number, temper)
            server = make_server("127.0.0.1", 0, Flask(__name__), threaded=True)
            service.url = f"http://127.0.0.1:{server.server_port}/cf/webhooks"
            server.app = service.endpoint(self.verifier(service.url))
            Thread(target=server.serve_forever, daemon=True).start()
            servers.append(server)
            service.client.webhook_endpoints.create(
                url=service.url, event_types=["*"], idempotency_key=service.url
            )
            self.services.append(service)
        yield self
        for server in servers:
            server.shutdown()

    def turn(self) -> None:
        """Jobs, news, webhooks and the funders' desks, until nothing is left to do."""
        for _ in range(30):
            while repayment_day.send_debits(self.world.context):
                pass
            self.world.work()
            for relay in (share_news.relay, lead_news.relay, mall_news.relay):
                while relay(self.world.context):
                    pass
            while self.deliveries.run_once():
                pass
            if not sum(service.works() for service in self.services):
                return
        raise AssertionError("they go on and on")

    def days(self, count: int) -> None:
        """So many dates end, and what follows is done."""
        self.world.clock.advance(count * ONE_DAY)
        end_of_day.catch_up(self.world.context)
        self.turn()

    def until(self, day: int) -> None:
        """Goes on to a day after the first, by steps between which nobody has anything to do.

        Instalments are due on the day of the month on which all this began.
        """
        last = TODAY + day * ONE_DAY
        while (left := (last - self.today()).days) > 0:
            to_due = (monthly(self.today()) - self.today()).days
            self.days(1 if to_due > QUIET else min(left, to_due))

    def today(self) -> date:
        with self.world.database.unit_of_work() as tx:
            return business_day.today(tx)

    def lend(self, card: str = "works") -> str:
        """A lead that becomes a loan of three lenders; the loan's id."""
        number = len(self.world.rows("SELECT id FROM lead"))
        who = somebody("approved", card, of=f"year {number}")
        sent = Sent(self.front.app, self.leads, self.front.outside, who)
        sent.sent(amount_fen=LEAD_FEN)
        sent.consents = dict.fromkeys(TO_EACH, "yes")
        sent.forward("lead_done")
        loan_id = self.leads.view(sent.lead["id"])["loan_id"]
        assert loan_id
        return str(loan_id)

    def sell(self) -> tuple[str, str]:
        """An order in a shop, lent by the same three; the ids of order and loan."""
        order_id = str(self.front.order("Y-1")["id"])
        self.world.submit(order_id)
        self.turn()
        loan_id = self.world.sign(order_id, periods=12)
        self.turn()
        return order_id, loan_id

    def pay(self, loan_id: str, what: What) -> None:
        """The borrower pays by card."""
        with self.world.database.unit_of_work() as tx:
            amount_fen = repayments.quote(tx, loan_id, what).amount_fen
        repayments.pay(self.world.context, loan_id, what, amount_fen=amount_fen)
        self.turn()

    def enter(self, loan_id: str, what: What, amount_fen: int | None = None) -> str:
        """The borrower's transfer is entered by hand; the repayment's id."""
        with self.world.database.unit_of_work() as tx:
            if amount_fen is None:
                amount_fen = repayments.quote(tx, loan_id, what).amount_fen
            number = tx.scalar("SELECT count(*) FROM repayment")
            transfer = Transfer(amount_fen, business_day.today(tx), f"hand-{number}", what)
            made = enter(tx, loan_id, transfer, SYSTEM)
        self.entered_fen += amount_fen
        self.turn()
        return made.id

    def take_back(self, repayment_id: str) -> None:
        """A transfer that was entered went back."""
        with self.world.database.unit_of_work() as tx:
            self.entered_fen -= repayments.get(tx, repayment_id).amount_fen
            repayments.reverse(tx, repayment_id, "bounced", SYSTEM)
        self.turn()

    def top_up(self, amount_fen: int) -> None:
        """The guarantor fills its deposit."""
        with self.world.database.unit_of_work() as tx:
            arrival = Arrival(amount_fen, f"pool-{self.entered_fen}", business_day.today(tx))
            claims.top_up(tx, self.guarantor_id, arrival, SYSTEM)
        self.entered_fen += amount_fen

    def bank_rows(self) -> list[ChannelTransaction]:
        """The bank's whole book: of every day of the machine on which this ran."""
        first = shanghai_date(self._began)
        last = shanghai_date(datetime.now(UTC))
        found = []
        for offset in range((last - first).days + 1):
            found += self.front.outside.plugged.channel.daily_file(first + offset * ONE_DAY)
        return found

    def _agree(self) -> None:
        self._began = datetime.now(UTC)
        code = CASH_PRODUCT.code
        with self.world.database.unit_of_work() as tx:
            rate = Parameter("guarantee.balance_rate_max", "1", TODAY, None, "few loans here", "C")
            parameters.set_from(tx, rate, SYSTEM)
            products.publish(tx, replace(CASH_PRODUCT, funding=TO_TWO), SYSTEM)
            for each, income in zip(self.town.lenders.ids, ("1", "0.95"), strict=True):
                terms = agreement(each, product_code=code, income_rate=Decimal(income))
                funders.agree(tx, terms, SYSTEM)
            new = NewPartner("app_gua", "test", PartnerKind.GUARANTOR, "担保", ("statements",))
            self.guarantor_id = channels.register(tx, new, SYSTEM)
            for partner_id, number in ((self.leads.platform_id, "77"), (self.guarantor_id, "88")):
                account = NewAccount("伙伴", "测试银行", f"6230580000000{number}0001", 1)
                channels.add_account(tx, self.world.keys, partner_id, account, SYSTEM)
        seed_platform.seed(self.world.context, "app_platform", (code,))
        seed_platform.seed_guarantor(self.world.context, "app_gua", code)

    def _service(self, number: int, temper: str) -> Service:
        pem = self.folder / f"{temper}.pem"
        pem.write_bytes(RSA_KEY.export_key())
        config = {
            "temper": temper,
            "name": f"资金方{number + 1}",
            "encryption_key": str(pem),
            "bank_url": BANK_URL,
            "account_no": account_of(number + 1),
        }
        client, book = self.town.client(number), Book(self.folder / f"{temper}.sqlite")
        bank = requests.Session()
        bank.mount(BANK_URL, WsgiTransport(self.front.outside.app))
        desk = Desk(config, client, book, bank, now=self.front.clock.now)
        return Service(client, book, desk, bank, config)

    def verifier(self, url: str) -> WebhookVerifier:
        """Proves events by the lender's keys, on the clock of the test."""
        clock = Clock(wall=lambda: self.front.clock.now().timestamp())
        http = Http(HttpOptions(), clock, transport=WsgiTransport(self.front.app))
        directory = KeyDirectory(
            base_url=PUBLIC_URL, root_keyid=self.front.platform.root_keyid, http=http
        )
        return WebhookVerifier(
            url=url, directory=directory, now=lambda: int(self.front.clock.now().timestamp())
        )
