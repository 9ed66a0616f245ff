walk = cf.sandbox.orders.sign("ord_gezdgnbvgy3tqojqgezdgnbvgy")
print(walk.state, walk.step)
