store = cf.stores.get("sto_gezdgnbvgy3tqojqgezdgnbvgy")
