from datetime import timedelta
from decimal import Decimal

import pytest

from lending.channels import keys, service
from lending.channels.errors import NoAgreement, NoSuchPartner, PartnerNotListed, TooManyKeys
from lending.channels.model import Agreement, KeyState, NewAccount, NewPartner, PartnerKind
from lending.foundation.audit import SYSTEM
from lending.foundation.clock import FixedClock
from lending.foundation.crypto import FieldKeys
from lending.foundation.database import Database, Tx
from tests.today import NOW, TODAY


def taken_on(tx: Tx, app_id: str = "app_1") -> str:
    new = NewPartner(app_id, "test", PartnerKind.MERCHANT, "小满数码", ("mall",))
    return service.register(tx, new, SYSTEM)


def add_key(tx: Tx, partner_id: str, keyid: str) -> None:
    service.add_key(
        tx,
        partner_id=partner_id,
        keyid=keyid,
        algorithm="ed25519",
        public_jwk={"kty": "OKP"},
        actor=SYSTEM,
    )


class TestTheList:
    def test_holds_a_partner_from_the_day_it_is_taken_on(self, database: Database):
        with database.unit_of_work() as tx:
            partner_id = taken_on(tx)
            assert service.require_listed(tx, partner_id).listed_from == TODAY

    def test_refuses_a_partner_that_was_taken_off(self, database: Database):
        with database.unit_of_work() as tx:
            partner_id = taken_on(tx)
            service.unlist(tx, partner_id, SYSTEM)
            with pytest.raises(PartnerNotListed):
                service.require_listed(tx, partner_id)

    def test_refuses_a_partner_whose_listing_is_yet_to_begin(self, database: Database):
        new = NewPartner("app_2", "test", PartnerKind.MERCHANT, "谷雨家居", ("mall",))
        with database.unit_of_work() as tx:
            partner_id = service.register(tx, new, SYSTEM, listed_from=TODAY + timedelta(days=1))
            with pytest.raises(PartnerNotListed):
                service.require_listed(tx, partner_id)

    def test_does_not_know_a_stranger(self, database: Database):
        with database.unit_of_work() as tx, pytest.raises(NoSuchPartner):
            service.require_listed(tx, "ptn_none")


class TestAgreements:
    def test_are_found_by_product_and_the_first_is_the_default(self, database: Database):
        with database.unit_of_work() as tx:
            partner_id = taken_on(tx)
            agreement = Agreement(partner_id, "mall-standard", Decimal("0.006"), TODAY, None)
            service.agree(tx, agreement, SYSTEM)
            assert service.agreement(tx, partner_id) == agreement
            assert service.agreement(tx, partner_id, "mall-standard") == agreement
            with pytest.raises(NoAgreement):
                service.agreement(tx, partner_id, "another")

    def test_end_with_their_last_day(self, database: Database):
        with database.unit_of_work() as tx:
            partner_id = taken_on(tx)
            ended = Agreement(
                partner_id,
                "mall-standard",
                Decimal(0),
                TODAY - timedelta(days=9),
                TODAY - timedelta(days=1),
            )
            service.agree(tx, ended, SYSTEM)
            with pytest.raises(NoAgreement):
                service.agreement(tx, partner_id)


class TestSettlementAccounts:
    def test_come_by_priority_and_keep_their_number_sealed(
        self, database: Database, field_keys: FieldKeys
    ):
        number = "6230580000000010012"
        with database.unit_of_work() as tx:
            partner_id = taken_on(tx)
            for priority in (2, 1):
                service.add_account(
                    tx,
                    field_keys,
                    partner_id,
                    NewAccount("小满数码有限公司", "模拟银行", number, priority),
                    SYSTEM,
                )
            accounts = service.settlement_accounts(tx, partner_id)
            assert [account.priority for account in accounts] == [1, 2]
            assert service.account_number(tx, field_keys, accounts[0].id) == number
            stored = tx.scalar("SELECT number_sealed FROM settlement_account LIMIT 1")
            assert number.encode() not in bytes(stored)


class TestKeys:
    def test_speak_for_their_partner_until_revoked(self, database: Database, clock: FixedClock):
        with database.unit_of_work() as tx:
            partner_id = taken_on(tx)
            add_key(tx, partner_id, "k1")
            found = service.key(tx, "k1")
            assert found is not None
            assert found[0].verifies(NOW)
            assert found[1].id == partner_id
            service.revoke_key(tx, "k1", SYSTEM)
            revoked = service.key(tx, "k1")
        assert revoked is not None
        assert revoked[0].state is KeyState.REVOKED
        assert not revoked[0].verifies(NOW)

    def test_are_several_at_once_up_to_a_number(self, database: Database):
        with database.unit_of_work() as tx:
            partner_id = taken_on(tx)
            for number in range(keys.KEYS_MAX):
                add_key(tx, partner_id, f"k{number}")
            there = keys.of_partner(tx, partner_id)
            assert {key.state for key in there} == {KeyState.ACTIVE}
            assert all(key.verifies(NOW) for key in there)
            with pytest.raises(TooManyKeys):
                add_key(tx, partner_id, "one_more")
            service.revoke_key(tx, "k0", SYSTEM)
            add_key(tx, partner_id, "one_more")
