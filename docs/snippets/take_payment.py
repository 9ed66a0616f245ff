payment = cf.payments.create(
    payment_no="P-20261127-1",
    amount_fen=299_900,
    store_id="sto_gezdgnbvgy3tqojqgezdgnbvgy",
    code="68123456789012345678",
    description="冰箱 BCD-520",
)
payment = cf.payments.wait(payment.id)
print(payment.state.is_paid)
