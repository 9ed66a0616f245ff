-- The chart: a control account has a code; sub-accounts below it have an owner (a loan, a merchant, a borrower).
CREATE TABLE ledger_account (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    book text NOT NULL,
    code text NOT NULL,
    owner text NOT NULL DEFAULT '',
    debit_limit_fen bigint,
    credit_limit_fen bigint,
    opened_at timestamptz NOT NULL,
    UNIQUE (book, code, owner)
);

-- Only accounts with a limit keep a running balance and are locked; all others are the fold of their lines.
CREATE TABLE ledger_limit (
    account_id bigint PRIMARY KEY REFERENCES ledger_account,
    posted_fen bigint NOT NULL DEFAULT 0,
    held_debit_fen bigint NOT NULL DEFAULT 0 CHECK (held_debit_fen >= 0),
    held_credit_fen bigint NOT NULL DEFAULT 0 CHECK (held_credit_fen >= 0)
);

CREATE TABLE journal_entry (
    id text PRIMARY KEY,
    seq bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
    book text NOT NULL,
    kind text NOT NULL,
    effective_date date NOT NULL,
    booked_date date NOT NULL,
    subject text NOT NULL,
    memo text NOT NULL,
    key text UNIQUE,
    content_sha256 bytea NOT NULL,
    reverses text UNIQUE REFERENCES journal_entry,
    created_at timestamptz NOT NULL
);
CREATE INDEX ON journal_entry (subject);

CREATE TABLE journal_line (
    entry_id text NOT NULL REFERENCES journal_entry,
    number smallint NOT NULL,
    account_id bigint NOT NULL REFERENCES ledger_account,
    debit_fen bigint NOT NULL CHECK (debit_fen >= 0),
    credit_fen bigint NOT NULL CHECK (credit_fen >= 0),
    booked_date date NOT NULL,
    PRIMARY KEY (entry_id, number),
    CHECK ((debit_fen = 0) <> (credit_fen = 0))
);
CREATE INDEX ON journal_line (account_id, booked_date) INCLUDE (debit_fen, credit_fen);

CREATE TABLE ledger_hold (
    id text PRIMARY KEY,
    book text NOT NULL,
    debit_account bigint NOT NULL REFERENCES ledger_account,
    credit_account bigint NOT NULL REFERENCES ledger_account,
    amount_fen bigint NOT NULL CHECK (amount_fen > 0),
    subject text NOT NULL,
    memo text NOT NULL,
    state text NOT NULL CHECK (state IN ('held', 'posted', 'voided')),
    entry_id text REFERENCES journal_entry,
    held_at timestamptz NOT NULL,
    ended_at timestamptz
);

-- L9: digests chained in the order of sealing, which has no gap.
CREATE TABLE journal_seal (
    number bigint PRIMARY KEY,
    entry_id text NOT NULL UNIQUE REFERENCES journal_entry,
    digest bytea NOT NULL
);

-- L3: nothing posted is ever changed or removed, whoever asks.
CREATE FUNCTION journal_only_grows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the journal only grows: % on % is refused', TG_OP, TG_TABLE_NAME;
END $$;
CREATE TRIGGER only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON journal_entry
    FOR EACH STATEMENT EXECUTE FUNCTION journal_only_grows();
CREATE TRIGGER only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON journal_line
    FOR EACH STATEMENT EXECUTE FUNCTION journal_only_grows();
CREATE TRIGGER only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON journal_seal
    FOR EACH STATEMENT EXECUTE FUNCTION journal_only_grows();
