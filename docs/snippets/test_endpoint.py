event = cf.webhook_endpoints.test("whe_gezdgnbvgy3tqojqgezdgnbvgy")
print(event.id, event.type)
