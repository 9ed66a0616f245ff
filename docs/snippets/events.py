for event in cf.events.list(type="order.created"):
    print(event.created_at, event.subject)
