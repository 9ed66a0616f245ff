"""Keys that tests need not make anew: an RSA key takes a second of the processor's time."""

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from cf_partner_sdk import PrivateKey
from cf_partner_sdk.testing import sealing
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from gateway.platform_keys import PlatformKeys


def platform_keys(folder: Path) -> PlatformKeys:
    """An installation's keys, left in its folder; every installation of the tests has the same."""
    keys, files = _platform()
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    for name, content in files.items():
        path = folder / name
        path.touch(mode=0o600)
        path.write_bytes(content)
    return keys


def partner_key(algorithm: str = "ed25519") -> PrivateKey:
    """A partner's new key; of RSA there is one for each algorithm."""
    return _rsa(algorithm) if algorithm.startswith("rsa") else PrivateKey.generate(algorithm)


@cache
def example_key() -> RSAPrivateKey:
    """What opens the sealed fields of the docs' examples."""
    found = load_pem_private_key(sealing.KEY_PEM.encode(), None)
    assert isinstance(found, RSAPrivateKey)
    return found


@cache
def _platform() -> tuple[PlatformKeys, dict[str, bytes]]:
    with TemporaryDirectory() as folder:
        made = PlatformKeys.load_or_make(Path(folder))
        return made, {file.name: file.read_bytes() for file in Path(folder).iterdir()}


@cache
def _rsa(algorithm: str) -> PrivateKey:
    return PrivateKey.generate(algorithm)
