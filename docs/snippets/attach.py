from pathlib import Path

Path("payslip.pdf").write_bytes(b"%PDF-1.4\n%%EOF\n")
cf.leads.attach(
    "led_gezdgnbvgy3tqojqgezdgnbvgy",
    kind="income",
    file="payslip.pdf",
    idempotency_key="L-77-payslip",
)
