"""What can go wrong with a platform, a pre-check or a lead."""

from typing import ClassVar

from lending.foundation.errors import BadInput, Conflict, NotFound, Problem, Refused


class NoSuchLead(NotFound):
    """There is no such lead or attachment, or it is another platform's."""


class NotAPlatform(Refused):
    """The partner is on the list, but not as a platform."""

    code, title = "platform.not_a_platform", "This partner is not a traffic platform"
    mend = "Ask your account manager."


class PlatformRefused(BadInput):
    """What is agreed with a platform is not in order. Operators read it."""

    code, title = "platform.refused", "平台约定信息不正确"


class HashFormWrong(BadInput):
    """Not an HMAC-SHA-256 under the platform's key, in the form that was agreed."""

    code, title = "precheck.hash_form", "This is not a keyed hash in the agreed form"
    mend = "Send `hmac-sha256:` and 64 hex digits of HMAC-SHA-256 under your key, no plain hash."


class PrecheckKeyUnknown(Refused):
    """The key is not the platform's, or was replaced."""

    code, title, field = "precheck.key_unknown", "No such pre-check key is good", "/key"
    mend = "Use the newest key that you were handed, or have a new one made."


class PrecheckKeyNotReady(Conflict):
    """The key was made a moment ago."""

    code, title, field = "precheck.key_not_ready", "The key is not ready yet", "/key"
    mend = "Ask again in a few seconds; the key before it goes on working meanwhile."
    retry_after_s = 5


class PrecheckQuotaSpent(Problem):
    """The platform has asked for as many people today as was agreed."""

    code: ClassVar[str] = "precheck.quota_spent"
    status: ClassVar[int] = 429
    title: ClassVar[str] = "The pre-checks of the day are used up"
    mend = "Go on tomorrow, or send fewer at once."


class LeadQuotaSpent(Problem):
    """The platform has sent as many people today as was agreed."""

    code: ClassVar[str] = "lead.quota_spent"
    status: ClassVar[int] = 429
    title: ClassVar[str] = "The leads of the day are used up"
    mend = "Go on tomorrow."


class LeadNoTaken(Conflict):
    """The platform has used this number for another lead."""

    code, title = "lead.number_taken", "This lead_no belongs to another lead"
    field = "/lead_no"
    mend = "Use a new lead_no, or send the same lead again with its Idempotency-Key."


class ScopeMissing(Refused):
    """Data came whose consent did not. Nothing of it is kept."""

    code, title = "lead.consent_scope_missing", "The person's consent does not cover this"
    mend = "Send only what the person agreed to hand on, with the evidence of each consent."


class ConsentExpired(Refused):
    """A consent was given too long ago. Nothing is kept."""

    code, title = "lead.consent_expired", "The person's consent is too old"
    mend = "Ask the person again, and send the new evidence."


class ConsentAhead(BadInput):
    """A consent is dated after now."""

    code, title = "lead.consent_ahead", "The consent lies ahead"
    mend = "Send the instant at which the person agreed."


class ConsentTwice(BadInput):
    """One scope has two consents."""

    code, title = "lead.consent_twice", "A scope has two consents"
    mend = "Send the newest consent of each scope."


class AttachmentTooLarge(Refused):
    """A file is larger than what is taken."""

    code, title = "attachment.too_large", "The file is too large"
    mend = "Send at most 10 MiB and 40 million pixels."


class AttachmentTypeRefused(Refused):
    """By its content, a file is of no type that is taken, broken, or able to act."""

    code, title = "attachment.type_refused", "This file is not taken"
    mend = "Send a JPEG, a PNG, or a PDF without scripts, forms, attachments or encryption."


class TooManyAttachments(Refused):
    """A lead has as many files as it may have."""

    code, title = "attachment.too_many", "The lead has as many files as it may have"
    mend = "Send the most telling ones, at most ten."


class HandoverForged(NotFound):
    """The link was not made by us, or was changed."""

    code, title = "handover.forged", "链接无效"
    mend = "请从合作平台重新进入。"


class HandoverUsed(Conflict):
    """A link is good once (R-REDIRECT)."""

    code, title = "handover.used", "链接已使用过"
    mend = "请返回原页面继续,或从合作平台重新进入。"


class HandoverReplaced(Conflict):
    """The platform has asked for a newer link."""

    code, title = "handover.replaced", "链接已失效,已有新的链接"
    mend = "请使用新的链接,或从合作平台重新进入。"


class HandoverExpired(Refused):
    """The link was not used in time."""

    code, title = "handover.expired", "链接已过期"
    mend = "请从合作平台重新进入。"


class HandoverNotPossible(Conflict):
    """There is nothing left to hand over."""

    code, title = "handover.not_possible", "This lead cannot be handed over any more"
    mend = "Ask for the lead, and act on its state."


class NotSuitable(Refused):
    """What the person repays elsewhere takes all that they earn."""

    code, title, field = "lead.not_suitable", "您目前的还款负担较重,本产品不适合您", "/elsewhere"
    mend = "请减少其他借款后再来申请。"


class LeadEnded(Refused):
    """The person's page is not known, or was opened elsewhere, or its time is over."""

    code, title = "lead.ended", "申请已失效"
    mend = "请从合作平台重新进入。"
