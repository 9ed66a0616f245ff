-- What a guarantor is asked to pay for a loan, and what became of it (ASSIST-6, P17).
CREATE TABLE guarantee_claim (
    id text PRIMARY KEY,
    loan_id text NOT NULL REFERENCES loan,
    guarantor_id text NOT NULL REFERENCES partner,
    agreement_id text NOT NULL REFERENCES guarantee_agreement,
    state text NOT NULL CHECK (state IN ('filed', 'paid', 'withdrawn', 'taken_back')),
    filed_on date NOT NULL,
    days_past_due integer NOT NULL,
    principal_fen bigint NOT NULL CHECK (principal_fen >= 0),
    interest_fen bigint NOT NULL CHECK (interest_fen >= 0),
    penalty_fen bigint NOT NULL CHECK (penalty_fen >= 0),
    amount_fen bigint NOT NULL GENERATED ALWAYS AS (principal_fen + interest_fen + penalty_fen) STORED,
    announced_reference text NOT NULL DEFAULT '',
    announced_at timestamptz,
    paid_by text NOT NULL DEFAULT '' CHECK (paid_by IN ('', 'pool', 'transfer')),
    paid_on date,
    paid_fen bigint NOT NULL DEFAULT 0,
    money_entry_id text REFERENCES journal_entry (id),
    filed_at timestamptz NOT NULL,
    changed_at timestamptz NOT NULL,
    because text NOT NULL DEFAULT '',
    CHECK (principal_fen + interest_fen + penalty_fen > 0),
    CHECK ((paid_on IS NULL) = (paid_by = ''))
);
CREATE UNIQUE INDEX ON guarantee_claim (loan_id) WHERE state IN ('filed', 'paid');
CREATE INDEX ON guarantee_claim (guarantor_id, filed_at, id);

-- Money that a guarantor sent: into its deposit, or for a claim. One arrival is entered once.
CREATE TABLE guarantor_receipt (
    id text PRIMARY KEY,
    guarantor_id text NOT NULL REFERENCES partner,
    claim_id text REFERENCES guarantee_claim,
    amount_fen bigint NOT NULL CHECK (amount_fen > 0),
    reference text NOT NULL UNIQUE,
    arrived_on date NOT NULL,
    entry_id text NOT NULL REFERENCES journal_entry (id),
    entered_at timestamptz NOT NULL
);
CREATE INDEX ON guarantor_receipt (entry_id);
