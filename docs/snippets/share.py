share = cf.shares.get("shr_gezdgnbvgy3tqojqgezdgnbvgy")
