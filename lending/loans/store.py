"""The SQL of applications, loans, plans and contracts."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, fields
from datetime import date

from lending.engine.prepayment import OpenInstalment
from lending.foundation import ids
from lending.foundation.database import Row, Tx, json
from lending.loans import share_store
from lending.loans.model import (
    Application,
    ApplicationState,
    Contract,
    Loan,
    LoanState,
    NewApplication,
)
from lending.loans.terms import FORMAT, Terms
from lending.risk.model import Value

APPLICATION = """
    SELECT id, partner_id, scenario, product_code, product_version, subject, amount_fen, purpose,
           customer_id, bank_card_id, wallet_id, device, signals, partner_signals, is_for_line,
           state, decision_id, decided_at
    FROM application WHERE id = :id"""
APPLICATION_LOCKED = """
    SELECT id, partner_id, scenario, product_code, product_version, subject, amount_fen, purpose,
           customer_id, bank_card_id, wallet_id, device, signals, partner_signals, is_for_line,
           state, decision_id, decided_at
    FROM application WHERE id = :id FOR UPDATE"""
LOAN = """
    SELECT id, application_id, partner_id, customer_id, bank_card_id, scenario, product_code,
           subject, principal_fen, terms, terms_format, state, signed_at, start_date,
           plan_version, contract_version, exposure_holds, wallet_id, split_id
    FROM loan"""
ONE_LOAN, ONE_LOAN_LOCKED = f"{LOAN} WHERE id = :id", f"{LOAN} WHERE id = :id FOR UPDATE"
FREE_LOANS = f"{LOAN} WHERE id = ANY (:ids) ORDER BY id FOR UPDATE SKIP LOCKED"


def insert_application(tx: Tx, new: NewApplication) -> str:
    application_id = ids.new("app")
    tx.run(
        "INSERT INTO application (id, partner_id, scenario, product_code, product_version,"
        " subject, amount_fen, purpose, partner_signals, is_for_line, state, created_at,"
        " changed_at) VALUES (:id, :partner_id, :scenario, :code, :version, :subject, :amount,"
        " :purpose, :partner_signals, :for_line, 'started', :now, :now)",
        id=application_id,
        partner_id=new.partner_id,
        scenario=new.scenario,
        code=new.product_code,
        version=new.product_version,
        subject=new.subject,
        amount=new.amount_fen,
        purpose=new.purpose,
        partner_signals=json(dict(new.partner_signals)),
        for_line=new.is_for_line,
        now=tx.now,
    )
    return application_id


def insert_draw(
    tx: Tx,
    new: NewApplication,
    *,
    customer_id: str,
    bank_card_id: str,
    device: dict[str, str],
    signals: Mapping[str, Value],
) -> Application:
    """An application that is handed in as it is made, and is being decided."""
    made = Application(
        id=ids.new("app"),
        partner_id=new.partner_id,
        scenario=new.scenario,
        product_code=new.product_code,
        product_version=new.product_version,
        subject=new.subject,
        amount_fen=new.amount_fen,
        purpose=new.purpose,
        customer_id=customer_id,
        bank_card_id=bank_card_id,
        wallet_id=None,
        device=dict(device),
        signals=dict(signals),
        partner_signals=dict(new.partner_signals),
        is_for_line=new.is_for_line,
        state=ApplicationState.DECIDING,
        decision_id=None,
        decided_at=None,
    )
    tx.run(
        "INSERT INTO application (id, partner_id, scenario, product_code, product_version,"
        " subject, amount_fen, purpose, customer_id, bank_card_id, device, signals,"
        " partner_signals, is_for_line, state, created_at, submitted_at, changed_at)"
        " VALUES (:id, :partner_id, :scenario, :code, :version, :subject, :amount, :purpose,"
        " :customer_id, :card, :device, :signals, :partner_signals, :for_line, 'deciding',"
        " :now, :now, :now)",
        id=made.id,
        partner_id=made.partner_id,
        scenario=made.scenario,
        code=made.product_code,
        version=made.product_version,
        subject=made.subject,
        amount=made.amount_fen,
        purpose=made.purpose,
        customer_id=customer_id,
        card=bank_card_id,
        device=json(made.device),
        signals=json(made.signals),
        partner_signals=json(made.partner_signals),
        for_line=made.is_for_line,
        now=tx.now,
    )
    return made


def application(tx: Tx, application_id: str, *, lock: bool = False) -> Application | None:
    row = tx.maybe(APPLICATION_LOCKED if lock else APPLICATION, id=application_id)
    if row is None:
        return None
    return Application(**{**row, "state": ApplicationState(row["state"])})


def submit_application(
    tx: Tx,
    application_id: str,
    *,
    customer_id: str,
    bank_card_id: str,
    wallet_id: str | None,
    device: dict[str, str],
    signals: Mapping[str, Value],
) -> None:
    tx.run(
        "UPDATE application SET customer_id = :customer_id, bank_card_id = :card,"
        " wallet_id = :wallet, device = :device, signals = :signals, state = 'deciding',"
        " submitted_at = :now, changed_at = :now WHERE id = :id",
        id=application_id,
        customer_id=customer_id,
        card=bank_card_id,
        wallet=wallet_id,
        device=json(device),
        signals=json(dict(signals)),
        now=tx.now,
    )


def set_application_state(
    tx: Tx, application_id: str, state: ApplicationState, *, decision_id: str | None = None
) -> None:
    tx.run(
        "UPDATE application SET state = :state, changed_at = :now,"
        " decision_id = coalesce(CAST(:decision_id AS text), decision_id),"
        " decided_at = CASE WHEN CAST(:decision_id AS text) IS NULL THEN decided_at ELSE :now END"
        " WHERE id = :id",
        id=application_id,
        state=state.value,
        decision_id=decision_id,
        now=tx.now,
    )


def set_review_asked(tx: Tx, application_id: str) -> None:
    tx.run("UPDATE application SET review_asked = true WHERE id = :id", id=application_id)


def review_asked(tx: Tx, application_id: str) -> bool:
    return bool(tx.scalar("SELECT review_asked FROM application WHERE id = :id", id=application_id))


def loans_of_customer(tx: Tx, customer_id: str) -> Row:
    """How many loans of a customer are open, and how many were paid back."""
    return tx.one(
        "SELECT count(*) FILTER (WHERE state NOT IN ('settled', 'cancelled')) AS open,"
        " count(*) FILTER (WHERE state = 'settled') AS settled"
        " FROM loan WHERE customer_id = :id",
        id=customer_id,
    )


def insert_loan(tx: Tx, made: Loan) -> None:
    tx.run(
        "INSERT INTO loan (id, application_id, partner_id, customer_id, bank_card_id, scenario,"
        " product_code, subject, principal_fen, terms, terms_format, state, signed_at,"
        " plan_version, exposure_holds, credit_line_id, credit_line_scene, split_id, wallet_id,"
        " changed_at) VALUES (:id, :application_id, :partner_id,"
        " :customer_id, :card, :scenario, :product, :subject, :principal, :terms, :format, :state,"
        " :signed_at, 1, :holds, :line_id, :line_scene, :split_id, :wallet, :signed_at)",
        id=made.id,
        application_id=made.application_id,
        partner_id=made.partner_id,
        customer_id=made.customer_id,
        card=made.bank_card_id,
        wallet=made.wallet_id,
        scenario=made.scenario,
        product=made.product_code,
        subject=made.subject,
        principal=made.principal_fen,
        terms=json(made.terms.to_json()),
        format=FORMAT,
        state=made.state.value,
        signed_at=made.signed_at,
        holds=list(made.exposure_holds),
        line_id=made.terms.credit_line.line_id if made.terms.credit_line else None,
        line_scene=made.terms.credit_line.scene if made.terms.credit_line else None,
        split_id=share_store.split_id(tx, made.terms),
    )


def loan(tx: Tx, loan_id: str, *, lock: bool = False) -> Loan | None:
    row = tx.maybe(ONE_LOAN_LOCKED if lock else ONE_LOAN, id=loan_id)
    return _loan(row) if row else None


def lock_free(tx: Tx, loan_ids: Sequence[str]) -> list[Loan]:
    """Locks those of the loans that nobody else has locked, and waits for none."""
    return [_loan(row) for row in tx.all(FREE_LOANS, ids=list(loan_ids))]


def _loan(row: Row) -> Loan:
    values = dict(row)
    values["terms"] = Terms.from_json(values["terms"], values.pop("terms_format"))
    values["state"] = LoanState(values["state"])
    values["exposure_holds"] = tuple(values["exposure_holds"])
    return Loan(**values)


def loan_ids_of_customers(tx: Tx, customer_ids: Sequence[str]) -> list[str]:
    rows = tx.all(
        "SELECT id FROM loan WHERE customer_id = ANY(:ids) ORDER BY signed_at DESC, id",
        ids=list(customer_ids),
    )
    return [row["id"] for row in rows]


def set_loan_state(tx: Tx, loan_id: str, state: LoanState) -> None:
    tx.run(
        "UPDATE loan SET state = :state, changed_at = :now WHERE id = :id",
        id=loan_id,
        state=state.value,
        now=tx.now,
    )


def set_loan_states(tx: Tx, states: Mapping[str, LoanState]) -> None:
    if states:
        tx.run(
            "UPDATE loan SET state = t.state, changed_at = :now FROM"
            " unnest(CAST(:ids AS text[]), CAST(:states AS text[])) AS t (id, state)"
            " WHERE loan.id = t.id",
            ids=list(states),
            states=[state.value for state in states.values()],
            now=tx.now,
        )


def set_card(tx: Tx, loan_id: str, card_id: str) -> None:
    tx.run(
        "UPDATE loan SET bank_card_id = :card, wallet_id = NULL, changed_at = :now WHERE id = :id",
        id=loan_id,
        card=card_id,
        now=tx.now,
    )


def set_wallet(tx: Tx, loan_id: str, wallet_id: str) -> None:
    tx.run(
        "UPDATE loan SET wallet_id = :wallet, changed_at = :now WHERE id = :id",
        id=loan_id,
        wallet=wallet_id,
        now=tx.now,
    )


def activate(tx: Tx, loan_id: str, start: date, contract_version: int) -> None:
    tx.run(
        "UPDATE loan SET state = 'active', start_date = :start, plan_version = :version,"
        " contract_version = :version, changed_at = :now WHERE id = :id",
        id=loan_id,
        start=start,
        version=contract_version,
        now=tx.now,
    )


def set_plan_version(tx: Tx, loan_id: str, version: int) -> None:
    tx.run("UPDATE loan SET plan_version = :version WHERE id = :id", id=loan_id, version=version)


_COLUMNS = tuple(field.name for field in fields(OpenInstalment))
_INSERT_INSTALMENT = (
    f"INSERT INTO instalment (loan_id, plan_version, {', '.join(_COLUMNS)})"  # noqa: S608  names
    f" VALUES (:loan_id, :plan_version, {', '.join(f':{name}' for name in _COLUMNS)})"
)
_UPDATE_INSTALMENTS = (
    "UPDATE instalment i SET"  # noqa: S608  names of fields
    f" {', '.join(f'{name} = t.{name}' for name in _COLUMNS if name != 'number')}"
    " FROM jsonb_populate_recordset(CAST(NULL AS instalment), :rows) AS t"
    " WHERE i.loan_id = t.loan_id AND i.plan_version = t.plan_version AND i.number = t.number"
)
_PLANS = (
    f"SELECT t.loan_id, t.plan_version, {', '.join(_COLUMNS)} FROM"  # noqa: S608  names of fields
    " unnest(CAST(:ids AS text[]), CAST(:versions AS integer[])) AS t (loan_id, plan_version)"
    f" CROSS JOIN LATERAL (SELECT {', '.join(_COLUMNS)} FROM instalment"
    "  WHERE loan_id = t.loan_id AND plan_version = t.plan_version) i"
    " ORDER BY t.loan_id, t.plan_version, number"
)
_INSTALMENTS_NOW = (
    f"SELECT {', '.join(_COLUMNS)} FROM instalment_standing"  # noqa: S608  names of fields
    " WHERE loan_id = :id ORDER BY number"
)


def insert_instalments(tx: Tx, loan_id: str, version: int, rows: Sequence[OpenInstalment]) -> None:
    tx.run_many(
        _INSERT_INSTALMENT,
        [{"loan_id": loan_id, "plan_version": version, **asdict(row)} for row in rows],
    )


def update_instalments(tx: Tx, changed: Sequence[tuple[str, int, OpenInstalment]]) -> None:
    """Writes rows of plans, each with its loan and the version of the plan."""
    if changed:
        tx.run(
            _UPDATE_INSTALMENTS,
            rows=json(
                [
                    {"loan_id": loan_id, "plan_version": version}
                    | {name: _stored(getattr(row, name)) for name in _COLUMNS}
                    for loan_id, version, row in changed
                ]
            ),
        )


def _stored(value: object) -> object:
    return value.isoformat() if isinstance(value, date) else value


def instalments(tx: Tx, loan_id: str, version: int) -> list[OpenInstalment]:
    """A plan as it was written: when something happened to the loan last."""
    return plans(tx, [(loan_id, version)]).get((loan_id, version), [])


def plans(
    tx: Tx, asked: Collection[tuple[str, int]]
) -> dict[tuple[str, int], list[OpenInstalment]]:
    """The rows of plans, by their loan and version."""
    ids, versions = zip(*asked, strict=True)
    found: dict[tuple[str, int], list[OpenInstalment]] = {}
    for row in tx.all(_PLANS, ids=list(ids), versions=list(versions)):
        place = row.pop("loan_id"), row.pop("plan_version")
        found.setdefault(place, []).append(OpenInstalment(**row))
    return found


def instalments_now(tx: Tx, loan_id: str) -> list[OpenInstalment]:
    """The loan's plan with the penalty up to the date that the end of day has brought it to."""
    return [OpenInstalment(**row) for row in tx.all(_INSTALMENTS_NOW, id=loan_id)]


