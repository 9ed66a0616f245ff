CREATE TABLE checkout_session (
    id_sha256 bytea PRIMARY KEY,
    order_id text NOT NULL REFERENCES mall_order,
    csrf text NOT NULL,
    state jsonb NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL,
    seen_at timestamptz NOT NULL
);
