for person in cf.stores.staff.list("sto_gezdgnbvgy3tqojqgezdgnbvgy"):
    print(person.staff_no, person.name_masked)
