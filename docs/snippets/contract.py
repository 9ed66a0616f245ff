from pathlib import Path

pdf = cf.mall.orders.contract("ord_gezdgnbvgy3tqojqgezdgnbvgy")
Path("A-77.pdf").write_bytes(pdf)
