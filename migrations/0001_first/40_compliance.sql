CREATE TABLE regulation_parameter (
    code text NOT NULL,
    value text NOT NULL,
    valid_from date NOT NULL,
    valid_to date,
    source text NOT NULL,
    confidence text NOT NULL,
    PRIMARY KEY (code, valid_from),
    CHECK (valid_to >= valid_from)
);

-- R-COST-TABLE, R-COST-READ: what was shown, from when, and when it was confirmed.
CREATE TABLE cost_table_showing (
    id text PRIMARY KEY,
    application_id text NOT NULL,
    table_shown jsonb NOT NULL,
    table_sha256 text NOT NULL,
    shown_at timestamptz NOT NULL,
    scrolled_at timestamptz,
    confirmed_at timestamptz,
    CHECK (scrolled_at >= shown_at),
    CHECK (confirmed_at IS NULL OR confirmed_at >= scrolled_at AND scrolled_at IS NOT NULL)
);
CREATE INDEX ON cost_table_showing (application_id, shown_at);

-- R-TRACE: the sequence of pages a borrower saw and what was chosen on them.
CREATE TABLE journey_step (
    seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    application_id text NOT NULL,
    page text NOT NULL,
    page_version text NOT NULL,
    choice jsonb NOT NULL,
    at timestamptz NOT NULL
);
CREATE INDEX ON journey_step (application_id);
