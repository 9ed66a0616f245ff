-- A business date that was closed, and how long each step of its end took.
CREATE TABLE closed_day (
    business_date date PRIMARY KEY,
    step_ms jsonb NOT NULL,
    closed_at timestamptz NOT NULL,
    followed_at timestamptz
);
COMMENT ON COLUMN closed_day.followed_at IS 'when that was done which needs a date that takes nothing more';
CREATE INDEX ON closed_day (business_date) WHERE followed_at IS NULL;

-- Work of the end of a date: a step on a span of loans. Whoever locks a row does it, and the mark commits with it.
CREATE TABLE eod_work (
    business_date date NOT NULL,
    step text NOT NULL,
    part integer NOT NULL,
    first_number bigint NOT NULL,
    last_number bigint NOT NULL,
    touched bigint,
    done_at timestamptz,
    PRIMARY KEY (business_date, step, part)
);
CREATE INDEX ON eod_work (business_date, step, part) WHERE done_at IS NULL;

-- Loans that a step failed on, and why; the others are done.
CREATE TABLE eod_failure (
    business_date date NOT NULL,
    step text NOT NULL,
    number bigint NOT NULL,
    loan_id text NOT NULL,
    reason text NOT NULL,
    at timestamptz NOT NULL,
    PRIMARY KEY (business_date, step, number)
);
