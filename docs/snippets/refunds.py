for refund in cf.mall.refunds.list(order_id="ord_gezdgnbvgy3tqojqgezdgnbvgy"):
    print(refund.refund_no, refund.amount_fen)
