payment = cf.payments.confirm_service("spy_gezdgnbvgy3tqojqgezdgnbvgy", part=2)
