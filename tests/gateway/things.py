"""Things of a partner, one for each id that the API's description names."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from cf_partner_sdk import PrivateKey
from werkzeug.test import TestResponse

from gateway import webhook_store
from gateway.sandbox_store import Walk, insert_walk
from lending.channels import service as channels
from lending.foundation import events, ids
from lending.foundation.database import json
from lending.loans import service as loans
from lending.loans.model import NewApplication
from tests.gateway.described import document
from tests.gateway.statements import statement_of
from tests.gateway.world import Partner, World


@dataclass(frozen=True)
class Operation:
    """A call as the description has it."""

    method: str
    path: str
    about: Mapping[str, Any]

    @property
    def id(self) -> str:
        return str(self.about["operationId"])

    @property
    def function(self) -> str:
        return str(self.about["tags"][0])

    @property
    def is_write(self) -> bool:
        return self.needs("Idempotency-Key")

    @property
    def example(self) -> Any:
        """The example of its body; None where it has none."""
        content = self.about.get("requestBody", {}).get("content", {})
        return content["application/json"]["example"] if "application/json" in content else None

    @property
    def file(self) -> tuple[str, bytes] | None:
        """A file that its body may be, with its content type; None where it is none."""
        content = self.about.get("requestBody", {}).get("content", {})
        kind = next(iter(content), "application/json")
        return None if kind == "application/json" else (kind, content[kind]["example"].encode())

    def needs(self, header: str) -> bool:
        return any(each.get("$ref", "").endswith(f"/{header}") for each in self.about["parameters"])

    def ids(self) -> Iterator[tuple[str, str]]:
        """Where an id of a thing is named, and which: `path`, `query` or `body`."""
        for each in self.about["parameters"]:
            if each.get("in") == "path" or (each.get("in") == "query" and is_id(each["name"])):
                yield each["in"], each["name"]
        for name in self.example or ():
            if is_id(name):
                yield "body", name


def is_id(name: str) -> bool:
    return name.endswith("_id") or name == "keyid"


OPERATIONS = {
    about["operationId"]: Operation(method.upper(), path, about)
    for path, item in document()["paths"].items()
    for method, about in item.items()
}


def refund(world: World, partner: Partner) -> str:
    refund_id = ids.new("rfd")
    order = world.order(refund_id, by=partner)["id"]
    with world.database.unit_of_work() as tx:
        tx.run(
            "INSERT INTO mall_refund (id, order_id, partner_id, refund_no, amount_fen, items,"
            " reason, loan_reduction_fen, borrower_refund_fen, merchant_claim_fen,"
            " outstanding_principal_fen, business_date, created_at) VALUES (:id, :order, :partner,"
            " :id, 1, '[]', '', 1, 0, 1, 0, '2026-11-23', :now)",
            id=refund_id,
            order=order,
            partner=partner.id,
            now=tx.now,
        )
    return refund_id


def event(world: World, partner: Partner) -> str:
    with world.database.unit_of_work() as tx:
        return events.publish(
            tx, partner_id=partner.id, kind="order.paid", subject="ord_1", data={"object": {}}
        )


def key(world: World, partner: Partner) -> str:
    made = PrivateKey.generate()
    world.add_key(partner.id, made)
    return made.keyid


def endpoint(world: World, partner: Partner) -> str:
    url = {"url": "https://hooks.shop.example/cf"}
    return str(world.write("/v1/webhook_endpoints", url, key=ids.new("k"), by=partner).json["id"])


def check(world: World, partner: Partner, of: str | None = None) -> str:
    """A check of an endpoint that is over."""
    checked = of or endpoint(world, partner)
    with world.database.unit_of_work() as tx:
        event_id = events.publish(
            tx, partner_id=partner.id, kind="endpoint.test", subject=checked, data={"object": {}}
        )
        check_id = webhook_store.insert_check(tx, checked, event_id)
        tx.run(
            "UPDATE webhook_check SET state = 'done', finished_at = :now WHERE id = :id",
            id=check_id,
            now=tx.machine_now,
        )
    return check_id


def difference(world: World, partner: Partner) -> None:
    """What the bank and our books disagree on about a payout."""
    with world.database.unit_of_work() as tx:
        tx.run(
            "INSERT INTO bank_difference (id, business_date, channel_order_no, kind, detail,"
            " bank_fen, partner_id, loan_id, order_id, found_at) SELECT :id, business_date, :id,"
            " 'missing_here', '', -1, :partner, 'loan_1', 'ord_1', :now FROM business_day",
            id=ids.new("dif"),
            partner=partner.id,
            now=tx.now,
        )


def walk(world: World, partner: Partner) -> str:
    order = world.order(ids.new("o"), by=partner)["id"]
    made = Walk(ids.new("wlk"), partner.id, order, "pay", "approved", "works", 12)
    with world.database.unit_of_work() as tx:
        insert_walk(tx, made)
    return made.id


def store(world: World, partner: Partner) -> str:
    """A store, and a member of its staff."""
    new = {
        "store_no": ids.new("s"),
        "name": "店",
        "scene": "appliances",
        "latitude_e6": 31_230_400,
        "longitude_e6": 121_473_700,
    }
    made = str(world.write("/v1/stores", new, key=ids.new("k"), by=partner).json["id"])
    person = world.sealed({"staff_no": "E-1", "name": "王小明"}, "/name")
    world.write(f"/v1/stores/{made}/staff", person, key=ids.new("k"), by=partner)
    return made


def till(world: World, partner: Partner, of: str | None = None) -> str:
    at = of or store(world, partner)
    made = PrivateKey.generate()
    world.add_key(partner.id, made, functions=("payments",))
    new = {"till_no": ids.new("t"), "keyid": made.keyid}
    answer = world.write(f"/v1/stores/{at}/tills", new, key=ids.new("k"), by=partner)
    return str(answer.json["id"])


def payment(world: World, partner: Partner, of: str | None = None) -> str:
    """A payment that waits for a customer."""
    at = of or store(world, partner)
    taken_at = till(world, partner, at)
    payment_id = ids.new("spy")
    with world.database.unit_of_work() as tx:
        tx.run(
            "INSERT INTO store_payment (id, partner_id, store_id, till_id, payment_no, amount_fen,"
            " scene, description, metadata, product_code, product_version, token_sha256,"
            " created_at, changed_at, expires_at) VALUES (:id, :partner, :store, :till, :id, 1,"
            " 'appliances', '', '{}', 'mall-standard', 1, :token, :now, :now,"
            " :now)",
            id=payment_id,
            partner=partner.id,
            store=at,
            till=taken_at,
            token=payment_id.encode(),
            now=tx.now,
        )
    return payment_id


def payment_refund(world: World, partner: Partner, of: str | None = None) -> str:
    refund_id = ids.new("srf")
    payment_id = of or payment(world, partner)
    with world.database.unit_of_work() as tx:
        tx.run(
            "INSERT INTO store_refund (id, payment_id, partner_id, refund_no, amount_fen, reason,"
            " loan_reduction_fen, borrower_refund_fen, merchant_claim_fen,"
            " outstanding_principal_fen, business_date, created_at) VALUES (:id, :payment,"
            " :partner, :id, 1, '', 1, 0, 1, 0, '2026-11-23', :now)",
            id=refund_id,
            payment=payment_id,
            partner=partner.id,
            now=tx.now,
        )
    return refund_id


def lead(world: World, partner: Partner) -> str:
    """A lead that waits for its person."""
    lead_id = ids.new("led")
    with world.database.unit_of_work() as tx:
        application_id = loans.start(
            tx,
            NewApplication(
                partner_id=partner.id,
                scenario="assisted_lending",
                product_code="cash-standard",
                product_version=1,
                subject=lead_id,
                amount_fen=1_000_000,
                purpose="travel",
            ),
        )
        tx.run(
            "INSERT INTO lead (id, partner_id, lead_no, schema_version, amount_fen, purpose,"
            " identity_no_index, mobile_index, return_url, metadata, application_id,"
            " page_token_sha256, page_token_sealed, handover_expires_at, created_at, changed_at,"
            " expires_at) VALUES (:id, :partner, :id, '1', 1000000, 'travel', '', '',"
            " 'https://platform.example/', '{}', :application, :token, '', :later, :now, :now,"
            " :later)",
            id=lead_id,
            partner=partner.id,
            application=application_id,
            token=lead_id.encode(),
            now=tx.now,
            later=tx.now + timedelta(days=1),
        )
    return lead_id


def share(world: World, partner: Partner) -> str:
    """A share that its funder has declined."""
    share_id = ids.new("shr")
    agreement_id, request_id, customer_id = ids.new("fag"), ids.new("fnd"), ids.new("cus")
    facts = {
        "amount_fen": 10,
        "rate_annual": "0.1",
        "cost_rate_annual": "0.24",
        "periods_max": 12,
        "purpose": "electronics",
        "region": "11",
        "age": 30,
        "score": None,
        "decided_at": "2026-11-23T08:00:00+00:00",
        "decision_id": ids.new("dec"),
    }
    with world.database.unit_of_work() as tx:
        (account,) = channels.settlement_accounts(tx, partner.id)
        tx.run(
            "INSERT INTO customer (id, name_sealed, identity_no_sealed, identity_no_index,"
            " mobile_sealed, mobile_index, birth_date, created_at) VALUES (:id, '', '', :index, '',"
            " '', '1990-01-01', :now)",
            id=customer_id,
            index=customer_id.encode(),
            now=tx.now,
        )
        tx.run(
            "INSERT INTO funder (partner_id, licence_kind, licence_no, licence_regions,"
            " licence_from, licence_to, clearing_account_id, encryption_jwk, state, created_at)"
            " VALUES (:id, 'trust', 'B', '{}', '2026-01-01', '2036-01-01', :account, '{}',"
            " 'active', :now) ON CONFLICT DO NOTHING",
            id=partner.id,
            account=account.id,
            now=tx.now,
        )
        tx.run(
            "INSERT INTO funder_agreement (id, partner_id, product_code, share_min_bp,"
            " share_max_bp, price_rate, service_fee_rate, decide_minutes, fund_minutes, cut_off,"
            " quota_day_fen, quota_total_fen, amount_min_fen, amount_max_fen, periods_max, age_min,"
            " age_max, score_min, is_prefunded, valid_from) VALUES (:id, :partner, :id, 3000, 7000,"
            " 0, 0, 1, 1, '23:00', 1, 1, 1, 1, 1, 18, 60, 0, false, '2026-01-01')",
            id=agreement_id,
            partner=partner.id,
        )
        tx.run(
            "INSERT INTO funding_request (id, application_id, customer_id, product_code,"
            " product_version, amount_fen, facts, own_bp, state, created_at, expires_at,"
            " changed_at) VALUES (:id, :id, :customer, 'mall-standard', 1, 10, :facts, 4000,"
            " 'waiting', :now, :now, :now)",
            id=request_id,
            customer=customer_id,
            facts=json(facts),
            now=tx.now,
        )
        tx.run(
            "INSERT INTO funding_share (id, request_id, funder_id, agreement_id, generation,"
            " share_bp, amount_fen, state, reason_code, invited_at, decide_by, changed_at)"
            " VALUES (:id, :request, :partner, :agreement, 1, 6000, 6, 'declined', 'credit', :now,"
            " :now, :now)",
            id=share_id,
            request=request_id,
            partner=partner.id,
            agreement=agreement_id,
            now=tx.now,
        )
    return share_id


def bill(world: World, partner: Partner) -> str:
    """What a platform is owed for a month."""
    bill_id = ids.new("cbl")
    statement_id = statement_of(world, partner)
    file = world.context.lending.files.put("commission", ".pdf", b"%PDF-1.4")
    with world.database.unit_of_work() as tx:
        months = tx.scalar(
            "SELECT count(*) FROM commission_bill WHERE platform_id = :id", id=partner.id
        )
        tx.run(
            "INSERT INTO commission_bill (id, platform_id, month, state, statement_id, loans, rows,"
            " accrued_fen, clawback_fen, volume_fen, overdue_rate, tier_fen, tiers, carried_fen,"
            " payable_fen, pdf_name, pdf_sha256, pdf_size_bytes, made_at, changed_at) VALUES (:id,"
            " :partner, CAST('2026-01-01' AS date) + CAST(:months || ' months' AS interval),"
            " 'open', :statement, 1, 1, 0, -5, 0, 0, 0, '[]', 0, -5, :name, :sha256, 8,"
            " :now, :now)",
            id=bill_id,
            partner=partner.id,
            months=str(months),
            statement=statement_id,
            name=file.name,
            sha256=file.sha256,
            now=tx.now,
        )
    return bill_id


def claim(world: World, partner: Partner) -> str:
    """What a guarantor is asked to pay for some loan."""
    claim_id = ids.new("clm")
    with world.database.unit_of_work() as tx:
        tx.run("SET LOCAL session_replication_role = replica")
        tx.run(
            "INSERT INTO guarantee_claim (id, loan_id, guarantor_id, agreement_id, state,"
            " filed_on, days_past_due, principal_fen, interest_fen, penalty_fen, filed_at,"
            " changed_at) VALUES (:id, :loan, :partner, :agreement, 'filed', '2026-11-23', 30, 1,"
            " 0, 0, :now, :now)",
            id=claim_id,
            loan=ids.new("loan"),
            partner=partner.id,
            agreement=ids.new("gag"),
            now=tx.now,
        )
    return claim_id


def staff(world: World, partner: Partner) -> str:
    at = store(world, partner)
    person = world.sealed({"staff_no": "E-2", "name": "李小红"}, "/name")
    answer = world.write(f"/v1/stores/{at}/staff", person, key=ids.new("k"), by=partner)
    return str(answer.json["id"])


def line(world: World, partner: Partner, of: str | None = None) -> str:
    """A line that was applied for in a partner's store; its customer agrees to that being told."""
    at = of or store(world, partner)
    line_id, application_id, customer_id = ids.new("line"), ids.new("app"), ids.new("cus")
    with world.database.unit_of_work() as tx:
        tx.run(
            LINE,
            line=line_id,
            application=application_id,
            customer=customer_id,
            partner=partner.id,
            store=at,
            index=line_id.encode(),
            now=tx.now,
        )
    return line_id


