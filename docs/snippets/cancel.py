order = cf.mall.orders.cancel("ord_gezdgnbvgy3tqojqgezdgnbvgy", idempotency_key="cancel-A-77")
