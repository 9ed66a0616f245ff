"""The fake lender takes leads and answers pre-checks, for a platform's own tests."""

from datetime import timedelta

import pytest
from cf_partner_sdk import (
    ArgumentInvalid,
    Conflict,
    LeadConsent,
    LeadPaid,
    LeadRepaid,
    LeadState,
    Refused,
)
from cf_partner_sdk.testing import FakeGateway


def submit(gateway, cf, lead_no: str, *scopes: str, **more):
    at = gateway.clock.now() - timedelta(minutes=1)
    wanted = {
        "amount_fen": 1_000_000,
        "purpose": "travel",
        "name": "王小满",
        "identity_no": "110101199003071006",
        "mobile": "13812345678",
        "consents": [LeadConsent(each, "1", "ab" * 32, "app", at) for each in scopes],
        "return_url": "https://platform.example/back",
        "idempotency_key": lead_no,
    }
    return cf.leads.submit(lead_no=lead_no, **{**wanted, **more})


@pytest.fixture(scope="module")
def gateway():
    with FakeGateway() as made:
        yield made


def test_a_lead_goes_the_whole_way_as_the_test_says(gateway):
    with gateway.client() as cf:
        lead = submit(gateway, cf, "L-1", "identity")
        assert lead.state is LeadState.RECEIVED
        assert cf.leads.hand_over(lead.id).handover_url != lead.handover_url
        for state in (LeadState.HANDED_OVER, LeadState.APPROVED, LeadState.SIGNED):
            gateway.move_lead("L-1", state)
        gateway.move_lead("L-1", LeadState.PAID)
        gateway.repay_lead("L-1", principal_fen=80_000, interest_fen=10_000)
        paid = cf.leads.find("L-1")
        assert (paid.state, paid.paid_fen, paid.periods) == (LeadState.PAID, 1_000_000, 12)
        assert [each.id for each in cf.leads.list(state="paid")] == [lead.id]
        with pytest.raises(Conflict):
            cf.leads.withdraw(lead.id)
        with pytest.raises(ValueError, match="cannot become"):
            gateway.move_lead("L-1", LeadState.REFUSED)
    told = [each for each in gateway.events if each.subject == lead.id]
    assert [type(each) for each in told[-2:]] == [LeadPaid, LeadRepaid]
    assert told[-1].lead_repayment.outstanding_principal_fen == 920_000


def test_what_no_consent_covers_is_refused(gateway):
    with gateway.client() as cf:
        with pytest.raises(Refused) as refused:
            submit(gateway, cf, "L-2", "identity", profile={"dependants": 1})
        assert (refused.value.code, refused.value.field) == (
            "lead.consent_scope_missing",
            "/profile",
        )
        assert cf.leads.withdraw(submit(gateway, cf, "L-3", "identity").id).state == "cancelled"


@pytest.mark.parametrize(
    ("field", "wrong"),
    [("mobile", "1390000000"), ("identity_no", "11010119900307100"), ("mobile", "")],
)
def test_prechecks_are_not_asked_for_numbers_that_are_nobodys(gateway, field, wrong):
    with gateway.client() as cf:
        key = cf.platform.new_precheck_key()
        with pytest.raises(ArgumentInvalid) as refused:
            cf.leads.precheck(key=key, **{field: wrong})
    assert (refused.value.field, bool(refused.value.mend)) == (field, True)


def test_prechecks_say_no_for_whom_the_test_bars(gateway):
    gateway.bar(mobile="13900000001")
    with gateway.client() as cf:
        key = cf.platform.new_precheck_key()
        assert cf.leads.precheck(key=key, mobile="13900000001") is False
        people = [{"mobile": "13900000001"}, {"identity_no": "110101199003071006"}]
        assert cf.leads.precheck_batch(people, key=key) == [False, True]
