if not cf.credit_lines.can_pay("line_gezdgnbvgy3tqojqgezdgnbvgy", amount_fen=299_900):
    print("offer another way to pay")
