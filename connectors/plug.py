"""Plugs the outside world in: which bank, which bureaus, with which keys."""

from collections.abc import Callable
from dataclasses import dataclass

from cf_partner_sdk.keys import PrivateKey, PublicKey
from requests.adapters import BaseAdapter

from connectors.bank import PaymentChannels
from connectors.bureaus import BureauA, BureauB
from connectors.http import SignedHttp
from connectors.identity import IdentityService
from connectors.sms import SmsCompany
from lending.foundation.ports import CreditBureau
from lending.foundation.settings import SettingMissing, Settings

BUREAU_TIMEOUT_S = 3.0


@dataclass(frozen=True, slots=True)
class Outside:
    """Everybody outside, and the key that the bank's callbacks are verified with."""

    channel: PaymentChannels
    bureaus: tuple[CreditBureau, ...]
    identity: IdentityService
    sms: SmsCompany
    institution_key: PublicKey


def our_key(settings: Settings) -> PrivateKey:
    """The key that we sign calls to institutions with; made on first use."""
    path = settings.keys / "institutions.pem"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        path.touch(mode=0o600)
        path.write_text(PrivateKey.generate().to_pem())
    return PrivateKey.from_pem(path.read_text())


def outside(
    settings: Settings,
    *,
    transport: BaseAdapter | None = None,
    sandbox: Callable[[], str] | None = None,
) -> Outside:
    """The institutions at the configured address; `sandbox` as `SignedHttp` takes it.

    Their public key is read from where they left it, as a bank would hand it over.

    Raises SettingMissing when it is not there.
    """
    public = settings.var / "outside" / "public.pem"
    if not public.exists():
        raise SettingMissing(f"the institutions' public key is not at {public}: run `cf seed`")
    institution = PublicKey.from_pem(public.read_text())
    base, key = settings.institutions_url, our_key(settings)

    def http(timeout_s: float = 8.0) -> SignedHttp:
        return SignedHttp(
            base,
            key=key,
            institution_key=institution,
            timeout_s=timeout_s,
            transport=transport,
            sandbox=sandbox,
        )

    return Outside(
        channel=PaymentChannels(http()),
        bureaus=(BureauA(http(BUREAU_TIMEOUT_S)), BureauB(http(BUREAU_TIMEOUT_S))),
        identity=IdentityService(http()),
        sms=SmsCompany(http()),
        institution_key=institution,
    )
