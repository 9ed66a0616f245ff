share = cf.shares.confirm_funding("shr_gezdgnbvgy3tqojqgezdgnbvgy", bank_reference="T-20261127-7")
