"""Customers: shown to be who they are, asked for each consent, with cards of their own."""

from collections.abc import Callable, Collection, Iterable

from lending.customers import rules, store
from lending.customers.errors import (
    CardNotYours,
    ConsentMissing,
    FaceNotMatched,
    IdentityMismatch,
    NoSuchCustomer,
    WalletNotYours,
)
from lending.customers.model import BankCard, CardHolder, ConsentScope, IdentityMethod, Profile
from lending.foundation import business_day, ids
from lending.foundation.crypto import FieldKeys
from lending.foundation.database import Database, Tx
from lending.foundation.ports import AccountCheck, AccountKind, IdentityCheck, PaymentChannel


def identify(
    database: Database,
    identity: IdentityCheck,
    keys: FieldKeys,
    *,
    name: str,
    identity_no: str,
    mobile: str,
) -> str:
    """Has name and identity number checked outside and keeps who passed; the customer's id.

    One identity number is one customer for ever; a new mobile replaces the old one. Somebody who
    does not pass leaves no row.

    Raises IdentityNoInvalid, MobileInvalid, CustomerTooYoung, IdentityMismatch, and OutsideFault
    when the identity service does not answer.
    """
    number = rules.identity_no(identity_no)
    phone = rules.mobile(mobile)
    born = rules.birth_date(number)
    with database.unit_of_work() as tx:
        rules.require_adult(born, business_day.today(tx))
    answer = identity.check_identity(name=name, identity_no=number)
    if not answer.passed:
        raise IdentityMismatch
    with database.unit_of_work() as tx:
        person = Profile(ids.new("cus"), name, number, phone, born)
        if store.insert(tx, keys, person):
            customer_id = person.customer_id
        else:
            customer_id = store.by_identity_no(tx, keys, number) or ""
            assert customer_id, "a customer is never removed"
            store.set_name_and_mobile(tx, keys, customer_id, name=name, mobile=phone)
        store.insert_check(
            tx,
            customer_id,
            IdentityMethod.NAME_AND_NUMBER,
            passed=True,
            reference=answer.reference,
        )
    return customer_id


def check_face(
    database: Database,
    identity: IdentityCheck,
    keys: FieldKeys,
    *,
    customer_id: str,
    subject: str,
    image: bytes,
) -> None:
    """Has a picture of the face compared outside; the picture itself is not kept.

    Raises ConsentMissing without a live consent for the face, FaceNotMatched, OutsideFault.
    """
    with database.unit_of_work() as tx:
        require_consent(tx, customer_id, ConsentScope.FACE, subject)
        person = profile(tx, keys, customer_id)
    answer = identity.check_face(identity_no=person.identity_no, image=image)
    with database.unit_of_work() as tx:
        store.insert_check(
            tx, customer_id, IdentityMethod.FACE, passed=answer.passed, reference=answer.reference
        )
    if not answer.passed:
        raise FaceNotMatched


def add_card(
    database: Database,
    channel: PaymentChannel,
    keys: FieldKeys,
    *,
    customer_id: str,
    number: str,
) -> str:
    """Has the bank confirm that a card is the customer's own, and keeps it; its id.

    The bank compares name, identity number, card and mobile, which is also the way to be
    identified without a face (R-FACE-ALT).

    Raises CardNumberInvalid, CardNotYours, OutsideFault.
    """
    card_number_ = rules.card_number(number)

    def ask(person: Profile) -> AccountCheck:
        return channel.check_account(
            name=person.name,
            identity_no=person.identity_no,
            account_no=card_number_,
            mobile=person.mobile,
        )

    kept = _confirmed(database, keys, customer_id, card_number_, ask, kind=AccountKind.BANK)
    if kept is None:
        raise CardNotYours
    return kept


def add_wallet(
    database: Database,
    channel: PaymentChannel,
    keys: FieldKeys,
    *,
    customer_id: str,
    number: str,
) -> str:
    """Has the payment company confirm that a wallet is the customer's own, and keeps it; its id.

    Raises WalletNumberInvalid, WalletNotYours, OutsideFault.
    """
    wallet_number_ = rules.wallet_number(number)

    def ask(person: Profile) -> AccountCheck:
        return channel.check_wallet(
            name=person.name, identity_no=person.identity_no, account_no=wallet_number_
        )

    kept = _confirmed(database, keys, customer_id, wallet_number_, ask, kind=AccountKind.WALLET)
    if kept is None:
        raise WalletNotYours
    return kept


