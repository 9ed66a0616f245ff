endpoint = cf.webhook_endpoints.create(
    url="https://hooks.shop.example/cf",
    event_types=["order.paid", "order.declined"],
    idempotency_key="hooks-1",
)
