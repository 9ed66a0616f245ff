"""The applicants with a known fate, as the institutions' own tables have them."""

from gateway.sandbox import Applicant
from simulators.magic import AMOUNTS, CARDS, SEQUENCES, Somebody, somebody


def applicants() -> list[Applicant]:
    """One for each fate, whom nobody has used before."""
    return [
        *(_shown(each.name, "person", each.says, somebody(each.name)) for each in SEQUENCES),
        *(_shown(each.name, "card", each.says, somebody(card=each.name)) for each in CARDS),
        *(_shown(each.name, "amount", each.says, somebody(), each.order_fen) for each in AMOUNTS),
    ]


def _shown(
    fate: str, kind: str, says: str, person: Somebody, amount_fen: int | None = None
) -> Applicant:
    return Applicant(
        fate=fate,
        kind=kind,
        says=says,
        name=person.name,
        identity_no=person.identity_no,
        mobile=person.mobile,
        card_no=person.card_no,
        amount_fen=amount_fen,
    )
