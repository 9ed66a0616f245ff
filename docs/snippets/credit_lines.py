for line in cf.credit_lines.list(state="open"):
    print(line.id, line.store_no, line.review_due)
