for report in cf.webhook_endpoints.checks("whe_gezdgnbvgy3tqojqgezdgnbvgy"):
    print(report.created_at, report.safe)
