"""What platforms earn: agreed, billed by the month, confirmed or disputed, paid (ASSIST-8).

What a single loan earns is accrued with each thing that happens to it (`loans.commissions`); a
month's bill is the month's statement of these movements, what its tier takes off, and what was
carried from a month that ended below 0. Amounts are before VAT.
"""

from datetime import date, timedelta
from decimal import Decimal

from lending.channels import service as channels
from lending.channels.model import PartnerKind
from lending.commissions import bill_pdf, rules, store
from lending.commissions.errors import (
    AgreementRefused,
    BillChanged,
    BillConfirmed,
    BillDisputed,
    BillFileAway,
    NoSuchBill,
    NotDisputed,
    NothingToPay,
)
from lending.commissions.model import (
    Agreement,
    Bill,
    BillState,
    NewAgreement,
    PaymentState,
    TierBy,
)
from lending.compliance import complaints, parameters
from lending.foundation import audit, business_day, events, ids
from lending.foundation.audit import Actor
from lending.foundation.clock import rfc3339
from lending.foundation.database import Row, Tx
from lending.foundation.files import FileStore, StoredFile
from lending.foundation.places import Place
from lending.ledger import service as ledger
from lending.ledger.chart import Code
from lending.ledger.model import Account, Entry, debit, signed
from lending.ledger.model import credit as credit_leg
from lending.loans.partner_terms import Commission
from lending.operations import service as tickets
from lending.operations.model import NewTicket, TicketKind
from lending.remittances import service as remittances
from lending.remittances.errors import AlreadyRemitted
from lending.remittances.model import Payment, Purpose, RemittanceState

TOLD = {
    "ready": "commission.bill_ready",
    "paid": "commission.paid",
    "payment_failed": "commission.payment_failed",
}


def agree(tx: Tx, new: NewAgreement, actor: Actor) -> str:
    """Puts an agreement with a platform on record; its id.

    Raises AgreementRefused, FeeOverCap, NoSuchPartner.
    """
    rules.check(new, parameters.today(tx))
    if channels.partner(tx, new.platform_id).kind is not PartnerKind.PLATFORM:
        raise AgreementRefused(field="/platform_id", mend="请选择助贷平台。")
    agreement_id = store.insert_agreement(tx, new)
    if agreement_id is None:
        raise AgreementRefused(
            "该产品已有自此日生效的协议", field="/valid_from", mend="请填写另一生效日。"
        )
    audit.record(tx, actor, "commission.agree", new.platform_id, {"agreement": agreement_id})
    return agreement_id


def agreement(tx: Tx, platform_id: str, product_code: str) -> Agreement | None:
    """What is agreed with a platform for a product today; None without an agreement."""
    found = store.agreements(tx, platform_id, business_day.today(tx), product_code)
    return found[0] if found else None


def terms(tx: Tx, platform_id: str, product_code: str, principal_fen: int) -> Commission | None:
    """What the contract of a loan will carry for the platform that brought it."""
    found = agreement(tx, platform_id, product_code)
    return rules.terms(found, principal_fen) if found else None


def bill_month(tx: Tx, files: FileStore, closed: date) -> int:
    """Makes each platform's bill after the last date of a month; how many. Once for a month."""
    if (closed + timedelta(days=1)).day != 1:
        return 0
    first = closed.replace(day=1)
    return sum(_make(tx, files, row, first, closed) for row in store.statements_of_month(tx, first))


def confirm(tx: Tx, platform_id: str, bill_id: str, payable_fen: int) -> Bill:
    """A platform agrees to its bill, which is then paid and never changes (P18).

    `payable_fen` is what it agrees to. One below 0 is carried to a later month.

    Raises NoSuchBill, BillConfirmed, BillDisputed, BillChanged, PartnerNotListed,
    NoSettlementAccount.
    """
    found = of_platform(tx, platform_id, bill_id, lock=True)
    if found.state is BillState.CONFIRMED:
        raise BillConfirmed
    if found.state is BillState.DISPUTED:
        raise BillDisputed
    if payable_fen != found.payable_fen:
        raise BillChanged(f"the bill says {found.payable_fen} fen")
    channels.require_listed(tx, platform_id)
    store.set_confirmed(tx, bill_id)
    if found.payable_fen > 0:
        _pay(tx, found)
    audit.record(tx, Actor("partner", platform_id), "commission.confirm", bill_id)
    return get(tx, bill_id)


