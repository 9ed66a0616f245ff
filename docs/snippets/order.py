order = cf.mall.orders.get("ord_gezdgnbvgy3tqojqgezdgnbvgy")
print(order.state)
