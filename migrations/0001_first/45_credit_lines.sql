-- What a customer may owe at once by paying in stores; a repayment gives it back (STORE-2). What is drawn stands on the
-- line's account in the ledger, whose limit is `limit_fen` and a raise that has not run out.
CREATE TABLE credit_line (
    id text PRIMARY KEY,
    customer_id text NOT NULL REFERENCES customer,
    application_id text NOT NULL UNIQUE,
    product_code text NOT NULL,
    product_version integer NOT NULL,
    state text NOT NULL CHECK (state IN ('waiting', 'open', 'frozen', 'closed')),
    limit_fen bigint NOT NULL CHECK (limit_fen > 0),
    raise_fen bigint NOT NULL DEFAULT 0 CHECK (raise_fen >= 0),
    raise_until date,
    security_needed_fen bigint NOT NULL DEFAULT 0 CHECK (security_needed_fen >= 0),
    exposure_fen bigint NOT NULL CHECK (exposure_fen >= 0),
    changes integer NOT NULL DEFAULT 0,
    frozen_because text NOT NULL DEFAULT '',
    review_due date NOT NULL,
    created_at timestamptz NOT NULL,
    opened_at timestamptz,
    changed_at timestamptz NOT NULL,
    FOREIGN KEY (product_code, product_version) REFERENCES product_version,
    CHECK ((raise_fen > 0) = (raise_until IS NOT NULL)),
    CHECK ((state = 'frozen') = (frozen_because <> ''))
);
-- STORE-2: one line for one customer.
CREATE UNIQUE INDEX ON credit_line (customer_id) WHERE state <> 'closed';
CREATE INDEX ON credit_line (raise_until) WHERE raise_until IS NOT NULL;

-- Kinds of consumption that the line may be drawn for, and how much of it each may take.
CREATE TABLE credit_line_scene (
    line_id text NOT NULL REFERENCES credit_line,
    scene text NOT NULL,
    limit_fen bigint NOT NULL CHECK (limit_fen > 0),
    PRIMARY KEY (line_id, scene)
);
