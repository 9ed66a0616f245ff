"""Real sockets with odd manners, and either client's line to them."""

import contextlib
import datetime as dt
import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import anyio
from cf_partner_sdk import Clock, HttpOptions
from cf_partner_sdk._async import AsyncHttp
from cf_partner_sdk._sync import Http
from cf_partner_sdk.http_signatures import Message
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

Manners = Callable[[socket.socket], None]


def read_request(line: socket.socket) -> bytes:
    """Return a request without a body, empty if the caller hung up."""
    seen = b""
    while b"\r\n\r\n" not in seen:
        part = line.recv(65536)
        if not part:
            return b""
        seen += part
    return seen


@contextlib.contextmanager
def server(manners: Manners, tls: ssl.SSLContext | None = None) -> Iterator[str]:
    """A server on a free port, each connection handled by `manners` in a thread; its origin."""
    listening = socket.create_server(("127.0.0.1", 0))

    def handle(raw: socket.socket) -> None:
        with contextlib.suppress(OSError), raw:
            line = tls.wrap_socket(raw, server_side=True) if tls else raw
            with line:
                manners(line)

    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                raw, _ = listening.accept()
                threading.Thread(target=handle, args=(raw,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    scheme = "https" if tls else "http"
    try:
        yield f"{scheme}://localhost:{listening.getsockname()[1]}"
    finally:
        listening.close()


class SyncLine:
    """What a `Client` calls through."""

    def __init__(self, **options: object) -> None:
        self.http = Http(HttpOptions(**options), Clock())

    def get(self, url: str, *, within_s: float = 5) -> Message:
        return self.http.exchange(Message.of_url("GET", url), deadline=time.monotonic() + within_s)

    def several(self, url: str, count: int, *, within_s: float) -> list[object]:
        """Call at once, from threads; what each got or had raised."""
        got: list[object] = []

        def one() -> None:
            try:
                got.append(self.get(url, within_s=within_s))
            except Exception as fault:  # noqa: BLE001 - the caller looks at it
                got.append(fault)

        threads = [threading.Thread(target=one) for _ in range(count)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return got


class AsyncLine:
    """What an `AsyncClient` calls through; a loop for each use."""

    def __init__(self, **options: object) -> None:
        self.options = HttpOptions(**options)

    def get(self, url: str, *, within_s: float = 5) -> Message:
        got = self.several(url, 1, within_s=within_s)[0]
        if isinstance(got, Exception):
            raise got
        assert isinstance(got, Message)
        return got

    def several(self, url: str, count: int, *, within_s: float) -> list[object]:
        """Call at once, from tasks; what each got or had raised."""
        got: list[object] = []

        async def all_of_them() -> None:
            http = AsyncHttp(self.options, Clock())

            async def one() -> None:
                deadline = time.monotonic() + within_s
                try:
                    got.append(await http.exchange(Message.of_url("GET", url), deadline=deadline))
                except Exception as fault:  # noqa: BLE001 - the caller looks at it
                    got.append(fault)

            async with anyio.create_task_group() as tasks:
                for _ in range(count):
                    tasks.start_soon(one)
            await http.aclose()

        anyio.run(all_of_them)
        return got


@dataclass(frozen=True)
class Certificates:
    """One authority, and a certificate of it with its key, good for both ends."""

    ca: Path
    certificate: Path
    key: Path

    def server_context(self) -> ssl.SSLContext:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(self.ca))
        context.load_cert_chain(self.certificate, self.key, "secret")
        context.verify_mode = ssl.CERT_REQUIRED
        return context


def certificates(folder: Path) -> Certificates:
    now = dt.datetime.now(dt.UTC)
    root_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    root = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "root")])
    leaf = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])

    def made(subject: x509.Name, public: ec.EllipticCurvePublicKey, *, ca: bool) -> bytes:
        names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
        builder = (
            x509.CertificateBuilder(root, subject, public, x509.random_serial_number())
            .not_valid_before(now - dt.timedelta(days=1))
            .not_valid_after(now + dt.timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
            .add_extension(x509.SubjectAlternativeName(names), critical=False)
        )
        return builder.sign(root_key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)

    files = Certificates(folder / "ca.pem", folder / "leaf.pem", folder / "leaf.key")
    files.ca.write_bytes(made(root, root_key.public_key(), ca=True))
    files.certificate.write_bytes(made(leaf, key.public_key(), ca=False))
    files.key.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(b"secret"),
        )
    )
    return files
