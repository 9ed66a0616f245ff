"""What `cf up` tells a person at a terminal, and one order played through the SDK as proof."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import requests
from cf_partner_sdk import Client, Order, PrivateKey
from rich.console import Console
from rich.table import Table

from lending.foundation.money import yuan
from lending.foundation.settings import Settings
from processes import phone
from processes.seed_funders import FUNDERS

console = Console(highlight=False)

PHONE_FEN, COVER_FEN = 499_900, 100_000
TRIES_MAX, PAUSE_S = 150, 0.2


@contextmanager
def say(what: str) -> Iterator[None]:
    """Shows that something is being done, then how long it took."""
    begun = time.monotonic()
    with console.status(f"{what} …"):
        yield
    console.print(f"  [green]✓[/green] {what} [dim]{time.monotonic() - begun:.1f} s[/dim]")


def addresses(settings: Settings, *, shop: bool) -> None:
    """Prints where everything is."""
    table = Table(box=None, show_header=False, padding=(0, 2))
    if shop:
        table.add_row("demo shop", f"http://127.0.0.1:{settings.shop_port}")
        for number, each in enumerate(FUNDERS):
            table.add_row(
                f"funder: {each.name}", f"http://127.0.0.1:{settings.funder_port + number}"
            )
    table.add_row("API docs", f"{settings.public_url}/docs")
    table.add_row("borrower's page", f"{settings.public_url}/me")
    table.add_row("console", f"{settings.public_url}/console")
    table.add_row("till in a terminal", ".venv/bin/python -m examples.till (or: … gym)")
    table.add_row("SMS that were sent", f"{settings.institutions_url}/sms/")
    console.print(table)


def staying_up(settings: Settings) -> None:
    """Says that everything is up, and how to end it."""
    console.print(f"up; logs are in {settings.var / 'log'}; Ctrl-C stops everything")


def ended(name: str, log: Path) -> None:
    """Says that a part ended by itself."""
    console.print(f"[red]{name} has ended[/red]: see {log}; the other parts go on")


def play(settings: Settings) -> None:
    """Plays one order from the quote to the return of one of two items.

    The shop's side is the SDK alone; the buyer's side is the hosted pages, used as a phone would.
    """
    config = json.loads((settings.var / "demo_shop.json").read_text())
    key = PrivateKey.from_pem(Path(config["private_key"]).read_text())
    order_no = f"proof-{int(time.time())}"
    with Client(
        app_id=config["app_id"],
        key=key,
        base_url=config["base_url"],
        root_keyid=config["root_keyid"],
    ) as cf:
        with say("quote"):
            quote = cf.mall.quotes.create(amount_fen=PHONE_FEN + COVER_FEN)
        console.print(f"    {quote.message}")
        with say("order"):
            order = cf.mall.orders.create(
                order_no=order_no,
                amount_fen=PHONE_FEN + COVER_FEN,
                items=[
                    _item("PHONE-1", "手机", PHONE_FEN),
                    _item("WATCH-1", "手表", COVER_FEN),
                ],
                return_url=f"http://127.0.0.1:{settings.shop_port}/return",
                idempotency_key=order_no,
            )
        buyer = phone.Buyer(settings, order.checkout_url)
        for step, act in buyer.journey():
            with say(f"checkout: {step}"):
                act()
        with say("merchant is paid"):
            paid = _until(lambda: cf.mall.orders.get(order.id), "paid")
        assert paid.payout is not None
        console.print(
            f"    CNY {yuan(paid.payout.amount_fen)} to account …{paid.payout.account_last4}"
        )
        with say("first instalment"):
            buyer.pay_first_instalment()
        with say("one of two items back"):
            refund = cf.mall.refunds.create(
                refund_no=f"{order_no}-r1",
                order_id=order.id,
                amount_fen=COVER_FEN,
                items=[{"sku": "WATCH-1", "quantity": 1}],
                idempotency_key=f"{order_no}-r1",
            )
        console.print(
            f"    loan reduced by CNY {yuan(refund.loan_reduction_fen)},"
            f" CNY {yuan(refund.loan_outstanding_principal_fen)} outstanding"
        )


def play_joint(settings: Settings) -> None:
    """Plays an order that is funded jointly: one funder declines, the next takes its share."""
    config = json.loads((settings.var / "demo_shop.json").read_text())
    order_no = f"joint-{int(time.time())}"
    with Client(
        app_id=config["app_id"],
        key=PrivateKey.from_pem(Path(config["private_key"]).read_text()),
        base_url=config["base_url"],
        root_keyid=config["root_keyid"],
    ) as cf:
        with say("an order that is funded jointly"):
            order = cf.mall.orders.create(
                order_no=order_no,
                amount_fen=PHONE_FEN,
                items=[_item("PHONE-1", "手机", PHONE_FEN)],
                return_url=f"http://127.0.0.1:{settings.shop_port}/return",
                product_code="mall-standard-joint",
                idempotency_key=order_no,
            )
        buyer = phone.Buyer(settings, order.checkout_url)
        for step, act in buyer.journey():
            with say(f"joint checkout: {step}"):
                act()
        with say("merchant is paid by both lenders"):
            _until(lambda: cf.mall.orders.get(order.id), "paid")
    for each in FUNDERS:
        funder = json.loads((settings.var / f"funder_{each.temper}.json").read_text())
        takes, lent = _told(f"http://127.0.0.1:{funder['port']}/")
        said = "takes" if takes else "declines"
        console.print(f"    {each.name} {said}; its book holds CNY {yuan(lent)}")


def _told(url: str) -> tuple[bool, int]:
    """What a funder decided last and what its book holds, once it has heard of a payout."""
    for _ in range(TRIES_MAX):
        book = requests.get(url, timeout=5).json()
        takes = bool(book["decisions"] and book["decisions"][-1]["takes"])
        lent = sum(row["principal_open_fen"] for row in book["positions"])
        if lent or not takes:
            break
        time.sleep(PAUSE_S)
    return takes, lent


def _item(sku: str, name: str, price_fen: int) -> dict[str, object]:
    return {
        "sku": sku,
        "name": name,
        "quantity": 1,
        "unit_price_fen": price_fen,
        "category": "electronics",
    }


def _until(ask: Callable[[], Order], state: str) -> Order:
    for _ in range(TRIES_MAX):
        order = ask()
        if order.state == state:
            return order
        time.sleep(PAUSE_S)
    raise phone.StuckAtPage(f"the order stayed {order.state}")
