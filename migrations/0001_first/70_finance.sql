-- The portfolio at the end of each date, and what is set aside for its losses.
CREATE TABLE portfolio_day (
    business_date date NOT NULL,
    product_code text NOT NULL,
    grade text NOT NULL,
    bucket text NOT NULL,
    loans bigint NOT NULL,
    principal_fen bigint NOT NULL,
    interest_receivable_fen bigint NOT NULL,
    PRIMARY KEY (business_date, product_code, grade, bucket)
);

-- What was paid to a merchant on a date, and what was kept back of it (MALL-6).
CREATE TABLE merchant_statement (
    partner_id text NOT NULL REFERENCES partner,
    business_date date NOT NULL,
    payouts integer NOT NULL,
    principal_fen bigint NOT NULL,
    fee_fen bigint NOT NULL,
    subsidy_fen bigint NOT NULL,
    claims_fen bigint NOT NULL,
    paid_fen bigint NOT NULL,
    refunds integer NOT NULL,
    refunded_fen bigint NOT NULL,
    PRIMARY KEY (partner_id, business_date),
    CHECK (principal_fen = fee_fen + subsidy_fen + claims_fen + paid_fen)
);

-- Files to and from others, each under its digest.
CREATE TABLE interface_file (
    kind text NOT NULL,
    business_date date NOT NULL,
    name text NOT NULL,
    sha256 text NOT NULL,
    lines integer NOT NULL,
    PRIMARY KEY (kind, business_date)
);

-- The bank's file of a date compared with our orders and our ledger.
CREATE TABLE bank_difference (
    business_date date NOT NULL,
    channel_order_no text NOT NULL,
    kind text NOT NULL,
    detail text NOT NULL,
    found_at timestamptz NOT NULL,
    PRIMARY KEY (business_date, channel_order_no, kind)
);

-- Contracts that were missing or altered when they were looked at.
CREATE TABLE document_difference (
    loan_id text PRIMARY KEY REFERENCES loan,
    business_date date NOT NULL,
    detail text NOT NULL,
    found_at timestamptz NOT NULL
);
