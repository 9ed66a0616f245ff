"""The fake lender's stores and payments: what tills ask for, and what may happen to it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Optional, Union

from cf_partner_sdk import (
    Payment,
    PaymentRefund,
    PaymentRepayment,
    PaymentState,
    Payout,
    RefundState,
    Release,
    ReleasePart,
    ReleaseState,
    ServiceStop,
    Store,
    StoreScene,
    StoreState,
)

from . import quoting
from .wire import Problem, not_found

if TYPE_CHECKING:
    from .book import Book
    from .clock import FakeClock

PRODUCT = "store-standard"
PAYMENT_GOOD_FOR = timedelta(minutes=10)
CODE_GOOD_FOR = timedelta(seconds=60)
PREPAID = (StoreScene.FITNESS, StoreScene.COURSES, StoreScene.RENT)
TILL_ID, TILL_NO = "til_00000000000000000000000001", "T-1"

PaymentRef = Union[Payment, str]
"""A payment, its id, or the merchant's own number."""


@dataclass
class _Code:
    """What a customer's phone shows."""

    available_fen: int
    declines: bool
    expires_at: datetime
    used: bool = False


class Payments:
    """Stores with a till each, customers who pay there, and the money that follows.

    What moves a payment raises ValueError where the lender could not.
    """

    def __init__(self, clock: FakeClock, book: Book, public_url: str) -> None:
        self._clock = clock
        self._book = book
        self._public_url = public_url
        self._codes: dict[str, _Code] = {}
        self._repaid_fen: Counter[str] = Counter()
        self._claims_fen = 0
        self.stores: dict[str, Store] = {}
        self.kept: dict[str, Payment] = {}
        self.refunds: dict[str, PaymentRefund] = {}

    # What a test has happen.

    def store(self, store_no: str = "S-1", scene: str = "appliances") -> Store:
        """Open a store; its one till is whoever calls."""
        made = Store(
            id=self._book.new_id("sto"),
            store_no=store_no,
            name=f"{store_no} 店",
            scene=StoreScene(scene),
            latitude_e6=31_230_400,
            longitude_e6=121_473_700,
            radius_m=200,
            state=StoreState.OPEN,
            created_at=self._clock.now(),
        )
        self.stores[made.id] = made
        return made

    def code(self, *, available_fen: int = 2_000_000, declines: bool = False) -> str:
        """Return what a customer's phone shows: good once, and for a minute."""
        made = f"68{len(self._codes) + 1:018d}"
        self._codes[made] = _Code(available_fen, declines, self._clock.now() + CODE_GOOD_FOR)
        return made

    def scan(self, which: PaymentRef) -> Payment:
        """Let a customer scan what the till shows."""
        return self._move(which, (PaymentState.WAITING,), PaymentState.CONFIRMING, pay_url=None)

    def decline(self, which: PaymentRef) -> Payment:
        """Decline it; as the real lender, without telling why."""
        told = {"decline_reason": "declined_by_lender", "pay_url": None}
        return self._move(which, (PaymentState.WAITING,), PaymentState.DECLINED, **told)

    def agree(self, which: PaymentRef, *, periods: int = 12) -> Payment:
        """Let the customer agree on the phone."""
        due_on = self._clock.business_date()
        made = {
            "periods": periods,
            "loan_id": self._book.new_id("loan"),
            "payout_due_on": due_on,
        }
        return self._move(which, (PaymentState.CONFIRMING,), PaymentState.SIGNED, **made)

    def begin_payout(self, which: PaymentRef) -> Payment:
        """Send the money off; nobody knows yet whether it arrived."""
        return self._move(which, (PaymentState.SIGNED,), PaymentState.PAYING)

    def fail_payout(self, which: PaymentRef) -> Payment:
        """Let no account of the merchant take the money."""
        earlier = (PaymentState.SIGNED, PaymentState.PAYING)
        return self._move(which, earlier, PaymentState.PAYOUT_FAILED)

    def pay(self, which: PaymentRef) -> Payment:
        """Let the money arrive at the merchant, the first part of it for a service paid ahead."""
        found = self.payment(which)
        earlier = (PaymentState.SIGNED, PaymentState.PAYING, PaymentState.PAYOUT_FAILED)
        first, *later = _parts(found, self._clock.business_date())
        payout = self._payout(first.gross_fen, first.fee_fen)
        return self._move(which, earlier, PaymentState.PAID, payout=payout, release=tuple(later))

    def take(self, which: PaymentRef, *, periods: int = 12) -> Payment:
        """Scan if need be, agree and pay in one."""
        found = self.payment(which)
        if found.state is PaymentState.WAITING:
            self.scan(found.id)
        self.agree(found.id, periods=periods)
        return self.pay(found.id)

    def expire(self, which: PaymentRef) -> Payment:
        """Let so much time pass that nobody agreed in time."""
        found = self.payment(which)
        if found.expires_at is not None and found.expires_at > self._clock.now():
            self._clock.advance(found.expires_at - self._clock.now())
        return self.payment(found.id)

    def release(self, which: PaymentRef, part: int) -> Payment:
        """Pay a later part of a service paid ahead: it is due, and the service was confirmed."""
        found = self.payment(which)
        row = _part(found, part)
        if row.state is not ReleaseState.PLANNED or not row.confirmed:
            raise ValueError(f"part {part} is {row.state}, confirmed: {row.confirmed}")
        if row.due_date > self._clock.business_date():
            raise ValueError(f"part {part} is due on {row.due_date}: advance the clock")
        payout = self._payout(row.gross_fen, row.fee_fen)
        return self._set_part(found, replace(row, state=ReleaseState.PAID, payout=payout), "paid")

    def fail_release(self, which: PaymentRef, part: int) -> Payment:
        """Let no account of the merchant take a later part."""
        found = self.payment(which)
        return self._set_part(
            found, replace(_part(found, part), state=ReleaseState.FAILED), "failed"
        )

    def repay(self, which: PaymentRef, *, principal_fen: int, interest_fen: int = 0) -> None:
        """Let the customer pay on the loan."""
        found = self.payment(which)
        if found.loan_id is None:
            raise ValueError(f"{found.payment_no} has no loan")
        self._repaid_fen[found.id] += principal_fen
        told = PaymentRepayment(
            **_named(found),
            repayment_id=self._book.new_id("rep"),
            amount_fen=principal_fen + interest_fen,
            principal_fen=principal_fen,
            interest_fen=interest_fen,
            outstanding_principal_fen=self._open_fen(found),
        )
        self._book.tell("payment.repaid", told, found.id)

    def payment(self, which: PaymentRef) -> Payment:
        """Return a payment as it now is. Raises LookupError."""
        self.expire_due()
        wanted = which.id if isinstance(which, Payment) else which
        for found in self.kept.values():
            if wanted in (found.id, found.payment_no):
                return found
        raise LookupError(f"no payment {wanted}")

    # What tills call.

    def create(self, body: Mapping[str, Any]) -> Payment:
        """Take a payment in. Raises Problem."""
        store = self.stores.get(body["store_id"])
        if store is None or body.get("product_code") not in (None, PRODUCT):
            raise not_found()
        parts = body.get("release_parts")
        if store.scene in PREPAID and parts is None:
            raise _refused("payment.release_needed", "/release_parts")
        quoting.require_amount(body["amount_fen"])
        if any(one.payment_no == body["payment_no"] for one in self.kept.values()):
            raise _refused("payment.number_taken", "/payment_no", status=409)
        code = None if body.get("code") is None else self._spent(body["code"], body["amount_fen"])
        now, payment_id = self._clock.now(), self._book.new_id("spy")
        made = Payment(
            id=payment_id,
            payment_no=body["payment_no"],
            store_id=store.id,
            store_no=store.store_no,
            till_id=TILL_ID,
            till_no=TILL_NO,
            amount_fen=body["amount_fen"],
            description=body.get("description") or "",
            product_code=PRODUCT,
            state=PaymentState.WAITING,
            pay_url=None if code else f"{self._public_url}/pay/{payment_id[4:]}",
            release_parts=parts,
            metadata=dict(body.get("metadata") or {}),
            created_at=now,
            updated_at=now,
            expires_at=now + PAYMENT_GOOD_FOR,
        )
        self.kept[made.id] = made
        self._book.tell("payment.created", made, made.id)
        if code is None:
            return made
        return self.decline(made.id) if code.declines else self.scan(made.id)

    def get(self, payment_id: str) -> Payment:
        """Return a payment. Raises Problem."""
        self.expire_due()
        if payment_id not in self.kept:
            raise not_found()
        return self.kept[payment_id]

    def cancel(self, payment_id: str) -> Payment:
        """Cancel one no money has left for; twice does it once. Raises Problem."""
        found = self.get(payment_id)
        if found.state is PaymentState.CANCELLED:
            return found
        if found.state is PaymentState.PAYING:
            raise _refused("loan.payout_under_way", None, status=409, retry_after_s=30)
        if found.state is PaymentState.EXPIRED and found.loan_id is None:
            raise _refused("payment.ended", None, status=409)
        earlier = (PaymentState.WAITING, PaymentState.CONFIRMING, PaymentState.SIGNED)
        if found.state not in earlier:
            raise _refused("loan.wrong_state", None, status=409)
        return self._move(found.id, earlier, PaymentState.CANCELLED, pay_url=None)

    def confirm_service(self, payment_id: str, part: int) -> Payment:
        """Say that a service goes on. Raises Problem."""
        found = self._paid(payment_id)
        row = next((each for each in found.release if each.part == part), None)
        if row is None:
            raise not_found()
        if row.state is not ReleaseState.PLANNED:
            raise _refused("release.not_planned", None, status=409)
        return self._set_part(found, replace(row, confirmed=True), None)

    def stop_service(self, payment_id: str, reason: str) -> Payment:
        """Say that a service has stopped. Raises Problem."""
        found = self._paid(payment_id)
        later = [each for each in found.release if each.state in _WITH_US]
        if not later:
            raise _refused("release.nothing_to_stop", None, status=409)
        amount_fen = sum(each.gross_fen for each in later)
        reduction_fen = min(amount_fen, self._open_fen(found))
        stopped = tuple(
            replace(each, state=ReleaseState.STOPPED) if each in later else each
            for each in found.release
        )
        self._repaid_fen[found.id] += reduction_fen
        self.kept[found.id] = replace(found, release=stopped, updated_at=self._clock.now())
        told = ServiceStop(
            **_named(found),
            parts=tuple(each.part for each in later),
            amount_fen=amount_fen,
            subsidy_fen=0,
            loan_reduction_fen=reduction_fen,
            borrower_refund_fen=amount_fen - reduction_fen,
            business_date=self._clock.business_date(),
            stopped_at=self._clock.now(),
            reason=reason,
        )
        self._book.tell("release.stopped", told, found.id)
        return self.kept[found.id]

    def refund(self, body: Mapping[str, Any]) -> PaymentRefund:
        """Give money back. Raises Problem."""
        found = self.get(body["payment_id"])
        if not found.state.is_paid:
            raise _refused("store_refund.not_paid", None, status=409)
        kept_fen = sum(each.gross_fen for each in found.release if each.state in _NOT_PAID)
        left_fen = found.amount_fen - found.refunded_fen - kept_fen
        if body["amount_fen"] > left_fen:
            mend = f"Refund at most {left_fen} fen; stop a service paid ahead."
            raise _refused("refund.too_large", "/amount_fen", mend=mend)
        if any(one.refund_no == body["refund_no"] for one in self.refunds.values()):
            raise _refused("store_refund.number_taken", "/refund_no", status=409)
        reduction_fen = min(body["amount_fen"], self._open_fen(found))
        owed_fen = body["amount_fen"] - reduction_fen
        self._repaid_fen[found.id] += reduction_fen
        made = PaymentRefund(
            id=self._book.new_id("srf"),
            refund_no=body["refund_no"],
            payment_id=found.id,
            payment_no=found.payment_no,
            store_id=found.store_id,
            store_no=found.store_no,
            till_no=found.till_no,
            loan_id=found.loan_id,
            amount_fen=body["amount_fen"],
            reason=body.get("reason") or "",
            loan_reduction_fen=reduction_fen,
            borrower_refund_fen=owed_fen,
            merchant_claim_fen=body["amount_fen"],
            state=RefundState.PENDING if owed_fen else RefundState.DONE,
            loan_outstanding_principal_fen=self._open_fen(found),
            business_date=self._clock.business_date(),
            created_at=self._clock.now(),
        )
        self.refunds[made.id] = made
        self._claims_fen += made.merchant_claim_fen
        refunded_fen = found.refunded_fen + made.amount_fen
        whole = refunded_fen == found.amount_fen
        state = PaymentState.REFUNDED if whole else PaymentState.PART_REFUNDED
        self.kept[found.id] = replace(
            found, refunded_fen=refunded_fen, state=state, updated_at=self._clock.now()
        )
        self._book.tell("payment.refunded", made, found.id)
        return made

    def expire_due(self) -> None:
        """End what nobody agreed to in time."""
        earlier = (PaymentState.WAITING, PaymentState.CONFIRMING)
        for found in list(self.kept.values()):
            due = found.expires_at is not None and found.expires_at <= self._clock.now()
            if due and found.state in earlier:
                self._set(found, PaymentState.EXPIRED, pay_url=None)

    def _spent(self, given: str, amount_fen: int) -> _Code:
        code = self._codes.get(given)
        if code is None:
            raise _refused("payment_code.unknown", "/code")
        if code.used:
            raise _refused("payment_code.used", "/code")
        if code.expires_at <= self._clock.now():
            raise _refused("payment_code.expired", "/code")
        if amount_fen > code.available_fen:
            raise _refused("credit_line.too_small", "/amount_fen")
        code.used = True
        return code

    def _move(
        self,
        which: PaymentRef,
        earlier: tuple[PaymentState, ...],
        state: PaymentState,
        **more: Any,
    ) -> Payment:
        found = self.payment(which)
        if found.state not in earlier:
            raise ValueError(f"{found.payment_no} is {found.state}: it cannot become {state}")
        return self._set(found, state, **more)

    def _set(self, found: Payment, state: PaymentState, **more: Any) -> Payment:
        moved = replace(found, state=state, updated_at=self._clock.now(), **more)
        self.kept[found.id] = moved
        if state is not PaymentState.PAYING:
            self._book.tell(f"payment.{state.value}", moved, moved.id)
        return moved

    def _set_part(self, found: Payment, row: ReleasePart, told: Optional[str]) -> Payment:
        rows = tuple(row if each.part == row.part else each for each in found.release)
        moved = replace(found, release=rows, updated_at=self._clock.now())
        self.kept[found.id] = moved
        if told is not None:
            of_part = {one.name: getattr(row, one.name) for one in fields(row)}
            self._book.tell(f"release.{told}", Release(**of_part, **_named(found)), found.id)
        return moved

    def _paid(self, payment_id: str) -> Payment:
        found = self.get(payment_id)
        if found.loan_id is None:
            raise _refused("store_refund.not_paid", None, status=409)
        return found

    def _open_fen(self, found: Payment) -> int:
        return found.amount_fen - self._repaid_fen[found.id]

    def _payout(self, gross_fen: int, fee_fen: int) -> Payout:
        claims_fen = min(self._claims_fen, gross_fen - fee_fen)
        self._claims_fen -= claims_fen
        return Payout(
            amount_fen=gross_fen - fee_fen - claims_fen,
            account_last4="0012",
            paid_at=self._clock.now(),
            channel_reference=self._book.new_id("ch"),
            fee_fen=fee_fen,
            subsidy_fen=0,
            claims_fen=claims_fen,
            business_date=self._clock.business_date(),
        )


