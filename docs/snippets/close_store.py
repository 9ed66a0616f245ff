store = cf.stores.close("sto_gezdgnbvgy3tqojqgezdgnbvgy", idempotency_key="close-S-001")
