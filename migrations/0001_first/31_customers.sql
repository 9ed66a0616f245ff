CREATE TABLE customer (
    id text PRIMARY KEY,
    name_sealed bytea NOT NULL,
    identity_no_sealed bytea NOT NULL,
    identity_no_index bytea NOT NULL UNIQUE,
    mobile_sealed bytea NOT NULL,
    mobile_index bytea NOT NULL,
    birth_date date NOT NULL,
    created_at timestamptz NOT NULL
);
CREATE INDEX ON customer (mobile_index);

CREATE TABLE identity_check (
    id text PRIMARY KEY,
    customer_id text NOT NULL REFERENCES customer,
    method text NOT NULL CHECK (method IN ('name_and_number', 'face', 'bank_card', 'wallet')),
    passed boolean NOT NULL,
    reference text NOT NULL,
    checked_at timestamptz NOT NULL
);
CREATE INDEX ON identity_check (customer_id, checked_at);

CREATE TABLE consent (
    id text PRIMARY KEY,
    customer_id text NOT NULL REFERENCES customer,
    scope text NOT NULL,
    text_version text NOT NULL,
    text_sha256 text NOT NULL,
    channel text NOT NULL,
    subject text NOT NULL,
    given_at timestamptz NOT NULL,
    withdrawn_at timestamptz
);
CREATE INDEX ON consent (customer_id, scope);

-- Cards, and wallets, whose holder was confirmed by who keeps them.
CREATE TABLE bank_card (
    id text PRIMARY KEY,
    customer_id text NOT NULL REFERENCES customer,
    bank_name text NOT NULL,
    number_sealed bytea NOT NULL,
    number_index bytea NOT NULL,
    last4 text NOT NULL,
    kind text NOT NULL DEFAULT 'bank' CHECK (kind IN ('bank', 'wallet')),
    state text NOT NULL CHECK (state IN ('verified', 'failed', 'removed')),
    created_at timestamptz NOT NULL,
    UNIQUE (customer_id, number_index)
);

CREATE TABLE sms_code (
    id text PRIMARY KEY,
    mobile_index bytea NOT NULL,
    purpose text NOT NULL,
    subject text NOT NULL,
    code_hmac bytea NOT NULL,
    attempts smallint NOT NULL DEFAULT 0,
    expires_at timestamptz NOT NULL,
    used_at timestamptz,
    created_at timestamptz NOT NULL
);
CREATE INDEX ON sms_code (mobile_index, created_at);

CREATE TABLE blacklist_entry (
    kind text NOT NULL CHECK (kind IN ('identity_no', 'mobile', 'device', 'bank_card')),
    value_index bytea NOT NULL,
    value_sealed bytea NOT NULL,
    reason text NOT NULL,
    source text NOT NULL,
    added_at timestamptz NOT NULL,
    PRIMARY KEY (kind, value_index)
);