def plan_versions(tx: Tx, loan_id: str) -> int:
    """How many plans the loan has had."""
    return int(
        tx.scalar("SELECT max(plan_version) FROM instalment WHERE loan_id = :id", id=loan_id)
    )


def insert_contract(
    tx: Tx, contract: Contract, *, showing_id: str, evidence: dict[str, object]
) -> None:
    tx.run(
        "INSERT INTO contract (loan_id, number, document_name, document_sha256, cost_showing_id,"
        " evidence, signed_at) VALUES (:loan_id, :number, :name, :sha256, :showing, :evidence,"
        " :signed_at)",
        loan_id=contract.loan_id,
        number=contract.number,
        name=contract.document_name,
        sha256=contract.document_sha256,
        showing=showing_id,
        evidence=json(evidence),
        signed_at=contract.signed_at,
    )


def contract(tx: Tx, loan_id: str) -> Contract | None:
    row = tx.maybe(
        "SELECT loan_id, number, document_name, document_sha256, signed_at FROM contract"
        " WHERE loan_id = :id",
        id=loan_id,
    )
    return Contract(**row) if row else None


def showing_signed(tx: Tx, loan_id: str) -> str:
    """The showing of the cost table that the contract was signed under."""
    value = tx.scalar("SELECT cost_showing_id FROM contract WHERE loan_id = :id", id=loan_id)
    return str(value)


