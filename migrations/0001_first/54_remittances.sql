-- Money that we pay to a partner's settlement account beside loans: what a platform earned, what a guarantor gets back.
-- `legs` is what its entry says, in every book that it concerns.
CREATE TABLE remittance (
    id text PRIMARY KEY,
    partner_id text NOT NULL REFERENCES partner,
    purpose text NOT NULL CHECK (purpose IN ('commission', 'recourse')),
    subject text NOT NULL,
    attempt smallint NOT NULL,
    channel_order_no text NOT NULL UNIQUE,
    account_id text NOT NULL REFERENCES settlement_account,
    amount_fen bigint NOT NULL CHECK (amount_fen > 0),
    debit_code text NOT NULL,
    debit_owner text NOT NULL,
    legs jsonb NOT NULL,
    state text NOT NULL CHECK (state IN ('held', 'unknown', 'paid', 'failed')),
    hold_id text NOT NULL,
    queries smallint NOT NULL DEFAULT 0,
    code text NOT NULL DEFAULT '',
    message text NOT NULL DEFAULT '',
    channel_reference text NOT NULL DEFAULT '',
    created_at timestamptz NOT NULL,
    ended_at timestamptz,
    UNIQUE (purpose, subject, attempt)
);
-- One payment for a subject at a time, and never a second one after it was made.
CREATE UNIQUE INDEX ON remittance (purpose, subject) WHERE state <> 'failed';
CREATE INDEX ON remittance (partner_id, created_at);
