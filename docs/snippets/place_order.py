order = cf.mall.orders.create(
    order_no="A-77",
    amount_fen=599_900,
    items=[
        {
            "sku": "P-1",
            "name": "手机",
            "quantity": 1,
            "unit_price_fen": 599_900,
            "category": "electronics",
        }
    ],
    return_url="https://shop.example/orders/A-77",
    metadata={"till": "7"},
    idempotency_key="A-77",
)
print(order.checkout_url)
