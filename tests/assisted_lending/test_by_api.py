"""The binding steps in a platform's call: refused while the law wants our own page (R-REDIRECT)."""

from dataclasses import replace

import pytest

from lending.compliance.errors import OwnPageRequired
from scenarios.assisted_lending import by_api
from scenarios.assisted_lending.applying import Suitability
from scenarios.assisted_lending.errors import NotSuitable, ScopeMissing
from simulators.magic import somebody

SUITED = Suitability(
    purpose_confirmed=True,
    risk_understood=True,
    income_monthly_fen=1_200_000,
    instalments_elsewhere_fen=0,
    student=False,
    second_source=False,
)
CONSENTS = tuple(by_api.LenderConsent(scope, "2026-11", "ab" * 32) for scope in by_api.NEEDED)


def hand_in(sending, lead_id: str, asked: by_api.HandIn) -> None:
    with sending.world.database.unit_of_work() as tx:
        by_api.hand_in(tx, sending.world.keys, sending.platform_id, lead_id, asked)


@pytest.fixture
def asked() -> by_api.HandIn:
    return by_api.HandIn(somebody(of="by api").card_no, SUITED, CONSENTS)


@pytest.fixture
def allowed(sending):
    """As the law was before the switch."""

    def switch(value: str) -> None:
        with sending.world.database.unit_of_work() as tx:
            tx.run(
                "UPDATE regulation_parameter SET value = :value"
                " WHERE code = 'redirect.required' AND valid_from = '2026-09-30'",
                value=value,
            )

    switch("off")
    yield
    switch("on")


class TestHandingInByCall:
    def test_is_refused_while_the_law_wants_our_own_page(self, sending, asked):
        lead = sending.submit(sending.new_lead())
        with pytest.raises(OwnPageRequired):
            hand_in(sending, lead["id"], asked)
        assert sending.view(lead["id"])["state"] == "received"

    @pytest.mark.usefixtures("allowed")
    def test_is_decided_where_it_is_allowed(self, sending, asked):
        lead = sending.submit(sending.new_lead())
        hand_in(sending, lead["id"], asked)
        sending.work()
        assert sending.view(lead["id"])["state"] == "approved"
        (row,) = sending.world.rows("SELECT card_no_sealed FROM lead WHERE id = :id", id=lead["id"])
        assert row["card_no_sealed"] is None

    @pytest.mark.usefixtures("allowed")
    def test_needs_every_consent_and_somebody_whom_it_suits(self, sending, asked):
        lead = sending.submit(sending.new_lead())
        with pytest.raises(ScopeMissing):
            hand_in(sending, lead["id"], replace(asked, consents=CONSENTS[:2]))
        poor = replace(SUITED, instalments_elsewhere_fen=SUITED.income_monthly_fen)
        with pytest.raises(NotSuitable):
            hand_in(sending, lead["id"], replace(asked, suitability=poor))

    @pytest.mark.usefixtures("allowed")
    def test_of_somebody_who_is_not_confirmed_ends_and_keeps_nothing(self, sending, asked):
        lead = sending.submit(sending.new_lead(somebody("identity_mismatch", of="not confirmed")))
        hand_in(sending, lead["id"], asked)
        sending.work()
        assert sending.view(lead["id"])["state"] == "cancelled"
        (row,) = sending.world.rows(
            "SELECT name_sealed, card_no_sealed FROM lead WHERE id = :id", id=lead["id"]
        )
        assert set(row.values()) == {None}


@pytest.mark.usefixtures("allowed")
def test_of_whom_many_platforms_send_is_declined_by_the_same_rules(sending, asked):
    who = somebody(of="sent by many")
    made = [
        sending.submit(sending.new_lead(who), by=sending.platform(f"app_many_{number}"))
        for number in range(3)
    ]
    assert len(made) == 3
    lead = sending.submit(sending.new_lead(who))
    hand_in(sending, lead["id"], asked)
    sending.work()
    assert sending.view(lead["id"])["state"] == "refused"
    (row,) = sending.world.rows(
        "SELECT d.reasons->0->>'code' AS code FROM lead l JOIN decision d USING (application_id)"
        " WHERE l.id = :id",
        id=lead["id"],
    )
    assert row["code"] == "PLATFORMS_CROWD"
