"""A buyer's browser at the checkout and at the own page."""

import re
from datetime import timedelta
from io import BytesIO

from flask import Flask
from werkzeug.test import TestResponse

from hosted.texts import REQUIRED
from simulators.magic import MAGIC, MAGIC_CARDS
from tests.loans.world import PUBLIC_URL, World
from tests.outside import OutsideWorld

DOMAIN = PUBLIC_URL.partition("://")[2]
MOBILE = "13900000001"
CONSENTS = {f"consent_{scope.value}": "yes" for scope in REQUIRED}
PERSON = {"name": "李四", "identity_no": MAGIC["approved"], **CONSENTS}


class Buyer:
    """One person with one browser; every form is sent with the token of the page it is on."""

    def __init__(self, app: Flask, world: World, outside: OutsideWorld) -> None:
        self.app, self.world, self.outside = app, world, outside
        self.client = app.test_client()
        self.link = ""
        self.mobile = MOBILE
        self.loan_id = self.repayment_id = ""
        self.tokens: dict[str, str] = {}

    def open(self, order_id: str) -> TestResponse:
        """Opens the link of an order."""
        self.link = self.world.view(order_id)["checkout_url"].removeprefix(PUBLIC_URL)
        return self.page()

    def get(self, path: str) -> TestResponse:
        return self.client.get(path, base_url=PUBLIC_URL)

    def post(self, path: str, **form: object) -> TestResponse:
        """Sends a form as it stands."""
        return self.client.post(path, data=form, base_url=PUBLIC_URL)

    def page(self) -> TestResponse:
        """The page of the order that is due."""
        return self.get(self.link)

    def due(self) -> str:
        """Which page that is."""
        return str(self.get(f"{self.link}/state").json["step"])

    def csrf(self, path: str) -> str:
        found = re.search(r'name="csrf" value="([^"]+)"', self.get(path).text)
        assert found is not None, path
        return found[1]

    def act(self, action: str, **form: object) -> TestResponse:
        """Sends a form of the checkout."""
        return self.post(f"{self.link}/{action}", csrf=self.csrf(self.link), **form)

    def went(self, action: str, to: str, **form: object) -> None:
        """Sends a form of the checkout that is taken, and leads to this page."""
        answer = self.act(action, **form)
        assert answer.status_code == 303, answer.text
        assert self.due() == to

    def cookie(self, name: str) -> str:
        found = self.client.get_cookie(name, domain=DOMAIN)
        assert found is not None
        return found.value

    def walk_to(self, step: str, order_id: str) -> None:
        """Does all that comes before this page of an order."""
        self.open(order_id)
        self.forward(step)

    def forward(self, step: str) -> None:
        """Goes on from the page that is due to this one."""
        ways = (
            ("offers", lambda: self.went("start", "mobile")),
            ("mobile", self.prove_mobile),
            ("identity", lambda: self.went("identify", "verify", **PERSON)),
            ("verify", lambda: self.went("no-face", "card")),
            ("card", lambda: self.went("card", "waiting", card_number=MAGIC_CARDS["works"])),
            ("waiting", self.world.work),
            ("choose", lambda: self.went("choose", "cost", periods="12")),
            ("cost", self.read_costs),
            ("contract", lambda: self.went("read", "sign", agreed="yes")),
            ("sign", self.sign),
            ("paying", self.world.work),
        )
        pages = [page for page, _ in ways]
        for page, go in ways[pages.index(self.due()) :]:
            if page == step:
                break
            assert self.due() == page
            go()
        assert self.due() == step

    def prove_mobile(self) -> None:
        self.went("send-code", "mobile", mobile=self.mobile)
        self.went("check-code", "identity", code=self.outside.last_code(self.mobile))

    def read_costs(self) -> None:
        self.page()
        self.world.clock.advance(timedelta(seconds=11))
        assert self.act("scrolled").status_code == 204
        self.went("confirm", "contract", understood="yes")

    def sign(self) -> None:
        self.went("send-sign-code", "sign")
        self.went("sign", "paying", code=self.outside.last_code(self.mobile))

    def sign_in(self, mobile: str) -> None:
        """Signs in at the own page."""
        self.world.clock.advance(timedelta(minutes=2))  # codes to one mobile need a pause
        self.post("/me/send-code", csrf=self.csrf("/me"), mobile=mobile)
        code = self.outside.last_code(mobile)
        assert self.post("/me/sign-in", csrf=self.csrf("/me"), code=code).status_code == 303
        assert "退出登录" in self.get("/me").text

    @staticmethod
    def picture() -> tuple[BytesIO, str]:
        return BytesIO(b"\xff\xd8\xff face"), "face.jpg"
