"""The SQL of risk."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import datetime, timedelta
from json import dumps as text_of
from typing import Any

from lending.foundation import ids
from lending.foundation.crypto import FieldKeys
from lending.foundation.database import Row, Tx, json
from lending.foundation.ports import BureauReport
from lending.risk.model import SYSTEM, Decision, Feature, Outcome, Reason, RiskRequest
from lending.risk.rules import Verdict

DECISION_BY_ID = """
    SELECT id, application_id, outcome, score, limit_fen, periods_max, reasons, features, versions,
        decided_by, decided_at, note FROM decision WHERE id = :id"""
DECISIONS_OF_APPLICATION = """
    SELECT id, application_id, outcome, score, limit_fen, periods_max, reasons, features, versions,
        decided_by, decided_at, note FROM decision WHERE application_id = :id
    ORDER BY decided_by <> 'system', decided_at"""
DECISIONS_LOCKED = """
    SELECT id, application_id, outcome, score, limit_fen, periods_max, reasons, features, versions,
        decided_by, decided_at, note FROM decision WHERE application_id = :id
    ORDER BY decided_by <> 'system', decided_at FOR UPDATE"""


def lock_values(tx: Tx, indices: Iterable[bytes]) -> None:
    """Makes others who count the same values wait; all take them in the same order."""
    tx.run(
        "SELECT pg_advisory_xact_lock(key) FROM unnest(CAST(:keys AS bigint[])) AS key",
        keys=sorted({int.from_bytes(index[:8], "big", signed=True) for index in indices}),
    )


def insert_sightings(tx: Tx, request: RiskRequest, indices: Mapping[str, bytes]) -> None:
    tx.run_many(
        "INSERT INTO risk_sighting (application_id, kind, value_index, customer_id, partner_id,"
        " seen_at) VALUES (:application_id, :kind, :value_index, :customer_id, :partner_id, :now)"
        " ON CONFLICT (application_id, kind) DO NOTHING",
        [
            {
                "application_id": request.application_id,
                "kind": kind,
                "value_index": index,
                "customer_id": request.customer_id,
                "partner_id": request.partner_id,
                "now": tx.now,
            }
            for kind, index in indices.items()
        ],
    )


_COUNTS = """
    count(*) FILTER (WHERE seen_at > :hour) AS applications_1h,
    count(*) FILTER (WHERE seen_at > :day) AS applications_24h,
    count(*) FILTER (WHERE seen_at > :month) AS applications_30d,
    count(DISTINCT customer_id) FILTER (WHERE seen_at > :day) AS identities_24h,
    count(DISTINCT customer_id) FILTER (WHERE seen_at > :month) AS identities_30d,
    count(DISTINCT customer_id) AS identities"""
SEEN = (
    f"SELECT {_COUNTS} FROM risk_sighting"  # noqa: S608  two constants
    " WHERE kind = :kind AND value_index = :index AND seen_at > :since"
)
SEEN_EACH = (
    f"SELECT w.kind, {_COUNTS}"  # noqa: S608  two constants
    " FROM unnest(CAST(:kinds AS text[]), CAST(:indices AS bytea[])) AS w (kind, value_index)"
    " JOIN risk_sighting USING (kind, value_index) WHERE seen_at > :since GROUP BY w.kind"
)


def seen(tx: Tx, kind: str, value_index: bytes, *, since: datetime) -> Row:
    """How often a value was seen and with how many customers, in each window back to `since`."""
    return tx.one(SEEN, kind=kind, index=value_index, since=since, **_windows(tx))


def seen_each(tx: Tx, indices: Mapping[str, bytes], *, since: datetime) -> dict[str, Row]:
    """The same of several values at once, by kind; none of one that was not seen."""
    kinds = list(indices)
    rows = tx.all(
        SEEN_EACH,
        kinds=kinds,
        indices=[indices[kind] for kind in kinds],
        since=since,
        **_windows(tx),
    )
    return {row["kind"]: row for row in rows}


def _windows(tx: Tx) -> dict[str, datetime]:
    return {
        "hour": tx.now - timedelta(hours=1),
        "day": tx.now - timedelta(days=1),
        "month": tx.now - timedelta(days=30),
    }


def values_seen(tx: Tx, kind: str, customer_id: str) -> int:
    return int(
        tx.scalar(
            "SELECT count(DISTINCT value_index) FROM risk_sighting"
            " WHERE customer_id = :customer_id AND kind = :kind",
            customer_id=customer_id,
            kind=kind,
        )
    )


def reports(tx: Tx, application_id: str) -> dict[str, dict[str, Any]]:
    rows = tx.all(
        "SELECT source, report FROM bureau_report WHERE application_id = :id ORDER BY source",
        id=application_id,
    )
    return {row["source"]: row["report"] for row in rows}


def insert_query(
    tx: Tx, request: RiskRequest, *, source: str, consent_id: str, purpose: str
) -> str:
    query_id = ids.new("bqy")
    tx.run(
        "INSERT INTO bureau_query (id, application_id, customer_id, source, consent_id, purpose,"
        " asked_at, outcome) VALUES (:id, :application_id, :customer_id, :source, :consent_id,"
        " :purpose, :now, 'asked')",
        id=query_id,
        application_id=request.application_id,
        customer_id=request.customer_id,
        source=source,
        consent_id=consent_id,
        purpose=purpose,
        now=tx.now,
    )
    return query_id


def end_query(tx: Tx, query_id: str, outcome: str, detail: str = "") -> None:
    tx.run(
        "UPDATE bureau_query SET outcome = :outcome, detail = :detail, ended_at = :now"
        " WHERE id = :id",
        id=query_id,
        outcome=outcome,
        detail=detail,
        now=tx.now,
    )


def insert_report(
    tx: Tx,
    request: RiskRequest,
    *,
    source: str,
    consent_id: str,
    purpose: str,
    report: BureauReport,
    keys: FieldKeys,
) -> None:
    """The bureau's own answer may name the person, so it is sealed."""
    report_id = ids.new("brp")
    known = asdict(report)
    raw = text_of(known.pop("raw"), ensure_ascii=False, sort_keys=True)
    tx.run(
        "INSERT INTO bureau_report (id, application_id, customer_id, source, consent_id, purpose,"
        " report, raw_sealed, fetched_at) VALUES (:id, :application_id, :customer_id, :source,"
        " :consent_id, :purpose, :report, :raw_sealed, :now)"
        " ON CONFLICT (application_id, source) DO NOTHING",
        id=report_id,
        application_id=request.application_id,
        customer_id=request.customer_id,
        source=source,
        consent_id=consent_id,
        purpose=purpose,
        report=json(known),
        raw_sealed=keys.seal(raw, at=f"bureau_report.raw:{report_id}"),
        now=tx.now,
    )


