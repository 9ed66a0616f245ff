"""Which installation of the company calls: its sandbox tenants have each a bank of their own.

A call names it, and how many days it is ahead, in the signed header `CF-Sandbox: acme.2;days=35`:
the tenant, its generation, its clock. A call without the header is of an installation that is not
ahead.
"""

import re
from dataclasses import dataclass

from flask import g, request

HEADER = "cf-sandbox"
_VALUE = re.compile(r"([a-z0-9-]{1,40}\.[0-9]{1,6}|main);days=([0-9]{1,6})")
NAME = re.compile(r"[a-z0-9-]{1,40}\.[0-9]{1,6}|main")
MAIN = "main"


class NotReadable(ValueError):
    """The header is not as above."""


@dataclass(frozen=True, slots=True)
class Installation:
    """One installation of the company."""

    name: str = MAIN
    """`main`, or a tenant and its generation: `acme.2`."""
    days: int = 0

    @property
    def mount(self) -> str:
        """Where a tenant is found at the company's address."""
        return mount(self.name)


def mount(name: str) -> str:
    """The path of an installation at the company's address."""
    return "" if name == MAIN else f"/t/{name.partition('.')[0]}"


def read() -> Installation:
    """The installation that the present call names.

    Raises NotReadable.
    """
    value = request.headers.get(HEADER)
    if value is None:
        return Installation()
    found = _VALUE.fullmatch(value)
    if found is None:
        raise NotReadable(f"{HEADER} cannot be read")
    return Installation(found[1], int(found[2]))


def here() -> Installation:
    """The installation whose call is being answered."""
    found: Installation = g.installation
    return found
