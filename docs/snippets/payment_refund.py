refund = cf.payments.refunds.get("srf_gezdgnbvgy3tqojqgezdgnbvgy")
