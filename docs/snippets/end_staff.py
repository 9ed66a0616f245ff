person = cf.stores.staff.end("stf_gezdgnbvgy3tqojqgezdgnbvgy", idempotency_key="end-E-17")
