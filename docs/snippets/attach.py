cf.leads.attach(
    "led_gezdgnbvgy3tqojqgezdgnbvgy",
    kind="income",
    file="payslip.pdf",
    idempotency_key="L-77-payslip",
)
