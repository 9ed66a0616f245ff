for attempt in cf.events.attempts("evt_gezdgnbvgy3tqojqgezdgnbvgy"):
    print(attempt.at, attempt.status, attempt.outcome)
