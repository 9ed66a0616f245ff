for attempt in cf.webhook_endpoints.attempts("whe_gezdgnbvgy3tqojqgezdgnbvgy"):
    print(attempt.at, attempt.event_type, attempt.status, attempt.outcome)
