"""The sandbox's funders: two of different temper, who fund a product of the demo shop with us."""

import base64
import json
from dataclasses import dataclass, replace
from datetime import time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from lending.channels import service as channels
from lending.foundation import business_day
from lending.foundation.audit import SYSTEM
from lending.foundation.context import Context
from lending.foundation.database import Tx
from lending.funding import funders
from lending.funding.errors import NoSuchFunder
from lending.funding.model import FunderAgreement, LicenceKind, NewFunder
from lending.products.model import Funding, Product

LICENCE_DAYS = 3_650


@dataclass(frozen=True, slots=True)
class SandboxFunder:
    """A funder of the sandbox, and what was agreed with it."""

    temper: str
    """What its files are named by, and how its example service decides."""
    name: str
    account_no: str
    licence_kind: LicenceKind
    price_rate: Decimal

    @property
    def app_id(self) -> str:
        """Its public id."""
        return f"app_funder_{self.temper}"


FUNDERS = (
    SandboxFunder(
        "careful", "稳健银行", "6230580000050010015", LicenceKind.NATIONAL_BANK, Decimal("0.055")
    ),
    SandboxFunder(
        "generous", "通达信托", "6230580000050020014", LicenceKind.TRUST, Decimal("0.065")
    ),
)


def joint_product(alone: Product) -> Product:
    """The product as it is funded jointly: 40 % ours, 60 % a funder's."""
    funding = Funding(own_bp=4000, funders_bp=(6000,), own_bp_max=7000, wait_minutes=60)
    return replace(alone, code="mall-standard-joint", name="商城联合分期", funding=funding)


def seed(context: Context, each: SandboxFunder, config: Path, product_code: str, port: int) -> None:
    """Makes a registered partner a funder, if it is none; completes its service's configuration."""
    told = json.loads(config.read_text())
    pem = Path(told["private_key"]).with_name(f"{each.app_id}_encryption.pem")
    key = _encryption_key(pem)
    with context.database.unit_of_work() as tx:
        partner_id = channels.partner_by_app_id(tx, each.app_id).id
        try:
            funders.get(tx, partner_id)
        except NoSuchFunder:
            _take_on(tx, each, partner_id, product_code, _jwk(key))
    told |= {
        "temper": each.temper,
        "name": each.name,
        "port": port,
        "encryption_key": str(pem),
    }
    config.write_text(json.dumps(told, indent=2, ensure_ascii=False))


def _take_on(
    tx: Tx, each: SandboxFunder, partner_id: str, product_code: str, jwk: dict[str, Any]
) -> None:
    today = business_day.today(tx)
    (account,) = channels.settlement_accounts(tx, partner_id)
    licence = NewFunder(
        partner_id=partner_id,
        licence_kind=each.licence_kind,
        licence_no=f"SANDBOX-{each.temper}",
        licence_regions=(),
        licence_from=today,
        licence_to=today + timedelta(days=LICENCE_DAYS),
        clearing_account_id=account.id,
        encryption_jwk=jwk,
    )
    funders.take_on(tx, licence, SYSTEM)
    agreement = FunderAgreement(
        funder_id=partner_id,
        product_code=product_code,
        share_min_bp=3000,
        share_max_bp=7000,
        price_rate=each.price_rate,
        service_fee_rate=Decimal("0.20"),
        income_rate=Decimal(1),
        decide_minutes=10,
        fund_minutes=30,
        cut_off=time(23, 59),
        quota_day_fen=1_000_000_000,
        quota_total_fen=10_000_000_000,
        amount_min_fen=10_000,
        amount_max_fen=20_000_000,
        periods_max=24,
        age_min=18,
        age_max=65,
        score_min=0,
        is_prefunded=False,
        valid_from=today,
    )
    funders.agree(tx, agreement, SYSTEM)


def _encryption_key(pem: Path) -> rsa.RSAPrivateKey:
    """The funder's key for what is encrypted to it; made where it is missing."""
    if pem.exists():
        found = serialization.load_pem_private_key(pem.read_bytes(), password=None)
        assert isinstance(found, rsa.RSAPrivateKey)
        return found
    made = rsa.generate_private_key(public_exponent=65_537, key_size=2048)
    pem.touch(mode=0o600)
    pem.write_bytes(
        made.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return made


def _jwk(key: rsa.RSAPrivateKey) -> dict[str, Any]:
    numbers = key.public_key().public_numbers()
    return {
        "kty": "RSA",
        "alg": "RSA-OAEP-256",
        **{name: _text(number) for name, number in (("n", numbers.n), ("e", numbers.e))},
    }


def _text(number: int) -> str:
    raw = number.to_bytes((number.bit_length() + 7) // 8, "big")
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
