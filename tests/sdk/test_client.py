"""What a merchant's program calls, and what it gets."""

import json
import warnings
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from cf_partner_sdk import (
    AnswerNotUnderstood,
    ArgumentInvalid,
    CfDeprecationWarning,
    Client,
    Conflict,
    EndpointState,
    EndpointTest,
    Event,
    NotAllowed,
    NotFound,
    Order,
    OrderItem,
    OrderRefunded,
    OrderState,
    Refused,
    RequestInvalid,
    ServerFault,
    SubsidyPayer,
    TooManyRequests,
)

from tests.sdk import platform as platforms
from tests.sdk.platform import BASE, PARTNER, ROOT, ManualClock, Platform, problem, reply

ITEM = {
    "sku": "P-1",
    "name": "手机",
    "quantity": 1,
    "unit_price_fen": 599900,
    "category": "electronics",
}
ORDER = {
    "id": "ord_1",
    "order_no": "A-77",
    "amount_fen": 599900,
    "currency": "CNY",
    "product_code": "mall-standard",
    "state": "paid",
    "items": [ITEM],
    "checkout_url": "https://pay.lender.example/checkout/t",
    "return_url": "https://shop.example/back",
    "cancel_url": None,
    "metadata": {"till": "4"},
    "periods": 12,
    "loan_id": "loan_1",
    "paid_fen": 596300,
    "refunded_fen": 0,
    "payout": {
        "amount_fen": 596300,
        "account_last4": "0012",
        "paid_at": "2026-11-23T02:00:05Z",
        "channel_reference": "ch_9",
    },
    "decline_reason": None,
    "created_at": "2026-11-23T02:00:00Z",
    "updated_at": "2026-11-23T02:00:05.25+00:00",
    "expires_at": None,
}
REFUND = {
    "id": "rfd_1",
    "refund_no": "R-1",
    "order_id": "ord_1",
    "amount_fen": 100,
    "loan_reduction_fen": 90,
    "borrower_refund_fen": 10,
    "merchant_claim_fen": 100,
    "state": "done",
    "loan_outstanding_principal_fen": 599810,
    "created_at": "2026-11-23T02:00:00Z",
}
ENDPOINT = {
    "id": "whe_1",
    "url": "https://shop.example/cf",
    "event_types": ["*"],
    "state": "enabled",
    "description": None,
    "created_at": "2026-11-23T02:00:00Z",
}
EVENT = {
    "id": "evt_1",
    "type": "order.paid",
    "created_at": "2026-11-23T02:00:06Z",
    "api_version": "2026-11-01",
    "subject": "ord_1",
    "data": {"object": ORDER},
}


def sent(platform: Platform) -> dict:
    return json.loads(platform.calls[-1].body)


class TestMakingAClient:
    def test_touches_no_network(self, platform):
        platforms.client(ManualClock()).close()
        assert platform.calls == []
        assert platform.directory_calls == 0

    def test_takes_keywords_only(self):
        with pytest.raises(TypeError):
            Client("app_test", PARTNER, BASE, ROOT.keyid)

    def test_reaches_a_test_tenant_under_its_path(self):
        tenant = "https://api.example/t/acme/"
        client = Client(app_id="app_test", key=PARTNER, base_url=tenant, root_keyid=ROOT.keyid)
        assert client.directory.base_url == "https://api.example/t/acme"

    @pytest.mark.parametrize(
        "url", ["api.example", "ftp://api.example", "https://a.example/v1", "https://u@a.example"]
    )
    def test_refuses_a_base_url_that_is_more_or_less_than_a_host(self, url):
        with pytest.raises(ValueError, match="base_url"):
            Client(app_id="app_test", key=PARTNER, base_url=url, root_keyid=ROOT.keyid)

    @pytest.mark.parametrize(
        ("field", "wrong"),
        [
            ("app_id", ""),
            ("key", PARTNER.to_pem()),
            ("base_url", "https://"),
            ("root_keyid", ROOT.keyid[:-1]),
        ],
        ids=["app_id", "key", "base_url", "root_keyid"],
    )
    def test_names_the_argument_that_cannot_be_right_and_how_to_mend_it(self, field, wrong):
        right = {"app_id": "app_test", "key": PARTNER, "base_url": BASE, "root_keyid": ROOT.keyid}
        with pytest.raises(ArgumentInvalid) as refused:
            Client(**{**right, field: wrong})
        assert refused.value.field == field
        assert refused.value.mend in str(refused.value)

    def test_ends_with_its_context(self, platform, wall):
        with platforms.client(wall) as cf:
            pass
        with pytest.raises(RuntimeError, match="closed"):
            cf.mall.orders.get("ord_1")


