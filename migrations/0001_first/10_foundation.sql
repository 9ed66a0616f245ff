CREATE TABLE business_day (
    is_open boolean PRIMARY KEY DEFAULT true CHECK (is_open),
    business_date date NOT NULL,
    opened_at timestamptz NOT NULL
);

CREATE TABLE audit_log (
    seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL,
    actor text NOT NULL,
    action text NOT NULL,
    subject text NOT NULL,
    detail jsonb NOT NULL
);
CREATE INDEX ON audit_log (subject);

CREATE TABLE event (
    seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id text NOT NULL UNIQUE,
    partner_id text NOT NULL,
    type text NOT NULL,
    subject text NOT NULL,
    data jsonb NOT NULL,
    created_at timestamptz NOT NULL,
    fanned_out_at timestamptz
);
CREATE INDEX ON event (partner_id, created_at, id);
CREATE INDEX ON event (seq) WHERE fanned_out_at IS NULL;
