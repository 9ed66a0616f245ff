from datetime import UTC, datetime, timedelta

key = cf.keys.retire(
    "poqkLGiymh_W0uP6PZFw-dvez3QJT5SolqXBCW38r0U",
    verifies_until=datetime.now(UTC) + timedelta(days=2),
)
print(key.valid_to)
