from datetime import datetime, timedelta, timezone

since = datetime.now(timezone.utc) - timedelta(days=1)
resent = cf.webhook_endpoints.resend("whe_gezdgnbvgy3tqojqgezdgnbvgy", since=since)
print(resent.count, "events are on their way again")
