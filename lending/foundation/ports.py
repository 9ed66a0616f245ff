"""What we need of the outside world, as protocols; `connectors` speak to whoever keeps them."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Protocol


class ChannelState(StrEnum):
    """What the payment channel says of an order of ours."""

    PAID = "paid"
    """Money has moved. Final."""
    FAILED = "failed"
    """No money has moved, and none will under this order number. Final."""
    PROCESSING = "processing"
    """Accepted; ask again."""
    NOT_FOUND = "not_found"
    """The channel does not know the order number: it may still be on its way there."""
    UNKNOWN = "unknown"
    """No answer that can be believed. Neither pay again nor void: ask until it says."""


@dataclass(frozen=True, slots=True)
class ChannelResult:
    """The channel's answer to a payout, a debit or a query."""

    state: ChannelState
    channel_order_no: str
    reference: str = ""
    """The channel's own number of the transaction."""
    code: str = ""
    message: str = ""
    amount_fen: int | None = None
    finished_at: datetime | None = None


class AccountKind(StrEnum):
    """Who keeps an account, and so by which channel it is paid."""

    BANK = "bank"
    """A bank: a card, or a company's account."""
    WALLET = "wallet"
    """A payment company (支付机构): money goes in, and nothing is collected from it."""


@dataclass(frozen=True, slots=True)
class PayoutOrder:
    """Money to send. The same order number with the same content is one payment for ever."""

    channel_order_no: str
    amount_fen: int
    account_no: str
    account_name: str
    purpose: str
    kind: AccountKind = AccountKind.BANK


@dataclass(frozen=True, slots=True)
class DebitOrder:
    """Money to collect from a card whose holder has agreed."""

    channel_order_no: str
    amount_fen: int
    card_no: str
    name: str
    purpose: str


@dataclass(frozen=True, slots=True)
class AccountCheck:
    """Whether a bank holds this account under this name, identity number and mobile.

    Of a wallet: whether its payment company does under this name and identity number.
    """

    matched: bool
    reference: str
    bank_name: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ChannelTransaction:
    """One line of the channel's daily file."""

    channel_order_no: str
    kind: str
    """`payout`, `debit`, `incoming`, or `wallet_payout` of the payment company's file."""
    amount_fen: int
    state: str
    reference: str


@dataclass(frozen=True, slots=True)
class IncomingMoney:
    """Money that somebody sent to our account."""

    reference: str
    """The bank's own number of it; once for ever."""
    seq: int
    """Its place in the bank's feed: rising."""
    from_account: str
    from_name: str
    amount_fen: int
    remark: str
    received_at: datetime


@dataclass(frozen=True, slots=True)
class IdentityAnswer:
    """Whether the identity service confirms what was asked."""

    passed: bool
    reference: str
    score: int | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class BureauReport:
    """What a credit bureau knows, in our own words; `raw` is its answer as it came."""

    source: str
    reference: str
    score: int | None
    """On the bureau's own scale, see `score_max`; None for a person it has no history of."""
    score_max: int
    open_accounts: int
    overdue_now: int
    overdue_24m: int
    inquiries_3m: int
    debt_total_fen: int
    platforms_open: int
    months_on_file: int
    raw: dict[str, Any]


class PaymentChannel(Protocol):
    """A bank or payment company. Money calls never raise for a fault: `unknown` is an answer."""

    def check_account(
        self, *, name: str, identity_no: str, account_no: str, mobile: str
    ) -> AccountCheck:
        """Compares the four elements of an account. Raises OutsideFault."""
        ...

    def check_wallet(self, *, name: str, identity_no: str, account_no: str) -> AccountCheck:
        """Compares the holder of a wallet. Raises OutsideFault."""
        ...

    def pay_out(self, order: PayoutOrder) -> ChannelResult:
        """Sends money, to a bank's account or a wallet."""
        ...

    def query_payout(
        self, channel_order_no: str, kind: AccountKind = AccountKind.BANK
    ) -> ChannelResult:
        """Asks whoever was to pay what became of a payout."""
        ...

    def debit(self, order: DebitOrder) -> ChannelResult:
        """Collects money."""
        ...

    def query_debit(self, channel_order_no: str) -> ChannelResult:
        """Asks what became of a debit."""
        ...

    def incoming(self, after: int, limit: int) -> list[IncomingMoney]:
        """What came to our account behind a place in the feed, in order. Raises OutsideFault."""
        ...

    def daily_file(self, day: date) -> list[ChannelTransaction]:
        """All transactions of a day as they were booked outside. Raises OutsideFault."""
        ...


class CreditBureau(Protocol):
    """A licensed credit bureau."""

    source: str
    """The code of the bureau, such as `bureau_a`."""

    def report(
        self, *, name: str, identity_no: str, mobile: str, consent_id: str, purpose: str
    ) -> BureauReport:
        """Asks for a person's report under a consent. Raises OutsideFault."""
        ...


class IdentityCheck(Protocol):
    """A service that knows which name and face belong to an identity number."""

    def check_identity(self, *, name: str, identity_no: str) -> IdentityAnswer:
        """Compares name and number. Raises OutsideFault."""
        ...

    def check_face(self, *, identity_no: str, image: bytes) -> IdentityAnswer:
        """Compares a living face with the number's. Raises OutsideFault."""
        ...


class Sms(Protocol):
    """Sends text messages."""

    def send(self, *, mobile: str, text: str) -> None:
        """Sends one. Raises OutsideFault."""
        ...
