refund = cf.mall.refunds.create(
    refund_no="R-77-1",
    order_id="ord_gezdgnbvgy3tqojqgezdgnbvgy",
    amount_fen=599_900,
    items=[{"sku": "P-1", "quantity": 1}],
    idempotency_key="R-77-1",
)
print(refund.state, refund.merchant_claim_fen)
