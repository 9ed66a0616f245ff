"""The simulators as a process: the outside world, given only what a bank would be given of us."""

from cf_partner_sdk.keys import PublicKey
from flask import Flask

from connectors import plug
from lending.foundation.settings import Settings, from_environment
from simulators.app import Outside, create_app
from simulators.signing import load_or_make_key


def exchange_keys(settings: Settings) -> Outside:
    """Has both sides make their keys and leave the public halves for each other."""
    folder = settings.var / "outside"
    load_or_make_key(folder / "key.pem")
    ours = plug.our_key(settings).public
    return Outside(
        folder=folder,
        company_keys={ours.keyid: ours.to_pem().encode()},
        keyid=PublicKey.from_pem((folder / "public.pem").read_text()).keyid,
        callback_url=f"{settings.public_url}{{mount}}/channel/bank/callbacks",
    )


def application() -> Flask:
    """The WSGI application of `cf simulators`."""
    return create_app(exchange_keys(from_environment()))
