for difference in cf.reconciliation.differences(state="open"):
    print(difference.order_no, difference.bank_fen, difference.lender_fen, difference.age_days)
