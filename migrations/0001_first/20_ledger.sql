-- The chart: a control account has a code; sub-accounts below it have an owner (a loan, a merchant, a borrower).
-- An account belongs to one legal book: ours, a funder's or a guarantor's.
CREATE TABLE ledger_account (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    book text NOT NULL CHECK (book ~ '^(own|(funder|guarantor):[A-Za-z0-9_-]+)$'),
    code text NOT NULL,
    owner text NOT NULL DEFAULT '',
    opened_at timestamptz NOT NULL,
    UNIQUE (book, code, owner)
);

-- Only accounts with a limit keep a running balance and are locked; all others are the fold of their lines.
CREATE TABLE ledger_limit (
    account_id bigint PRIMARY KEY REFERENCES ledger_account,
    debit_limit_fen bigint,
    credit_limit_fen bigint,
    posted_fen bigint NOT NULL DEFAULT 0,
    held_debit_fen bigint NOT NULL DEFAULT 0 CHECK (held_debit_fen >= 0),
    held_credit_fen bigint NOT NULL DEFAULT 0 CHECK (held_credit_fen >= 0)
) WITH (fillfactor = 70);

CREATE TABLE journal_entry (
    seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id text NOT NULL UNIQUE,
    kind text NOT NULL,
    effective_date date,
    booked_date date NOT NULL,
    subject text NOT NULL,
    memo text NOT NULL,
    key text NOT NULL UNIQUE,
    content_sha256 bytea NOT NULL,
    reverses text REFERENCES journal_entry (id),
    created_at timestamptz NOT NULL
);
CREATE INDEX ON journal_entry (subject);
CREATE UNIQUE INDEX ON journal_entry (reverses) WHERE reverses IS NOT NULL;

-- No foreign key to ledger_account: it would lock the row of a busy account for every line. Accounts never go away.
CREATE TABLE journal_line (
    entry_seq bigint NOT NULL,
    number smallint NOT NULL,
    account_id bigint NOT NULL,
    debit_fen bigint NOT NULL CHECK (debit_fen >= 0),
    credit_fen bigint NOT NULL CHECK (credit_fen >= 0),
    booked_date date NOT NULL,
    PRIMARY KEY (entry_seq, number),
    CHECK ((debit_fen = 0) <> (credit_fen = 0))
);
CREATE INDEX ON journal_line (account_id, booked_date) INCLUDE (debit_fen, credit_fen);
CREATE INDEX ON journal_line USING brin (booked_date) WITH (pages_per_range = 32);
CREATE INDEX ON journal_entry USING brin (booked_date) WITH (pages_per_range = 32);

CREATE TABLE ledger_hold (
    id text PRIMARY KEY,
    debit_account bigint NOT NULL,
    credit_account bigint NOT NULL,
    amount_fen bigint NOT NULL CHECK (amount_fen > 0),
    subject text NOT NULL,
    memo text NOT NULL,
    state text NOT NULL CHECK (state IN ('held', 'posted', 'voided')),
    entry_id text REFERENCES journal_entry (id),
    ended_because text NOT NULL DEFAULT '',
    held_at timestamptz NOT NULL,
    ended_at timestamptz,
    sha256 bytea NOT NULL,
    CHECK ((state = 'posted') = (entry_id IS NOT NULL)),
    CHECK ((state = 'held') = (ended_at IS NULL))
);
CREATE INDEX ON ledger_hold (subject);
CREATE INDEX ON ledger_hold (debit_account) WHERE state = 'held';
CREATE INDEX ON ledger_hold (credit_account) WHERE state = 'held';
CREATE UNIQUE INDEX ON ledger_hold (entry_id) WHERE entry_id IS NOT NULL;

-- L9: digests chained in the order of sealing, which has no gap. Entries wait here until they are sealed.
CREATE TABLE journal_unsealed (
    entry_seq bigint PRIMARY KEY
);
CREATE TABLE journal_seal (
    number bigint PRIMARY KEY CHECK (number > 0),
    entry_seq bigint NOT NULL UNIQUE REFERENCES journal_entry,
    digest bytea NOT NULL
);

-- What was booked on a date that is closed, and the newest seal then: so that no later proof reads it all again.
CREATE TABLE ledger_day (
    book text NOT NULL,
    code text NOT NULL,
    business_date date NOT NULL,
    debit_fen numeric NOT NULL,
    credit_fen numeric NOT NULL,
    PRIMARY KEY (book, code, business_date)
);
CREATE TABLE ledger_proof (
    business_date date PRIMARY KEY,
    seal_number bigint NOT NULL,
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
CREATE TRIGGER only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_account
    FOR EACH STATEMENT EXECUTE FUNCTION journal_only_grows();
CREATE TRIGGER only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_day
    FOR EACH STATEMENT EXECUTE FUNCTION journal_only_grows();
CREATE TRIGGER only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_proof
    FOR EACH STATEMENT EXECUTE FUNCTION journal_only_grows();
CREATE TRIGGER only_grows BEFORE DELETE OR TRUNCATE ON ledger_hold
    FOR EACH STATEMENT EXECUTE FUNCTION journal_only_grows();

-- A hold ends once, and nothing else about it changes.
CREATE FUNCTION ledger_hold_ends_once() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state <> 'held' OR NEW.state = 'held'
        OR (OLD.id, OLD.debit_account, OLD.credit_account, OLD.amount_fen, OLD.subject, OLD.memo, OLD.held_at)
        IS DISTINCT FROM
        (NEW.id, NEW.debit_account, NEW.credit_account, NEW.amount_fen, NEW.subject, NEW.memo, NEW.held_at)
    THEN
        RAISE EXCEPTION 'the journal only grows: a hold ends once and is not changed otherwise';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER ends_once BEFORE UPDATE ON ledger_hold
    FOR EACH ROW EXECUTE FUNCTION ledger_hold_ends_once();

-- L9: a hold is no entry of the journal; it bears the digest of its own row, so that any changed byte is found.
CREATE FUNCTION ledger_hold_digest(hold ledger_hold) RETURNS bytea LANGUAGE sql STABLE SET timezone = 'UTC' AS $$
    SELECT sha256(convert_to((to_jsonb(hold) - 'sha256')::text, 'UTF8'))
$$;
CREATE FUNCTION ledger_hold_digested() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.sha256 := ledger_hold_digest(NEW);
    RETURN NEW;
END $$;
CREATE TRIGGER then_digested BEFORE INSERT OR UPDATE ON ledger_hold
    FOR EACH ROW EXECUTE FUNCTION ledger_hold_digested();

-- L10: whoever moves the business date first waits for every posting in flight, and holds back new ones until the
-- new date is there. Postings themselves take no lock for it but the one that every INSERT takes on its table.
CREATE FUNCTION journal_waits_for_the_date() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    LOCK TABLE journal_entry IN SHARE MODE;
    RETURN NEW;
END $$;
CREATE TRIGGER journal_waits BEFORE UPDATE ON business_day
    FOR EACH ROW EXECUTE FUNCTION journal_waits_for_the_date();
