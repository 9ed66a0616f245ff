"""The sandbox's platform: on the list, with a contract and quotas, from a site on this machine."""

from datetime import timedelta

from lending.channels import service as channels
from lending.channels.model import NewListing
from lending.foundation import business_day
from lending.foundation.audit import SYSTEM
from lending.foundation.context import Context
from scenarios.assisted_lending import platforms
from scenarios.assisted_lending.errors import NotAPlatform
from scenarios.assisted_lending.model import NewPlatform

CONTRACT_DAYS = 3_650


def seed(context: Context, app_id: str) -> None:
    """Puts the platform on the list if it is missing there."""
    with context.database.unit_of_work() as tx:
        partner_id = channels.partner_by_app_id(tx, app_id).id
        try:
            platforms.get(tx, partner_id)
        except NotAPlatform:
            today = business_day.today(tx)
            platforms.agree(
                tx,
                partner_id,
                NewListing(
                    legal_name="小满优选科技有限公司",
                    credit_code="91310000MA1K4B2C3D",
                    service="互联网引流与信息展示",
                    contract_no="HT-2026-001",
                    contract_from=today,
                    contract_to=today + timedelta(days=CONTRACT_DAYS),
                ),
                NewPlatform(
                    tier="B",
                    sites=("127.0.0.1", "localhost"),
                    mandate_no="WT-2026-001",
                    prechecks_per_day=100_000,
                    leads_per_day=5_000,
                ),
                SYSTEM,
            )