class TestABodyThatCannotBeRight:
    @pytest.mark.parametrize(
        ("items", "pointer"),
        [
            ([{"unit_price_fen": 5999.0}], "/items/0/unit_price_fen"),
            ([{"unit_price_fen": Decimal(5999)}], "/items/0/unit_price_fen"),
            ([{"sku": "P"}, {"quantity": 2**63}], "/items/1/quantity"),
            ([{"name": "\ud800"}], "/items/0/name"),
        ],
    )
    def test_is_not_sent_and_says_where(self, cf, platform, items, pointer):
        with pytest.raises(ArgumentInvalid) as refused:
            cf.mall.orders.create(
                order_no="A-77", amount_fen=1, items=items, return_url="https://shop.example/"
            )
        assert refused.value.field == pointer
        assert refused.value.mend
        assert platform.calls == []

    def test_has_no_id_that_is_none(self, cf, platform):
        with pytest.raises(ArgumentInvalid, match=r"as it came"):
            cf.mall.orders.get(None)
        assert platform.calls == []


class TestQuoting:
    def test_gives_offers_with_exact_rates(self, cf, platform):
        row = {"number": 1, "due_after": 1, "principal_fen": 1, "interest_fen": 2, "fee_fen": 0}
        offer = {
            "periods": 12,
            "instalment_fen": 54000,
            "instalment_last_fen": 53999,
            "principal_fen": 599900,
            "interest_total_fen": 48100,
            "fee_total_fen": 0,
            "cost_total_fen": 48100,
            "rate_annual": "0.1476",
            "rate_annual_effective": "0.1580",
            "rate_nominal": "0.1476",
            "interest_free": False,
            "subsidy_payer": "none",
            "merchant_subsidy_fen": 0,
            "plan": [{**row, "total_fen": 3}],
        }
        answer = {"amount_fen": 599900, "product_version": 3, "offers": [offer], "message": "每期"}
        platform.answers = [reply(200, answer)]
        quote = cf.mall.quotes.create(amount_fen=599900, periods=[12])
        assert sent(platform) == {"amount_fen": 599900, "periods": [12]}
        assert quote.offers[0].rate_annual == Decimal("0.1476")
        assert quote.offers[0].subsidy_payer is SubsidyPayer.NONE
        assert quote.offers[0].plan[0].total_fen == 3
        assert (quote.message, quote.product_version) == ("每期", 3)

    def test_is_no_write_and_needs_no_idempotency_key(self, cf, platform):
        platform.answers = [reply(200, {"amount_fen": 1, "offers": []})]
        cf.mall.quotes.create(amount_fen=1)
        assert "idempotency-key" not in platform.calls[0].headers


class TestPlacingAnOrder:
    def place(self, cf: Client, **more):
        given = {"order_no": "A-77", "amount_fen": 599900, "items": [ITEM], **more}
        return cf.mall.orders.create(return_url="https://shop.example/back", **given)

    def test_sends_the_order_under_the_callers_key(self, cf, platform):
        platform.answers = [reply(201, ORDER)]
        order = self.place(cf, idempotency_key="A-77", metadata={"till": "4"})
        call = platform.calls[0]
        assert (call.method, call.path) == ("POST", "/v1/mall/orders")
        assert call.headers["idempotency-key"] == "A-77"
        assert call.headers["user-agent"].startswith("cf-partner-sdk/")
        assert "app_test" in call.headers["user-agent"]
        assert sent(platform)["items"] == [ITEM]
        assert order.checkout_url == ORDER["checkout_url"]

    def test_takes_typed_items_and_writes_chinese_as_it_is(self, cf, platform):
        platform.answers = [reply(201, ORDER)]
        self.place(cf, items=[OrderItem(**ITEM)])
        assert sent(platform)["items"] == [ITEM]
        assert "手机".encode() in platform.calls[0].body

    def test_makes_up_a_key_if_there_is_none(self, cf, platform):
        platform.answers = [reply(201, ORDER), reply(201, ORDER)]
        self.place(cf)
        self.place(cf)
        keys = {call.headers["idempotency-key"] for call in platform.calls}
        assert len(keys) == 2

    def test_tells_the_made_up_key_with_the_error(self, cf, platform):
        platform.answers = [problem(409, "order.exists")]
        with pytest.raises(Conflict) as refused:
            self.place(cf)
        assert refused.value.idempotency_key == platform.calls[0].headers["idempotency-key"]

    @pytest.mark.parametrize("key", ["", "a b", "a,b", 'a"b', "键", "k" * 256])
    def test_refuses_a_key_that_no_header_can_hold(self, cf, platform, key):
        with pytest.raises(ValueError, match="idempotency key"):
            self.place(cf, idempotency_key=key)
        assert platform.calls == []


