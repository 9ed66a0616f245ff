"""Stores of a sandbox's merchant: a gym and an appliance store, each with a till and staff."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cf_partner_sdk.keys import PrivateKey

from lending.channels import service as channels
from lending.foundation.audit import SYSTEM
from lending.foundation.context import Context
from lending.foundation.database import Tx
from scenarios.offline_credit import stores
from scenarios.offline_credit.model import NewStore


@dataclass(frozen=True, slots=True)
class SandboxStore:
    """A store with one till and one member of staff."""

    word: str
    """What the till's file is named by."""
    store: NewStore
    staff_name: str


STORES = (
    SandboxStore(
        "appliances",
        NewStore("S-101", "小满家电 人民广场店", "appliances", 31_230_400, 121_473_700, 300),
        "王小明",
    ),
    SandboxStore(
        "gym",
        NewStore("S-102", "小满健身 静安寺店", "fitness", 31_223_900, 121_445_500, 300),
        "李晓雯",
    ),
)
TILL_NO, STAFF_NO = "T-1", "E-1"
TILL_FUNCTIONS = ("payments",)


def seed(context: Context, config: Path, product_code: str) -> None:
    """Makes what is missing of a merchant's stores.

    `config` is the file of the merchant's back office; beside it each till gets a file of its own,
    such as `demo_stores_till_gym.json`, and its key beside the merchant's.
    """
    office = json.loads(config.read_text())
    for each, till in zip(STORES, configs(config)[1:], strict=True):
        pem = Path(office["private_key"]).with_name(f"{office['app_id']}_till_{each.word}.pem")
        key = PrivateKey.from_pem(pem.read_text()) if pem.exists() else PrivateKey.generate()
        with context.database.unit_of_work() as tx:
            made = _made(tx, context, office["app_id"], each, key)
        pem.touch(mode=0o600)
        pem.write_text(key.to_pem())
        told = {name: office[name] for name in ("base_url", "app_id", "root_keyid")}
        told |= {
            "private_key": str(pem),
            "product_code": product_code,
            "store_id": made["id"],
            "store_no": made["store_no"],
            "store_name": made["name"],
            "scene": made["scene"],
            "till_no": TILL_NO,
        }
        till.write_text(json.dumps(told, indent=2, ensure_ascii=False))


def configs(config: Path) -> list[Path]:
    """The file of a merchant's back office, and that of each till."""
    return [config, *(config.with_name(f"{config.stem}_till_{each.word}.json") for each in STORES)]


def _made(
    tx: Tx, context: Context, app_id: str, each: SandboxStore, key: PrivateKey
) -> dict[str, Any]:
    """The store as its partner sees it, made with its till and staff if it is missing."""
    partner_id = channels.partner_by_app_id(tx, app_id).id
    wanted: dict[str, str | None] = {"store_no": each.store.store_no, "state": None}
    found, _ = stores.page(tx, partner_id, wanted=wanted, before=None, limit=1)
    if found:
        return found[0]
    made = stores.register(tx, partner_id, each.store)
    channels.add_key(
        tx,
        partner_id=partner_id,
        keyid=key.keyid,
        algorithm=key.algorithm,
        public_jwk=key.public.jwk,
        actor=SYSTEM,
        functions=TILL_FUNCTIONS,
    )
    stores.add_till(tx, partner_id, made["id"], till_no=TILL_NO, keyid=key.keyid)
    stores.add_staff(
        tx, context.keys, partner_id, made["id"], staff_no=STAFF_NO, name=each.staff_name
    )
    return made
