"""Events by type: what a program finds in each."""

import pytest
from cf_partner_sdk import (
    AnswerNotUnderstood,
    DisabledReason,
    EndpointDisabled,
    EndpointState,
    Event,
    LoanRepaid,
    OrderEvent,
    OrderPaid,
    OrderState,
)

ORDER = {"id": "ord_1", "order_no": "A-1", "amount_fen": 100, "state": "paid"}
REPAID = {
    "loan_id": "loan_1",
    "repayment_id": "rpy_1",
    "amount_fen": 100,
    "principal_fen": 90,
    "interest_fen": 10,
    "outstanding_principal_fen": 500,
    "order_id": "ord_1",
    "order_no": "A-1",
}
ENDPOINT = {
    "id": "whe_1",
    "url": "https://shop.example/cf",
    "event_types": ["*"],
    "state": "disabled",
    "disabled_reason": "gone",
}


def event(kind: str, carried: object) -> Event:
    return Event.from_json(
        {
            "id": "evt_1",
            "type": kind,
            "created_at": "2026-11-23T02:00:00.000Z",
            "data": {"object": carried},
        }
    )


class TestAnEventOfAKnownType:
    def test_is_matched_by_its_class(self):
        match event("order.paid", ORDER):
            case OrderPaid(order=order):
                assert (order.order_no, order.state) == ("A-1", OrderState.PAID)
            case _:
                raise AssertionError

    def test_is_also_of_the_class_of_its_kin(self):
        for kind in ("created", "approved", "referred", "declined", "signed", "cancelled"):
            found = event(f"order.{kind}", ORDER)
            assert isinstance(found, OrderEvent)
            assert type(found) is not OrderEvent

    def test_tells_of_a_repayment_and_of_an_endpoint(self):
        paid = event("loan.repaid", REPAID)
        assert isinstance(paid, LoanRepaid)
        assert (paid.repayment.amount_fen, paid.order) == (100, None)
        ended = event("endpoint.disabled", ENDPOINT)
        assert isinstance(ended, EndpointDisabled)
        assert ended.endpoint.state is EndpointState.DISABLED
        assert ended.endpoint.disabled_reason is DisabledReason.GONE

    def test_that_carries_something_else_says_so_when_it_is_looked_at(self):
        with pytest.raises(AnswerNotUnderstood):
            _ = event("order.paid", {"id": "rfd_1"}).order


class TestAnEventOfAnUnknownType:
    @pytest.mark.parametrize("kind", ["order.sung", "", "order.PAID"])
    def test_is_a_plain_event(self, kind):
        assert type(event(kind, ORDER)) is Event