def dispute(tx: Tx, platform_id: str, bill_id: str, reason: str) -> Bill:
    """A platform says what is wrong with a bill: a ticket, which two persons answer in time.

    Raises NoSuchBill, BillConfirmed, BillDisputed.
    """
    found = of_platform(tx, platform_id, bill_id, lock=True)
    if found.state is BillState.CONFIRMED:
        raise BillConfirmed
    if found.state is BillState.DISPUTED:
        raise BillDisputed
    store.set_disputed(tx, bill_id, reason)
    dispute = NewTicket(
        kind=TicketKind.DISPUTE,
        text=f"{found.month:%Y-%m} 佣金结算单异议:{reason}",
        answer_by=complaints.answer_by(tx),
        subject=bill_id,
        partner_id=platform_id,
    )
    tickets.open_ticket(tx, dispute, Actor("partner", platform_id))
    audit.record(tx, Actor("partner", platform_id), "commission.dispute", bill_id)
    return get(tx, bill_id)


def answer(
    tx: Tx, files: FileStore, bill_id: str, actor: Actor, *, text: str, adjustment_fen: int
) -> Bill:
    """An operator answers a dispute, with a correction where there was something wrong.

    Its ticket is closed, and the platform reads the answer on the bill.

    Raises NoSuchBill, NotDisputed.
    """
    found = get(tx, bill_id, lock=True)
    if found.state is not BillState.DISPUTED:
        raise NotDisputed
    if adjustment_fen:
        _post(tx, found, "adjustment", adjustment_fen, source_id=ids.new("adj"))
    store.set_answered(tx, bill_id, text, adjustment_fen)
    tickets.settle(tx, bill_id, f"结算单异议答复:{text}", actor)
    _write_pdf(tx, files, bill_id)
    audit.record(tx, actor, "commission.answer", bill_id, {"adjustment_fen": adjustment_fen})
    _tell(tx, bill_id, "ready")
    return get(tx, bill_id)


def retry(tx: Tx, bill_id: str, actor: Actor) -> Bill:
    """Has the payment of a confirmed bill tried again that every account has refused.

    Raises NoSuchBill, NothingToPay, NoSettlementAccount.
    """
    found = get(tx, bill_id, lock=True)
    if found.state is not BillState.CONFIRMED or found.payment is not PaymentState.FAILED:
        raise NothingToPay
    _pay(tx, found)
    audit.record(tx, actor, "commission.retry", bill_id)
    return get(tx, bill_id)


def remitted(tx: Tx, remittance_id: str) -> None:
    """Tells a platform what became of the payment of its bill."""
    ended = remittances.get(tx, remittance_id)
    is_paid = ended.state is RemittanceState.PAID
    _tell(tx, ended.payment.subject, "paid" if is_paid else "payment_failed")


def get(tx: Tx, bill_id: str, *, lock: bool = False) -> Bill:
    """One bill.

    Raises NoSuchBill.
    """
    found = store.bill(tx, bill_id, lock=lock)
    if found is None:
        raise NoSuchBill
    return found


def of_platform(tx: Tx, platform_id: str, bill_id: str, *, lock: bool = False) -> Bill:
    """One bill of the platform.

    Raises NoSuchBill.
    """
    found = get(tx, bill_id, lock=lock)
    if found.platform_id != platform_id:
        raise NoSuchBill
    return found


def page(
    tx: Tx,
    platform_id: str | None,
    *,
    state: str | None = None,
    month: date | None = None,
    before: Place | None = None,
    limit: int = 50,
) -> tuple[list[Bill], Place | None]:
    """Bills of a platform, or of all, newest first, and where the next page begins."""
    found = store.page(tx, platform_id, state=state, month=month, before=before, limit=limit + 1)
    shown = found[:limit]
    following = (shown[-1].made_at, shown[-1].id) if len(found) > limit else None
    return shown, following


def pdf_part(files: FileStore, bill: Bill, start: int, length: int) -> bytes:
    """Bytes of a bill's document from a place on.

    Raises BillFileAway.
    """
    try:
        return files.part(StoredFile(bill.pdf_name, bill.pdf_sha256), start, length)
    except OSError as fault:
        raise BillFileAway from fault


