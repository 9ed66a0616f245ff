walk = cf.sandbox.orders.pay("ord_gezdgnbvgy3tqojqgezdgnbvgy")
print(walk.state, walk.step)
