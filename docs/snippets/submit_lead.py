from datetime import datetime, timezone

from cf_partner_sdk import LeadConsent

agreed_at = datetime.now(timezone.utc)
lead = cf.leads.submit(
    lead_no="L-77",
    amount_fen=1_000_000,
    purpose="renovation",
    name="王小满",
    identity_no="110101199003071006",
    mobile="13812345678",
    profile={"income_monthly_fen": 1_200_000},
    consents=[
        LeadConsent("identity", "2026-09", "ab" * 32, "app", agreed_at),
        LeadConsent("profile", "2026-09", "cd" * 32, "app", agreed_at),
    ],
    return_url="https://platform.example/loans/L-77",
    idempotency_key="L-77",
)
print(lead.handover_url)
