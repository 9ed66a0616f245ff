endpoint = cf.webhook_endpoints.get("whe_gezdgnbvgy3tqojqgezdgnbvgy")
print(endpoint.url)
