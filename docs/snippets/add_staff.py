person = cf.stores.staff.add("sto_gezdgnbvgy3tqojqgezdgnbvgy", staff_no="E-17", name="王小明")
