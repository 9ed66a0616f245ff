CREATE TABLE application (
    id text PRIMARY KEY,
    partner_id text NOT NULL REFERENCES partner,
    scenario text NOT NULL,
    product_code text NOT NULL,
    product_version integer NOT NULL,
    subject text NOT NULL,
    amount_fen bigint NOT NULL CHECK (amount_fen > 0),
    purpose text NOT NULL,
    customer_id text REFERENCES customer,
    bank_card_id text REFERENCES bank_card,
    wallet_id text REFERENCES bank_card,
    device jsonb NOT NULL DEFAULT '{}',
    signals jsonb NOT NULL DEFAULT '{}',
    partner_signals jsonb NOT NULL DEFAULT '{}',
    is_for_line boolean NOT NULL DEFAULT false,
    state text NOT NULL CHECK (state IN
        ('started', 'deciding', 'referred', 'funding', 'approved', 'declined', 'signed', 'cancelled', 'expired')),
    decision_id text,
    review_asked boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL,
    submitted_at timestamptz,
    decided_at timestamptz,
    changed_at timestamptz NOT NULL,
    FOREIGN KEY (product_code, product_version) REFERENCES product_version
);
CREATE INDEX ON application (customer_id);
CREATE INDEX ON application (subject);
CREATE INDEX ON application (state) WHERE state IN ('deciding', 'referred');
CREATE INDEX ON application (decided_at) WHERE state = 'declined';

CREATE TABLE loan (
    id text PRIMARY KEY,
    application_id text NOT NULL UNIQUE REFERENCES application,
    partner_id text NOT NULL REFERENCES partner,
    customer_id text NOT NULL REFERENCES customer,
    bank_card_id text NOT NULL REFERENCES bank_card,
    wallet_id text REFERENCES bank_card,
    scenario text NOT NULL,
    product_code text NOT NULL,
    subject text NOT NULL,
    principal_fen bigint NOT NULL CHECK (principal_fen > 0),
    terms jsonb NOT NULL,
    terms_format integer NOT NULL,
    state text NOT NULL CHECK (state IN
        ('signed', 'paying', 'payout_failed', 'active', 'written_off', 'settled', 'cancelled')),
    signed_at timestamptz NOT NULL,
    start_date date,
    plan_version integer NOT NULL DEFAULT 1,
    contract_version integer NOT NULL DEFAULT 1,
    exposure_holds text[] NOT NULL DEFAULT '{}',
    credit_line_id text REFERENCES credit_line,
    credit_line_scene text,
    split_id integer REFERENCES share_split,
    changed_at timestamptz NOT NULL,
    CHECK ((credit_line_id IS NULL) = (credit_line_scene IS NULL))
);
CREATE INDEX ON loan (customer_id);
CREATE INDEX ON loan (credit_line_id) WHERE credit_line_id IS NOT NULL;
CREATE INDEX ON loan (subject);
CREATE INDEX ON loan (start_date);

CREATE TABLE contract (
    loan_id text PRIMARY KEY REFERENCES loan,
    number text NOT NULL UNIQUE,
    document_name text NOT NULL,
    document_sha256 text NOT NULL,
    cost_showing_id text NOT NULL REFERENCES cost_table_showing,
    evidence jsonb NOT NULL,
    signed_at timestamptz NOT NULL
);

-- A plan that is replaced (goods returned, prepayment) stays, under its version. Due dates and amounts of the
-- contract's own version never change: the loan is that plan and the events since.
CREATE TABLE instalment (
    loan_id text NOT NULL REFERENCES loan,
    plan_version integer NOT NULL,
    number smallint NOT NULL,
    due_date date NOT NULL,
    principal_fen bigint NOT NULL CHECK (principal_fen >= 0),
    interest_fen bigint NOT NULL CHECK (interest_fen >= 0),
    fee_fen bigint NOT NULL CHECK (fee_fen >= 0),
    penalty_fen bigint NOT NULL DEFAULT 0 CHECK (penalty_fen >= 0),
    principal_paid_fen bigint NOT NULL DEFAULT 0,
    interest_paid_fen bigint NOT NULL DEFAULT 0,
    fee_paid_fen bigint NOT NULL DEFAULT 0,
    penalty_paid_fen bigint NOT NULL DEFAULT 0,
    penalty_waived_fen bigint NOT NULL DEFAULT 0,
    overdue_fen_days bigint NOT NULL DEFAULT 0,
    penalised boolean NOT NULL DEFAULT false,
    earns_from date,
    earned_before_fen bigint NOT NULL DEFAULT 0,
    guarantee_fee_fen bigint NOT NULL DEFAULT 0 CHECK (guarantee_fee_fen <= fee_fen),
    guarantee_fee_paid_fen bigint NOT NULL DEFAULT 0 CHECK (guarantee_fee_paid_fen <= guarantee_fee_fen),
    PRIMARY KEY (loan_id, plan_version, number),
    CHECK (principal_paid_fen BETWEEN 0 AND principal_fen),
    CHECK (interest_paid_fen BETWEEN 0 AND interest_fen),
    CHECK (fee_paid_fen BETWEEN 0 AND fee_fen),
    CHECK (penalty_paid_fen BETWEEN 0 AND penalty_fen)
) WITH (fillfactor = 80);