class TestAnOrder:
    def test_is_typed(self, cf, platform):
        platform.answers = [reply(200, ORDER)]
        order = cf.mall.orders.get("ord_1")
        assert order.state is OrderState.PAID
        assert order.items[0].name == "手机"
        assert order.payout.paid_at == datetime(2026, 11, 23, 2, 0, 5, tzinfo=UTC)
        assert order.updated_at.microsecond == 250000
        assert dict(order.extra) == {}

    def test_keeps_fields_and_states_that_are_newer_than_the_sdk(self, cf, platform):
        platform.answers = [reply(200, {**ORDER, "state": "insured", "insurance": {"no": "1"}})]
        order = cf.mall.orders.get("ord_1")
        assert order.state == "insured"
        assert not order.state.known
        assert isinstance(order.state, OrderState)
        assert str(order.state) == "insured"
        assert order.extra["insurance"] == {"no": "1"}

    @pytest.mark.parametrize(
        ("text", "microsecond"),
        [
            ("2026-11-23T02:00:00Z", 0),
            ("2026-11-23t02:00:00.5z", 500_000),
            ("2026-11-23T10:00:00.123456789+08:00", 123_456),
        ],
    )
    def test_has_its_instants_in_any_spelling_of_rfc_3339(self, text, microsecond):
        expected = datetime(2026, 11, 23, 2, 0, 0, microsecond, tzinfo=UTC)
        assert Order.from_json({**ORDER, "created_at": text}).created_at == expected

    @pytest.mark.parametrize(
        "text", ["2026-11-23", "2026-11-23T02:00:00", "2026-11-23T02:00Z", "2026-02-30T02:00:00Z"]
    )
    def test_has_no_instants_in_other_spellings(self, text):
        with pytest.raises(AnswerNotUnderstood):
            Order.from_json({**ORDER, "created_at": text})

    def test_is_frozen(self):
        order = Order.from_json(ORDER)
        with pytest.raises(AttributeError):
            order.amount_fen = 1

    @pytest.mark.parametrize(
        "body",
        [
            {key: value for key, value in ORDER.items() if key != "id"},
            {**ORDER, "created_at": "yesterday"},
            {**ORDER, "items": {}},
            {**ORDER, "state": 7},
            ["ord_1"],
            "ord_1",
        ],
    )
    def test_that_lacks_what_it_must_have_is_not_guessed(self, cf, platform, body):
        platform.answers = [reply(200, body)]
        with pytest.raises(AnswerNotUnderstood):
            cf.mall.orders.get("ord_1")

    @pytest.mark.parametrize("name", ["", "..", "a/b", "a?b", "a%2fb", "订单", "a b"])
    def test_with_a_strange_id_is_never_asked_for(self, cf, platform, name):
        with pytest.raises(ValueError, match="identifier"):
            cf.mall.orders.get(name)
        assert platform.calls == []

    def test_is_found_by_the_merchants_number(self, cf, platform):
        platform.answers = [reply(200, {"data": [ORDER], "next_cursor": None})]
        assert cf.mall.orders.find("A-77").id == "ord_1"
        assert platform.calls[0].query == "order_no=A-77"

    def test_that_is_not_found_by_number_is_not_found(self, cf, platform):
        platform.answers = [reply(200, {"data": [], "next_cursor": None})]
        with pytest.raises(NotFound):
            cf.mall.orders.find("A-78")

    def test_list_goes_through_all_pages(self, cf, platform):
        second = {**ORDER, "id": "ord_2"}
        platform.answers = [
            reply(200, {"data": [ORDER], "next_cursor": "c+/=&2"}),
            reply(200, {"data": [second], "next_cursor": None}),
        ]
        found = [order.id for order in cf.mall.orders.list(state=OrderState.PAID, limit=1)]
        assert found == ["ord_1", "ord_2"]
        queries = [call.query for call in platform.calls]
        assert queries == ["state=paid&limit=1", "state=paid&limit=1&cursor=c%2B%2F%3D%262"]

    def test_is_cancelled_under_a_key(self, cf, platform):
        platform.answers = [reply(200, {**ORDER, "state": "cancelled"})]
        order = cf.mall.orders.cancel("ord_1", idempotency_key="cancel-A-77")
        assert order.state is OrderState.CANCELLED
        assert platform.calls[0].path == "/v1/mall/orders/ord_1/cancel"
        assert platform.calls[0].headers["idempotency-key"] == "cancel-A-77"

    def test_contract_is_the_bytes_of_the_pdf(self, cf, platform):
        pdf = b"%PDF-1.7\n" + bytes(range(256)) * 50
        platform.answers = [(200, {"Content-Type": "application/pdf"}, pdf)]
        assert cf.mall.orders.contract("ord_1") == pdf
        assert platform.calls[0].headers["accept"].startswith("application/pdf")


