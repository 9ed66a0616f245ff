cf.keys.revoke("poqkLGiymh_W0uP6PZFw-dvez3QJT5SolqXBCW38r0U")
