-- The portfolio at the end of each date, with our part of it, for which we set aside.
CREATE TABLE portfolio_day (
    business_date date NOT NULL,
    product_code text NOT NULL,
    grade text NOT NULL,
    bucket text NOT NULL,
    loans bigint NOT NULL,
    principal_fen bigint NOT NULL,
    interest_receivable_fen bigint NOT NULL,
    own_principal_fen bigint NOT NULL,
    own_interest_receivable_fen bigint NOT NULL,
    PRIMARY KEY (business_date, product_code, grade, bucket)
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

-- The bank's file of a date compared with our orders and our ledger. Where it is a payout to a partner, it is shown to it.
CREATE TABLE bank_difference (
    id text PRIMARY KEY,
    business_date date NOT NULL,
    channel_order_no text NOT NULL,
    kind text NOT NULL,
    detail text NOT NULL,
    bank_line jsonb,
    bank_fen bigint,
    rows_fen bigint,
    ledger_fen bigint,
    partner_id text REFERENCES partner,
    loan_id text,
    order_id text,
    found_at timestamptz NOT NULL,
    settled_at timestamptz,
    settled_on date,
    UNIQUE (business_date, channel_order_no, kind),
    CHECK ((settled_at IS NULL) = (settled_on IS NULL))
);
CREATE INDEX ON bank_difference (partner_id, found_at, id) WHERE partner_id IS NOT NULL;
CREATE INDEX ON bank_difference (business_date) WHERE settled_at IS NULL;

-- Contracts that were missing or altered when they were looked at.
CREATE TABLE document_difference (
    loan_id text PRIMARY KEY REFERENCES loan,
    business_date date NOT NULL,
    detail text NOT NULL,
    found_at timestamptz NOT NULL
);
