"""`python -m examples.till [gym]`: a till in the terminal; `cf seed` wrote its configuration."""

import argparse
import json
import os
from pathlib import Path

from cf_partner_sdk import Client, PrivateKey

from examples.till.desk import Desk, Store
from examples.till.pending import Pending

VAR = Path(os.environ.get("CF_VAR", "var"))


def main(word: str) -> None:
    config = json.loads((VAR / f"demo_stores_till_{word}.json").read_text())
    client = Client(
        app_id=config["app_id"],
        key=PrivateKey.from_pem(Path(config["private_key"]).read_text()),
        base_url=config["base_url"],
        root_keyid=config["root_keyid"],
    )
    store = Store(
        id=config["store_id"],
        name=config["store_name"],
        till_no=config["till_no"],
        is_paid_ahead=config["scene"] in ("fitness", "courses", "rent"),
    )
    pending = Pending(VAR / f"till_{word}_pending.json")
    with client:
        Desk(client, store, pending).run()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m examples.till", description="A till.")
    parser.add_argument("store", nargs="?", choices=("appliances", "gym"), default="appliances")
    try:
        main(parser.parse_args().store)
    except (KeyboardInterrupt, EOFError):
        print("\n已退出。")
