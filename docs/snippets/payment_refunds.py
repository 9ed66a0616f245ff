for refund in cf.payments.refunds.list(payment_id="spy_gezdgnbvgy3tqojqgezdgnbvgy"):
    print(refund.refund_no, refund.amount_fen)
