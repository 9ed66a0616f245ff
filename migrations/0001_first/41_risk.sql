CREATE TABLE bureau_report (
    id text PRIMARY KEY,
    application_id text NOT NULL,
    customer_id text NOT NULL,
    source text NOT NULL,
    consent_id text NOT NULL,
    purpose text NOT NULL,
    report jsonb NOT NULL,
    fetched_at timestamptz NOT NULL,
    UNIQUE (application_id, source)
);

-- Observations for velocity and contradictions: one row per application and characteristic.
CREATE TABLE risk_sighting (
    application_id text NOT NULL,
    kind text NOT NULL,
    value_index bytea NOT NULL,
    customer_id text NOT NULL,
    partner_id text NOT NULL,
    seen_at timestamptz NOT NULL,
    PRIMARY KEY (application_id, kind)
);
CREATE INDEX ON risk_sighting (kind, value_index, seen_at);

CREATE TABLE decision (
    id text PRIMARY KEY,
    application_id text NOT NULL,
    outcome text NOT NULL CHECK (outcome IN ('approve', 'refer', 'decline')),
    score integer,
    limit_fen bigint NOT NULL,
    periods_max integer NOT NULL,
    reasons jsonb NOT NULL,
    features jsonb NOT NULL,
    versions jsonb NOT NULL,
    decided_by text NOT NULL,
    decided_at timestamptz NOT NULL
);
CREATE INDEX ON decision (application_id, decided_at);
