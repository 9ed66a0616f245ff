clock = cf.sandbox.clock.advance(days=31, idempotency_key="month-1")
print(clock.business_date)
