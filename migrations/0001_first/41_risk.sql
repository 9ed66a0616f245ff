-- R-CREDIT-AUTH: every question to a bureau, written before it is asked, with the consent behind it.
CREATE TABLE bureau_query (
    id text PRIMARY KEY,
    application_id text NOT NULL,
    customer_id text NOT NULL REFERENCES customer,
    source text NOT NULL,
    consent_id text NOT NULL REFERENCES consent,
    purpose text NOT NULL,
    asked_at timestamptz NOT NULL,
    outcome text NOT NULL CHECK (outcome IN ('asked', 'answered', 'failed', 'late')),
    detail text NOT NULL DEFAULT '',
    ended_at timestamptz
);
CREATE INDEX ON bureau_query (application_id);

CREATE TABLE bureau_report (
    id text PRIMARY KEY,
    application_id text NOT NULL,
    customer_id text NOT NULL REFERENCES customer,
    source text NOT NULL,
    consent_id text NOT NULL REFERENCES consent,
    purpose text NOT NULL,
    report jsonb NOT NULL,
    raw_sealed bytea NOT NULL,
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
CREATE INDEX ON risk_sighting (customer_id, kind);

-- Each card and table that ever decided, whole, so that a decision can be worked out again.
CREATE TABLE risk_version (
    version text PRIMARY KEY,
    content jsonb NOT NULL,
    first_used_at timestamptz NOT NULL
);

CREATE TABLE decision (
    id text PRIMARY KEY,
    application_id text NOT NULL,
    outcome text NOT NULL CHECK (outcome IN ('approve', 'refer', 'decline')),
    score integer,
    limit_fen bigint NOT NULL CHECK (limit_fen >= 0),
    periods_max integer NOT NULL CHECK (periods_max >= 0),
    reasons jsonb NOT NULL,
    features jsonb NOT NULL,
    versions jsonb NOT NULL,
    decided_by text NOT NULL,
    decided_at timestamptz NOT NULL,
    note text NOT NULL DEFAULT ''
);
CREATE INDEX ON decision (application_id, decided_at);
-- The rules decide an application once, and so does a person.
CREATE UNIQUE INDEX ON decision (application_id, (decided_by = 'system'));
