CREATE TABLE spent_nonce (
    keyid text NOT NULL,
    nonce text NOT NULL,
    spent_at timestamptz NOT NULL,
    PRIMARY KEY (keyid, nonce)
);
CREATE INDEX ON spent_nonce (spent_at);

CREATE TABLE stored_reply (
    partner_id text NOT NULL,
    key text NOT NULL,
    method text NOT NULL,
    path text NOT NULL,
    body_sha256 bytea NOT NULL,
    status smallint,
    content_type text,
    location text,
    body bytea,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (partner_id, key)
);

CREATE TABLE webhook_endpoint (
    id text PRIMARY KEY,
    partner_id text NOT NULL REFERENCES partner,
    url text NOT NULL,
    event_types text[] NOT NULL,
    description text NOT NULL,
    state text NOT NULL CHECK (state IN ('enabled', 'disabled')),
    created_at timestamptz NOT NULL
);
CREATE INDEX ON webhook_endpoint (partner_id);

CREATE TABLE webhook_delivery (
    event_id text NOT NULL REFERENCES event (id),
    endpoint_id text NOT NULL REFERENCES webhook_endpoint ON DELETE CASCADE,
    event_seq bigint NOT NULL,
    subject text NOT NULL,
    state text NOT NULL CHECK (state IN ('waiting', 'delivered', 'parked')),
    attempts smallint NOT NULL DEFAULT 0,
    next_at timestamptz NOT NULL,
    PRIMARY KEY (event_id, endpoint_id)
);
CREATE INDEX ON webhook_delivery (next_at) WHERE state = 'waiting';
CREATE INDEX ON webhook_delivery (endpoint_id, subject, event_seq) WHERE state = 'waiting';

CREATE TABLE webhook_attempt (
    event_id text NOT NULL,
    endpoint_id text NOT NULL,
    number smallint NOT NULL,
    at timestamptz NOT NULL,
    status smallint,
    outcome text NOT NULL,
    duration_ms integer NOT NULL,
    PRIMARY KEY (event_id, endpoint_id, number)
);

-- What is left of each limit, for all processes; a crash of the server forgets it, which lets
-- at most one more burst through.
CREATE UNLOGGED TABLE rate_bucket (
    name text PRIMARY KEY,
    tokens double precision NOT NULL,
    granted integer NOT NULL,
    at timestamptz NOT NULL
) WITH (fillfactor = 50);

CREATE TABLE rate_limit (
    partner_id text NOT NULL REFERENCES partner,
    rate_group text NOT NULL,
    quota integer NOT NULL CHECK (quota > 0),
    key_quota integer NOT NULL CHECK (key_quota > 0),
    window_s integer NOT NULL CHECK (window_s > 0),
    PRIMARY KEY (partner_id, rate_group)
);

CREATE TABLE pinned_version (
    partner_id text PRIMARY KEY REFERENCES partner,
    version text NOT NULL,
    pinned_at timestamptz NOT NULL
);
