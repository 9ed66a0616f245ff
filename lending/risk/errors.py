"""What can go wrong with a decision. A refusal to lend is no error: it is a decision."""

from lending.foundation.errors import Conflict, NotFound, Refused


class NoSuchDecision(NotFound):
    """There is no such decision."""


class NothingToDecide(Conflict):
    """A person decides only what the rules left to a person, and only once."""

    code, title = "risk.nothing_to_decide", "This application does not wait for a person"
    mend = "Look at the newest decision of the application."


class LimitNotAllowed(Refused):
    """A person approved with a limit or a term outside what the rules leave open."""

    code, title = "risk.limit_not_allowed", "This limit or term is outside what may be given"
    field = "/limit_fen"


class NoOwnDecision(Refused):
    """Money may leave only on our own decision to approve (R-RISK-INDEP, ASSIST-3)."""

    code, title = "risk.no_own_decision", "There is no decision of our own to approve this"
    mend = "Decide the application first."


class RuleTableBroken(RuntimeError):
    """A decision table cannot be trusted: file, row and column are in the message.

    The engine skips a row that it cannot read without a word, so such a table is never used.
    """


class RuleInputMissing(RuntimeError):
    """A table or card was asked about something that it was not given, or of another type."""


class CardBroken(RuntimeError):
    """`card.json` is not a card: it was edited by hand, or is of another format."""
