till = cf.stores.tills.retire("til_gezdgnbvgy3tqojqgezdgnbvgy", idempotency_key="retire-T-1")