def view(bill: Bill) -> dict[str, object]:
    """A bill as its platform sees it."""
    return {
        "id": bill.id,
        "month": f"{bill.month:%Y-%m}",
        "state": bill.state.value,
        "payment": bill.payment.value,
        "loans": bill.loans,
        "rows": bill.rows,
        "accrued_fen": bill.accrued_fen,
        "clawback_fen": bill.clawback_fen,
        "volume_fen": bill.volume_fen,
        "overdue_rate": f"{bill.overdue_rate:.6f}",
        "tiers": bill.tiers,
        "tier_fen": bill.tier_fen,
        "carried_fen": bill.carried_fen,
        "adjustment_fen": bill.adjustment_fen,
        "payable_fen": bill.payable_fen,
        "currency": "CNY",
        "statement_id": bill.statement_id,
        "statement_sha256": bill.statement_sha256,
        "pdf_sha256": bill.pdf_sha256,
        "pdf_size_bytes": bill.pdf_size_bytes,
        "dispute": bill.dispute,
        "answer": bill.answer,
        "made_at": rfc3339(bill.made_at),
        "confirmed_at": rfc3339(bill.confirmed_at) if bill.confirmed_at else None,
        "disputed_at": rfc3339(bill.disputed_at) if bill.disputed_at else None,
        "paid_at": rfc3339(bill.paid_at) if bill.paid_at else None,
        "bank_reference": bill.bank_reference or None,
    }


def _make(tx: Tx, files: FileStore, statement: Row, first: date, last: date) -> bool:
    platform_id = statement["partner_id"]
    products = store.months(tx, platform_id, first, last)
    agreed = {each.product_code: each for each in store.agreements(tx, platform_id, last)}
    tiers = [
        rules.tiered(agreed[each.product_code], each)
        for each in products
        if each.product_code in agreed and agreed[each.product_code].tier_by is not TierBy.NONE
    ]
    sums = {kind: statement["sums"].get(kind, {"rows": 0, "amount_fen": 0}) for kind in _BILLED}
    owed = store.below_zero(tx, platform_id)
    bill_id = ids.new("cbl")
    amounts = {
        "accrued_fen": sums["accrued"]["amount_fen"],
        "clawback_fen": sums["clawback"]["amount_fen"],
        "tier_fen": sum(each["tier_fen"] for each in tiers),
        "carried_fen": sum(each["payable_fen"] for each in owed),
    }
    open_fen = sum(each.open_fen for each in products)
    overdue_fen = sum(each.overdue_fen for each in products)
    made = store.insert_bill(
        tx,
        {
            "id": bill_id,
            "platform_id": platform_id,
            "month": first,
            "statement_id": statement["id"],
            "loans": store.loans_of_month(tx, platform_id, first, last),
            "rows": sum(each["rows"] for each in sums.values()),
            "volume_fen": sum(each.volume_fen for each in products),
            "overdue_rate": overdue_fen / Decimal(open_fen) if open_fen else Decimal(0),
            "tiers": tiers,
            "payable_fen": sum(amounts.values()),
            **amounts,
        },
    )
    if not made:
        return False
    store.set_carried(tx, [each["id"] for each in owed], bill_id)
    if amounts["tier_fen"]:
        _post(tx, get(tx, bill_id), "tier", amounts["tier_fen"], source_id=f"tier:{bill_id}")
    _write_pdf(tx, files, bill_id)
    _tell(tx, bill_id, "ready")
    return True


_BILLED = ("accrued", "clawback")
"""Movements of a month's statement that its bill is the sum of; the others are of other bills."""


def _post(tx: Tx, bill: Bill, kind: str, amount_fen: int, *, source_id: str) -> None:
    """Books what a bill is more or less than its loans earned."""
    payable = Account(Code.COMMISSION_PAYABLE, bill.platform_id)
    legs = (signed(Account(Code.COMMISSION_EXPENSE), amount_fen), signed(payable, -amount_fen))
    entry = Entry(kind=f"commission.{kind}", subject=bill.id, memo="", legs=legs, key=source_id)
    ledger.post(tx, entry)
    store.insert_movement(tx, bill, kind, amount_fen, source_id)


def _pay(tx: Tx, bill: Bill) -> None:
    payable = Account(Code.COMMISSION_PAYABLE, bill.platform_id)
    payment = Payment(
        partner_id=bill.platform_id,
        purpose=Purpose.COMMISSION,
        subject=bill.id,
        amount_fen=bill.payable_fen,
        debit=payable,
        legs=(
            debit(payable, bill.payable_fen),
            credit_leg(Account(Code.BANK_SETTLEMENT), bill.payable_fen),
        ),
    )
    try:
        remittances.begin(tx, payment)
    except AlreadyRemitted:
        raise NothingToPay from None


def _write_pdf(tx: Tx, files: FileStore, bill_id: str) -> None:
    bill = get(tx, bill_id)
    content = bill_pdf.render(bill, channels.partner(tx, bill.platform_id).name)
    store.set_pdf(tx, bill_id, files.put("commission", ".pdf", content), len(content))


def _tell(tx: Tx, bill_id: str, news: str) -> None:
    bill = get(tx, bill_id)
    events.publish(
        tx,
        partner_id=bill.platform_id,
        kind=TOLD[news],
        subject=bill.id,
        data={"object": view(bill)},
    )
