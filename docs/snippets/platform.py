info = cf.platform.get()
print(info.list_state, info.prechecks_per_day - info.prechecks_used)
