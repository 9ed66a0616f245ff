cf.leads.withdraw("led_gezdgnbvgy3tqojqgezdgnbvgy", idempotency_key="withdraw-L-77")
