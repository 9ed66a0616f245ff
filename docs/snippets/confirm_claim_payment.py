claim = cf.claims.confirm_payment(
    "clm_gezdgnbvgy3tqojqgezdgnbvgy", bank_reference="ICBC-1", idempotency_key="claim-ICBC-1"
)
