refund = cf.mall.refunds.get("rfd_gezdgnbvgy3tqojqgezdgnbvgy")
print(refund.state)
