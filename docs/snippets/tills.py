for till in cf.stores.tills.list("sto_gezdgnbvgy3tqojqgezdgnbvgy"):
    print(till.till_no, till.state)
