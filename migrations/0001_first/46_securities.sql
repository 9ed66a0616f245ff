-- What backs a credit line: asked for by rule, brought by the customer, registered and valued by us (STORE-4).
CREATE TABLE line_security (
    id text PRIMARY KEY,
    line_id text NOT NULL REFERENCES credit_line,
    kind text NOT NULL CHECK (kind IN ('mortgage', 'pledge', 'guarantor', 'insurance')),
    state text NOT NULL CHECK (state IN ('offered', 'signed', 'registered', 'rejected', 'released')),
    description text NOT NULL,
    valued_fen bigint CHECK (valued_fen > 0),
    registration_no text NOT NULL DEFAULT '',
    guarantor_id text REFERENCES customer,
    token_sha256 bytea UNIQUE,
    token_sealed bytea,
    evidence jsonb NOT NULL DEFAULT '{}',
    because text NOT NULL DEFAULT '',
    created_at timestamptz NOT NULL,
    changed_at timestamptz NOT NULL,
    CHECK (state <> 'registered' OR valued_fen IS NOT NULL AND registration_no <> '')
);
CREATE INDEX ON line_security (line_id);
