payment = cf.payments.stop_service("spy_gezdgnbvgy3tqojqgezdgnbvgy", reason="顾客搬家,停止健身服务")
