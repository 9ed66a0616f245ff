CREATE TABLE partner (
    id text PRIMARY KEY,
    app_id text NOT NULL UNIQUE,
    environment text NOT NULL CHECK (environment IN ('test', 'live')),
    kind text NOT NULL CHECK (kind IN ('merchant', 'store', 'platform', 'funder', 'guarantor')),
    name text NOT NULL,
    listed_from date,
    listed_to date,
    functions text[] NOT NULL,
    created_at timestamptz NOT NULL
);

CREATE TABLE partner_key (
    keyid text PRIMARY KEY,
    partner_id text NOT NULL REFERENCES partner,
    algorithm text NOT NULL,
    public_jwk jsonb NOT NULL,
    state text NOT NULL CHECK (state IN ('pending', 'active', 'retiring', 'revoked')),
    description text NOT NULL DEFAULT '',
    functions text[],
    registered_at timestamptz NOT NULL,
    registered_by text NOT NULL,
    valid_from timestamptz,
    valid_to timestamptz,
    revoked_at timestamptz,
    CHECK (state = 'pending' OR valid_from IS NOT NULL OR revoked_at IS NOT NULL),
    CHECK (state <> 'retiring' OR valid_to IS NOT NULL),
    CHECK ((state = 'revoked') = (revoked_at IS NOT NULL))
);
CREATE INDEX ON partner_key (partner_id);

CREATE TABLE partner_agreement (
    id text PRIMARY KEY,
    partner_id text NOT NULL REFERENCES partner,
    product_code text NOT NULL,
    merchant_fee_rate numeric NOT NULL DEFAULT 0,
    -- The n of T+n: on which working day after the signature the partner is paid.
    settlement_days smallint NOT NULL DEFAULT 0 CHECK (settlement_days BETWEEN 0 AND 30),
    valid_from date NOT NULL,
    valid_to date,
    UNIQUE (partner_id, product_code, valid_from)
);

CREATE TABLE settlement_account (
    id text PRIMARY KEY,
    partner_id text NOT NULL REFERENCES partner,
    holder text NOT NULL,
    bank_name text NOT NULL,
    number_sealed bytea NOT NULL,
    last4 text NOT NULL,
    priority smallint NOT NULL,
    state text NOT NULL CHECK (state IN ('verified', 'failed', 'closed')),
    created_at timestamptz NOT NULL,
    UNIQUE (partner_id, priority)
);

-- The list of partners that may be worked with (名单制), as it is published, and the contract behind each.
CREATE TABLE partner_listing (
    partner_id text PRIMARY KEY REFERENCES partner,
    legal_name text NOT NULL,
    credit_code text NOT NULL,
    service text NOT NULL,
    contract_no text NOT NULL,
    contract_from date NOT NULL,
    contract_to date NOT NULL CHECK (contract_to >= contract_from),
    stopped_because text NOT NULL DEFAULT '',
    stopped_at timestamptz,
    published_at timestamptz NOT NULL,
    changed_at timestamptz NOT NULL,
    CHECK ((stopped_at IS NULL) = (stopped_because = ''))
);
