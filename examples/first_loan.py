"""The shortest way to a checkout link: quote, order, print."""

import json
import sys
import time
from pathlib import Path

from cf_partner_sdk import Client, PrivateKey

config = json.loads(Path(sys.argv[1] if len(sys.argv) > 1 else "var/demo_shop.json").read_text())
key = PrivateKey.from_pem(Path(config["private_key"]).read_text())

with Client(
    app_id=config["app_id"],
    key=key,
    base_url=config["base_url"],
    root_keyid=config["root_keyid"],
) as cf:
    quote = cf.mall.quotes.create(amount_fen=599_900)
    print(quote.message)
    order_no = f"A-{int(time.time())}"
    order = cf.mall.orders.create(
        order_no=order_no,
        amount_fen=599_900,
        items=[
            {
                "sku": "PHONE-1",
                "name": "手机",
                "quantity": 1,
                "unit_price_fen": 599_900,
                "category": "electronics",
            }
        ],
        return_url="http://127.0.0.1:8100/orders",
        idempotency_key=order_no,
    )
    print(order.checkout_url)