LINE = """
WITH person AS (
    INSERT INTO customer (id, identity_no_index, name_sealed, identity_no_sealed, mobile_sealed,
        mobile_index, birth_date, created_at)
    VALUES (:customer, :index, '', '', '', :index, '1990-01-01', :now)
), asked AS (
    INSERT INTO application (id, partner_id, scenario, product_code, product_version, subject,
        amount_fen, purpose, partner_signals, is_for_line, customer_id, state, created_at,
        changed_at)
    VALUES (:application, :partner, 'offline_credit', 'mall-standard', 1, :line, 1, 'appliances',
        '{}', true, :customer, 'signed', :now, :now)
), made AS (
    INSERT INTO credit_line (id, customer_id, application_id, product_code, product_version, state,
        limit_fen, exposure_fen, review_due, created_at, opened_at, changed_at)
    VALUES (:line, :customer, :application, 'mall-standard', 1, 'open', 500000, 500000,
        '2030-01-01', :now, :now, :now)
), seen AS (
    INSERT INTO store_visit (id, store_id, token_sha256, code_made_at, device, customer_id,
        application_id, outcome, arrived_at)
    VALUES ('vis_' || substr(:line, 6), :store, :index, :now, '{}', :customer, :application,
        'inside', :now)
)
INSERT INTO consent (id, customer_id, scope, text_version, text_sha256, channel, subject, given_at)
VALUES ('con_' || substr(:line, 6), :customer, 'sharing', '1', '', 'store', :application, :now)
"""
"""A customer, the application and what it became, where they applied, and that we may tell."""


