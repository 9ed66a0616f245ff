"""A lender with platforms on its list, the people whom they send, and these people's browsers."""

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

from flask import Flask
from werkzeug.test import TestResponse

from hosted.texts import REQUIRED
from lending.channels import service as channels
from lending.channels.model import Agreement, NewPartner, PartnerKind
from lending.foundation.audit import SYSTEM
from lending.products import service as products
from processes.seed import CASH_PRODUCT
from scenarios.assisted_lending import intake, platforms, precheck, rules, servicing
from scenarios.assisted_lending import news as lead_news
from scenarios.assisted_lending.model import Applicant, Consent, NewLead, Scope
from simulators.magic import Somebody, somebody
from tests.assisted_lending.agreed import LISTING, TERMS
from tests.gateway import described
from tests.loans.world import PUBLIC_URL, World
from tests.outside import OutsideWorld
from tests.today import TODAY

CONSENTS = {f"consent_{scope.value}": "yes" for scope in REQUIRED}
SUITED = {
    "income": "12000",
    "elsewhere": "0",
    "student": "no",
    "purpose_confirmed": "yes",
    "risk_understood": "yes",
}


class Sending:
    """Platforms that send people to a lender."""

    url = PUBLIC_URL
    """Where the lender is."""

    def __init__(self, world: World) -> None:
        self.world = world
        with world.database.unit_of_work() as tx:
            products.publish(tx, CASH_PRODUCT, SYSTEM)
        self.platform_id = self.platform("app_platform")
        self._count = 0

    def platform(self, app_id: str, **terms: Any) -> str:
        """A platform on the list, with an agreement; its id."""
        new = NewPartner(app_id, "test", PartnerKind.PLATFORM, app_id, ("leads", "webhooks"))
        with self.world.database.unit_of_work() as tx:
            partner_id = channels.register(tx, new, SYSTEM)
            agreement = Agreement(partner_id, CASH_PRODUCT.code, 0, TODAY, None)  # type: ignore[arg-type]
            channels.agree(tx, agreement, SYSTEM)
            platforms.agree(tx, partner_id, LISTING, replace(TERMS, **terms), SYSTEM)
        return partner_id

    def new_lead(self, person: Somebody | None = None, **changes: Any) -> NewLead:
        """A lead as it may come, of somebody new."""
        self._count += 1
        who = person or somebody(of=f"lead {self._count}")
        given_at = self.world.clock.now() - timedelta(minutes=5)
        consents = tuple(
            Consent(scope, "2026-09", "ab" * 32, "app", given_at)
            for scope in (Scope.IDENTITY, Scope.PROFILE)
        )
        whole: dict[str, Any] = {
            "schema_version": "1",
            "lead_no": f"L-{self._count}",
            "amount_fen": 1_000_000,
            "purpose": "renovation",
            "applicant": Applicant(who.name, who.identity_no, who.mobile),
            "consents": consents,
            "return_url": "https://platform.example/back",
            "told": {Scope.PROFILE: {"income_monthly_fen": 1_200_000}},
        }
        return NewLead(**{**whole, **changes})

    def submit(self, new: NewLead, by: str | None = None) -> dict[str, Any]:
        """The lead as the platform sees it."""
        with self.world.database.unit_of_work() as tx:
            return intake.submit(tx, self.world.keys, by or self.platform_id, new, self.url)

    def view(self, lead_id: str, by: str | None = None) -> dict[str, Any]:
        with self.world.database.unit_of_work() as tx:
            keys = self.world.keys
            return servicing.get(tx, keys, by or self.platform_id, lead_id, self.url)

    def work(self, wait: timedelta = timedelta(0)) -> None:
        """Runs every job that is due."""
        self.world.work(wait)

    def events(self, lead_id: str) -> list[str]:
        """What the platform was told of a lead, each as the catalogue has it."""
        while lead_news.relay(self.world.context):
            pass
        rows = self.world.rows(
            "SELECT type, data FROM event WHERE subject = :id ORDER BY seq", id=lead_id
        )
        for row in rows:
            described.check_event(row["type"], row["data"]["object"])
        return [row["type"].removeprefix("lead.") for row in rows]

    def precheck_key(self, by: str | None = None) -> tuple[str, bytes]:
        """A key that is ready: its name and its secret."""
        with self.world.database.unit_of_work() as tx:
            made = precheck.make_key(tx, self.world.keys, by or self.platform_id)
        self.work()
        return made["key"], bytes.fromhex(made["secret"])

    def may_be_sent(self, key: tuple[str, bytes], person: Somebody, by: str | None = None) -> bool:
        """What a platform is told of a person, by both hashes."""
        probe = precheck.Probe(
            rules.digest(key[1], "identity_no", person.identity_no),
            rules.digest(key[1], "mobile", person.mobile),
        )
        with self.world.database.unit_of_work() as tx:
            return precheck.check(tx, by or self.platform_id, key[0], [probe])[0]


