"""Persons and cards with a known fate, so that every path can be walked on purpose."""

_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)

SEQUENCES = {
    "100": "approved",
    "200": "declined",
    "300": "referred",
    "400": "slow_bureau",
    "500": "identity_mismatch",
    "600": "face_mismatch",
}
"""What the three digits before the check character of an identity number decide."""

CARD_PREFIX = "6217"
CARDS = {
    "01": "dead",
    "02": "insufficient",
    "03": "slow",
    "04": "not_yours",
    "05": "late",
    "06": "other_mobile",
    "07": "other_identity",
}
"""What the two digits before the last of a card number with the prefix decide."""


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


MAGIC = {fate: identity_no("110101", "19900307", sequence) for sequence, fate in SEQUENCES.items()}
"""One identity number for each fate."""

MAGIC_CARDS = {"works": card_no("621700000000000088")} | {
    fate: card_no(f"6217000000000000{digits}") for digits, fate in CARDS.items()
}
"""One card number for each fate."""


def fate_of_person(number: str) -> str | None:
    """What is decided for this identity number, if anything."""
    return SEQUENCES.get(number[14:17])


def fate_of_card(number: str) -> str | None:
    """What is decided for this card number, if anything."""
    return CARDS.get(number[-3:-1]) if number.startswith(CARD_PREFIX) else None
