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
    is_sealed boolean NOT NULL DEFAULT false,
    -- Of a body with sealed fields, as it reads opened: sealed again, its bytes are others.
    opened_mac bytea,
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
    disabled_reason text CHECK (disabled_reason IN ('by_partner', 'gone', 'failing')),
    disabled_at timestamptz,
    -- Tries that failed in a row, since when, and until when none is made because of them.
    failures integer NOT NULL DEFAULT 0,
    failing_since timestamptz,
    resume_at timestamptz,
    is_slow boolean NOT NULL DEFAULT false,
    -- Of Standard Webhooks signatures, if the partner wants them.
    secret_sealed bytea,
    old_secret_sealed bytea,
    old_secret_until timestamptz,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CHECK ((state = 'disabled') = (disabled_reason IS NOT NULL)),
    CHECK ((state = 'disabled') = (disabled_at IS NOT NULL)),
    CHECK ((failures > 0) = (failing_since IS NOT NULL))
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
    leased_until timestamptz,
    outcome text,
    PRIMARY KEY (event_id, endpoint_id)
);
CREATE INDEX ON webhook_delivery (endpoint_id, next_at, event_seq) WHERE state = 'waiting';
CREATE INDEX ON webhook_delivery (endpoint_id, subject, event_seq) WHERE state = 'waiting';
CREATE INDEX ON webhook_delivery (endpoint_id, leased_until) WHERE state = 'waiting';
CREATE INDEX ON webhook_delivery (next_at) WHERE state = 'waiting' AND attempts > 9;
CREATE INDEX ON webhook_delivery (endpoint_id, event_seq);

CREATE TABLE webhook_attempt (
    event_id text NOT NULL,
    endpoint_id text NOT NULL,
    number smallint NOT NULL,
    at timestamptz NOT NULL,
    status smallint,
    outcome text NOT NULL,
    duration_ms integer NOT NULL,
    next_at timestamptz,
    PRIMARY KEY (event_id, endpoint_id, number)
);
CREATE INDEX ON webhook_attempt (endpoint_id, at, event_id);
CREATE INDEX ON webhook_attempt (at);

CREATE TABLE webhook_check (
    id text PRIMARY KEY,
    endpoint_id text NOT NULL REFERENCES webhook_endpoint ON DELETE CASCADE,
    event_id text NOT NULL REFERENCES event (id),
    state text NOT NULL CHECK (state IN ('running', 'done', 'failed')),
    tries smallint NOT NULL DEFAULT 0,
    leased_until timestamptz,
    results jsonb NOT NULL,
    created_at timestamptz NOT NULL,
    finished_at timestamptz
);
CREATE INDEX ON webhook_check (endpoint_id, created_at);
CREATE UNIQUE INDEX ON webhook_check (endpoint_id) WHERE state = 'running';

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
