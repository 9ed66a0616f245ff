CREATE TABLE mall_order (
    id text PRIMARY KEY,
    partner_id text NOT NULL REFERENCES partner,
    order_no text NOT NULL,
    amount_fen bigint NOT NULL CHECK (amount_fen > 0),
    items jsonb NOT NULL,
    return_url text NOT NULL,
    cancel_url text,
    metadata jsonb NOT NULL,
    application_id text NOT NULL REFERENCES application,
    loan_id text REFERENCES loan,
    state text NOT NULL,
    refunded_fen bigint NOT NULL DEFAULT 0 CHECK (refunded_fen BETWEEN 0 AND amount_fen),
    checkout_token_sha256 bytea NOT NULL UNIQUE,
    checkout_token_sealed bytea NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    UNIQUE (partner_id, order_no)
);
CREATE INDEX ON mall_order (application_id);
CREATE INDEX ON mall_order (partner_id, created_at);

CREATE TABLE mall_refund (
    id text PRIMARY KEY,
    order_id text NOT NULL REFERENCES mall_order,
    partner_id text NOT NULL REFERENCES partner,
    refund_no text NOT NULL,
    amount_fen bigint NOT NULL CHECK (amount_fen > 0),
    items jsonb NOT NULL,
    reason text NOT NULL,
    loan_reduction_fen bigint NOT NULL,
    borrower_refund_fen bigint NOT NULL,
    merchant_claim_fen bigint NOT NULL,
    state text NOT NULL CHECK (state IN ('done', 'pending')),
    created_at timestamptz NOT NULL,
    UNIQUE (partner_id, refund_no)
);
CREATE INDEX ON mall_refund (order_id);
