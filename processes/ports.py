"""Says in words that a port is taken, before a server says it in a trace."""

import socket


class PortTaken(RuntimeError):
    """Another program listens on the port."""


def require_free(host: str, port: int, setting: str) -> None:
    """Makes sure that we can listen there.

    Raises PortTaken, naming the setting that moves us elsewhere.
    """
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise PortTaken(
                f"port {port} on {host} is taken ({error.strerror}):"
                f" stop who listens there, or set {setting} to another port"
            ) from None
