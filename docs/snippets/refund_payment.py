refund = cf.payments.refunds.create(
    refund_no="PR-1",
    payment_id="spy_gezdgnbvgy3tqojqgezdgnbvgy",
    amount_fen=299_900,
    reason="七天无理由退货",
)
print(refund.state, refund.merchant_claim_fen)
