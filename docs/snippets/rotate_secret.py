renewed = cf.webhook_endpoints.rotate_secret("whe_gezdgnbvgy3tqojqgezdgnbvgy", old_valid_s=3600)
print(renewed.old_valid_until)
