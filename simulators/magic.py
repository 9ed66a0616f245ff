"""Persons, cards and amounts with a known fate, so that every path can be walked on purpose."""

import secrets
from dataclasses import dataclass
from hashlib import sha256

_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


@dataclass(frozen=True, slots=True)
class Fate:
    """What is decided for whoever or whatever bears the digits."""

    name: str
    says: str
    digits: str


SEQUENCES = (
    Fate("approved", "approved", "100"),
    Fate("declined", "declined: a bad record at both bureaus", "200"),
    Fate("declined_overdue", "declined: debt that is overdue now (OVERDUE_NOW)", "210"),
    Fate("declined_overdue_often", "declined: often late in two years (OVERDUE_OFTEN)", "220"),
    Fate("declined_inquiries", "declined: many lenders asked (INQUIRIES_MANY)", "230"),
    Fate("declined_platforms", "declined: borrows on many platforms (PLATFORMS_MANY)", "240"),
    Fate("declined_score", "declined: a very low bureau score (BUREAU_SCORE_LOW)", "250"),
    Fate("referred", "referred to a person: hardly any record (THIN_FILE)", "300"),
    Fate("referred_debt", "referred to a person: high debts elsewhere (DEBT_HIGH)", "310"),
    Fate("referred_platforms", "referred to a person: several platforms (PLATFORMS_SOME)", "320"),
    Fate("slow_bureau", "referred: both bureaus are too slow (BUREAUS_ABSENT)", "400"),
    Fate("one_bureau_down", "approved on the report of one bureau (BUREAU_ABSENT)", "410"),
    Fate("bureaus_down", "referred: both bureaus are out of order (BUREAUS_ABSENT)", "420"),
    Fate("identity_mismatch", "stopped: name and number do not match", "500"),
    Fate("face_mismatch", "the face does not match; a bank card does instead", "600"),
)
"""By the three digits before the check character of an identity number."""

CARD_PREFIX = "6217"
CARDS = (
    Fate("dead", "the account is closed: payouts and debits are declined", "01"),
    Fate("insufficient", "the balance is too low for any debit", "02"),
    Fate("slow", "the bank answers after three seconds", "03"),
    Fate("not_yours", "another person's: the account check says `name_mismatch`", "04"),
    Fate("late", "payouts and debits are `processing` for two seconds, then paid", "05"),
    Fate("other_mobile", "the account check says `mobile_mismatch`", "06"),
    Fate("other_identity", "the account check says `identity_mismatch`", "07"),
    Fate("dies_later", "one debit is paid, then the account is closed", "08"),
    Fate("insufficient_1", "the balance is too low for the first debit only", "11"),
    Fate("insufficient_2", "the balance is too low for the second debit only", "12"),
    Fate("insufficient_3", "the balance is too low for the third debit only", "13"),
)
"""By the two digits before the last of a card number with the prefix."""


WALLET_PREFIXES = {"2088": "支付宝", "1000": "微信零钱"}
WALLETS = tuple(
    fate for fate in CARDS if fate.name in ("dead", "not_yours", "late", "other_identity")
)
"""By the two digits before the last of a wallet's number."""


@dataclass(frozen=True, slots=True)
class FateOfAmount:
    """What becomes of the payout of an order of an amount, less the sandbox's fee of 0.6 %."""

    name: str
    says: str
    order_fen: int
    payout_fen: int


AMOUNTS = (
    FateOfAmount(
        "payout_unknown",
        "the bank pays, and its answer is lost: paid after asking",
        111_100,
        110_433,
    ),
    FateOfAmount(
        "payout_late", "the payout is `processing` for two seconds, then paid", 122_200, 121_467
    ),
    FateOfAmount(
        "payout_failed", "the bank refuses each account of the merchant", 133_300, 132_500
    ),
)


def identity_no(region: str, birth: str, sequence: str) -> str:
    """An identity number with a right check character (GB 11643): region, birth, three digits."""
    body = f"{region}{birth}{sequence}"
    total = sum(int(digit) * weight for digit, weight in zip(body, _WEIGHTS, strict=True))
    return body + "10X98765432"[total % 11]


def is_identity_no(number: str) -> bool:
    """Whether it has 18 places and the right check character (GB 11643)."""
    body = number[:17]
    right = len(number) == 18 and body.isascii() and body.isdigit()
    return right and identity_no(body[:6], body[6:14], body[14:]) == number.upper()


def card_no(body: str) -> str:
    """A card number with a right last digit (Luhn)."""
    total = sum(sum(divmod(int(d) * (2 - i % 2), 10)) for i, d in enumerate(reversed(body)))
    return body + str(-total % 10)


MAGIC = {fate.name: identity_no("110101", "19900307", fate.digits) for fate in SEQUENCES}
"""One identity number for each fate."""

MAGIC_CARDS = {"works": card_no("621700000000000088")} | {
    fate.name: card_no(f"6217000000000000{fate.digits}") for fate in CARDS
}
"""One card number for each fate."""

MAGIC_AMOUNTS = {fate.name: fate.order_fen for fate in AMOUNTS}
"""The amount of an order for each fate of its payout, in fen."""

MAGIC_WALLETS = {"works": "2088000000000880"} | {
    fate.name: f"2088000000000{fate.digits}0" for fate in WALLETS
}
"""One wallet's number for each fate."""

_OF_PERSON = {fate.digits: fate.name for fate in SEQUENCES}
_OF_CARD = {fate.digits: fate.name for fate in CARDS}
_OF_PAYOUT = {fate.payout_fen: fate.name for fate in AMOUNTS}


def fate_of_person(number: str) -> str | None:
    """What is decided for this identity number, if anything."""
    return _OF_PERSON.get(number[14:17])


def fate_of_card(number: str) -> str | None:
    """What is decided for this card number, if anything."""
    return _OF_CARD.get(number[-3:-1]) if number.startswith(CARD_PREFIX) else None


def fate_of_wallet(number: str) -> str | None:
    """What is decided for this wallet, if anything."""
    found = _OF_CARD.get(number[-3:-1])
    return found if found in {fate.name for fate in WALLETS} else None


def fate_of_payout(amount_fen: int) -> str | None:
    """What is decided for a payout of this amount, if anything."""
    return _OF_PAYOUT.get(amount_fen)


@dataclass(frozen=True, slots=True)
class Somebody:
    """A person to try with, who never was before."""

    name: str
    identity_no: str
    mobile: str
    card_no: str


def somebody(person: str = "approved", card: str = "works", *, of: str = "") -> Somebody:
    """A person with the fate, who holds a card with the fate.

    The same `of` gives the same mobile again; without it, everybody is new. Raises KeyError for a
    fate that is not in the tables.
    """
    serial = _digits(of) if of else "".join(secrets.choice("0123456789") for _ in range(24))
    digits = {fate.name: fate.digits for fate in SEQUENCES}[person]
    ending = {"works": "88"} | {fate.name: fate.digits for fate in CARDS}
    born = f"19{75 + int(serial[:2]) % 20:02d}{1 + int(serial[2]):02d}{10 + int(serial[3]):02d}"
    return Somebody(
        name="王小满",
        identity_no=identity_no(f"11010{int(serial[4]) % 9 + 1}", born, digits),
        mobile=f"138{serial[:8]}",
        card_no=card_no(f"{CARD_PREFIX}{serial[8:20]}{ending[card]}"),
    )


def _digits(of: str) -> str:
    return f"{int.from_bytes(sha256(of.encode()).digest(), 'big') % 10**24:024d}"
