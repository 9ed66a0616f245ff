cf.leads.hand_in(
    "led_gezdgnbvgy3tqojqgezdgnbvgy",
    card_no="6217000000000000883",
    suitability={
        "purpose_confirmed": True,
        "risk_understood": True,
        "income_monthly_fen": 1_200_000,
        "instalments_elsewhere_fen": 0,
        "student": False,
        "second_source": False,
    },
    consents=[
        {"scope": scope, "text_version": "2026-11", "text_sha256": "ab" * 32}
        for scope in ("personal_info", "bureau_query", "sharing")
    ],
    idempotency_key="L-77-application",
)
