cf.events.resend("evt_gezdgnbvgy3tqojqgezdgnbvgy", idempotency_key="again-1")
