cf.webhook_endpoints.delete("whe_gezdgnbvgy3tqojqgezdgnbvgy")
