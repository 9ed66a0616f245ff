-- What each other funder of a loan is owed for what happened to it, signed as it sees it; the details of the accounts
-- between it and us (L11). `clearing_id` is the clearing that it went into.
CREATE TABLE share_movement (
    seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    funder text NOT NULL,
    loan_id text NOT NULL REFERENCES loan,
    kind text NOT NULL,
    source_id text NOT NULL,
    business_date date NOT NULL,
    happened_on date NOT NULL,
    at timestamptz NOT NULL,
    principal_fen bigint NOT NULL,
    interest_fen bigint NOT NULL,
    fee_fen bigint NOT NULL,
    penalty_fen bigint NOT NULL,
    service_fee_fen bigint NOT NULL,
    funded_fen bigint NOT NULL,
    due_fen bigint NOT NULL GENERATED ALWAYS AS
        (principal_fen + interest_fen + fee_fen + penalty_fen + service_fee_fen + funded_fen) STORED,
    principal_open_fen bigint NOT NULL,
    clearing_id text,
    UNIQUE (funder, loan_id, kind, source_id)
);
COMMENT ON COLUMN share_movement.funded_fen IS 'of what it lends, what it had sent for the loan beforehand';
COMMENT ON COLUMN share_movement.principal_open_fen IS 'its part of what the borrower owes, afterwards';
CREATE INDEX ON share_movement (funder, at) WHERE clearing_id IS NULL;
CREATE INDEX ON share_movement (clearing_id) WHERE clearing_id IS NOT NULL;
CREATE INDEX ON share_movement (loan_id);
CREATE INDEX ON share_movement (business_date, funder);

-- What its other funders were last told of how late a joint loan is. No row: M0 and normal.
CREATE TABLE share_told (
    loan_id text PRIMARY KEY REFERENCES loan,
    bucket text NOT NULL,
    grade text NOT NULL
);
