print(cf.sandbox.clock.get().business_date)
