for product in cf.platform.statistics(month="2026-11").products:
    print(product.product_code, product.paid, product.overdue_rate)