-- What has happened to a loan, in the order in which we heard of it. What is taken back stays, marked.
CREATE TABLE loan_event (
    seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    loan_id text NOT NULL REFERENCES loan,
    kind text NOT NULL,
    happened_on date NOT NULL,
    detail jsonb NOT NULL,
    source_id text NOT NULL UNIQUE,
    entry_id text,
    at timestamptz NOT NULL,
    taken_back_at timestamptz,
    taken_back_because text NOT NULL DEFAULT ''
);
CREATE INDEX ON loan_event (loan_id, seq);
CREATE INDEX ON loan_event (happened_on);

-- `foundation.money.portion` in whole fen: half up, or half even. A half is where the two may differ by one.
CREATE FUNCTION fen_portion(total bigint, part bigint, whole bigint, half_even boolean) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT (2 * total * part + whole) / (2 * whole)
        - CASE WHEN half_even AND (2 * total * part + whole) % (2 * whole) = 0
            THEN (2 * total * part + whole) / (2 * whole) % 2 ELSE 0 END
$$;
-- `engine.ageing.penalty_fen` of overdue principal times days, rounded alike.
CREATE FUNCTION fen_penalty(fen_days bigint, rate numeric, half_even boolean) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT (round(fen_days * rate / 360)
        - CASE WHEN half_even AND 2 * fen_days * rate = 360 * (2 * round(fen_days * rate / 360) - 1)
            THEN mod(round(fen_days * rate / 360), 2) ELSE 0 END)::bigint
$$;
-- `engine.ageing.bucket`, M0 to M6+, by days past due (R-BUCKET-M).
CREATE FUNCTION lateness_bucket(days integer) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN days = 0 THEN 'M0' WHEN days > 180 THEN 'M6+' ELSE 'M' || CAST((days + 29) / 30 AS text) END
$$;

-- How every open loan stands at the beginning of the date `as_of`: what the end of day moves on. Interest of the running
-- instalment is earned by days along a straight course; `settled_interest_fen` is what all others have earned.
CREATE TABLE loan_standing (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    loan_id text NOT NULL UNIQUE REFERENCES loan,
    product_code text NOT NULL,
    as_of date NOT NULL,
    principal_fen bigint NOT NULL,
    principal_open_fen bigint NOT NULL,
    interest_accrued_fen bigint NOT NULL,
    interest_paid_fen bigint NOT NULL,
    settled_interest_fen bigint NOT NULL,
    first_due date NOT NULL,
    course_from date,
    course_until date,
    course_before_fen bigint NOT NULL DEFAULT 0,
    course_rest_fen bigint NOT NULL DEFAULT 0,
    course_paid_fen bigint NOT NULL DEFAULT 0,
    subsidy_fen bigint NOT NULL,
    subsidy_earned_fen bigint NOT NULL,
    subsidy_from date NOT NULL,
    subsidy_until date NOT NULL,
    oldest_due date,
    days_past_due integer NOT NULL DEFAULT 0,
    grade text NOT NULL DEFAULT 'normal',
    penalty_as_of date NOT NULL,
    penalty_rate_annual numeric NOT NULL,
    grace_days smallint NOT NULL,
    half_even boolean NOT NULL DEFAULT false,
    written_off boolean NOT NULL DEFAULT false,
    claimed boolean NOT NULL DEFAULT false,
    guarantor_principal_fen bigint NOT NULL DEFAULT 0,
    claim_after_days integer,
    split_id integer
) WITH (fillfactor = 50);

