"""Core and postloan: which jobs and loops each works on."""

from collections.abc import Callable
from typing import Any

from gateway import delivery_store, oauth_store
from gateway import store as gateway_store
from gateway.context import CallbackNotBelieved, GatewayContext
from gateway.platform_keys import PlatformKeys
from gateway.webhook_checks import Checks
from gateway.webhooks import Deliveries
from lending.batch import end_of_day
from lending.claims import jobs as claim_jobs
from lending.commissions import jobs as commission_jobs
from lending.finance import clearings
from lending.finance import jobs as finance_jobs
from lending.foundation import jobs
from lending.foundation.context import Context
from lending.funding import jobs as funding_jobs
from lending.funding import money_in
from lending.ledger import jobs as ledger_jobs
from lending.loans import jobs as loan_jobs
from lending.remittances import jobs as remittance_jobs
from lending.repayments import day as repayment_day
from lending.repayments import jobs as repayment_jobs
from processes.worker import Loop, Worker
from scenarios.assisted_lending import jobs as lead_jobs
from scenarios.assisted_lending import news as lead_news
from scenarios.assisted_lending import precheck
from scenarios.joint_lending import news as share_news
from scenarios.mall_installment import jobs as mall_jobs
from scenarios.mall_installment import news as mall_news
from scenarios.offline_credit import jobs as store_jobs
from scenarios.offline_credit import news as store_news
from scenarios.offline_credit import servicing

NEWS_PAUSE_S = 0.2
EXPIRY_PAUSE_S = 1
DELIVERY_PAUSE_S = 0.2
CHECK_PAUSE_S = 0.5
MONEY_IN_PAUSE_S = 5
PRUNE_PAUSE_S = 60
DEBIT_PAUSE_S = 5
PRECHECK_PAUSE_S = 120
EOD_PAUSE_S = 20
"""How soon after midnight in Shanghai the end of day begins."""


def core(context: Context) -> Worker:
    """Decisions and payouts, and the news of them."""
    return Worker(
        name="core",
        database_url=context.database.url,
        queues=(jobs.CORE,),
        handlers=_handlers(
            loan_jobs.handlers(context),
            funding_jobs.handlers(context),
            mall_jobs.handlers(context),
            store_jobs.handlers(context),
            lead_jobs.handlers(context),
        ),
        concurrency=context.settings.core_workers,
        loops=(
            *relays(context),
            Loop("money that came", lambda: money_in.look(context), MONEY_IN_PAUSE_S),
        ),
    )


def relays(context: Context) -> tuple[Loop, ...]:
    """What time brings in each way to lend, and its news made into events for partners."""
    return (
        Loop("news of mall orders", lambda: mall_news.relay(context), NEWS_PAUSE_S),
        Loop("payments over", lambda: servicing.expire_due(context), EXPIRY_PAUSE_S),
        Loop("news of shares", lambda: share_news.relay(context), NEWS_PAUSE_S),
        Loop("news of payments in stores", lambda: store_news.relay(context), NEWS_PAUSE_S),
        Loop("news of leads", lambda: lead_news.relay(context), NEWS_PAUSE_S),
    )


def postloan(context: Context, keys: PlatformKeys | None = None) -> Worker:
    """Repayments, and webhooks to partners; `keys` where they are not under the context's `var`."""
    sender = GatewayContext(
        lending=context,
        keys=keys or PlatformKeys.load_or_make(context.settings.keys),
        heard_from_bank=_nobody_calls_here,
    )
    deliveries, checks = Deliveries(sender), Checks(sender)

    def prune() -> bool:
        with context.database.unit_of_work() as tx:
            pruned = gateway_store.prune_nonces(tx) + oauth_store.prune(tx)
            return pruned + delivery_store.prune_attempts(tx) > 0

    def refresh_prechecks() -> bool:
        precheck.refresh(context)
        return False

    return Worker(
        name="postloan",
        database_url=context.database.url,
        queues=(jobs.POSTLOAN,),
        handlers=_handlers(
            repayment_jobs.handlers(context),
            finance_jobs.handlers(context),
            remittance_jobs.handlers(context),
            claim_jobs.handlers(context),
            commission_jobs.handlers(context),
        ),
        concurrency=context.settings.core_workers,
        loops=(
            Loop("webhooks", deliveries.step, DELIVERY_PAUSE_S),
            Loop("checks of receivers", checks.run_once, CHECK_PAUSE_S),
            Loop("what is kept for a time", prune, PRUNE_PAUSE_S),
            Loop("end of day", lambda: bool(end_of_day.catch_up(context)), EOD_PAUSE_S),
            Loop("automatic debits", lambda: repayment_day.send_debits(context), DEBIT_PAUSE_S),
            Loop("clearing by event", lambda: clearings.clear_events(context), DEBIT_PAUSE_S),
            Loop("seals of the journal", ledger_jobs.sealing(context.database), PRUNE_PAUSE_S),
            Loop("who may not be sent", refresh_prechecks, PRECHECK_PAUSE_S),
        ),
    )


def _handlers(*modules: dict[str, Callable[..., Any]]) -> dict[str, Callable[..., Any]]:
    return {name: handler for module in modules for name, handler in module.items()}


def _nobody_calls_here(_: object) -> None:
    raise CallbackNotBelieved
