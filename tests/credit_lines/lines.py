"""A line for the world's buyer, and payments drawn on it."""

from dataclasses import replace
from datetime import timedelta

from lending.channels import service as channels
from lending.compliance import cost_showing
from lending.credit_lines import service as credit_lines
from lending.credit_lines.model import LineStanding, NewLine
from lending.customers import service as customers
from lending.customers.model import ConsentScope
from lending.foundation.audit import Actor
from lending.foundation.database import Tx
from lending.loans import rules as loan_rules
from lending.loans import service as loans
from lending.loans import signing
from lending.loans.model import ApplicationState, NewApplication, Signature
from lending.loans.service import DrawCommand
from lending.loans.signing import SignCommand
from lending.loans.terms import CreditLine
from lending.products import rules as product_rules
from lending.products import service as products
from lending.risk import rules as risk_rules
from lending.risk import service as risk
from lending.risk.model import Outcome
from lending.risk.reasons import reason
from lending.risk.rules import Verdict
from scenarios.mall_installment.terms import compile_terms
from tests.loans.world import World

OPERATOR = Actor("operator", "op_1")
SCENES = {"fitness": 500_000, "appliances": 2_000_000}


def decided(tx: Tx, world: World, limit_fen: int, number: int = 1) -> str:
    """An application for a line that we approved; its id."""
    application_id = loans.start(
        tx,
        NewApplication(
            partner_id=world.partner_id,
            scenario="mall_installment",
            product_code="mall-standard",
            product_version=1,
            subject=f"line-{number}",
            amount_fen=limit_fen,
            purpose="electronics",
        ),
    )
    verdict = Verdict(Outcome.APPROVE, 700, limit_fen, 24, (reason("SCORE_GOOD"),), {})
    risk.keep(tx, application_id, verdict, risk_rules.load())
    customers.give_consent(
        tx,
        world.customer_id,
        ConsentScope.PERSONAL_INFO,
        text_version="1",
        text_sha256="0" * 64,
        channel="hosted",
        subject=application_id,
    )
    return application_id


def grant(
    world: World,
    limit_fen: int = 2_000_000,
    *,
    scenes: dict[str, int] | None = None,
    security_needed_fen: int = 0,
    number: int = 1,
) -> str:
    """A line of the world's buyer; its id."""
    with world.database.unit_of_work() as tx:
        new = NewLine(
            customer_id=world.customer_id,
            application_id=decided(tx, world, limit_fen, number),
            product_code="mall-standard",
            product_version=1,
            limit_fen=limit_fen,
            scenes=scenes or {name: min(most, limit_fen) for name, most in SCENES.items()},
            security_needed_fen=security_needed_fen,
        )
        return credit_lines.grant(tx, new, OPERATOR)


def draw(
    world: World,
    line_id: str,
    amount_fen: int,
    *,
    number: int = 1,
    scene: str = "appliances",
    outcome: ApplicationState = ApplicationState.APPROVED,
) -> str:
    """A payment that was decided and whose cost table was confirmed; the application's id."""
    with world.database.unit_of_work() as tx:
        found = loans.draw(
            tx,
            world.keys,
            DrawCommand(
                new=NewApplication(
                    partner_id=world.partner_id,
                    scenario="mall_installment",
                    product_code="mall-standard",
                    product_version=1,
                    subject=f"pay-{number}",
                    amount_fen=amount_fen,
                    purpose="electronics",
                ),
                line_id=line_id,
                scene=scene,
                bank_card_id=world.card_id,
                device={"fingerprint": "fp-1"},
            ),
        )
        assert found.state is outcome, found
        return found.id


def command(
    world: World, line_id: str, application_id: str, *, scene: str = "appliances", periods: int = 6
) -> SignCommand:
    """What a customer who has read the cost table signs."""
    with world.database.unit_of_work() as tx:
        product = products.version(tx, "mall-standard", 1)
        found = loans.application(tx, application_id)
        today = tx.scalar("SELECT business_date FROM business_day")
        offer = product_rules.offer(product, found.amount_fen, periods, today)
        table = loan_rules.cost_table(product, offer)
        showing_id = cost_showing.show(tx, application_id, table)
        terms = compile_terms(product, channels.agreement(tx, world.partner_id), offer)
    world.clock.advance(timedelta(seconds=11))
    with world.database.unit_of_work() as tx:
        cost_showing.scrolled(tx, showing_id)
        cost_showing.confirm(tx, showing_id, read_seconds_min=10)
    return SignCommand(
        application_id=application_id,
        offer=offer,
        terms=replace(terms, credit_line=CreditLine(line_id, scene)),
        table=table,
        signature=Signature(showing_id, "sms_code", {}),
        goods=(),
        merchant_name="小满数码",
    )


def sign(world: World, signed: SignCommand) -> str:
    """Signs; the loan's id."""
    with world.database.unit_of_work() as tx:
        return signing.sign(tx, world.keys, world.files, signed)


def paid(world: World, line_id: str, amount_fen: int, **how: object) -> str:
    """A payment on the line that went to the merchant; the loan's id."""
    scene = str(how.pop("scene", "appliances"))
    application_id = draw(world, line_id, amount_fen, scene=scene, **how)  # type: ignore[arg-type]
    loan_id = sign(world, command(world, line_id, application_id, scene=scene))
    world.work()
    return loan_id


def standing(world: World, line_id: str) -> LineStanding:
    with world.database.unit_of_work() as tx:
        found = credit_lines.standing(tx, line_id)
    for each in (found, *found.scenes):
        assert each.used_fen + each.held_fen + each.available_fen == each.limit_fen
        assert min(each.used_fen, each.held_fen, each.available_fen) >= 0
    return found
