bill = cf.commissions.dispute(
    "cbl_gezdgnbvgy3tqojqgezdgnbvgy", reason="少计 L-77", idempotency_key="dispute-2026-11"
)
