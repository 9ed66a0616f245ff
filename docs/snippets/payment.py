payment = cf.payments.get("spy_gezdgnbvgy3tqojqgezdgnbvgy")
