"""People, bureaus and applications that the tests of risk share."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from lending.channels import service as channels
from lending.channels.errors import NoSuchPartner
from lending.channels.model import NewPartner, PartnerKind
from lending.customers import service as customers
from lending.customers import store as customers_store
from lending.customers.model import ConsentScope, Profile
from lending.foundation import ids
from lending.foundation.audit import SYSTEM
from lending.foundation.crypto import FieldKeys
from lending.foundation.database import Database
from lending.foundation.errors import OutsideFault
from lending.foundation.ports import BureauReport
from lending.risk.model import Device, RiskRequest
from simulators import magic


def identity_no(sequence: int, *, born: date = date(1990, 5, 17), region: str = "310104") -> str:
    """A number with a right check digit (GB 11643)."""
    return magic.identity_no(region, f"{born:%Y%m%d}", f"{sequence:03d}")


GOOD = BureauReport(
    source="bureau_a",
    reference="r-1",
    score=780,
    score_max=900,
    open_accounts=2,
    overdue_now=0,
    overdue_24m=0,
    inquiries_3m=2,
    debt_total_fen=1_200_000,
    platforms_open=1,
    months_on_file=60,
    raw={"xm": "张三", "zjhm": "310104199005170018"},
)
BAD = replace(GOOD, score=240, overdue_now=2, overdue_24m=7, platforms_open=9)
THIN = replace(
    GOOD, score=None, open_accounts=0, inquiries_3m=0, debt_total_fen=0, platforms_open=0,
    months_on_file=0,
)  # fmt: skip


@dataclass
class Bureau:
    """A bureau that says what it is told to, keeps what it was asked, and can be slow or down."""

    source: str
    answer: BureauReport | Exception
    asked: list[dict[str, str]] = field(default_factory=list)
    wait: threading.Event | None = None
    before: Callable[[], None] = lambda: None

    def report(
        self, *, name: str, identity_no: str, mobile: str, consent_id: str, purpose: str
    ) -> BureauReport:
        self.asked.append(
            {
                "name": name,
                "identity_no": identity_no,
                "mobile": mobile,
                "consent_id": consent_id,
                "purpose": purpose,
            }
        )
        self.before()
        if self.wait is not None:
            self.wait.wait(30)
        if isinstance(self.answer, Exception):
            raise self.answer
        return replace(self.answer, source=self.source)


def bureaus(first: Any = GOOD, second: Any = GOOD) -> tuple[Bureau, Bureau]:
    return Bureau("bureau_a", first), Bureau("bureau_b", second)


DOWN = OutsideFault("down")


def person(
    database: Database,
    keys: FieldKeys,
    *,
    sequence: int = 1,
    name: str = "张三",
    mobile: str = "13800000001",
    born: date = date(1990, 5, 17),
    region: str = "310104",
    number: str = "",
) -> str:
    """A customer who was identified; the id."""
    number = number or identity_no(sequence, born=born, region=region)
    with database.unit_of_work() as tx:
        profile = Profile(ids.new("cus"), name, number, mobile, born)
        if not customers_store.insert(tx, keys, profile):
            found = customers_store.by_identity_no(tx, keys, number)
            assert found is not None
            customers_store.set_name_and_mobile(tx, keys, found, name=name, mobile=mobile)
            return found
        return profile.customer_id


def card(database: Database, keys: FieldKeys, customer_id: str, number: str) -> str:
    with database.unit_of_work() as tx:
        return customers_store.upsert_card(
            tx, keys, customer_id, number=number, bank_name="测试银行"
        )


def shop(database: Database, environment: str) -> str:
    """The merchant of the environment; its id."""
    with database.unit_of_work() as tx:
        try:
            return channels.partner_by_app_id(tx, f"app_{environment}").id
        except NoSuchPartner:
            new = NewPartner(f"app_{environment}", environment, PartnerKind.MERCHANT, "Shop", ())
            return channels.register(tx, new, SYSTEM)


def application(
    database: Database, customer_id: str, *, consent: bool = True, **changed: Any
) -> RiskRequest:
    """An application for a phone of CNY 5,999, with the consent to ask bureaus."""
    environment = changed.pop("environment", "live")
    facts: dict[str, Any] = {
        "application_id": ids.new("app"),
        "customer_id": customer_id,
        "partner_id": shop(database, environment),
        "scenario": "mall_installment",
        "amount_fen": 599_900,
        "category": "phone",
        "amount_max_fen": 20_000_000,
        "periods_max": 12,
        "device": Device("fp-1", "203.0.113.9", "Mozilla/5.0"),
    }
    request = RiskRequest(**(facts | changed))
    if consent:
        with database.unit_of_work() as tx:
            customers.give_consent(
                tx,
                customer_id,
                ConsentScope.BUREAU_QUERY,
                text_version="1",
                text_sha256="0" * 64,
                channel="hosted",
                subject=request.application_id,
            )
    return request