-- The plan of a loan as it stands at the beginning of its date `as_of`. Penalty counts by the nights that principal is
-- overdue (P23): rows are written when something happens to the loan, and the nights since `penalty_as_of` are added here.
CREATE VIEW instalment_standing AS
SELECT i.loan_id, i.number, i.due_date, i.principal_fen, i.interest_fen, i.fee_fen,
    CASE WHEN since.fen_days = 0 THEN i.penalty_fen WHEN late.penalised
        THEN fen_penalty(i.overdue_fen_days + since.fen_days, s.penalty_rate_annual, s.half_even) - i.penalty_waived_fen
        ELSE -i.penalty_waived_fen END AS penalty_fen,
    i.principal_paid_fen, i.interest_paid_fen, i.fee_paid_fen, i.penalty_paid_fen, i.penalty_waived_fen,
    i.overdue_fen_days + since.fen_days AS overdue_fen_days, late.penalised, i.earns_from, i.earned_before_fen,
    i.guarantee_fee_fen, i.guarantee_fee_paid_fen
FROM loan l JOIN instalment i ON i.loan_id = l.id AND i.plan_version = l.plan_version
LEFT JOIN loan_standing s ON s.loan_id = l.id AND NOT s.written_off AND NOT s.claimed
CROSS JOIN LATERAL (SELECT (i.principal_fen - i.principal_paid_fen)
    * greatest(s.as_of - greatest(s.penalty_as_of, i.due_date), 0) AS fen_days) since
CROSS JOIN LATERAL (SELECT i.penalised OR (since.fen_days > 0 AND s.as_of - i.due_date > s.grace_days) AS penalised) late;

CREATE TABLE payout (
    id text PRIMARY KEY,
    loan_id text NOT NULL REFERENCES loan,
    purpose text NOT NULL CHECK (purpose IN ('disbursement', 'release', 'borrower_refund')),
    refund_id text NOT NULL DEFAULT '',
    part smallint NOT NULL DEFAULT 0,
    attempt smallint NOT NULL,
    channel_order_no text NOT NULL UNIQUE,
    account_id text NOT NULL,
    kind text NOT NULL DEFAULT 'bank' CHECK (kind IN ('bank', 'wallet')),
    amount_fen bigint NOT NULL CHECK (amount_fen > 0),
    offset_fen bigint NOT NULL DEFAULT 0 CHECK (offset_fen >= 0),
    state text NOT NULL CHECK (state IN ('held', 'unknown', 'paid', 'failed')),
    hold_id text,
    queries smallint NOT NULL DEFAULT 0,
    code text NOT NULL DEFAULT '',
    message text NOT NULL DEFAULT '',
    channel_reference text NOT NULL DEFAULT '',
    created_at timestamptz NOT NULL,
    ended_at timestamptz,
    UNIQUE (loan_id, purpose, refund_id, part, attempt)
);
CREATE UNIQUE INDEX ON payout (loan_id, purpose, refund_id, part) WHERE state <> 'failed';
CREATE INDEX ON payout (refund_id) WHERE refund_id <> '';

-- Services paid ahead: what is kept back from the merchant and given to it part by part, as long as it serves (STORE-6).
-- The first part goes with the payout and has no row.
CREATE TABLE loan_release (
    loan_id text NOT NULL REFERENCES loan,
    part smallint NOT NULL CHECK (part > 1),
    due_date date NOT NULL,
    gross_fen bigint NOT NULL CHECK (gross_fen > 0),
    fee_fen bigint NOT NULL CHECK (fee_fen >= 0),
    subsidy_fen bigint NOT NULL CHECK (subsidy_fen >= 0),
    state text NOT NULL CHECK (state IN ('planned', 'paying', 'paid', 'failed', 'stopped')),
    confirmed_at timestamptz,
    confirmed_by text NOT NULL DEFAULT '',
    held_because text NOT NULL DEFAULT '',
    ended_at timestamptz,
    PRIMARY KEY (loan_id, part)
);
CREATE INDEX ON loan_release (due_date) WHERE state = 'planned';

-- News on its way up: what a scenario is to hear of its applications and loans, in order.
CREATE TABLE loan_news (
    seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    scenario text NOT NULL,
    subject text NOT NULL,
    kind text NOT NULL,
    detail jsonb NOT NULL,
    at timestamptz NOT NULL
);
CREATE INDEX ON loan_news (scenario, seq);

-- How late the partner that brought a loan was last told that it is. No row: not late.
CREATE TABLE lateness_told (
    loan_id text PRIMARY KEY REFERENCES loan,
    bucket text NOT NULL
);
