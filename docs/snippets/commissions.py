for bill in cf.commissions.list(state="open"):
    print(bill.month, bill.payable_fen)
