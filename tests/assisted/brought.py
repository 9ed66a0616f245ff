"""A platform and a guarantor with agreements, and loans that they brought and stand behind."""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from lending.batch import end_of_day
from lending.channels import listings
from lending.channels import service as channels
from lending.channels.model import NewAccount, NewListing, NewPartner, PartnerKind
from lending.claims import service as claims
from lending.claims.model import Arrival
from lending.commissions import service as commissions
from lending.commissions.model import NewAgreement, Tier, TierBy
from lending.finance import reconciliation
from lending.foundation import business_day
from lending.foundation.audit import SYSTEM
from lending.foundation.database import Tx
from lending.funding import money_in
from lending.guarantees import rules as guarantee_rules
from lending.guarantees import service as guarantees
from lending.guarantees.model import FeePayer, LicenceKind
from lending.guarantees.model import NewAgreement as NewGuarantee
from lending.ledger import guarantors, proof
from lending.ledger import service as ledger
from lending.ledger.chart import Code
from lending.ledger.model import guarantor_book
from lending.loans.partner_terms import Basis, Commission, Guarantee
from lending.repayments import service as repayments
from lending.repayments.model import What
from lending.repayments.transfers import Transfer, enter
from tests.batch.portfolio import Lent, lend
from tests.loans.world import PRODUCT, World
from tests.today import TODAY

POOL_FEN = 400_000
GUARANTORS_ACCOUNT = "62305800000000880001"
LAST_DAY = date(2026, 11, 30)


@dataclass
class Assisted:
    """A lender, a platform and a guarantor."""

    world: World
    platform_id: str
    guarantor_id: str
    guarantee: NewGuarantee
    agreement_id: str

    def lend(self, *, days_ago: int = 0, **terms: Any) -> str:
        """A loan that the platform brought and the guarantor stands behind; its id."""
        agreed = Lent(**{"principal_fen": 600_000, **terms})
        with self.world.database.unit_of_work() as tx:
            since = business_day.today(tx) - timedelta(days=days_ago)
            return lend(tx, self.world, self.with_partners(tx, agreed), since=since)

    def with_partners(self, tx: Tx, agreed: Lent) -> Lent:
        """What is agreed with the borrower, and with both partners."""
        return replace(
            agreed,
            partner_id=self.platform_id,
            commission=commissions.terms(tx, self.platform_id, PRODUCT.code, agreed.principal_fen),
            guarantee=self.stands_behind(agreed.principal_fen),
        )

    def stands_behind(self, principal_fen: int) -> Guarantee:
        """What the contract carries of the guarantee."""
        return Guarantee(
            guarantor_id=self.guarantor_id,
            agreement_id=self.agreement_id,
            fee_period_fen=guarantee_rules.fee_period_fen(self.guarantee, PRODUCT, principal_fen),
            lender_fee_rate=guarantee_rules.lender_fee_rate(self.guarantee),
            trigger_days=self.guarantee.trigger_days,
            covers_interest=self.guarantee.covers_interest,
            covers_penalty=self.guarantee.covers_penalty,
        )

    def pay(self, loan_id: str, what: What = What.NEXT, amount_fen: int | None = None) -> str:
        """The borrower sends money; the repayment's id."""
        with self.world.database.unit_of_work() as tx:
            today = business_day.today(tx)
            if amount_fen is None:
                amount_fen = repayments.quote(tx, loan_id, what).amount_fen
            number = tx.scalar("SELECT count(*) FROM repayment")
            transfer = Transfer(amount_fen, today, f"bank-{loan_id}-{number}", what)
            return enter(tx, loan_id, transfer, SYSTEM).id

    def take_back(self, repayment_id: str) -> None:
        """A payment of the borrower went back."""
        with self.world.database.unit_of_work() as tx:
            repayments.reverse(tx, repayment_id, "bounced", SYSTEM)

    def days(self, count: int) -> None:
        """So many dates end, and what is due is done."""
        for _ in range(count):
            self.world.clock.advance(timedelta(days=1))
            end_of_day.catch_up(self.world.context)
            self.world.work()

    def top_up(self, amount_fen: int, reference: str) -> None:
        """The guarantor fills its deposit."""
        with self.world.database.unit_of_work() as tx:
            today = business_day.today(tx)
            claims.top_up(tx, self.guarantor_id, Arrival(amount_fen, reference, today), SYSTEM)

    def send(self, amount_fen: int, remark: str, *, account: str | None = None) -> str:
        """The guarantor sends money from its own account; the bank's number of it."""
        at = self.world.clock.now()
        return self.world.bank.send(account or GUARANTORS_ACCOUNT, amount_fen, remark, at)

    def look(self) -> None:
        """Takes in what the bank's feed brings, and what follows from it."""
        money_in.look(self.world.context)
        self.world.work()

    def claims(self) -> list[Any]:
        """All claims, newest first."""
        with self.world.database.unit_of_work() as tx:
            return claims.page(tx, self.guarantor_id, state=None, before=None, limit=100)[0]

    def books_agree(self) -> None:
        """Ours, the guarantor's and the bank's; a loan that is simply there no order paid out."""
        with self.world.database.unit_of_work() as tx:
            found = reconciliation.three_way(tx, self.world.bank.daily_file(TODAY))
            alone = [each for each in found.items if "loan.paid_out" not in each.detail]
            assert not alone, alone
            assert reconciliation.sub_ledger_check(tx) == []
            proof.seal(tx)
            assert proof.verify(tx) == []
            book = guarantor_book(self.guarantor_id)
            theirs = {row.code: row.balance_fen for row in ledger.trial_balance(tx, book=book)}
            ours = [
                ledger.balance(tx, account(self.guarantor_id))
                for account in (guarantors.claimed, guarantors.payable, guarantors.pool)
            ]
        mirrors = (Code.CLAIM_PAYABLE, Code.LENDER_RECEIVABLE, Code.POOL_DEPOSIT)
        assert [theirs.get(code.value, 0) for code in mirrors] == [-fen for fen in ours]

    def their_balances(self) -> dict[str, int]:
        """The guarantor's own book, by account."""
        with self.world.database.unit_of_work() as tx:
            rows = ledger.trial_balance(tx, book=guarantor_book(self.guarantor_id))
        return {row.code: row.balance_fen for row in rows}


