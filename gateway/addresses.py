"""Where webhooks may go: nowhere inside (T12). Checked when registered and at each delivery."""

import ipaddress
import socket
from urllib.parse import urlsplit

from gateway.errors import UrlRefused

PORTS = (443, 8443)
INSIDE = tuple(
    ipaddress.ip_network(network)
    for network in (
        "100.64.0.0/10",  # carrier NAT
        "192.0.0.0/24",
        "198.18.0.0/15",
        "64:ff9b::/96",  # NAT64
        "64:ff9b:1::/48",
        "2002::/16",  # 6to4
        "2001::/32",  # Teredo
        "fec0::/10",
    )
)


def check_url(url: str, *, loopback_allowed: bool) -> None:
    """Refuses a URL that cannot receive webhooks, by its form alone.

    Raises UrlRefused.
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    if loopback_allowed and host in ("127.0.0.1", "localhost") and parts.scheme == "http":
        return
    try:
        port = parts.port or 443
    except ValueError:
        raise UrlRefused from None
    if parts.scheme != "https" or parts.username or parts.password or port not in PORTS or not host:
        raise UrlRefused


def resolve(url: str, *, loopback_allowed: bool) -> str:
    """The address to connect to: every address of the host was looked at.

    Raises UrlRefused when any of them leads inside, or there is none.
    """
    check_url(url, loopback_allowed=loopback_allowed)
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        found = socket.getaddrinfo(parts.hostname, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise UrlRefused("the host has no address") from None
    addresses = [str(info[4][0]) for info in found]
    for address in addresses:
        if leads_inside(address) and not (loopback_allowed and _is_loopback(address)):
            raise UrlRefused("the host leads to an address that is not public")
    return addresses[0]


def leads_inside(address: str) -> bool:
    """Whether an address is private, loopback, link-local, shared, mapped or translated."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped is not None:
        ip = ip.ipv4_mapped
    return (
        not ip.is_global
        or ip.is_multicast
        or any(ip in network for network in INSIDE if network.version == ip.version)
    )


def _is_loopback(address: str) -> bool:
    return ipaddress.ip_address(address).is_loopback
