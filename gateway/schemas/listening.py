"""What goes over the wire for a developer who listens on his own machine."""

from marshmallow import fields

from gateway.fields import Strict, Url, said
from gateway.shown import Answer, text, url

EXAMPLE = "http://localhost:5000/cf/webhooks"


class SignRequest(Strict):
    """Where the event is to be posted."""

    url = Url(
        required=True,
        metadata=said(
            "An address of your own machine: `http://localhost` or `127.0.0.1`.", EXAMPLE
        ),
    )


class SignedPostSchema(Answer):
    """An event, ready to be posted."""

    url = url("Where to post it: nowhere else will it be verified.", EXAMPLE)
    headers = fields.Dict(
        required=True,
        keys=fields.String(),
        values=fields.String(),
        metadata=said("The headers to post, signed just now.", {"webhook-id": "evt_…"}),
    )
    body = text("The bytes to post, as UTF-8.", '{"id": "evt_…", "type": "order.paid"}')
