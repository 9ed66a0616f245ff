"""A sandbox to start from: a product, partners with keys, the demo shop. Seeding is repeatable."""

import json
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path

from cf_partner_sdk.keys import PrivateKey

from gateway.platform_keys import PlatformKeys
from lending.channels import service as channels
from lending.channels.errors import NoSuchPartner
from lending.channels.model import FUNCTIONS, Agreement, NewAccount, NewPartner, PartnerKind
from lending.compliance import parameters
from lending.foundation import business_day
from lending.foundation.audit import SYSTEM
from lending.foundation.clock import shanghai_date
from lending.foundation.context import Context
from lending.foundation.crypto import FieldKeys
from lending.foundation.database import Database, Tx
from lending.foundation.settings import Settings
from lending.products import service as products
from lending.products.errors import NoSuchProduct
from lending.products.model import (
    Bands,
    FreeOffer,
    PayeeKind,
    Product,
    RiskPricing,
    SubsidyPayer,
    Tier,
)
from processes import seed_funders, seed_platform, seed_stores
from scenarios.assisted_lending.model import PURPOSES


def _bands(**rates: str) -> Bands:
    return Bands(tuple((grade, Decimal(rate)) for grade, rate in rates.items()))


MALL_PRODUCT = Product(
    code="mall-standard",
    version=0,
    name="商城分期",
    scenario="mall_installment",
    rate_annual=Decimal("0.1440"),
    rate_annual_cap=Decimal("0.24"),
    method="equal-instalment",
    day_count="30/360",
    rounding="half-up",
    periods=(3, 6, 12, 24),
    amount_min_fen=10_000,
    amount_max_fen=5_000_000,
    tiers=(
        Tier(amount_from_fen=0, periods_max=6),
        Tier(amount_from_fen=100_000, periods_max=12),
        Tier(amount_from_fen=500_000, periods_max=24),
    ),
    free=(FreeOffer(periods=3, payer=SubsidyPayer.MERCHANT),),
    purposes=("electronics", "appliances", "furniture", "clothing", "sports", "education_devices"),
    penalty_rate_annual=Decimal("0.1872"),
    fee_upfront_rate=Decimal(0),
    order_expires_minutes=120,
)


STORE_PRODUCT = replace(
    MALL_PRODUCT,
    code="store-standard",
    name="门店消费额度",
    scenario="offline_credit",
    amount_max_fen=20_000_000,
    free=(
        FreeOffer(periods=3, payer=SubsidyPayer.MERCHANT),
        FreeOffer(periods=6, payer=SubsidyPayer.MERCHANT),
    ),
    purposes=("appliances", "furniture", "medical_beauty", "fitness", "courses", "rent"),
)
CASH_PRODUCT = replace(
    MALL_PRODUCT,
    code="cash-standard",
    name="个人消费贷",
    scenario="assisted_lending",
    rate_annual=Decimal("0.18"),
    penalty_rate_annual=Decimal("0.234"),
    amount_min_fen=100_000,
    amount_max_fen=20_000_000,
    tiers=(Tier(amount_from_fen=0, periods_max=12), Tier(amount_from_fen=500_000, periods_max=24)),
    free=(),
    purposes=tuple(PURPOSES),
    payee=PayeeKind.BORROWER,
    pays_wallets=True,
    risk_pricing=RiskPricing(
        champion=_bands(A="0.12", B="0.15", C="0.18", D="0.216", E="0.234", T="0.216"),
        challenger=_bands(A="0.108", B="0.144", C="0.18", D="0.222", E="0.234", T="0.222"),
        challenger_percent=20,
    ),
)
"""What platforms send people for: paid to their own card, priced by risk (ASSIST-3, ASSIST-5)."""
JOINT_PRODUCT = seed_funders.joint_product(MALL_PRODUCT)
GUARANTEED_PRODUCT = seed_platform.guaranteed_product(CASH_PRODUCT)
PRODUCTS = (MALL_PRODUCT, STORE_PRODUCT, CASH_PRODUCT, GUARANTEED_PRODUCT, JOINT_PRODUCT)


@dataclass(frozen=True, slots=True)
class SandboxMerchant:
    """A merchant of the sandbox; the first account is used first."""

    app_id: str
    name: str
    accounts: tuple[NewAccount, ...]
    functions: tuple[str, ...]
    kind: PartnerKind = PartnerKind.MERCHANT
    products: tuple[str, ...] = (MALL_PRODUCT.code,)


OWNERS = (*FUNCTIONS[PartnerKind.MERCHANT], "sandbox")
"""Of who may move the clock: the owner of a sandbox."""
DEMO_SHOP = SandboxMerchant(
    app_id="app_demo_shop",
    name="小满数码",
    accounts=(
        NewAccount("小满数码有限公司", "模拟银行", "6230580000000010012", 1),
        NewAccount("小满数码有限公司", "模拟银行", "6230580000000010020", 2),
    ),
    functions=OWNERS,
    products=(MALL_PRODUCT.code, JOINT_PRODUCT.code),
)
OTHER_SHOP = SandboxMerchant(
    app_id="app_other_shop",
    name="谷雨家居",
    accounts=(NewAccount("谷雨家居有限公司", "模拟银行", "6230580000000020011", 1),),
    functions=FUNCTIONS[PartnerKind.MERCHANT],
)
DEMO_STORES = SandboxMerchant(
    app_id="app_demo_stores",
    name="小满生活",
    accounts=(NewAccount("小满生活服务有限公司", "模拟银行", "6230580000000030010", 1),),
    functions=FUNCTIONS[PartnerKind.STORE],
    kind=PartnerKind.STORE,
    products=(STORE_PRODUCT.code,),
)


