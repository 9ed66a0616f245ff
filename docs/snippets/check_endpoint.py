report = cf.webhook_endpoints.check("whe_gezdgnbvgy3tqojqgezdgnbvgy")
for result in report.results:
    print(result.name, result.verdict, result.says)
