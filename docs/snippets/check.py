report = cf.webhook_endpoints.get_check(
    "whe_gezdgnbvgy3tqojqgezdgnbvgy", "whc_gezdgnbvgy3tqojqgezdgnbvgy"
)
print(report.state, report.safe)
