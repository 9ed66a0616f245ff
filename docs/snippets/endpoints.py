for endpoint in cf.webhook_endpoints.list():
    print(endpoint.url, endpoint.state)
