from datetime import datetime, timedelta, timezone

key = cf.keys.retire(
    "poqkLGiymh_W0uP6PZFw-dvez3QJT5SolqXBCW38r0U",
    verifies_until=datetime.now(timezone.utc) + timedelta(days=2),
)
print(key.valid_to)