_INSERT_NEWS = """
INSERT INTO loan_news (scenario, subject, kind, detail, at)
SELECT one ->> 0, one ->> 1, one ->> 2, one -> 3, :now
FROM jsonb_array_elements(:news) WITH ORDINALITY AS t (one, number) ORDER BY number
"""


def insert_news(tx: Tx, news: Sequence[tuple[str, str, str, dict[str, object]]]) -> None:
    """Writes news in their order: of which scenario, about what, its kind, what it says."""
    if news:
        tx.run(_INSERT_NEWS, news=json(news), now=tx.now)


def take_news(tx: Tx, scenario: str, limit: int) -> list[Row]:
    """The oldest news of a scenario, taken away; one taker at a time, so that order is kept."""
    if not tx.scalar(
        "SELECT pg_try_advisory_xact_lock(7100003, hashtext(:scenario))", scenario=scenario
    ):
        return []
    return sorted(
        tx.all(
            "DELETE FROM loan_news WHERE seq IN (SELECT seq FROM loan_news"
            " WHERE scenario = :scenario ORDER BY seq LIMIT :limit)"
            " RETURNING seq, subject, kind, detail",
            scenario=scenario,
            limit=limit,
        ),
        key=lambda row: int(row["seq"]),
    )


def loan_of_application(tx: Tx, application_id: str, *, lock: bool = False) -> Loan | None:
    loan_id = tx.scalar("SELECT id FROM loan WHERE application_id = :id", id=application_id)
    return loan(tx, loan_id, lock=lock) if loan_id else None
