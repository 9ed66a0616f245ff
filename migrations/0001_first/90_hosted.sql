-- A browser at the checkout of one order, or at the borrower's own page (no order).
CREATE TABLE hosted_session (
    id_sha256 bytea PRIMARY KEY,
    order_id text REFERENCES mall_order,
    csrf text NOT NULL,
    state jsonb NOT NULL DEFAULT '{}',
    mobile_sealed bytea,
    created_at timestamptz NOT NULL,
    seen_at timestamptz NOT NULL
);