DEMO_PLATFORM = SandboxMerchant(
    app_id="app_demo_platform",
    name="小满优选",
    accounts=(NewAccount("小满优选科技有限公司", "模拟银行", "6230580000000040019", 1),),
    functions=FUNCTIONS[PartnerKind.PLATFORM],
    kind=PartnerKind.PLATFORM,
    products=(CASH_PRODUCT.code, GUARANTEED_PRODUCT.code),
)
DEMO_GUARANTOR = SandboxMerchant(
    app_id="app_demo_guarantor",
    name="诚信担保",
    accounts=(NewAccount("诚信融资担保有限公司", "模拟银行", "6230580000000060017", 1),),
    functions=FUNCTIONS[PartnerKind.GUARANTOR],
    kind=PartnerKind.GUARANTOR,
    products=(),
)


def tenant_owner(name: str) -> SandboxMerchant:
    """The merchant that owns a test tenant: a mall and stores."""
    functions = tuple(dict.fromkeys((*OWNERS, *FUNCTIONS[PartnerKind.STORE])))
    both = (MALL_PRODUCT.code, STORE_PRODUCT.code)
    return SandboxMerchant(f"app_{name}", name, DEMO_SHOP.accounts, functions, products=both)


def _funder(each: seed_funders.SandboxFunder) -> SandboxMerchant:
    account = NewAccount(each.name, "模拟银行", each.account_no, 1)
    kind = PartnerKind.FUNDER
    return SandboxMerchant(
        each.app_id, each.name, (account,), FUNCTIONS[kind], kind=kind, products=()
    )


def seed(context: Context, platform: PlatformKeys) -> None:
    """Opens the business day and, in the sandbox, makes what is missing of its partners."""
    seed_rules(context.database)
    if context.settings.environment == "test":
        var = context.settings.var
        seed_merchant(context, platform, DEMO_SHOP, var / "demo_shop.json")
        seed_merchant(context, platform, OTHER_SHOP, var / "other_shop.json")
        seed_merchant(context, platform, DEMO_STORES, var / "demo_stores.json")
        seed_merchant(context, platform, DEMO_PLATFORM, var / "demo_platform.json")
        seed_platform.seed(context, DEMO_PLATFORM.app_id, DEMO_PLATFORM.products)
        seed_merchant(context, platform, DEMO_GUARANTOR, var / "demo_guarantor.json")
        seed_platform.seed_guarantor(context, DEMO_GUARANTOR.app_id, GUARANTEED_PRODUCT.code)
        for number, funder in enumerate(seed_funders.FUNDERS):
            config = var / f"funder_{funder.temper}.json"
            seed_merchant(context, platform, _funder(funder), config)
            port = context.settings.funder_port + number
            seed_funders.seed(context, funder, config, JOINT_PRODUCT.code, port)
        seed_stores.seed(context, var / "demo_stores.json", STORE_PRODUCT.code)


def seed_rules(database: Database) -> None:
    """Opens the business day, with the parameters and the products of the day."""
    with database.unit_of_work() as tx:
        business_day.open_first(tx, shanghai_date(tx.now))
        parameters.seed(tx)
        for product in PRODUCTS:
            try:
                products.published(tx, product.code)
            except NoSuchProduct:
                products.publish(tx, product, SYSTEM)


def seed_merchant(
    context: Context, platform: PlatformKeys, merchant: SandboxMerchant, config: Path
) -> None:
    """Makes a merchant if it is missing; its key and addresses are written to `config`."""
    with context.database.unit_of_work() as tx:
        key = _merchant_key(config)
        _register(tx, context.keys, merchant, key)
    _write_config(context.settings, platform, (merchant, key), config)


def _register(tx: Tx, keys: FieldKeys, merchant: SandboxMerchant, key: PrivateKey) -> None:
    try:
        channels.partner_by_app_id(tx, merchant.app_id)
    except NoSuchPartner:
        partner_id = channels.register(
            tx,
            NewPartner(merchant.app_id, "test", merchant.kind, merchant.name, merchant.functions),
            SYSTEM,
        )
        for product_code in merchant.products:
            agreement = Agreement(
                partner_id=partner_id,
                product_code=product_code,
                merchant_fee_rate=Decimal("0.006"),
                valid_from=business_day.today(tx),
                valid_to=None,
            )
            channels.agree(tx, agreement, SYSTEM)
        for account in merchant.accounts:
            channels.add_account(tx, keys, partner_id, account, SYSTEM)
        channels.add_key(
            tx,
            partner_id=partner_id,
            keyid=key.keyid,
            algorithm=key.algorithm,
            public_jwk=key.public.jwk,
            actor=SYSTEM,
        )


def _merchant_key(config: Path) -> PrivateKey:
    if config.exists():
        return PrivateKey.from_pem(Path(json.loads(config.read_text())["private_key"]).read_text())
    return PrivateKey.generate()


def _write_config(
    settings: Settings,
    platform: PlatformKeys,
    who: tuple[SandboxMerchant, PrivateKey],
    config: Path,
) -> None:
    merchant, key = who
    pem = settings.var.resolve() / "keys" / f"{merchant.app_id}.pem"
    pem.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    pem.touch(mode=0o600)
    pem.write_text(key.to_pem())
    config.write_text(
        json.dumps(
            {
                "base_url": settings.public_url,
                "app_id": merchant.app_id,
                "root_keyid": platform.root_keyid,
                "private_key": str(pem),
                "port": settings.shop_port,
                "product_code": merchant.products[0] if merchant.products else "",
                "account_no": merchant.accounts[0].number,
                "bank_url": settings.institutions_url,
            },
            indent=2,
        )
    )
