"""Towns with stores, tills, staff and customers on a real database: what store traffic runs on."""

import random
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import count
from pathlib import Path

from cf_partner_sdk import PrivateKey

from lending.channels import service as channels
from lending.channels.model import Agreement, NewPartner, PartnerKind
from lending.compliance import parameters
from lending.credit_lines import service as credit_lines
from lending.credit_lines.model import NewLine
from lending.customers import service as customers
from lending.customers import store as customers_store
from lending.customers.model import ConsentScope, Profile
from lending.foundation import business_day, crypto, ids
from lending.foundation.audit import SYSTEM
from lending.foundation.clock import FixedClock, shanghai_date
from lending.foundation.context import Context
from lending.foundation.database import Database, Tx
from lending.foundation.files import FileStore
from lending.foundation.ports import BureauReport
from lending.foundation.settings import Settings
from lending.loans import service as loans
from lending.loans.model import NewApplication
from lending.products import service as products
from lending.risk import rules as risk_rules
from lending.risk import service as risk
from lending.risk.model import Outcome
from lending.risk.reasons import reason
from lending.risk.rules import Verdict
from processes.seed import MALL_PRODUCT
from scenarios.offline_credit import applying, codes, paying, payments, stores
from scenarios.offline_credit.model import SCENARIO, NewStore, Payment, Position, TakePayment
from scenarios.offline_credit.paying import ShowCode
from simulators.magic import identity_no

CITIES = {
    "上海": (31_230_400, 121_473_700),
    "苏州": (31_299_000, 120_585_000),
    "杭州": (30_274_000, 120_155_000),
    "南京": (32_060_000, 118_796_000),
}
PRODUCT = replace(
    MALL_PRODUCT,
    code="store-standard",
    scenario=SCENARIO,
    purposes=("appliances", "fitness"),
)
FIRST_BORN = date(1972, 1, 1)
LIMIT_FEN = 2_000_000
RELEASE_PARTS = 6
GOOD = BureauReport(
    source="",
    reference="r",
    score=780,
    score_max=900,
    open_accounts=2,
    overdue_now=0,
    overdue_24m=0,
    inquiries_3m=2,
    debt_total_fen=1_200_000,
    platforms_open=1,
    months_on_file=60,
    raw={},
)
BAD = replace(GOOD, score=240, overdue_now=2, overdue_24m=7, platforms_open=9)


@dataclass
class Bureau:
    """A bureau in this process that knows who owes elsewhere."""

    source: str
    bad: set[str]

    def report(
        self, *, name: str, identity_no: str, mobile: str, consent_id: str, purpose: str
    ) -> BureauReport:
        return replace(BAD if identity_no in self.bad else GOOD, source=self.source)


@dataclass
class Premises:
    """A store with its tills' keys."""

    id: str
    city: str
    scene: str
    at: tuple[int, int]
    tills: list[str] = field(default_factory=list)

    @property
    def is_prepaid(self) -> bool:
        return self.scene == "fitness"


@dataclass
class Shopper:
    """A customer and the phone."""

    customer_id: str
    card_id: str
    device: str
    city: str
    line_id: str = ""


