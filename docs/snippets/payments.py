for payment in cf.payments.list(state="paid"):
    print(payment.payment_no, payment.payout.amount_fen)
