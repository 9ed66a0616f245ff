store = cf.stores.create(
    store_no="S-001",
    name="小满家电 人民广场店",
    scene="appliances",
    latitude_e6=31_230_400,
    longitude_e6=121_473_700,
    radius_m=150,
    idempotency_key="store-S-001",
)