class Town:
    """A lender with a merchant's stores in four cities; its methods do what phones and tills do."""

    def __init__(self, url: str, folder: Path, opening: datetime, seed: int) -> None:
        self.random = random.Random(seed)
        self.clock = FixedClock(opening)
        self.database = Database(url, clock=self.clock)
        self.bad: set[str] = set()
        self.context = Context(
            database=self.database,
            keys=crypto.load_or_make(folder / "fields.json"),
            files=FileStore(folder / "files"),
            settings=Settings(),
            channel=None,  # type: ignore[arg-type]  nothing is paid out here
            bureaus=(Bureau("bureau_a", self.bad), Bureau("bureau_b", self.bad)),
            identity=None,  # type: ignore[arg-type]
            sms=None,  # type: ignore[arg-type]
        )
        self._numbers = count(1)
        with self.database.unit_of_work() as tx:
            business_day.open_first(tx, shanghai_date(opening))
            parameters.seed(tx)
            products.publish(tx, PRODUCT, SYSTEM)
            merchant = NewPartner("app_town", "live", PartnerKind.MERCHANT, "万家", ("payments",))
            self.partner_id = channels.register(tx, merchant, SYSTEM)
            terms = Agreement(
                self.partner_id, PRODUCT.code, Decimal("0.006"), shanghai_date(opening), None
            )
            channels.agree(tx, terms, SYSTEM)

    def store(self, city: str, scene: str, tills: int) -> Premises:
        """Opens a store somewhere in a city, with tills and two members of staff, E-1 and E-2."""
        number = next(self._numbers)
        at = self.somewhere(CITIES[city], 8_000)
        with self.database.unit_of_work() as tx:
            new = NewStore(f"S-{number}", f"{city}{number}店", scene, *at, 200)
            made = Premises(str(stores.register(tx, self.partner_id, new)["id"]), city, scene, at)
            for staff_no in ("E-1", "E-2"):
                stores.add_staff(
                    tx, self.context.keys, self.partner_id, made.id, staff_no=staff_no, name="店员"
                )
            made.tills = [self._till(tx, made.id, f"T-{each}") for each in range(tills)]
        return made

    def _till(self, tx: Tx, store_id: str, till_no: str) -> str:
        key = PrivateKey.generate()
        channels.add_key(
            tx,
            partner_id=self.partner_id,
            keyid=key.keyid,
            algorithm=key.algorithm,
            public_jwk=key.public.jwk,
            actor=SYSTEM,
            functions=("payments",),
        )
        stores.add_till(tx, self.partner_id, store_id, till_no=till_no, keyid=key.keyid)
        return key.keyid

    def shopper(self, city: str, *, device: str = "", is_bad: bool = False) -> Shopper:
        """Somebody who is identified and has a card."""
        number = next(self._numbers)
        born = FIRST_BORN + timedelta(days=number)
        who = identity_no("310104", f"{born:%Y%m%d}", "100")
        if is_bad:
            self.bad.add(who)
        with self.database.unit_of_work() as tx:
            profile = Profile(ids.new("cus"), "张三", who, f"139{number:08d}", born)
            assert customers_store.insert(tx, self.context.keys, profile)
            card_id = customers_store.upsert_card(
                tx,
                self.context.keys,
                profile.customer_id,
                number=f"6230580{number:012d}",
                bank_name="测试银行",
            )
        return Shopper(profile.customer_id, card_id, device or f"phone-{number}", city)

    def with_line(self, shopper: Shopper) -> Shopper:
        """Gives a shopper a line that was decided on long ago."""
        with self.database.unit_of_work() as tx:
            application_id = loans.start(
                tx,
                NewApplication(
                    partner_id=self.partner_id,
                    scenario=SCENARIO,
                    product_code=PRODUCT.code,
                    product_version=1,
                    subject=f"before-{shopper.customer_id}",
                    amount_fen=LIMIT_FEN,
                    purpose="appliances",
                    is_for_line=True,
                ),
            )
            verdict = Verdict(Outcome.APPROVE, 700, LIMIT_FEN, 24, (reason("SCORE_GOOD"),), {})
            risk.keep(tx, application_id, verdict, risk_rules.load())
            self._consent(tx, shopper, application_id)
            shopper.line_id = credit_lines.grant(
                tx,
                NewLine(
                    customer_id=shopper.customer_id,
                    application_id=application_id,
                    product_code=PRODUCT.code,
                    product_version=1,
                    limit_fen=LIMIT_FEN,
                    scenes=dict.fromkeys(PRODUCT.purposes, LIMIT_FEN),
                    security_needed_fen=0,
                ),
                SYSTEM,
            )
            tx.run(
                "UPDATE credit_line SET created_at = created_at - interval '90 days'"
                " WHERE id = :id",
                id=shopper.line_id,
            )
        return shopper

    def _consent(self, tx: Tx, shopper: Shopper, application_id: str) -> None:
        for scope in (ConsentScope.PERSONAL_INFO, ConsentScope.BUREAU_QUERY):
            customers.give_consent(
                tx,
                shopper.customer_id,
                scope,
                text_version="1",
                text_sha256="0" * 64,
                channel="hosted_store",
                subject=application_id,
            )

    def arrive(
        self, shopper: Shopper, store: Premises, *, staff_no: str | None = None, code_age_s: int = 5
    ) -> str:
        """Opens the page behind the store's code; the page's secret."""
        with self.database.unit_of_work() as tx:
            made_at = datetime.fromtimestamp(
                tx.machine_now.timestamp() - code_age_s, tz=tx.now.tzinfo
            )
            code = codes.store_code(self.context.keys, store.id, made_at)
            return applying.arrive(
                tx,
                self.context.keys,
                code,
                staff_no=staff_no,
                device={"fingerprint": shopper.device},
            ).token

    def locate(self, token: str, at: tuple[int, int], accuracy_m: int = 30) -> str:
        """Tells where the phone is; what is made of it."""
        with self.database.unit_of_work() as tx:
            return applying.locate(tx, token, Position(*at, accuracy_m)).outcome

    def apply(self, shopper: Shopper, token: str) -> tuple[str, list[str]]:
        """Applies for a line and, where it is approved, signs; outcome and reasons."""
        with self.database.unit_of_work() as tx:
            application_id = applying.begin(tx, token, wanted_fen=LIMIT_FEN)
            self._consent(tx, shopper, application_id)
            applying.submit(
                tx,
                token,
                customer_id=shopper.customer_id,
                bank_card_id=shopper.card_id,
                device={"fingerprint": shopper.device},
            )
        loans.decide(self.context, application_id)
        with self.database.unit_of_work() as tx:
            decided = loans.decision(tx, application_id)
            assert decided is not None
            if decided.outcome is Outcome.APPROVE:
                visit, _ = applying.open_visit(tx, token)
                shopper.line_id = applying.sign(tx, visit, applying.offer(tx, visit)).id
        return decided.outcome.value, [each.code for each in decided.reasons]

    def pay(
        self,
        shopper: Shopper,
        store: Premises,
        *,
        percent: int,
        till: int = 0,
        phone_at: tuple[int, int] | None = None,
    ) -> tuple[str, list[str]]:
        """Shows a code that the till takes a part of the line against; state and reasons."""
        keys, context = self.context.keys, self.context
        with self.database.unit_of_work() as tx:
            position = Position(*phone_at, 30) if phone_at else None
            shown = paying.show_code(
                tx,
                shopper.customer_id,
                ShowCode(shopper.card_id, {"fingerprint": shopper.device}, position, None),
            )
        command = TakePayment(
            payment_no=f"P-{next(self._numbers)}",
            amount_fen=LIMIT_FEN * percent // 100,
            store_id=store.id,
            code=shown.code,
            release_parts=RELEASE_PARTS if store.is_prepaid else None,
        )
        with self.database.unit_of_work() as tx:
            taken: Payment = payments.take(
                tx, keys, context.files, self.partner_id, store.tills[till], command
            )
            decided = loans.decision(tx, taken.application_id or "")
        return taken.state, [each.code for each in decided.reasons] if decided else []

    def somewhere(self, middle: tuple[int, int], spread_m: int) -> tuple[int, int]:
        """A place near another, by a bell curve."""
        sigma_e6 = spread_m * 9
        return (
            middle[0] + round(self.random.gauss(0, sigma_e6)),
            middle[1] + round(self.random.gauss(0, sigma_e6)),
        )
