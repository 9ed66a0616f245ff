"""What a cashier does: take, look up, refund, cancel. All that is said is Chinese."""

import io
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from decimal import Decimal, InvalidOperation
from typing import Any

import segno
from cf_partner_sdk import (
    AnswerNotTrusted,
    Client,
    NotFound,
    Payment,
    PaymentState,
    ProblemError,
    ServerFault,
    TransportError,
)

from examples.till.pending import Pending

STATES = {
    PaymentState.WAITING: "等待顾客扫码",
    PaymentState.CONFIRMING: "等待顾客在手机上确认",
    PaymentState.DECLINED: "未通过,请顾客改用其他方式付款",
    PaymentState.SIGNED: "顾客已确认,正在付款",
    PaymentState.PAYING: "正在付款,请稍候,暂勿交货",
    PaymentState.PAID: "收款成功,可以交货",
    PaymentState.PAYOUT_FAILED: "入账失败,请联系客服,暂勿交货",
    PaymentState.PART_REFUNDED: "已部分退款",
    PaymentState.REFUNDED: "已全额退款",
    PaymentState.CANCELLED: "已撤销,未收款",
    PaymentState.EXPIRED: "已超时,未收款",
}
MENU = """
1 扫顾客付款码收款   2 出示收款码   3 查询   4 退款   5 撤销   0 退出"""
NO_ANSWER = "网络没有应答。请勿重复收款:恢复后本机会用原单号继续,顾客只会付一次。"
ASK_EVERY_S = 2.0
ASK_FOR_S = 600.0
SHANGHAI = timezone(timedelta(hours=8))


@dataclass(frozen=True)
class Store:
    id: str
    name: str
    till_no: str
    is_paid_ahead: bool


class Abandoned(Exception):
    """The cashier left an input empty."""


class Desk:
    def __init__(
        self,
        client: Client,
        store: Store,
        pending: Pending,
        *,
        ask: Callable[[str], str] = input,
        say: Callable[[str], None] = print,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.client, self.store, self.pending = client, store, pending
        self.ask, self.say, self.sleep = ask, say, sleep

    def run(self) -> None:
        self.say(f"{self.store.name} 收银台 {self.store.till_no}")
        self.recover()
        acts = {"1": self.scan, "2": self.show, "3": self.look_up, "4": self.refund, "5": self.end}
        while (choice := self.ask(f"{MENU}\n请选择:").strip()) != "0":
            if choice not in acts:
                self.say("请输入 0 至 5。")
                continue
            try:
                acts[choice]()
            except Abandoned:
                self.say("已返回。")
            except ServerFault:
                self.say("系统繁忙,请稍后再试;如在收款,请先查询。")
            except ProblemError as refused:
                self.say(refusal(refused))
            except (TransportError, AnswerNotTrusted):
                self.say(NO_ANSWER)

    def scan(self) -> None:
        """The customer shows a code, the cashier scans or types it."""
        asked = self._asked()
        asked["code"] = "".join(self._given("请扫描或输入顾客付款码:").split())
        self._take(asked)

    def show(self) -> None:
        """The till shows a code, the customer scans it."""
        self._take(self._asked())

    def look_up(self) -> None:
        self._tell(self._found())

    def refund(self) -> None:
        payment = self._found()
        self._tell(payment)
        left_fen = payment.amount_fen - payment.refunded_fen
        amount_fen = self._amount(f"退款金额(最多 {yuan(left_fen)} 元):")
        reason = self.ask("原因(可留空):").strip()
        # The number follows from what was refunded before: asked twice, it is one refund.
        made = self.client.payments.refunds.create(
            refund_no=f"R-{payment.payment_no}-{payment.refunded_fen}"[:64],
            payment_id=payment.id,
            amount_fen=amount_fen,
            reason=reason or None,
        )
        self.say(f"已退款 {yuan(made.amount_fen)} 元,单号 {made.refund_no}。")

    def end(self) -> None:
        self._tell(self.client.payments.cancel(self._found().id))

    def recover(self) -> None:
        """What was asked before the line or the power went: the very same call, once more."""
        for payment_no, asked in self.pending.all().items():
            self.say(f"继续未完成的收款 {payment_no}({yuan(asked['amount_fen'])} 元)…")
            try:
                self._take(asked)
            except (TransportError, ServerFault, AnswerNotTrusted):
                self.say(NO_ANSWER)
            except ProblemError as refused:
                self.say(f"{payment_no} 未收款。{refusal(refused)}")

    def _take(self, asked: dict[str, Any]) -> None:
        self.pending.keep(asked)
        try:
            payment = self.client.payments.create(**asked)
        except ServerFault:
            raise  # it may have been done: it stays pending, and is asked again
        except ProblemError:
            self.pending.drop(asked["payment_no"])  # refused for certain: nothing is held
            raise
        self.pending.drop(asked["payment_no"])
        self.say(f"单号 {payment.payment_no}")
        if payment.pay_url:
            self.say(qr(payment.pay_url))
        self._follow(payment)

    def _follow(self, payment: Payment) -> None:
        """Says each new state until the payment is decided. Ctrl-C leaves it as it is."""
        self._tell(payment)
        waited_s = 0.0
        while payment.state.is_open and waited_s < ASK_FOR_S:
            self.sleep(ASK_EVERY_S)
            waited_s += ASK_EVERY_S
            before, payment = payment, self.client.payments.get(payment.id)
            if payment.state is not before.state:
                self._tell(payment)

    def _asked(self) -> dict[str, Any]:
        today = datetime.now(SHANGHAI)
        asked: dict[str, Any] = {
            "payment_no": f"{self.store.till_no}-{today:%y%m%d}-{secrets.token_hex(5)}",
            "amount_fen": self._amount("金额(元):"),
            "store_id": self.store.id,
            "description": self.ask("商品或服务(可留空):").strip() or None,
        }
        if self.store.is_paid_ahead:
            asked["release_parts"] = self._parts()
        return asked

    def _amount(self, prompt: str) -> int:
        while True:
            found = fen(self._given(prompt))
            if found:
                return found
            self.say("请输入大于 0、最多两位小数的金额,例如 2999.00。")

    def _parts(self) -> int:
        while True:
            given = self._given("预付服务按月分几期划转(2 至 36):")
            if given.isascii() and given.isdigit() and 2 <= int(given) <= 36:
                return int(given)
            self.say("请输入 2 至 36 的整数。")

    def _found(self) -> Payment:
        return self.client.payments.find(self._given("单号:"))

    def _given(self, prompt: str) -> str:
        given = self.ask(prompt).strip()
        if not given:
            raise Abandoned
        return given

    def _tell(self, payment: Payment) -> None:
        says = STATES.get(payment.state, str(payment.state))
        self.say(f"{payment.payment_no}  {yuan(payment.amount_fen)} 元  {says}")


def refusal(refused: ProblemError) -> str:
    """What went wrong and what to do, as the lender says it."""
    if isinstance(refused, NotFound):
        return "没有这笔交易,请核对单号。"
    return f"{refused.detail or refused.title}。{refused.mend or ''}"


def fen(given: str) -> int | None:
    """An amount of yuan in fen; None if it is none."""
    try:
        amount = Decimal(given) * 100
    except InvalidOperation:
        return None
    if not amount.is_finite() or amount != amount.to_integral_value() or amount <= 0:
        return None
    return int(amount)


def yuan(amount_fen: int) -> str:
    return f"{amount_fen // 100:,}.{amount_fen % 100:02d}"


def qr(url: str) -> str:
    out = io.StringIO()
    segno.make(url, micro=False).terminal(out, compact=True)
    return out.getvalue()
