-- What was agreed with a platform for a product (ASSIST-8). `tiers` are parts of the full rate, by the month's volume
-- or by how much of its portfolio is overdue.
CREATE TABLE commission_agreement (
    id text PRIMARY KEY,
    platform_id text NOT NULL REFERENCES partner,
    product_code text NOT NULL,
    basis text NOT NULL CHECK (basis IN ('interest', 'principal', 'loan')),
    rate numeric NOT NULL CHECK (rate BETWEEN 0 AND 1),
    per_loan_fen bigint NOT NULL CHECK (per_loan_fen >= 0),
    cap_rate numeric NOT NULL CHECK (cap_rate BETWEEN 0 AND 1),
    clawback_days integer NOT NULL CHECK (clawback_days >= 0),
    clawback_rate numeric NOT NULL CHECK (clawback_rate BETWEEN 0 AND 1),
    tier_by text NOT NULL CHECK (tier_by IN ('none', 'volume', 'overdue')),
    tiers jsonb NOT NULL,
    valid_from date NOT NULL,
    valid_to date,
    made_at timestamptz NOT NULL,
    UNIQUE (platform_id, product_code, valid_from)
);

-- All that moved what a platform is owed, but for payments to it: those are remittances. Of a loan as it was repaid;
-- of a bill (`bill_id`) as it was tiered or corrected.
CREATE TABLE commission_movement (
    seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id text NOT NULL UNIQUE,
    platform_id text NOT NULL REFERENCES partner,
    kind text NOT NULL CHECK (kind IN ('accrued', 'clawback', 'tier', 'adjustment')),
    loan_id text REFERENCES loan,
    lead_id text,
    lead_no text,
    bill_id text,
    amount_fen bigint NOT NULL CHECK (amount_fen <> 0),
    received_before_fen bigint NOT NULL DEFAULT 0,
    received_fen bigint NOT NULL DEFAULT 0,
    earned_before_fen bigint NOT NULL DEFAULT 0,
    earned_fen bigint NOT NULL DEFAULT 0 CHECK (earned_fen >= 0),
    is_bad boolean NOT NULL DEFAULT false,
    source_id text NOT NULL,
    business_date date NOT NULL,
    at timestamptz NOT NULL,
    CHECK ((loan_id IS NULL) <> (bill_id IS NULL)),
    CHECK (loan_id IS NULL OR amount_fen = earned_fen - earned_before_fen)
);
CREATE INDEX ON commission_movement (business_date, platform_id);
CREATE INDEX ON commission_movement (loan_id) WHERE loan_id IS NOT NULL;
