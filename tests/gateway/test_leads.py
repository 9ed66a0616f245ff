"""Platforms over signed HTTP: what comes in is input only; what goes out is one bit or a state."""

import asyncio
from datetime import UTC, timedelta
from hashlib import sha256
from io import StringIO
from typing import Any

import pytest
from cf_partner_sdk import (
    ArgumentInvalid,
    AsyncClient,
    Clock,
    LeadConsent,
    LeadState,
    ListState,
    PrecheckKey,
    ProblemError,
    Refused,
)

from gateway.schemas.leads import BatchRequest, LeadRequest, PrecheckRequest
from lending.channels.model import PartnerKind
from lending.customers import blacklist
from scenarios.assisted_lending import cleaning, precheck
from simulators.magic import somebody
from tests.assisted_lending.test_attachments import document
from tests.gateway import described
from tests.gateway.test_ownership import INNER_NAMES
from tests.gateway.things import OPERATIONS
from tests.gateway.world import PUBLIC_URL, Partner, World, code_of
from tests.outside import InALoop

OURS = (
    *("approve", "approved_fen", "limit", "rate", "price", "grade", "outcome", "reasons", "arm"),
    *("periods_max", "customer_id", "bank_card_id", "suitability", "handover_used_at", "signals"),
    *("partner_signals", "tier", "commission", "guarantee", "funding", "loan_id", "signature"),
)
"""What we decide, know or keep: nothing of it can be sent."""


@pytest.fixture(scope="module")
def platform(shared_world: World) -> Partner:
    return shared_world.partner("app_leads", kind=PartnerKind.PLATFORM)


def async_client(world: World, by: Partner) -> AsyncClient:
    return AsyncClient(
        app_id=by.app_id,
        key=by.key,
        base_url=PUBLIC_URL,
        root_keyid=world.platform.root_keyid,
        clock=Clock(wall=lambda: world.clock.now().timestamp()),
        transport=InALoop(world.app),
    )


def lead_of(cf: Any, world: World, number: str, **more: Any) -> Any:
    who = somebody(of=number)
    given_at = world.clock.now().astimezone(UTC) - timedelta(minutes=1)
    wanted: dict[str, Any] = {
        "lead_no": number,
        "amount_fen": 1_000_000,
        "purpose": "travel",
        "name": who.name,
        "identity_no": who.identity_no,
        "mobile": who.mobile,
        "consents": [LeadConsent("identity", "1", "ab" * 32, "app", given_at)],
        "return_url": "https://platform.example/back",
        "idempotency_key": number,
    }
    return cf.leads.submit(**{**wanted, **more})


class TestALead:
    def test_goes_through_the_sdk(self, shared_world, platform):
        world = shared_world
        with world.client(platform) as cf:
            made = lead_of(cf, world, "S-1", metadata={"page": "7"})
            again = lead_of(cf, world, "S-1", metadata={"page": "7"})
            assert (made.id, made.state) == (again.id, LeadState.RECEIVED)
            assert made.handover_url == again.handover_url
            newer = cf.leads.hand_over(made.id)
            assert newer.handover_url != made.handover_url
            assert cf.leads.find("S-1").id == made.id
            assert cf.leads.withdraw(made.id).state is LeadState.CANCELLED
            assert [each.lead_no for each in cf.leads.list(state="cancelled")] == ["S-1"]
            assert cf.leads.get(made.id).handover_url is None

    def test_travels_encrypted_and_is_kept_so(self, shared_world, platform):
        world, who = shared_world, somebody(of="S-2")
        with world.client(platform) as cf:
            lead_of(cf, world, "S-2")
        with world.database.unit_of_work() as tx:
            rows = tx.all("SELECT row_to_json(l)::text AS text FROM lead l WHERE lead_no = 'S-2'")
            rows += tx.all("SELECT row_to_json(r)::text AS text FROM stored_reply r")
            rows += tx.all("SELECT row_to_json(a)::text AS text FROM audit_log a")
        for row in rows:
            for secret in (who.identity_no, who.mobile, who.name):
                assert secret not in row["text"]

    def test_in_clear_is_refused(self, shared_world, platform):
        body = OPERATIONS["submit_lead"].example
        plain = {**body, "applicant": {**body["applicant"], "mobile": "13812345678"}}
        answer = shared_world.write("/v1/leads", plain, key="plain", by=platform)
        assert code_of(answer) == "field-not-encrypted"
        assert answer.json["field"] == "/applicant/mobile"

    def test_tells_what_is_wrong(self, shared_world, platform):
        with shared_world.client(platform) as cf:
            for change, code, field in (
                ({"profile": {"dependants": 1}}, "lead.consent_scope_missing", "/profile"),
                ({"consents": []}, "fields.refused", "/consents"),
                (
                    {"identity_no": "11010119900307100"},
                    "customer.identity_no_invalid",
                    "/applicant/identity_no",
                ),
                ({"mobile": "123"}, "customer.mobile_invalid", "/applicant/mobile"),
                ({"amount_fen": 1}, "product.amount_outside", "/amount_fen"),
                ({"purpose": "house"}, "fields.refused", "/purpose"),
            ):
                with pytest.raises(ProblemError) as refused:
                    lead_of(cf, shared_world, "S-9", idempotency_key=code + str(field), **change)
                assert refused.value.code == code
                assert refused.value.field == field
            with pytest.raises(ProblemError):
                cf.leads.find("S-9")


