"""Where webhooks may go: nowhere inside (T12). Checked when registered and at each delivery."""

import ipaddress
import re
import socket
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as TooLate
from urllib.parse import urlsplit

from gateway.errors import UrlRefused

Resolver = Callable[[str, int], Sequence[str]]
"""Gives all addresses of a host; raises OSError when there are none."""

PORTS = (443, 8443)
LOOK_UP_S_MAX = 5
LOOPBACK_NAMES = ("127.0.0.1", "localhost")
INNER_NAMES = (".localhost", ".local", ".internal", ".intranet", ".lan", ".home.arpa", ".onion")
_HOST = re.compile(r"[A-Za-z0-9._:\-]{1,253}")
UNICAST_V6 = ipaddress.ip_network("2000::/3")
"""All that is public: beyond it lie translated forms such as ::ffff:0:127.0.0.1."""
INSIDE = tuple(
    ipaddress.ip_network(network)
    for network in (
        "100.64.0.0/10",  # carrier NAT
        "192.0.0.0/24",
        "192.88.99.0/24",  # 6to4 relays
        "198.18.0.0/15",
        "2002::/16",  # 6to4
        "2001::/32",  # Teredo
        "3fff::/20",  # documentation
    )
)


def check_url(url: str, *, loopback_allowed: bool) -> None:
    """Refuses a URL that cannot receive webhooks, by its form alone: no name is looked up.

    An address may be written in every form that a resolver reads: `127.1`, octal, hexadecimal.

    Raises UrlRefused.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", 443 if parts.port is None else parts.port
    except ValueError:
        raise UrlRefused from None
    if loopback_allowed and host in LOOPBACK_NAMES and parts.scheme == "http":
        return
    has_user = "@" in parts.netloc
    if parts.scheme != "https" or has_user or port not in PORTS or not _HOST.fullmatch(host):
        raise UrlRefused
    address = _address_of(host)
    if address is not None and leads_inside(address):
        raise UrlRefused("the host is an address that is not public")
    if address is None and ("." not in host.strip(".") or host.rstrip(".").endswith(INNER_NAMES)):
        raise UrlRefused("the host is not a public name")


def _address_of(host: str) -> str | None:
    """The address that a host spells, or None for a name."""
    try:
        return str(ipaddress.ip_address(host.partition("%")[0]))
    except ValueError:
        pass
    try:
        return socket.inet_ntoa(socket.inet_aton(host.rstrip(".")))
    except OSError:
        return None


_look_ups = ThreadPoolExecutor(8, thread_name_prefix="look-up")


def ask_the_system(host: str, port: int) -> Sequence[str]:
    """All addresses that this machine's resolver knows, within five seconds.

    Raises OSError.
    """
    asked = _look_ups.submit(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM)
    try:
        found = asked.result(LOOK_UP_S_MAX)
    except UnicodeError as fault:
        raise OSError("the name cannot be asked for") from fault
    except TooLate:
        asked.cancel()
        raise OSError("the look-up takes too long") from None
    return [str(info[4][0]) for info in found]


def resolve(url: str, *, loopback_allowed: bool, resolver: Resolver = ask_the_system) -> str:
    """The address to connect to: every address of the host was looked at.

    Raises UrlRefused when any of them leads inside, or there is none.
    """
    check_url(url, loopback_allowed=loopback_allowed)
    try:
        found = _looked_at(url, loopback_allowed=loopback_allowed, resolver=resolver)
    except OSError:
        raise UrlRefused("the host has no address") from None
    return found[0]


def check_now(url: str, *, loopback_allowed: bool, resolver: Resolver = ask_the_system) -> None:
    """Refuses a URL by its form, or because its host leads inside at this moment.

    A name that cannot be looked up just now is let pass: each delivery looks again.

    Raises UrlRefused.
    """
    check_url(url, loopback_allowed=loopback_allowed)
    try:
        _looked_at(url, loopback_allowed=loopback_allowed, resolver=resolver)
    except OSError:
        return


def _looked_at(url: str, *, loopback_allowed: bool, resolver: Resolver) -> Sequence[str]:
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    addresses = resolver(parts.hostname or "", port)
    if not addresses:
        raise OSError("no addresses")
    for address in addresses:
        if leads_inside(address) and not (loopback_allowed and _is_loopback(address)):
            raise UrlRefused("the host leads to an address that is not public")
    return addresses


def leads_inside(address: str) -> bool:
    """Whether an address is private, loopback, link-local, shared, mapped or translated."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped is not None:
        ip = ip.ipv4_mapped
    return (
        not ip.is_global
        or ip.is_multicast
        or (ip.version == 6 and ip not in UNICAST_V6)
        or any(ip in network for network in INSIDE if network.version == ip.version)
    )


def _is_loopback(address: str) -> bool:
    return ipaddress.ip_address(address).is_loopback