class TestRefunding:
    def test_tells_where_the_money_goes(self, cf, platform):
        platform.answers = [reply(201, REFUND)]
        refund = cf.mall.refunds.create(
            refund_no="R-1", order_id="ord_1", amount_fen=100, items=[{"sku": "P-1", "quantity": 1}]
        )
        assert (refund.loan_reduction_fen, refund.borrower_refund_fen) == (90, 10)
        assert sent(platform)["items"] == [{"sku": "P-1", "quantity": 1}]
        assert "idempotency-key" in platform.calls[0].headers

    def test_is_read_and_listed(self, cf, platform):
        platform.answers = [reply(200, REFUND), reply(200, {"data": [REFUND]})]
        assert cf.mall.refunds.get("rfd_1").refund_no == "R-1"
        assert [one.id for one in cf.mall.refunds.list(order_id="ord_1")] == ["rfd_1"]
        assert platform.calls[1].query == "order_id=ord_1"


class TestWebhookEndpoints:
    def test_are_made_read_tested_and_removed(self, cf, platform):
        platform.answers = [
            reply(201, ENDPOINT),
            reply(200, {"data": [ENDPOINT], "next_cursor": None}),
            reply(200, ENDPOINT),
            reply(201, {**EVENT, "type": "endpoint.test", "data": {"object": ENDPOINT}}),
            reply(204),
        ]
        made = cf.webhook_endpoints.create(url="https://shop.example/cf")
        assert made.state is EndpointState.ENABLED
        assert sent(platform) == {"url": "https://shop.example/cf", "event_types": ["*"]}
        assert [one.id for one in cf.webhook_endpoints.list()] == ["whe_1"]
        assert cf.webhook_endpoints.get("whe_1").event_types == ("*",)
        event = cf.webhook_endpoints.test("whe_1")
        assert isinstance(event, EndpointTest)
        assert event.endpoint == made
        assert cf.webhook_endpoints.delete("whe_1") is None
        assert [call.method for call in platform.calls] == ["POST", "GET", "GET", "POST", "DELETE"]
        keys = ["idempotency-key" in call.headers for call in platform.calls]
        assert keys == [True, False, False, True, True]