@pytest.fixture(scope="module")
def lead_id(shared_world, platform) -> str:
    given_at = shared_world.clock.now().astimezone(UTC) - timedelta(minutes=1)
    consents = [
        LeadConsent(scope, "1", "ab" * 32, "app", given_at) for scope in ("identity", "attachments")
    ]
    with shared_world.client(platform) as cf:
        return str(lead_of(cf, shared_world, "S-4", consents=consents).id)


class TestAFile:
    PDF = document(size=2_000_000)

    def test_goes_through_the_sdk_however_it_is_given(
        self, shared_world, platform, lead_id, tmp_path
    ):
        path = tmp_path / "payslip.pdf"
        path.write_bytes(self.PDF)
        with shared_world.client(platform) as cf, path.open("rb") as opened:
            made = [
                cf.leads.attach(lead_id, kind="income", file=each, idempotency_key="f-1")
                for each in (path, str(path), self.PDF, opened)
            ]
        assert {each.id for each in made} == {made[0].id}, "one key, one file"
        kept = cleaning.cleaned(self.PDF).content
        assert (made[0].content_type, made[0].size_bytes) == ("application/pdf", len(kept))
        assert made[0].sha256 == sha256(kept).hexdigest()

    def test_goes_through_the_asynchronous_sdk(self, shared_world, platform, lead_id):
        async def attached() -> Any:
            async with async_client(shared_world, platform) as cf:
                return await cf.leads.attach(lead_id, kind="other", file=self.PDF)

        assert asyncio.run(attached()).content_type == "application/pdf"

    def test_under_a_used_key_is_another_call_when_its_kind_is_another(
        self, shared_world, platform, lead_id
    ):
        with shared_world.client(platform) as cf:
            cf.leads.attach(lead_id, kind="income", file=self.PDF, idempotency_key="f-2")
            with pytest.raises(ProblemError) as reused:
                cf.leads.attach(lead_id, kind="other", file=self.PDF, idempotency_key="f-2")
        assert reused.value.code == "idempotency.key_reused"

    def test_that_was_altered_on_the_way_is_refused(self, shared_world, platform, lead_id):
        world = shared_world
        headers = {"content-type": "application/pdf", "idempotency-key": "f-3"}
        path = f"/v1/leads/{lead_id}/attachments?kind=income"
        sent = world.signed(world.request("POST", path, self.PDF, headers=headers), platform.key)
        answer = world.send(sent.but(body=self.PDF.replace(b"/Catalog", b"/Catalof")))
        assert code_of(answer) == "digest-mismatch"

    def test_tells_what_is_wrong(self, shared_world, platform, lead_id):
        for sent, kind, code in (
            (b"GIF89a", "income", "attachment.type_refused"),
            (document(root={"/AA": "/JS"}), "income", "attachment.type_refused"),
            (b"", "income", "fields.refused"),
            (self.PDF, "other%20", "fields.refused"),
            (self.PDF, "", "fields.refused"),
        ):
            headers = {"content-type": "application/pdf", "idempotency-key": f"f-{len(sent)}{kind}"}
            path = f"/v1/leads/{lead_id}/attachments?kind={kind}"
            answer = shared_world.call("POST", path, sent, by=platform, headers=headers)
            assert code_of(answer) == code

    def test_of_another_type_does_not_leave_the_sdk(self, shared_world, platform, lead_id):
        with shared_world.client(platform) as cf:
            for wrong in (b"GIF89a", b"%PDF-" + b" " * 10 * 1024 * 1024, StringIO("%PDF-")):
                with pytest.raises(ArgumentInvalid):
                    cf.leads.attach(lead_id, kind="income", file=wrong)


