walk = cf.sandbox.orders.repay("ord_gezdgnbvgy3tqojqgezdgnbvgy")
print(walk.state, walk.step)
