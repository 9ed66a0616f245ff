key = cf.keys.get("poqkLGiymh_W0uP6PZFw-dvez3QJT5SolqXBCW38r0U")
print(key.state)
