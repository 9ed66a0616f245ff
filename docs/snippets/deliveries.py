for delivery in cf.webhook_endpoints.deliveries("whe_gezdgnbvgy3tqojqgezdgnbvgy", state="parked"):
    print(delivery.event_id, delivery.outcome)