_WITH_US = (ReleaseState.PLANNED, ReleaseState.FAILED)
_NOT_PAID = (*_WITH_US, ReleaseState.PAYING, ReleaseState.STOPPED)


def _parts(found: Payment, start: date) -> list[ReleasePart]:
    """Return all parts of the money, cut by the running total so that they sum to the whole."""
    count = found.release_parts or 1
    fee_fen = quoting.merchant_fee_fen(found.amount_fen)

    def cut(total: int, number: int) -> int:
        return total * number // count - total * (number - 1) // count

    return [
        ReleasePart(
            part=number,
            due_date=_months_later(start, number - 1),
            gross_fen=cut(found.amount_fen, number),
            fee_fen=cut(fee_fen, number),
            subsidy_fen=0,
            state=ReleaseState.PLANNED,
        )
        for number in range(1, count + 1)
    ]


def _months_later(day: date, months: int) -> date:
    year, month = divmod(day.month - 1 + months, 12)
    first = date(day.year + year, month + 1, 1)
    following = (first + timedelta(days=31)).replace(day=1)
    return first.replace(day=min(day.day, (following - timedelta(days=1)).day))


def _part(found: Payment, part: int) -> ReleasePart:
    for each in found.release:
        if each.part == part:
            return each
    raise ValueError(f"{found.payment_no} has no part {part}")


