key = cf.platform.new_precheck_key(idempotency_key="precheck-key-2026-11")
print(key.key, "is ready in a moment; keep its secret")