class TestEvents:
    def test_are_listed_read_and_sent_again(self, cf, platform):
        attempt = {"endpoint_id": "whe_1", "number": 1, "status": 503, "duration_ms": 20}
        platform.answers = [
            reply(200, {"data": [EVENT], "next_cursor": None}),
            reply(200, EVENT),
            reply(200, EVENT),
            reply(200, {"data": [attempt], "next_cursor": None}),
        ]
        event = next(iter(cf.events.list(type="order.paid")))
        assert event.order.state is OrderState.PAID
        assert event.refund is None
        assert cf.events.get("evt_1").subject == "ord_1"
        assert cf.events.resend("evt_1") == event
        tries = list(cf.events.attempts("evt_1"))
        assert (tries[0].status, tries[0].duration_ms) == (503, 20)
        assert platform.calls[0].query == "type=order.paid"

    def test_may_carry_a_refund(self, cf, platform):
        platform.answers = [
            reply(200, {**EVENT, "type": "order.refunded", "data": {"object": REFUND}})
        ]
        event = cf.events.get("evt_1")
        assert isinstance(event, OrderRefunded)
        assert event.refund.amount_fen == 100
        assert event.order is None

    def test_of_a_type_to_come_are_plain_and_keep_what_is_unknown(self, cf, platform):
        body = {**EVENT, "type": "order.sung", "verse": 2}
        platform.answers = [reply(200, body)]
        event = cf.events.get("evt_1")
        assert type(event) is Event
        assert (event.type, event.extra["verse"]) == ("order.sung", 2)
        assert event.order.order_no == ORDER["order_no"]

    def test_since_an_instant_are_asked_for_in_utc(self, cf, platform):
        platform.answers = [reply(200, {"data": [], "next_cursor": None})]
        shanghai = timezone(timedelta(hours=8))
        since = datetime(2026, 11, 23, 8, tzinfo=shanghai)
        assert list(cf.events.list(subject="ord_1", since=since, limit=5)) == []
        asked = "subject=ord_1&since=2026-11-23T00%3A00%3A00.000000Z&limit=5"
        assert platform.calls[0].query == asked
        with pytest.raises(ValueError, match="time zone"):
            cf.events.list(since=since.replace(tzinfo=None))


class TestAProblem:
    @pytest.mark.parametrize(
        ("status", "kind"),
        [
            (400, RequestInvalid),
            (403, NotAllowed),
            (404, NotFound),
            (409, Conflict),
            (413, RequestInvalid),
            (422, Refused),
            (429, TooManyRequests),
            (500, ServerFault),
        ],
    )
    def test_has_a_class_by_its_status(self, cf, platform, status, kind):
        platform.answers = [problem(status, "some.code")]
        with pytest.raises(kind) as refused:
            cf.mall.orders.get("ord_1")
        assert type(refused.value) is kind
        assert refused.value.status == status

    def test_says_what_is_wrong_and_how_to_mend_it(self, cf, platform):
        platform.answers = [
            problem(
                422,
                "order.items_do_not_add_up",
                title="Refused",
                detail="the items come to 1 fen",
                field="/amount_fen",
                mend="Give the sum of the items.",
                request_id="req_7",
                sum_fen=1,
            )
        ]
        with pytest.raises(Refused) as refused:
            cf.mall.orders.get("ord_1")
        fault = refused.value
        assert (fault.code, fault.field) == ("order.items_do_not_add_up", "/amount_fen")
        assert (fault.mend, fault.request_id) == ("Give the sum of the items.", "req_7")
        assert fault.extra["sum_fen"] == 1
        assert not fault.retryable
        assert str(fault) == (
            "order.items_do_not_add_up: the items come to 1 fen [/amount_fen] "
            "(Give the sum of the items.)"
        )

    def test_takes_the_request_id_from_the_header_at_need(self, cf, platform):
        platform.answers = [(422, {"Content-Type": "text/plain"}, b"no")]
        with pytest.raises(Refused) as refused:
            cf.mall.orders.get("ord_1")
        assert (refused.value.code, refused.value.request_id) == ("http.422", "req_1")


class TestAnEndAnnounced:
    def test_is_warned_of_once(self, cf, platform):
        ends = reply(200, ORDER, Deprecation="@1795000000", Sunset="Sat, 01 May 2027 00:00:00 GMT")
        platform.answers = [ends, ends]
        with pytest.warns(CfDeprecationWarning, match="sunset: Sat, 01 May 2027"):
            cf.mall.orders.get("ord_1")
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            cf.mall.orders.get("ord_1")


class TestAPinnedVersion:
    def test_is_sent_and_signed(self, platform, wall):
        platform.answers = [reply(200, ORDER)]
        with Client(
            app_id="app_test",
            key=PARTNER,
            base_url=BASE + "/",
            root_keyid=ROOT.keyid,
            api_version="2026-11-01",
            clock=wall.for_sdk(),
        ) as cf:
            cf.mall.orders.get("ord_1")
        call = platform.calls[0]
        assert call.headers["cf-version"] == "2026-11-01"
        assert '"cf-version"' in call.headers["signature-input"]
