"""The lender's events in the web frameworks that shops are written in.

One module for each framework, which imports it; none is installed with this package. All of them
take the raw body, verify, leave duplicates out, and hand the event on through a `WebhookReceiver`.
"""

from .receiver import BODY_BYTES_MAX, Receipt, WebhookReceiver

__all__ = ["BODY_BYTES_MAX", "Receipt", "WebhookReceiver"]
