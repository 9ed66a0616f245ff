bill = cf.commissions.confirm(
    "cbl_gezdgnbvgy3tqojqgezdgnbvgy", payable_fen=459_000, idempotency_key="confirm-2026-11"
)
