-- Where customers pay and apply: the merchant's own premises (STORE-1). Positions are in millionths of a degree.
CREATE TABLE store (
    id text PRIMARY KEY,
    partner_id text NOT NULL REFERENCES partner,
    store_no text NOT NULL,
    name text NOT NULL,
    scene text NOT NULL,
    latitude_e6 integer NOT NULL CHECK (latitude_e6 BETWEEN -90000000 AND 90000000),
    longitude_e6 integer NOT NULL CHECK (longitude_e6 BETWEEN -180000000 AND 180000000),
    radius_m integer NOT NULL CHECK (radius_m BETWEEN 20 AND 5000),
    state text NOT NULL CHECK (state IN ('open', 'closed')),
    created_at timestamptz NOT NULL,
    UNIQUE (partner_id, store_no)
);

-- A till signs with a key of its own, so that it can be told which store took a payment.
CREATE TABLE store_till (
    id text PRIMARY KEY,
    store_id text NOT NULL REFERENCES store,
    till_no text NOT NULL,
    keyid text NOT NULL UNIQUE REFERENCES partner_key,
    state text NOT NULL CHECK (state IN ('active', 'retired')),
    created_at timestamptz NOT NULL,
    UNIQUE (store_id, till_no)
);

CREATE TABLE store_staff (
    id text PRIMARY KEY,
    store_id text NOT NULL REFERENCES store,
    staff_no text NOT NULL,
    name_sealed bytea NOT NULL,
    state text NOT NULL CHECK (state IN ('active', 'left')),
    created_at timestamptz NOT NULL,
    UNIQUE (store_id, staff_no)
);

-- Somebody who scanned a store's code, and what shows that they were there; kept whatever came of it.
CREATE TABLE store_visit (
    id text PRIMARY KEY,
    store_id text NOT NULL REFERENCES store,
    staff_id text REFERENCES store_staff,
    token_sha256 bytea NOT NULL UNIQUE,
    code_made_at timestamptz NOT NULL,
    latitude_e6 integer,
    longitude_e6 integer,
    accuracy_m integer,
    distance_m integer,
    farthest_m integer,
    is_refused boolean GENERATED ALWAYS AS
        (outcome IN ('stale_code', 'outside') OR coalesce(farthest_m, 0) >= 3000) STORED,
    device jsonb NOT NULL,
    customer_id text REFERENCES customer,
    application_id text UNIQUE REFERENCES application,
    outcome text NOT NULL CHECK (outcome IN ('arrived', 'inside', 'outside', 'stale_code')),
    arrived_at timestamptz NOT NULL,
    located_at timestamptz
);
CREATE INDEX ON store_visit (store_id, arrived_at);
CREATE INDEX ON store_visit (customer_id, located_at);
CREATE INDEX ON store_visit (staff_id, arrived_at) WHERE staff_id IS NOT NULL;
CREATE INDEX ON store_visit ((device ->> 'fingerprint'), arrived_at);
CREATE INDEX ON store_visit (arrived_at) WHERE is_refused;

-- How often a merchant asked on a day whether a line can pay an amount: the answers must not tell how much there is.
CREATE TABLE line_question (
    line_id text NOT NULL REFERENCES credit_line,
    partner_id text NOT NULL REFERENCES partner,
    business_date date NOT NULL,
    asked integer NOT NULL,
    PRIMARY KEY (line_id, partner_id, business_date)
);

-- A customer's code for one payment, shown to the cashier; good once and for a minute (STORE-5).
CREATE TABLE payment_code (
    id text PRIMARY KEY,
    line_id text NOT NULL REFERENCES credit_line,
    code_sha256 bytea NOT NULL UNIQUE,
    bank_card_id text NOT NULL REFERENCES bank_card,
    device jsonb NOT NULL,
    latitude_e6 integer,
    longitude_e6 integer,
    quick_max_fen bigint NOT NULL DEFAULT 0,
    quick_periods smallint,
    quick_showing_id text REFERENCES cost_table_showing,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    used_at timestamptz
);
CREATE INDEX ON payment_code (line_id, created_at);