def _named(found: Payment) -> dict[str, Any]:
    return {
        "payment_id": found.id,
        "payment_no": found.payment_no,
        "store_id": found.store_id,
        "store_no": found.store_no,
        "till_no": found.till_no,
        "loan_id": found.loan_id,
    }


_TOLD = {
    "payment.release_needed": ("预付服务须按期划转", "请填写 2 至 36 期的划转期数。"),
    "payment.number_taken": (
        "该支付单号已用于其他交易",
        "请使用新的支付单号;查询原交易请用原单号。",
    ),
    "payment.ended": ("该笔支付已结束", "请重新发起收款。"),
    "payment_code.unknown": ("付款码无效", "请顾客重新打开付款码。"),
    "payment_code.used": ("付款码已被使用", "请查询原交易结果,需要重新收款时请顾客刷新付款码。"),
    "payment_code.expired": ("付款码已过期", "请顾客刷新付款码后重新扫描。"),
    "credit_line.too_small": ("可用额度不足", "请减少金额,或先还款恢复额度后重试。"),
    "store_refund.not_paid": ("该笔支付尚未完成", "请改为取消该笔支付。"),
    "store_refund.number_taken": ("该退款单号已用于其他退款", "请使用新的退款单号。"),
    "refund.too_large": ("The refund is larger than what is left", ""),
    "release.not_planned": (
        "This part does not wait to be paid",
        "Look at the state of each part.",
    ),
    "release.nothing_to_stop": ("没有尚未划转给商户的款项", "请与商户协商,或联系客服处理。"),
    "loan.payout_under_way": (
        "Money for this loan is on its way",
        "Wait for the event that tells how it ended, then cancel or refund.",
    ),
    "loan.wrong_state": (
        "The present state does not allow this",
        "Ask for the present state, and act on that.",
    ),
}
"""Title and mend of each refusal, as the lender words them: a cashier reads some of them."""


def _refused(
    code: str,
    field: Optional[str],
    *,
    status: int = 422,
    mend: Optional[str] = None,
    retry_after_s: Optional[int] = None,
) -> Problem:
    title, usual = _TOLD[code]
    return Problem(
        status, code, title, field=field, mend=mend or usual, retry_after_s=retry_after_s
    )
