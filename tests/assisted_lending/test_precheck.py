"""The one bit that a platform learns before it sends anybody (ASSIST-1, T07)."""

import hashlib
from datetime import timedelta

import pytest

from lending.channels import listings
from lending.channels.errors import PartnerStopped
from lending.customers import blacklist
from lending.foundation.audit import SYSTEM
from scenarios.assisted_lending import precheck, rules
from scenarios.assisted_lending.errors import (
    HashFormWrong,
    PrecheckKeyNotReady,
    PrecheckKeyUnknown,
    PrecheckQuotaSpent,
)
from simulators.magic import somebody
from tests.risk.people import person

STRANGER = somebody(of="a stranger")


@pytest.fixture(scope="module")
def key(sending):
    return sending.precheck_key()


@pytest.fixture(scope="module")
def barred(sending):
    """Somebody on the blacklist, and a customer whom the lender refused a moment ago."""
    world, listed, refused = sending.world, somebody(of="blacklisted"), somebody(of="refused")
    with world.database.unit_of_work() as tx:
        blacklist.add(tx, world.keys, "identity_no", listed.identity_no, reason="x", source="y")
    customer_id = a_customer(sending, refused)
    lead = sending.submit(sending.new_lead(refused))
    with world.database.unit_of_work() as tx:
        for state in ("deciding", "declined"):
            tx.run(
                "UPDATE application SET state = :state, customer_id = :customer, decided_at = :now"
                " FROM lead WHERE application.id = lead.application_id AND lead.id = :lead",
                state=state,
                customer=customer_id,
                now=tx.now,
                lead=lead["id"],
            )
    precheck.refresh(world.context)
    return listed, refused


def a_customer(sending, who) -> str:
    world = sending.world
    return person(world.database, world.keys, number=who.identity_no, mobile=who.mobile)


def ask(sending, key: str, probes: list[precheck.Probe], by: str | None = None) -> list[bool]:
    with sending.world.database.unit_of_work() as tx:
        return precheck.check(tx, by or sending.platform_id, key, probes)


def probe(key, who, *, identity_no: bool = True, mobile: bool = True) -> precheck.Probe:
    return precheck.Probe(
        rules.digest(key[1], "identity_no", who.identity_no) if identity_no else None,
        rules.digest(key[1], "mobile", who.mobile) if mobile else None,
    )


class TestTheAnswer:
    def test_is_no_for_whoever_is_barred_by_either_hash_and_yes_for_all_else(
        self, sending, key, barred
    ):
        listed, refused = barred
        good = somebody(of="a good customer")
        a_customer(sending, good)
        precheck.refresh(sending.world.context)
        asked = [
            probe(key, listed),
            probe(key, listed, mobile=False),
            probe(key, listed, identity_no=False),
            probe(key, refused, mobile=False),
            probe(key, refused, identity_no=False),
            probe(key, good),
            probe(key, STRANGER),
        ]
        said = ask(sending, key[0], asked)
        assert said == [False, False, True, False, False, True, True]

    def test_is_the_same_under_a_key_that_is_made_later(self, sending, key, barred):
        other = sending.platform("app_later")
        later = sending.precheck_key(other)
        for who in barred:
            assert not sending.may_be_sent(later, who, other)
        assert sending.may_be_sent(later, STRANGER, other)

    def test_ends_when_its_reason_does(self, sending, key):
        who = somebody(of="was listed")
        world = sending.world
        with world.database.unit_of_work() as tx:
            blacklist.add(tx, world.keys, "mobile", who.mobile, reason="x", source="y")
        precheck.refresh(world.context)
        assert not sending.may_be_sent(key, who)
        with world.database.unit_of_work() as tx:
            index = world.keys.index(who.mobile, of="mobile")
            tx.run("DELETE FROM blacklist_entry WHERE value_index = :index", index=index)
        assert precheck.refresh(world.context) == 1
        assert sending.may_be_sent(key, who)

    def test_is_no_for_whoever_many_platforms_have_sent(self, sending, key):
        who = somebody(of="sent around")
        for number in range(rules.PLATFORMS_MAX):
            assert sending.may_be_sent(key, who)
            sending.submit(sending.new_lead(who), by=sending.platform(f"app_crowd_{number}"))
        precheck.refresh(sending.world.context)
        assert not sending.may_be_sent(key, who)


class TestAQuestion:
    def test_is_refused_in_any_other_form(self):
        plain = hashlib.sha256(STRANGER.identity_no.encode()).hexdigest()
        for text in (plain, f"sha256:{plain}", f"hmac-sha256:{plain.upper()}", "", plain[:32]):
            with pytest.raises(HashFormWrong) as refused:
                rules.read_hash(text, at="/identity_no")
            assert refused.value.field == "/identity_no"

    def test_counts_against_the_quota_which_stops_at_exactly_n(self, sending):
        small = sending.platform("app_small_quota", prechecks_per_day=5)
        key = sending.precheck_key(small)
        asked = [probe(key, STRANGER)]
        assert len(ask(sending, key[0], asked * 3, small)) == 3
        with pytest.raises(PrecheckQuotaSpent, match="2 are left today, 3 were asked for"):
            ask(sending, key[0], asked * 3, small)
        assert len(ask(sending, key[0], asked * 2, small)) == 2
        with pytest.raises(PrecheckQuotaSpent):
            ask(sending, key[0], asked, small)

    def test_is_audited_without_saying_whom_it_was_about(self, sending, key):
        ask(sending, key[0], [probe(key, STRANGER)] * 2)
        (row,) = sending.world.rows(
            "SELECT action, detail FROM audit_log WHERE subject = :id ORDER BY seq DESC LIMIT 1",
            id=sending.platform_id,
        )
        assert row == {"action": "precheck", "detail": {"asked": 2, "may": 2, "may_not": 0}}

    def test_needs_a_key_of_the_platforms_own_that_is_ready_and_good(self, sending, key):
        other = sending.platform("app_foreign")
        with pytest.raises(PrecheckKeyUnknown):
            ask(sending, key[0], [probe(key, STRANGER)], other)
        with sending.world.database.unit_of_work() as tx:
            fresh = precheck.make_key(tx, sending.world.keys, other)["key"]
        with pytest.raises(PrecheckKeyNotReady):
            ask(sending, fresh, [probe(key, STRANGER)], other)
        sending.work()
        sending.precheck_key(other)
        assert ask(sending, fresh, [probe(key, STRANGER)], other) == [True]
        sending.world.clock.advance(timedelta(days=8))
        with pytest.raises(PrecheckKeyUnknown):
            ask(sending, fresh, [probe(key, STRANGER)], other)

    def test_of_a_platform_that_is_stopped_is_refused(self, sending):
        stopped = sending.platform("app_stopped")
        key = sending.precheck_key(stopped)
        with sending.world.database.unit_of_work() as tx:
            listings.stop(tx, stopped, because="投诉较多", actor=SYSTEM)
        with pytest.raises(PartnerStopped):
            ask(sending, key[0], [probe(key, STRANGER)], stopped)
