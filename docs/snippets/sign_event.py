posted = cf.events.signed("evt_gezdgnbvgy3tqojqgezdgnbvgy", url="http://localhost:5000/cf/webhooks")
print(posted.url, posted.headers["webhook-id"])
