CREATE TABLE repayment (
    id text PRIMARY KEY,
    loan_id text NOT NULL REFERENCES loan,
    source text NOT NULL CHECK (source IN ('active_debit', 'auto_debit', 'transfer')),
    what text NOT NULL CHECK (what IN ('due', 'next', 'payoff', 'part_shorter', 'part_smaller')),
    until_number smallint NOT NULL DEFAULT 0,
    channel_order_no text UNIQUE,
    bank_card_id text,
    amount_fen bigint NOT NULL CHECK (amount_fen > 0),
    state text NOT NULL CHECK (state IN ('held', 'unknown', 'received', 'failed', 'reversed')),
    allocation jsonb,
    excess_fen bigint NOT NULL DEFAULT 0,
    entry_id text,
    queries smallint NOT NULL DEFAULT 0,
    code text NOT NULL DEFAULT '',
    message text NOT NULL DEFAULT '',
    channel_reference text NOT NULL DEFAULT '',
    business_date date NOT NULL,
    created_at timestamptz NOT NULL,
    ended_at timestamptz
);
CREATE INDEX ON repayment (loan_id);
CREATE INDEX ON repayment (created_at);
CREATE INDEX ON repayment (id) WHERE state = 'held';
CREATE INDEX ON repayment (channel_reference) WHERE state = 'received';
-- T20: one debit in flight for a loan.
CREATE UNIQUE INDEX ON repayment (loan_id) WHERE state IN ('held', 'unknown');

-- T20: one arrival is entered once; taken back, it may be entered anew where it belongs.
CREATE UNIQUE INDEX ON repayment (channel_reference) WHERE source = 'transfer' AND state <> 'reversed';

-- What a borrower is told some days before an instalment falls due.
CREATE TABLE bill (
    loan_id text NOT NULL REFERENCES loan,
    due_date date NOT NULL,
    principal_fen bigint NOT NULL,
    interest_fen bigint NOT NULL,
    fee_fen bigint NOT NULL,
    made_on date NOT NULL,
    PRIMARY KEY (loan_id, due_date)
);
