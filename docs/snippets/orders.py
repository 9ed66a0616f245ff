for order in cf.mall.orders.list(state="paid"):
    print(order.order_no, order.payout.amount_fen)
