"""What can go wrong, each with the field it concerns and how to mend it.

Problem                 anything we say to a caller in problem details (RFC 9457)
|- BadInput        400  the request itself is not in order
|- Refused         422  in order, but a rule says no
|- NotFound        404  missing, or not the caller's: the two are not told apart
|- Conflict        409  at odds with what is already there
|- OutsideFault    503  somebody outside did not do their part; may work later
"""

from typing import ClassVar


class Problem(Exception):
    """A failure that is told to the caller.

    Subclasses set the class attributes; one instance may override `field`, `mend` or `detail`.
    """

    code: ClassVar[str] = "problem"
    """Stable, dotted, documented: what a program branches on."""
    status: ClassVar[int] = 500
    title: ClassVar[str] = "The request could not be carried out"
    field: str | None = None
    """JSON pointer to the value that is wrong, such as `/items/0/quantity`."""
    mend: str = ""
    """What the caller can do about it, as a sentence."""
    retry_after_s: ClassVar[int | None] = None
    """Set when the very same request may succeed later."""

    def __init__(
        self, detail: str = "", *, field: str | None = None, mend: str | None = None
    ) -> None:
        super().__init__(detail or self.title)
        self.detail = detail or self.title
        if field is not None:
            self.field = field
        if mend is not None:
            self.mend = mend

    @property
    def retryable(self) -> bool:
        """Whether the same request may succeed later."""
        return self.retry_after_s is not None


class BadInput(Problem):
    """The request is not in order: a type, a format, a missing or unknown field."""

    code, status, title = "request.invalid", 400, "The request is not in order"


class Refused(Problem):
    """The request is in order, but a rule of lending or of the product refuses it."""

    code, status, title = "request.refused", 422, "A rule refuses this request"


class NotFound(Problem):
    """There is no such thing, or it is not the caller's."""

    code, status, title = "not_found", 404, "There is nothing here under this id"
    mend = "Check the id, and that it belongs to you."


class Conflict(Problem):
    """The request is at odds with the present state."""

    code, status, title = "conflict", 409, "The present state does not allow this"


class OutsideFault(Problem):
    """A bank, bureau or other outsider did not answer as it should."""

    code, status, title = "outside.unavailable", 503, "A service outside is not available"
    mend = "Try again later."
    retry_after_s = 30