class TestWhatWeDecide:
    @pytest.mark.parametrize(
        "at", ["", "/applicant", "/profile", "/device", "/behaviour", "/score", "/consents/0"]
    )
    def test_cannot_be_sent_anywhere_in_a_lead(self, at):
        body = OPERATIONS["submit_lead"].example
        inner: Any = body
        for step in [each for each in at.split("/") if each]:
            inner = inner[int(step)] if step.isdigit() else inner[step]
        for name in {*INNER_NAMES, *OURS} - set(inner):
            inner[name] = "1"
            faults: Any = LeadRequest().validate(body)
            del inner[name]
            for step in [each for each in at.split("/") if each]:
                faults = faults[int(step) if step.isdigit() else step]
            assert faults[name] == ["Unknown field."], (at, name)

    def test_cannot_be_sent_with_a_precheck(self):
        one, many = (OPERATIONS[name].example for name in ("precheck", "precheck_batch"))
        for name in {*INNER_NAMES, *OURS}:
            assert name in PrecheckRequest().validate({**one, name: "1"})
            assert name in BatchRequest().validate({**many, name: "1"})
            inside = {**many, "people": [{**many["people"][0], name: "1"}]}
            assert "people" in BatchRequest().validate(inside)

    def test_is_in_no_answer_beyond_the_schema(self, shared_world, platform):
        with shared_world.client(platform) as cf:
            made = lead_of(cf, shared_world, "S-3")
        schema = described.document()["components"]["schemas"]["Lead"]["properties"]
        answer = shared_world.call("GET", f"/v1/leads/{made.id}", by=platform)
        assert set(answer.json) == set(schema)


class TestAPrecheck:
    def test_tells_one_bit_for_each_person(self, shared_world, platform):
        world, known = shared_world, somebody(of="listed")
        with world.database.unit_of_work() as tx:
            blacklist.add(tx, world.keys, "mobile", known.mobile, reason="x", source="y")
        with world.client(platform) as cf:
            key = cf.platform.new_precheck_key(idempotency_key="k-1")
            assert cf.platform.new_precheck_key(idempotency_key="k-1").secret == key.secret
            with pytest.raises(ProblemError) as early:
                cf.leads.precheck(key=key, mobile=known.mobile)
            assert early.value.code == "precheck.key_not_ready"
            precheck.refresh(world.context.lending)
            with world.database.unit_of_work() as tx:
                (row,) = tx.all("SELECT number FROM precheck_key WHERE id = :id", id=key.key)
            precheck.index_key(world.context.lending, row["number"])
            stranger = somebody(of="nobody").mobile
            assert cf.leads.precheck(key=key, mobile=known.mobile) is False
            assert cf.leads.precheck(key=key, mobile=stranger) is True
            people = [{"mobile": stranger}, {"mobile": known.mobile}] * 500
            assert cf.leads.precheck_batch(people, key=key) == [True, False] * 500
            info = cf.platform.get()
            assert (info.list_state, info.prechecks_used) == (ListState.LISTED, 1_002)
            with pytest.raises(Refused) as foreign:
                cf.leads.precheck(key=PrecheckKey("pck_other", "00" * 32), mobile=stranger)
            assert foreign.value.code == "precheck.key_unknown"

    def test_key_that_was_pruned_before_it_was_indexed_needs_nothing(self, shared_world):
        precheck.index_key(shared_world.context.lending, 2**31 - 1)

    def test_of_many_takes_null_for_what_is_not_known_as_one_does(self):
        person = {"identity_no": None, "mobile": OPERATIONS["precheck"].example["mobile"]}
        assert PrecheckRequest().validate({"key": "pck_x", **person}) == {}
        assert BatchRequest().validate({"key": "pck_x", "people": [person]}) == {}

    def test_by_a_plain_hash_is_refused(self, shared_world, platform):
        body = {"key": "pck_x", "people": [{"mobile": "ab" * 32}]}
        answer = shared_world.call("POST", "/v1/prechecks/batch", body, by=platform)
        assert (code_of(answer), answer.json["field"]) == ("precheck.hash_form", "/people/0/mobile")
