-- How we clear with a funder, where it is not once a working day with all that the date holds.
CREATE TABLE clearing_agreement (
    funder text PRIMARY KEY REFERENCES partner,
    mode text NOT NULL CHECK (mode IN ('day', 'event')),
    cut_off time
);
COMMENT ON COLUMN clearing_agreement.cut_off IS 'Shanghai time after which what moves goes into the next clearing';

-- What is settled with a funder at one time: the sum of its movements, paid to it (above 0) or by it (below 0).
CREATE TABLE clearing (
    id text PRIMARY KEY,
    seq bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
    funder text NOT NULL REFERENCES partner,
    business_date date NOT NULL,
    mode text NOT NULL CHECK (mode IN ('day', 'event')),
    movements bigint NOT NULL,
    principal_fen bigint NOT NULL,
    interest_fen bigint NOT NULL,
    fee_fen bigint NOT NULL,
    penalty_fen bigint NOT NULL,
    service_fee_fen bigint NOT NULL,
    funded_fen bigint NOT NULL,
    carried_fen bigint NOT NULL,
    amount_fen bigint NOT NULL GENERATED ALWAYS AS (principal_fen + interest_fen + fee_fen + penalty_fen
        + service_fee_fen + funded_fen + carried_fen) STORED,
    state text NOT NULL CHECK (state IN ('held', 'unknown', 'paid', 'failed', 'expected', 'received', 'carried', 'even')),
    carried_into text REFERENCES clearing,
    account_id text REFERENCES settlement_account,
    channel_order_no text NOT NULL UNIQUE,
    hold_id text,
    entry_id text,
    queries smallint NOT NULL DEFAULT 0,
    code text NOT NULL DEFAULT '',
    message text NOT NULL DEFAULT '',
    reference text NOT NULL DEFAULT '',
    created_at timestamptz NOT NULL,
    ended_at timestamptz,
    CHECK ((state = 'carried') = (carried_into IS NOT NULL))
);
COMMENT ON COLUMN clearing.carried_fen IS 'from earlier clearings that no money has moved for';
CREATE INDEX ON clearing (funder, seq);
CREATE INDEX ON clearing (funder) WHERE state IN ('held', 'unknown', 'failed', 'expected');
ALTER TABLE share_movement ADD FOREIGN KEY (clearing_id) REFERENCES clearing
    DEFERRABLE INITIALLY DEFERRED;

-- Of what a funder's loans together were bad enough to be told, and have not got better since.
CREATE TABLE portfolio_warned (
    funder text NOT NULL,
    kind text NOT NULL,
    PRIMARY KEY (funder, kind)
);

-- What is still to fall due of each open shared loan, by instalment, and before it what is paid; `share_due_total` is what
-- all of them together mean for each funder. As they stood at the end of `share_due_day`: the next forecast takes off and
-- puts on again only the loans that something has happened to since.
CREATE TABLE share_due (
    loan_id text PRIMARY KEY REFERENCES loan,
    split_id integer NOT NULL REFERENCES share_split,
    due_dates date[] NOT NULL,
    principal_fen bigint[] NOT NULL,
    interest_fen bigint[] NOT NULL,
    principal_paid_fen bigint NOT NULL,
    interest_paid_fen bigint NOT NULL
);
CREATE TABLE share_due_total (
    funder text NOT NULL,
    due_date date NOT NULL,
    principal_fen bigint NOT NULL,
    interest_fen bigint NOT NULL,
    PRIMARY KEY (funder, due_date)
);
CREATE TABLE share_due_day (
    is_one boolean PRIMARY KEY DEFAULT true CHECK (is_one),
    business_date date NOT NULL
);
