"""What stops an end of day."""

from typing import ClassVar

from lending.foundation.errors import Conflict


class BooksDoNotAgree(Conflict):
    """The proof at the end of the day found something: the date stays open."""

    code: ClassVar[str] = "batch.books_do_not_agree"
    title: ClassVar[str] = "The books do not agree; the date stays open"
    mend = "Look into each finding, mend it by an entry, and run the end of day again."


class DayNotOver(Conflict):
    """A date is closed only when it is over in Shanghai."""

    code: ClassVar[str] = "batch.day_not_over"
    title: ClassVar[str] = "This business date is not over yet"
    mend = "Wait for midnight in Shanghai."


class LoansFailed(Conflict):
    """A step failed on some loans; all others are done, and the date stays open."""

    code: ClassVar[str] = "batch.loans_failed"
    title: ClassVar[str] = "Some loans could not be brought to the next date"
    mend = "Mend what each reason names, and run the end of day again: only these are tried."
