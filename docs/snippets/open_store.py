store = cf.stores.open("sto_gezdgnbvgy3tqojqgezdgnbvgy", idempotency_key="open-S-001")