MAKERS: dict[str, Callable[[World, Partner], str]] = {
    "order_id": lambda world, partner: str(world.order(ids.new("o"), by=partner)["id"]),
    "refund_id": refund,
    "endpoint_id": endpoint,
    "event_id": event,
    "check_id": check,
    "keyid": key,
    "bill_id": bill,
    "claim_id": claim,
    "statement_id": statement_of,
    "walk_id": walk,
    "store_id": store,
    "staff_id": staff,
    "line_id": line,
    "till_id": till,
    "payment_id": payment,
    "payment_refund_id": payment_refund,
    "lead_id": lead,
    "share_id": share,
}
"""How a thing comes to be. A new id in the description needs one."""


def things_of(world: World, partner: Partner) -> dict[str, str]:
    """One thing of each kind; what belongs to another belongs to that one."""
    found = {name: make(world, partner) for name, make in MAKERS.items()}
    difference(world, partner)
    found["check_id"] = check(world, partner, found["endpoint_id"])
    found["till_id"] = till(world, partner, found["store_id"])
    found["line_id"] = line(world, partner, found["store_id"])
    found["payment_id"] = payment(world, partner, found["store_id"])
    found["payment_refund_id"] = payment_refund(world, partner, found["payment_id"])
    return found


def missing(there: str) -> str:
    """An id like another, of nothing."""
    prefixed = re.fullmatch(r"([a-z]+_)[a-z2-7]{26}", there)
    return f"{prefixed[1]}{'a' * 26}" if prefixed else "A" * len(there)


