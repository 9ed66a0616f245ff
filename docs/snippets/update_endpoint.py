endpoint = cf.webhook_endpoints.update("whe_gezdgnbvgy3tqojqgezdgnbvgy", event_types=["order.paid"])
print(endpoint.event_types)
