"""What is agreed with the platforms of tests."""

from datetime import timedelta

from lending.channels.model import NewListing
from scenarios.assisted_lending.model import NewPlatform
from tests.today import TODAY

LISTING = NewListing(
    legal_name="小满优选科技有限公司",
    credit_code="91310000MA1K4B2C3D",
    service="互联网引流",
    contract_no="HT-1",
    contract_from=TODAY,
    contract_to=TODAY + timedelta(days=365),
)
TERMS = NewPlatform(
    tier="B",
    sites=("platform.example",),
    mandate_no="WT-1",
    prechecks_per_day=5_000,
    leads_per_day=1_000,
)
