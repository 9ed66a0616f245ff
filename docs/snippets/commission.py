bill = cf.commissions.get("cbl_gezdgnbvgy3tqojqgezdgnbvgy")
print(bill.month, bill.payable_fen)
