"""Whom a loan is paid to: the accounts of its payee, and nobody else's."""

from dataclasses import dataclass

from lending.channels import service as channels
from lending.customers import service as customers
from lending.customers.errors import WalletNotYours
from lending.foundation.crypto import FieldKeys
from lending.foundation.database import Tx
from lending.foundation.ports import AccountKind
from lending.loans.errors import WalletNotOffered
from lending.loans.model import Loan
from lending.products import service as products
from lending.products.model import PayeeKind


@dataclass(frozen=True, slots=True)
class PayeeAccount:
    """An account in words, as contracts name it."""

    id: str
    holder: str
    bank_name: str
    last4: str
    kind: AccountKind = AccountKind.BANK

    @property
    def told(self) -> str:
        """Such as `小满数码有限公司 模拟银行 尾号 0012`."""
        return f"{self.holder} {self.bank_name} 尾号 {self.last4}"


def account_ids(tx: Tx, loan: Loan) -> list[str]:
    """The accounts that may be paid without asking anybody again, the first at the front.

    A merchant has named several. A borrower has named one, a card or a wallet: if that refuses, the
    borrower names another (ASSIST-5).
    """
    if loan.terms.payee.kind is PayeeKind.BORROWER:
        return [loan.wallet_id or loan.bank_card_id]
    return [each.id for each in channels.settlement_accounts(tx, loan.terms.payee.partner_id)]


def following(tx: Tx, loan: Loan, tried_id: str) -> str | None:
    """The account to try after one that has definitely refused; None when there is none."""
    accounts = account_ids(tx, loan)
    after = accounts.index(tried_id) + 1 if tried_id in accounts else len(accounts)
    return accounts[after] if accounts[after:] else None


def named(tx: Tx, keys: FieldKeys, loan: Loan, account_id: str) -> PayeeAccount:
    """An account that `account_ids` gave.

    Raises NoSuchPartner, NoSuchCustomer.
    """
    if loan.terms.payee.kind is PayeeKind.BORROWER:
        return borrowers(tx, keys, account_id)
    found = channels.settlement_account(tx, account_id)
    return PayeeAccount(found.id, found.holder, found.bank_name, found.last4)


def borrowers(tx: Tx, keys: FieldKeys, card_id: str) -> PayeeAccount:
    """A customer's own card or wallet, whose holder was confirmed.

    Raises NoSuchCustomer.
    """
    card = customers.card(tx, card_id)
    holder = customers.profile(tx, keys, card.customer_id).name
    return PayeeAccount(card.id, holder, card.bank_name, card.last4, card.kind)


def kind(tx: Tx, loan: Loan, account_id: str) -> AccountKind:
    """Who keeps an account that `account_ids` gave.

    Raises NoSuchCustomer.
    """
    if loan.terms.payee.kind is PayeeKind.BORROWER:
        return customers.card(tx, account_id).kind
    return AccountKind.BANK


def require_wallet(tx: Tx, code: str, version: int, customer_id: str, wallet_id: str) -> None:
    """Refuses a wallet where the product pays to none, or that is not the borrower's own.

    Raises WalletNotOffered, WalletNotYours, NoSuchCustomer.
    """
    product = products.version(tx, code, version)
    if not product.pays_wallets or product.payee is not PayeeKind.BORROWER:
        raise WalletNotOffered
    wallet = customers.card(tx, wallet_id)
    if wallet.customer_id != customer_id or wallet.kind is not AccountKind.WALLET:
        raise WalletNotYours


def number(tx: Tx, keys: FieldKeys, loan: Loan, account_id: str) -> str:
    """The number of an account that `account_ids` gave, opened from its cell.

    Raises NoSuchPartner, NoSuchCustomer.
    """
    if loan.terms.payee.kind is PayeeKind.BORROWER:
        return customers.card_number(tx, keys, account_id)
    return channels.account_number(tx, keys, account_id)
