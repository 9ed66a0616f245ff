walk = cf.sandbox.orders.get("wlk_gezdgnbvgy3tqojqgezdgnbvgy")
print(walk.state, walk.step)
