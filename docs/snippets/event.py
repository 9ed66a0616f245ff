event = cf.events.get("evt_gezdgnbvgy3tqojqgezdgnbvgy")
print(event.type, event.data["object"])