class Sent:
    """One person who was sent, with a browser of their own."""

    def __init__(
        self, app: Flask, sending: Sending, outside: OutsideWorld, person: Somebody | None = None
    ) -> None:
        self.sending, self.outside = sending, outside
        self.person = person or somebody()
        self.client = app.test_client()
        self.consents: dict[str, str] = CONSENTS
        self.link = ""
        self.lead: dict[str, Any] = {}

    def come(self, lead: dict[str, Any], *, referrer: str = "") -> TestResponse:
        """Follows the platform's link."""
        self.lead = lead
        headers = {"referer": referrer} if referrer else {}
        answer = self.get(lead["handover_url"].removeprefix(self.sending.url), headers=headers)
        if answer.status_code == 303:
            self.link = answer.headers["location"].removeprefix(self.sending.url)
        return answer

    def sent(self, by: str | None = None, **changes: Any) -> "Sent":
        """Is sent by a platform, and comes."""
        lead = self.sending.submit(self.sending.new_lead(self.person, **changes), by)
        assert self.come(lead).status_code == 303
        return self

    def get(self, path: str, **more: Any) -> TestResponse:
        return self.client.get(path, base_url=self.sending.url, **more)

    def due(self) -> str:
        """Which page is due."""
        return str(self.get(f"{self.link}/state").json["step"])

    def act(self, action: str, **form: object) -> TestResponse:
        """Sends a form of the page."""
        token = re.search(r'name="csrf" value="([^"]+)"', self.get(self.link).text)
        assert token is not None, self.due()
        path = f"{self.link}/{action}"
        return self.client.post(path, data={"csrf": token[1], **form}, base_url=self.sending.url)

    def went(self, action: str, to: str, **form: object) -> None:
        """Sends a form that is taken, and leads to this page."""
        answer = self.act(action, **form)
        assert answer.status_code == 303, answer.text
        assert self.due() == to

    def forward(self, step: str) -> "Sent":
        """Goes on from the page that is due to this one."""
        card = {"card_number": self.person.card_no, "fingerprint": self.person.card_no}
        ways = (
            ("lead_welcome", lambda: self.went("start", "lead_mobile")),
            ("lead_mobile", self.prove_mobile),
            ("lead_identity", lambda: self.went("identify", "verify", **self.consents)),
            ("verify", lambda: self.went("no-face", "lead_suitability")),
            ("lead_suitability", lambda: self.went("suit", "lead_card", **SUITED)),
            ("lead_card", lambda: self.went("card", "waiting", **card)),
            ("waiting", self.sending.work),
            ("choose", lambda: self.went("choose", "cost", periods="12")),
            ("cost", self.read_costs),
            ("contract", lambda: self.went("read", "sign", agreed="yes")),
            ("sign", self.sign),
            ("lead_paying", self.sending.work),
        )
        pages = [page for page, _ in ways]
        for page, go in ways[pages.index(self.due()) :]:
            if page == step:
                break
            assert self.due() == page
            go()
        assert self.due() == step
        return self

    def prove_mobile(self) -> None:
        self.went("send-code", "lead_mobile")
        self.went("check-code", "lead_identity", code=self.outside.last_code(self.person.mobile))

    def read_costs(self) -> None:
        self.get(self.link)
        self.sending.world.clock.advance(timedelta(seconds=11))
        assert self.act("scrolled").status_code == 204
        self.went("confirm", "contract", understood="yes")

    def sign(self) -> None:
        self.went("send-sign-code", "sign")
        self.went("sign", "lead_paying", code=self.outside.last_code(self.person.mobile))

    def state(self) -> str:
        """Of the lead, as its platform sees it."""
        return str(self.sending.view(self.lead["id"])["state"])