def versions_kept(tx: Tx, versions: Iterable[str]) -> set[str]:
    rows = tx.all(
        "SELECT version FROM risk_version WHERE version = ANY(:versions)", versions=list(versions)
    )
    return {row["version"] for row in rows}


def keep_version(tx: Tx, version: str, content: Any) -> None:
    tx.run(
        "INSERT INTO risk_version (version, content, first_used_at)"
        " VALUES (:version, :content, :now) ON CONFLICT (version) DO NOTHING",
        version=version,
        content=json(content),
        now=tx.now,
    )


def insert_decision(
    tx: Tx,
    application_id: str,
    verdict: Verdict,
    *,
    versions: Mapping[str, str],
    decided_by: str = SYSTEM,
    note: str = "",
) -> Decision | None:
    """The decision; None when the same has decided the application already."""
    made = Decision(
        id=ids.new("dec"),
        application_id=application_id,
        outcome=verdict.outcome,
        score=verdict.score,
        limit_fen=verdict.limit_fen,
        periods_max=verdict.periods_max,
        reasons=tuple(verdict.reasons),
        features=dict(verdict.features),
        versions=dict(versions),
        decided_by=decided_by,
        decided_at=tx.now,
        note=note,
    )
    written = tx.touched(
        "INSERT INTO decision (id, application_id, outcome, score, limit_fen, periods_max, reasons,"
        " features, versions, decided_by, decided_at, note) VALUES (:id, :application_id, :outcome,"
        " :score, :limit_fen, :periods_max, :reasons, :features, :versions, :decided_by, :now,"
        " :note) ON CONFLICT (application_id, (decided_by = 'system')) DO NOTHING",
        id=made.id,
        application_id=application_id,
        outcome=verdict.outcome.value,
        score=verdict.score,
        limit_fen=verdict.limit_fen,
        periods_max=verdict.periods_max,
        reasons=json([asdict(reason) for reason in verdict.reasons]),
        features=json({name: asdict(each) for name, each in verdict.features.items()}),
        versions=json(dict(versions)),
        decided_by=decided_by,
        now=tx.now,
        note=note,
    )
    return made if written else None


def decision(tx: Tx, decision_id: str) -> Decision | None:
    row = tx.maybe(DECISION_BY_ID, id=decision_id)
    return _decision(row) if row else None


def decisions(tx: Tx, application_id: str, *, lock: bool = False) -> list[Decision]:
    """The rules' decision first, a person's after it."""
    rows = tx.all(DECISIONS_LOCKED if lock else DECISIONS_OF_APPLICATION, id=application_id)
    return [_decision(row) for row in rows]


def _decision(row: Row) -> Decision:
    return Decision(
        id=row["id"],
        application_id=row["application_id"],
        outcome=Outcome(row["outcome"]),
        score=row["score"],
        limit_fen=row["limit_fen"],
        periods_max=row["periods_max"],
        reasons=tuple(Reason(**each) for each in row["reasons"]),
        features={name: Feature(**each) for name, each in row["features"].items()},
        versions=row["versions"],
        decided_by=row["decided_by"],
        decided_at=row["decided_at"],
        note=row["note"],
    )