def assisted(
    world: World,
    *,
    basis: Basis = Basis.INTEREST,
    rate: str = "0.2",
    per_loan_fen: int = 0,
    cap_rate: str = "0.05",
    clawback_days: int = 90,
    clawback_rate: str = "1",
    tiers: tuple[Tier, ...] = (),
    fee_payer: FeePayer = FeePayer.BORROWER,
    fee_rate: str = "0.02",
    trigger_days: int = 30,
    claims_cap_fen: int = 10_000_000,
    pool_fen: int = POOL_FEN,
) -> Assisted:
    """Both partners, on the list, with accounts and agreements; it is the last day of November."""
    world.clock.advance(LAST_DAY - TODAY)
    with world.database.unit_of_work() as tx:
        tx.run("UPDATE business_day SET business_date = :day", day=LAST_DAY)
    with world.database.unit_of_work() as tx:
        platform_id = _partner(tx, world, "app_platform", PartnerKind.PLATFORM, "6230580000000077")
        guarantor_id = _partner(
            tx, world, "app_guarantor", PartnerKind.GUARANTOR, "6230580000000088"
        )
        commissions.agree(
            tx,
            NewAgreement(
                platform_id=platform_id,
                product_code=PRODUCT.code,
                basis=basis,
                rate=Decimal(rate),
                per_loan_fen=per_loan_fen,
                cap_rate=Decimal(cap_rate),
                clawback_days=clawback_days,
                clawback_rate=Decimal(clawback_rate),
                valid_from=TODAY,
                tier_by=TierBy.VOLUME if tiers else TierBy.NONE,
                tiers=tiers,
            ),
            SYSTEM,
        )
        new = NewGuarantee(
            guarantor_id=guarantor_id,
            product_code=PRODUCT.code,
            licence_kind=LicenceKind.GUARANTEE,
            licence_no="RZDB-310000-2024",
            licence_to=date(2030, 12, 31),
            fee_payer=fee_payer,
            fee_rate=Decimal(fee_rate),
            trigger_days=trigger_days,
            covers_interest=True,
            covers_penalty=True,
            quota_fen=100_000_000,
            claims_cap_fen=claims_cap_fen,
            pool_min_fen=0,
            valid_from=TODAY,
        )
        agreement = guarantees.agree(tx, new, SYSTEM)
    made = Assisted(world, platform_id, guarantor_id, new, agreement.id)
    if pool_fen:
        made.top_up(pool_fen, "pool-1")
    return made


def commission(**terms: Any) -> Commission:
    """A fifth of interest, at most CNY 300, given back whole within 90 days."""
    return Commission(
        **{
            "platform_id": "par_platform",
            "agreement_id": "cag_1",
            "basis": Basis.INTEREST,
            "rate": Decimal("0.2"),
            "per_loan_fen": 0,
            "cap_fen": 30_000,
            "clawback_days": 90,
            "clawback_rate": Decimal(1),
            **terms,
        }
    )


def _partner(tx: Tx, world: World, app_id: str, kind: PartnerKind, account: str) -> str:
    partner_id = channels.register(
        tx, NewPartner(app_id, "test", kind, app_id, ("statements",)), SYSTEM
    )
    listing = NewListing(
        legal_name=f"{app_id}有限公司",
        credit_code="91310000MA1FL0000X",
        service="助贷",
        contract_no="HT-1",
        contract_from=TODAY,
        contract_to=date(2028, 12, 31),
    )
    listings.put_on_list(tx, partner_id, listing, SYSTEM)
    new = NewAccount(f"{app_id}有限公司", "测试银行", f"{account}0001", 1)
    channels.add_account(tx, world.keys, partner_id, new, SYSTEM)
    return partner_id
