from datetime import datetime, timezone

share = cf.shares.accept(
    "shr_gezdgnbvgy3tqojqgezdgnbvgy",
    decision_reference="D-7",
    decided_at=datetime.now(timezone.utc),
    idempotency_key="D-7",
)
