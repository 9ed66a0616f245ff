-- Who funds loans with us: its licence, what was agreed, and the share that it was asked for of each loan (JOINT-1, JOINT-2).
CREATE TABLE funder (
    partner_id text PRIMARY KEY REFERENCES partner,
    licence_kind text NOT NULL CHECK (licence_kind IN
        ('national_bank', 'local_bank', 'consumer_finance', 'trust', 'microlender')),
    licence_no text NOT NULL,
    licence_regions text[] NOT NULL,
    licence_from date NOT NULL,
    licence_to date NOT NULL CHECK (licence_to >= licence_from),
    clearing_account_id text NOT NULL REFERENCES settlement_account,
    encryption_jwk jsonb NOT NULL,
    group_code text NOT NULL DEFAULT '',
    state text NOT NULL CHECK (state IN ('active', 'stopped')),
    stopped_because text NOT NULL DEFAULT '',
    created_at timestamptz NOT NULL
);

CREATE TABLE funder_agreement (
    id text PRIMARY KEY,
    partner_id text NOT NULL REFERENCES funder,
    product_code text NOT NULL,
    share_min_bp integer NOT NULL,
    share_max_bp integer NOT NULL CHECK (share_max_bp >= share_min_bp),
    price_rate numeric NOT NULL,
    service_fee_rate numeric NOT NULL CHECK (service_fee_rate BETWEEN 0 AND 1),
    income_rate numeric NOT NULL DEFAULT 1 CHECK (income_rate BETWEEN 0 AND 1.4),
    decide_minutes integer NOT NULL CHECK (decide_minutes > 0),
    fund_minutes integer NOT NULL CHECK (fund_minutes > 0),
    cut_off time NOT NULL,
    quota_day_fen bigint NOT NULL CHECK (quota_day_fen > 0),
    quota_total_fen bigint NOT NULL CHECK (quota_total_fen > 0),
    amount_min_fen bigint NOT NULL,
    amount_max_fen bigint NOT NULL CHECK (amount_max_fen >= amount_min_fen),
    periods_max integer NOT NULL,
    age_min integer NOT NULL,
    age_max integer NOT NULL,
    score_min integer NOT NULL,
    is_prefunded boolean NOT NULL,
    valid_from date NOT NULL,
    valid_to date,
    UNIQUE (partner_id, product_code, valid_from)
);

-- One application that looks for lenders. `explained` is every choice in words, in order.
CREATE TABLE funding_request (
    id text PRIMARY KEY,
    application_id text NOT NULL UNIQUE,
    customer_id text NOT NULL REFERENCES customer,
    product_code text NOT NULL,
    product_version integer NOT NULL,
    amount_fen bigint NOT NULL CHECK (amount_fen > 0),
    facts jsonb NOT NULL,
    own_bp integer NOT NULL,
    generation integer NOT NULL DEFAULT 0,
    state text NOT NULL CHECK (state IN
        ('seeking', 'waiting', 'found', 'own', 'none', 'called', 'funded', 'paid', 'withdrawn')),
    explained jsonb NOT NULL DEFAULT '[]',
    loan_id text UNIQUE,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    changed_at timestamptz NOT NULL
);
CREATE INDEX ON funding_request (created_at, id);
CREATE INDEX ON funding_request (state) WHERE state IN ('seeking', 'waiting', 'called');

-- The share that one funder is asked for in one generation of a request. What is over stays.
CREATE TABLE funding_share (
    id text PRIMARY KEY,
    request_id text NOT NULL REFERENCES funding_request,
    funder_id text NOT NULL REFERENCES funder,
    agreement_id text NOT NULL REFERENCES funder_agreement,
    generation integer NOT NULL,
    share_bp integer NOT NULL CHECK (share_bp BETWEEN 1 AND 9999),
    amount_fen bigint NOT NULL CHECK (amount_fen > 0),
    state text NOT NULL CHECK (state IN ('invited', 'accepted', 'called', 'funded', 'active', 'closed',
        'declined', 'expired', 'withdrawn')),
    quota_holds text[] NOT NULL DEFAULT '{}',
    decision_reference text NOT NULL DEFAULT '',
    decision_at timestamptz,
    reason_code text NOT NULL DEFAULT '',
    reason_text text NOT NULL DEFAULT '',
    loan_id text,
    invited_at timestamptz NOT NULL,
    decide_by timestamptz NOT NULL,
    answered_at timestamptz,
    fund_by timestamptz,
    funded_at timestamptz,
    told_sent_at timestamptz,
    told_reference text NOT NULL DEFAULT '',
    changed_at timestamptz NOT NULL
);
CREATE INDEX ON funding_share (request_id);
CREATE INDEX ON funding_share (loan_id) WHERE loan_id IS NOT NULL;
CREATE INDEX ON funding_share (funder_id, invited_at, id);
-- A funder has one living share of a loan at most.
CREATE UNIQUE INDEX ON funding_share (request_id, funder_id)
    WHERE state NOT IN ('declined', 'expired', 'withdrawn');

-- Money that came to our account at the bank, each once: taken for the share that it names, or on its way back.
CREATE TABLE incoming_transfer (
    reference text PRIMARY KEY,
    seq bigint NOT NULL,
    from_account_sealed bytea NOT NULL,
    from_name text NOT NULL,
    amount_fen bigint NOT NULL CHECK (amount_fen > 0),
    remark text NOT NULL,
    received_at timestamptz NOT NULL,
    share_id text REFERENCES funding_share,
    state text NOT NULL CHECK (state IN ('taken', 'returning', 'unknown', 'returned', 'return_failed')),
    because text NOT NULL DEFAULT '',
    return_order_no text NOT NULL UNIQUE,
    entry_id text NOT NULL,
    hold_id text,
    queries integer NOT NULL DEFAULT 0,
    recorded_at timestamptz NOT NULL,
    ended_at timestamptz
);
CREATE INDEX ON incoming_transfer (seq);
CREATE UNIQUE INDEX ON incoming_transfer (share_id) WHERE state = 'taken';

-- News on its way up: what funders are to hear of their shares, in order.
CREATE TABLE funding_news (
    seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    share_id text NOT NULL REFERENCES funding_share,
    kind text NOT NULL,
    detail jsonb NOT NULL,
    at timestamptz NOT NULL
);

-- Money that a funder owes us and is to send, known by this id in its transfer's remark.
CREATE TABLE expected_money (
    id text PRIMARY KEY,
    partner_id text NOT NULL REFERENCES partner,
    account_id text REFERENCES settlement_account,
    amount_fen bigint NOT NULL CHECK (amount_fen > 0),
    state text NOT NULL CHECK (state IN ('expected', 'taken', 'withdrawn')),
    reference text UNIQUE,
    entry_id text,
    CHECK ((state = 'taken') = (reference IS NOT NULL))
);
