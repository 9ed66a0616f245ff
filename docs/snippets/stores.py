for store in cf.stores.list(state="open"):
    print(store.store_no, store.name)