def _confirmed(
    database: Database,
    keys: FieldKeys,
    customer_id: str,
    number: str,
    ask: Callable[[Profile], AccountCheck],
    *,
    kind: AccountKind,
) -> str | None:
    """Keeps what is answered of an account, and the account if it is the customer's; its id.

    It is asked between two units of work, so that none is open while somebody else thinks.
    """
    with database.unit_of_work() as tx:
        person = profile(tx, keys, customer_id)
    answer = ask(person)
    is_wallet = kind is AccountKind.WALLET
    method = IdentityMethod.WALLET if is_wallet else IdentityMethod.BANK_CARD
    passed, bank_name = answer.matched, answer.bank_name
    with database.unit_of_work() as tx:
        store.insert_check(tx, customer_id, method, passed=passed, reference=answer.reference)
        if not passed:
            return None
        return store.upsert_card(
            tx, keys, customer_id, number=number, bank_name=bank_name, kind=kind
        )


def profile(tx: Tx, keys: FieldKeys, customer_id: str) -> Profile:
    """The customer's own data, opened.

    Raises NoSuchCustomer.
    """
    found = store.profile(tx, keys, customer_id)
    if found is None:
        raise NoSuchCustomer
    return found


def by_mobile(tx: Tx, keys: FieldKeys, mobile: str) -> list[str]:
    """Ids of the customers with this mobile (rarely more than one), oldest first.

    Raises MobileInvalid.
    """
    return store.by_mobile(tx, keys, rules.mobile(mobile))


def verified(tx: Tx, customer_id: str) -> set[IdentityMethod]:
    """The ways in which this customer has been shown to be who they are."""
    return store.methods_passed(tx, customer_id)


def cards(tx: Tx, customer_id: str) -> list[BankCard]:
    """The customer's verified cards, newest first; no wallets, which nothing is collected from."""
    return store.cards(tx, customer_id)


def card(tx: Tx, card_id: str) -> BankCard:
    """One card or wallet, without its number.

    Raises NoSuchCustomer when there is none under this id.
    """
    found = store.card(tx, card_id)
    if found is None:
        raise NoSuchCustomer
    return found[0]


def require_own_card(tx: Tx, customer_id: str, card_id: str) -> BankCard:
    """A card of the customer's own, that instalments can be collected from: no wallet.

    Raises NoSuchCustomer, CardNotYours.
    """
    found = card(tx, card_id)
    if found.customer_id != customer_id or found.kind is not AccountKind.BANK:
        raise CardNotYours
    return found


def card_number(tx: Tx, keys: FieldKeys, card_id: str) -> str:
    """A card's number, opened from its cell.

    Raises NoSuchCustomer when there is none under this id.
    """
    found = store.card(tx, card_id)
    if found is None:
        raise NoSuchCustomer
    return keys.open(found[1], at=store.card_cell(card_id))


def card_holders(tx: Tx, keys: FieldKeys, card_ids: Collection[str]) -> dict[str, CardHolder]:
    """The numbers of cards and the names of their holders, opened, by the cards' ids."""
    return store.card_holders(tx, keys, card_ids)


def give_consent(
    tx: Tx,
    customer_id: str,
    scope: ConsentScope,
    *,
    text_version: str,
    text_sha256: str,
    channel: str,
    subject: str,
) -> str:
    """Records one consent to one text for one purpose (R-PI-CONSENT); its id.

    `subject` is what it was given for: the application's id, usually.
    """
    return store.insert_consent(
        tx,
        customer_id,
        scope,
        text_version=text_version,
        text_sha256=text_sha256,
        channel=channel,
        subject=subject,
    )


def withdraw_consent(tx: Tx, customer_id: str, scope: ConsentScope, subject: str) -> None:
    """Ends a consent: what it allowed is not done from now on."""
    store.withdraw_consent(tx, customer_id, scope, subject)


def require_consent(tx: Tx, customer_id: str, scope: ConsentScope, subject: str) -> str:
    """The id of the live consent for this scope and subject.

    Raises ConsentMissing.
    """
    found = store.live_consent(tx, customer_id, scope, subject)
    if found is None:
        raise ConsentMissing(field=f"/consents/{scope.value}")
    return found


def missing_consents(
    tx: Tx, customer_id: str, scopes: Iterable[ConsentScope], subject: str
) -> list[ConsentScope]:
    """Which of these scopes have no live consent for the subject."""
    return [s for s in scopes if store.live_consent(tx, customer_id, s, subject) is None]
