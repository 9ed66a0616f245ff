for key in cf.keys.list():
    print(key.keyid, key.state, key.valid_to)
