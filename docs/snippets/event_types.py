for kind in cf.event_types.list():
    print(kind.type, kind.description)
