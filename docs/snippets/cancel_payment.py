payment = cf.payments.cancel("spy_gezdgnbvgy3tqojqgezdgnbvgy", idempotency_key="cancel-P-1")
