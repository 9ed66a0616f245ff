share = cf.shares.decline("shr_gezdgnbvgy3tqojqgezdgnbvgy", reason_code="credit")
