"""The example platform, in a browser of the tests' own, before the fake lender."""

import json
import re
from collections.abc import Iterator

import pytest
from cf_partner_sdk import BillState, LeadState
from cf_partner_sdk.testing import FakeGateway
from flask.testing import FlaskClient

from examples.platform.app import CONSENTS, create_app

WISH = {
    "amount": "10000",
    "product": "cash-standard",
    "purpose": "travel",
    "name": "王小满",
    "identity_no": "110101199003071006",
    "mobile": "13812345678",
    "income": "12000",
    **dict.fromkeys(CONSENTS, "yes"),
}


@pytest.fixture
def gateway() -> Iterator[FakeGateway]:
    with FakeGateway() as made:
        yield made


@pytest.fixture
def visitor(gateway: FakeGateway, tmp_path) -> FlaskClient:
    """Somebody on the platform's site, whose clock is the lender's."""
    config = tmp_path / "demo_platform.json"
    config.write_text(json.dumps({"base_url": gateway.base_url, "root_keyid": gateway.root_keyid}))
    return create_app(config, "https://platform.example", gateway.client()).test_client()


def lent(gateway: FakeGateway, visitor: FlaskClient) -> str:
    """The number of a lead that has become a loan on which interest was paid."""
    sent = visitor.post("/apply", data=WISH)
    assert sent.status_code == 303, sent.text
    lead_no = next(iter(gateway.events)).data["object"]["lead_no"]
    for state in (LeadState.HANDED_OVER, LeadState.APPROVED, LeadState.SIGNED, LeadState.PAID):
        gateway.move_lead(lead_no, state)
    gateway.repay_lead(lead_no, principal_fen=80_000, interest_fen=10_000)
    return lead_no


class TestABill:
    def test_is_recomputed_and_confirmed(self, gateway, visitor):
        lent(gateway, visitor)
        bill = gateway.commissions.bill()
        page = visitor.get("/bills").text
        assert "按收到的通知重算,一致" in page
        payable = re.search(r'name="payable_fen" value="(\d+)"', page)
        assert payable is not None
        said = visitor.post(f"/bills/{bill.id}/confirm", data={"payable_fen": payable[1]})
        assert said.status_code == 303
        gateway.commissions.pay(bill)
        assert "已付款" in visitor.get("/bills").text

    def test_is_disputed_and_its_answer_is_read(self, gateway, visitor):
        lent(gateway, visitor)
        bill = gateway.commissions.bill()
        visitor.post(f"/bills/{bill.id}/dispute", data={"reason": "少计一笔"})
        assert gateway.commissions.bills[bill.id].state is BillState.DISPUTED
        again = visitor.post(f"/bills/{bill.id}/confirm", data={"payable_fen": "2000"})
        assert (again.status_code, "disputed" in again.text) == (502, True)
        gateway.commissions.answer(bill, "已核对,无误")
        assert "已核对,无误" in visitor.get("/bills").text