def ask(
    world: World, operation: Operation, named: Mapping[str, str], by: Partner, body: Any = ...
) -> TestResponse:
    """The call with these ids in their places, and the example of its body."""
    path = re.sub(r"{(\w+)}", lambda found: named[found[1]], operation.path)
    sent = operation.example if body is ... else body
    if isinstance(sent, dict) and body is ...:
        sent = {name: named.get(name, value) for name, value in sent.items()}
    asked = {name for place, name in operation.ids() if place == "query"} & set(named)
    pairs = [f"{name}={named[name]}" for name in sorted(asked)]
    pairs += [
        f"{each['name']}={each['schema']['examples'][0]}"
        for each in operation.about["parameters"]
        if each.get("in") == "query" and each.get("required")
    ]
    query = "&".join(pairs)
    headers = {"idempotency-key": ids.new("k")} if operation.is_write else {}
    if operation.file and body is ...:
        headers["content-type"], sent = operation.file
    request = world.request(operation.method, path, sent, query=query, headers=headers)
    return world.send(world.signed(request, by.key))


def without_signature(world: World, operation: Operation) -> TestResponse:
    """The call as nobody signed it."""
    path = re.sub(r"{\w+}", "some_id", operation.path)
    return world.send(replace(world.request(operation.method, path), body=b""))
