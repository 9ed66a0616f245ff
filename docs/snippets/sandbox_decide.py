walk = cf.sandbox.orders.decide("ord_gezdgnbvgy3tqojqgezdgnbvgy")
print(walk.state, walk.step)
