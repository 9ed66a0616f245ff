-- A browser at one matter, such as the checkout of an order, or at the borrower's own page (none).
CREATE TABLE hosted_session (
    id_sha256 bytea PRIMARY KEY,
    subject text,
    csrf text NOT NULL,
    state jsonb NOT NULL DEFAULT '{}',
    mobile_sealed bytea,
    created_at timestamptz NOT NULL,
    seen_at timestamptz NOT NULL
);
