code = cf.stores.code("sto_gezdgnbvgy3tqojqgezdgnbvgy")
print(code.url, code.next_at)