CREATE TABLE store_payment (
    id text PRIMARY KEY,
    partner_id text NOT NULL REFERENCES partner,
    store_id text NOT NULL REFERENCES store,
    till_id text NOT NULL REFERENCES store_till,
    payment_no text NOT NULL,
    amount_fen bigint NOT NULL CHECK (amount_fen > 0),
    scene text NOT NULL,
    description text NOT NULL,
    release_parts smallint CHECK (release_parts BETWEEN 2 AND 36),
    metadata jsonb NOT NULL,
    product_code text NOT NULL,
    product_version integer NOT NULL,
    token_sha256 bytea UNIQUE,
    token_sealed bytea,
    code_id text UNIQUE REFERENCES payment_code,
    line_id text REFERENCES credit_line,
    application_id text UNIQUE REFERENCES application,
    ended text CHECK (ended IN ('cancelled', 'expired')),
    refunded_fen bigint NOT NULL DEFAULT 0 CHECK (refunded_fen BETWEEN 0 AND amount_fen),
    created_at timestamptz NOT NULL,
    changed_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    -- Until its time was over and it was looked at.
    is_timed boolean NOT NULL DEFAULT true,
    UNIQUE (partner_id, payment_no),
    FOREIGN KEY (product_code, product_version) REFERENCES product_version,
    CHECK ((application_id IS NULL) = (line_id IS NULL)),
    CHECK (code_id IS NOT NULL OR token_sha256 IS NOT NULL)
);
CREATE INDEX ON store_payment (partner_id, created_at);
CREATE INDEX ON store_payment (store_id, created_at);
CREATE INDEX ON store_payment (line_id, created_at);
CREATE INDEX ON store_payment (till_id, created_at);
CREATE INDEX ON store_payment (expires_at) WHERE is_timed;

CREATE TABLE store_refund (
    id text PRIMARY KEY,
    payment_id text NOT NULL REFERENCES store_payment,
    partner_id text NOT NULL REFERENCES partner,
    refund_no text NOT NULL,
    amount_fen bigint NOT NULL CHECK (amount_fen > 0),
    reason text NOT NULL,
    loan_reduction_fen bigint NOT NULL,
    borrower_refund_fen bigint NOT NULL,
    merchant_claim_fen bigint NOT NULL,
    outstanding_principal_fen bigint NOT NULL,
    business_date date NOT NULL,
    created_at timestamptz NOT NULL,
    UNIQUE (partner_id, refund_no),
    CHECK (loan_reduction_fen + borrower_refund_fen = merchant_claim_fen)
);
CREATE INDEX ON store_refund (payment_id);

-- A payment's state is that of its application and loan, in the words a till knows.
CREATE VIEW store_payment_now AS
SELECT p.*, s.store_no, s.name AS store_name, t.till_no, l.id AS loan_id, a.decision_id,
       CAST(l.terms #>> '{pricing,periods}' AS integer) AS periods,
       l.signed_at, CAST(l.terms #>> '{settlement,days}' AS integer) AS settlement_days,
       l.start_date AS payout_date, o.amount_fen AS payout_fen, o.ended_at AS payout_at,
       o.offset_fen AS payout_claims_fen, o.channel_reference AS payout_reference,
       c.last4 AS payout_last4,
       CAST(l.terms #>> '{settlement,merchant_fee_fen}' AS bigint) - k.fee_fen AS payout_fee_fen,
       CAST(l.terms #>> '{subsidy,merchant_fen}' AS bigint) - k.subsidy_fen AS payout_subsidy_fen,
       greatest(p.changed_at, a.changed_at, l.changed_at) AS updated_at,
       CASE
           WHEN p.refunded_fen = p.amount_fen THEN 'refunded'
           WHEN p.refunded_fen > 0 THEN 'part_refunded'
           WHEN l.state IN ('active', 'settled', 'written_off') THEN 'paid'
           WHEN l.state IS NOT NULL THEN l.state
           WHEN p.ended IS NOT NULL THEN p.ended
           WHEN a.id IS NULL THEN 'waiting'
           WHEN a.state = 'approved' THEN 'confirming'
           ELSE a.state
       END AS state
FROM store_payment p
JOIN store s ON s.id = p.store_id
JOIN store_till t ON t.id = p.till_id
LEFT JOIN application a ON a.id = p.application_id
LEFT JOIN loan l ON l.application_id = a.id
LEFT JOIN payout o ON o.loan_id = l.id AND o.purpose = 'disbursement' AND o.state = 'paid'
LEFT JOIN settlement_account c ON c.id = o.account_id
LEFT JOIN LATERAL (
    SELECT CAST(coalesce(sum(fee_fen), 0) AS bigint) AS fee_fen,
           CAST(coalesce(sum(subsidy_fen), 0) AS bigint) AS subsidy_fen
    FROM loan_release WHERE loan_id = l.id
) k ON true;
