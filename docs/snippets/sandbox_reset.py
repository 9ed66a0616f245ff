cf.sandbox.reset(idempotency_key="fresh-1")
