-- The chart: a control account has a code; sub-accounts below it have an owner (a loan, a merchant, a borrower).
-- An account belongs to one legal book: ours, a funder's or a guarantor's.
CREATE TABLE ledger_account (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    book text NOT NULL CHECK (book ~ '^(own|(funder|guarantor):[A-Za-z0-9_-]+)$'),
    code text NOT NULL,
    owner text NOT NULL DEFAULT '',
    limited boolean NOT NULL,
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

-- L9: the limits that an account was given where they are not the chart's for its code. Each bears a digest over itself
-- and the change before it of the same account.
CREATE TABLE ledger_limit_change (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account_id bigint NOT NULL,
    debit_limit_fen bigint,
    credit_limit_fen bigint,
    at timestamptz NOT NULL,
    sha256 bytea NOT NULL
);
CREATE INDEX ON ledger_limit_change (account_id, number);

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
    debit_fen bigint NOT NULL,
    credit_fen bigint NOT NULL,
    booked_date date NOT NULL,
    PRIMARY KEY (entry_seq, number),
    CHECK (least(debit_fen, credit_fen) = 0 AND greatest(debit_fen, credit_fen) > 0)
);
CREATE INDEX ON journal_line (account_id, booked_date) INCLUDE (debit_fen, credit_fen);

-- The number of the first entry of each date. The date moves only while no posting is in flight (see the end of this file), so
-- the entries of a date are those from its number up to the next one: whoever reads a date needs no index on dates.
CREATE TABLE journal_date (
    booked_date date PRIMARY KEY,
    first_seq bigint NOT NULL
);
CREATE FUNCTION journal_from(p_date date) RETURNS bigint LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT coalesce((SELECT first_seq FROM journal_date WHERE booked_date >= p_date ORDER BY booked_date LIMIT 1),
        9223372036854775807)
$$;

-- What was booked from a date up to another, by book and code. The lines are read once; then each account is looked up by
-- itself (LATERAL, LIMIT 1): one plan, whatever is known, or not known yet, of how many lines, accounts and books there are.
CREATE FUNCTION journal_totals(p_from date, p_until date)
RETURNS TABLE (book text, code text, debit_fen numeric, credit_fen numeric) LANGUAGE sql STABLE AS $$
    SELECT a.book, a.code, sum(l.debit_fen), sum(l.credit_fen)
    FROM (SELECT account_id, sum(debit_fen) AS debit_fen, sum(credit_fen) AS credit_fen FROM journal_line
        WHERE entry_seq >= (SELECT journal_from(p_from)) AND entry_seq < (SELECT journal_from(p_until))
        GROUP BY account_id) l
    CROSS JOIN LATERAL (SELECT book, code FROM ledger_account WHERE id = l.account_id LIMIT 1) a
    GROUP BY a.book, a.code
$$;

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

-- L9: digests chained in the order of sealing, which has no gap. Sealing goes by the entries' numbers up to the last that it
-- sees; a number below that which has no entry, because that is in flight or was undone, is kept as a gap, to be sealed
-- once its entry is there. A gap of a date that is over stays one for ever and is forgotten.
CREATE TABLE journal_gap (
    seq bigint PRIMARY KEY
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
CREATE TRIGGER only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON journal_date
    FOR EACH STATEMENT EXECUTE FUNCTION journal_only_grows();
CREATE TRIGGER only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON journal_seal
    FOR EACH STATEMENT EXECUTE FUNCTION journal_only_grows();
CREATE TRIGGER only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_account
    FOR EACH STATEMENT EXECUTE FUNCTION journal_only_grows();
CREATE TRIGGER only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_day
    FOR EACH STATEMENT EXECUTE FUNCTION journal_only_grows();
CREATE TRIGGER only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_proof
    FOR EACH STATEMENT EXECUTE FUNCTION journal_only_grows();
CREATE TRIGGER only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_limit_change
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

CREATE FUNCTION ledger_limit_change_digest(change ledger_limit_change)
RETURNS bytea LANGUAGE sql STABLE SET timezone = 'UTC' AS $$
    SELECT sha256(coalesce((SELECT sha256 FROM ledger_limit_change before WHERE before.account_id = change.account_id
            AND before.number < change.number ORDER BY before.number DESC LIMIT 1), '')
        || convert_to((to_jsonb(change) - 'sha256')::text, 'UTF8'))
$$;
CREATE FUNCTION ledger_limit_change_digested() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.sha256 := ledger_limit_change_digest(NEW);
    RETURN NEW;
END $$;
CREATE TRIGGER digested BEFORE INSERT ON ledger_limit_change
    FOR EACH ROW EXECUTE FUNCTION ledger_limit_change_digested();

-- L15, P12: which limit is in the way of moving a limited account, with what is held on it, and where the account would
-- stand; a change that relieves it always may. NULL: none any more, somebody relieved it just now, and it cannot change again
-- under our lock.
CREATE FUNCTION ledger_refusal(p_account bigint, p_fen bigint, p_held_debit_fen bigint, p_held_credit_fen bigint)
RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    v_kept ledger_limit;
BEGIN
    SELECT * INTO STRICT v_kept FROM ledger_limit WHERE account_id = p_account FOR UPDATE;
    IF v_kept.posted_fen + p_fen + v_kept.held_debit_fen + p_held_debit_fen
        > greatest(v_kept.debit_limit_fen, v_kept.posted_fen + v_kept.held_debit_fen)
    THEN
        RETURN jsonb_build_object('account_id', p_account, 'limit_fen', v_kept.debit_limit_fen,
            'would_be_fen', v_kept.posted_fen + p_fen + v_kept.held_debit_fen + p_held_debit_fen);
    ELSIF v_kept.held_credit_fen + p_held_credit_fen - v_kept.posted_fen - p_fen
        > greatest(v_kept.credit_limit_fen, v_kept.held_credit_fen - v_kept.posted_fen)
    THEN
        RETURN jsonb_build_object('account_id', p_account, 'limit_fen', v_kept.credit_limit_fen,
            'would_be_fen', v_kept.held_credit_fen + p_held_credit_fen - v_kept.posted_fen - p_fen);
    END IF;
    RETURN NULL;
END $$;

-- A whole entry in one call: opens accounts that are new, moves those with a limit in one order, writes entry and lines
-- on the open date, and ends a hold with it. NULL: written. Else nothing is changed but accounts that are open now, and
-- the answer is the entry that has the key (`entry_id`, `sha256`), the limit that is in the way (`leg`, from 1, and what
-- `ledger_refusal` says), or empty where no date is open.
-- `p_legs` is [[book, code, owner, debit, credit], ...]; `p_limits` the limits to open a code with, {code: [debit, credit]}.
-- Accounts are looked up each by itself (LATERAL, LIMIT 1), so that one plan serves for every size of the chart.
CREATE FUNCTION journal_post(
    p_id text, p_kind text, p_effective date, p_subject text, p_memo text, p_key text, p_sha256 bytea, p_reverses text,
    p_now timestamptz, p_legs jsonb, p_limits text, p_hold text
) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    v_limits jsonb;
    v_accounts bigint[];
    v_debits bigint[];
    v_credits bigint[];
    v_limited bigint[];
    v_hold ledger_hold;
    v_account bigint;
    v_fen bigint;
    v_held_debit bigint;
    v_held_credit bigint;
    v_moved bigint[] := '{}';
    v_refused jsonb;
    v_seq bigint;
    v_date date;
BEGIN
    LOOP
        SELECT array_agg(a.id), array_agg(CAST(t.leg ->> 3 AS bigint)), array_agg(CAST(t.leg ->> 4 AS bigint)),
            array_agg(a.id) FILTER (WHERE a.limited)
        INTO v_accounts, v_debits, v_credits, v_limited
        FROM jsonb_array_elements(p_legs) AS t (leg) LEFT JOIN LATERAL (SELECT id, limited FROM ledger_account
            WHERE book = t.leg ->> 0 AND code = t.leg ->> 1 AND owner = t.leg ->> 2 LIMIT 1) a ON true;
        EXIT WHEN array_position(v_accounts, NULL) IS NULL;
        v_limits := p_limits;
        WITH opened AS (
            INSERT INTO ledger_account (book, code, owner, limited, opened_at)
            SELECT DISTINCT t.leg ->> 0, t.leg ->> 1, t.leg ->> 2, v_limits ? (t.leg ->> 1), p_now
            FROM jsonb_array_elements(p_legs) WITH ORDINALITY AS t (leg, number)
            WHERE v_accounts[t.number] IS NULL ORDER BY 1, 2, 3 ON CONFLICT DO NOTHING RETURNING id, code, limited)
        INSERT INTO ledger_limit (account_id, debit_limit_fen, credit_limit_fen)
        SELECT id, CAST(v_limits -> code ->> 0 AS bigint), CAST(v_limits -> code ->> 1 AS bigint)
        FROM opened WHERE limited;
    END LOOP;

    IF p_hold IS NOT NULL THEN
        SELECT * INTO STRICT v_hold FROM ledger_hold WHERE id = p_hold;
        v_limited := v_limited || ARRAY(SELECT account_id FROM ledger_limit
            WHERE account_id IN (v_hold.debit_account, v_hold.credit_account));
    END IF;
    IF cardinality(v_limited) > 1 THEN
        v_limited := ARRAY(SELECT DISTINCT one FROM unnest(v_limited) AS one ORDER BY one);
    END IF;
    FOREACH v_account IN ARRAY coalesce(v_limited, '{}') LOOP
        v_fen := 0;
        FOR i IN 1 .. cardinality(v_accounts) LOOP
            IF v_accounts[i] = v_account THEN
                v_fen := v_fen + v_debits[i] - v_credits[i];
            END IF;
        END LOOP;
        v_held_debit := CASE WHEN v_account = v_hold.debit_account THEN -v_hold.amount_fen ELSE 0 END;
        v_held_credit := CASE WHEN v_account = v_hold.credit_account THEN -v_hold.amount_fen ELSE 0 END;
        LOOP
            UPDATE ledger_limit SET posted_fen = posted_fen + v_fen, held_debit_fen = held_debit_fen + v_held_debit,
                held_credit_fen = held_credit_fen + v_held_credit
            WHERE account_id = v_account
                AND (debit_limit_fen IS NULL OR posted_fen + v_fen + held_debit_fen + v_held_debit
                    <= greatest(debit_limit_fen, posted_fen + held_debit_fen))
                AND (credit_limit_fen IS NULL OR held_credit_fen + v_held_credit - posted_fen - v_fen
                    <= greatest(credit_limit_fen, held_credit_fen - posted_fen));
            EXIT WHEN FOUND;
            v_refused := ledger_refusal(v_account, v_fen, v_held_debit, v_held_credit);
            EXIT WHEN v_refused IS NOT NULL;
        END LOOP;
        EXIT WHEN v_refused IS NOT NULL;
        v_moved := v_moved || v_fen;
    END LOOP;

    IF v_refused IS NULL THEN
        INSERT INTO journal_entry (id, kind, effective_date, booked_date, subject, memo, key, content_sha256, reverses,
            created_at)
        SELECT p_id, p_kind, p_effective, business_date, p_subject, p_memo, p_key, p_sha256, p_reverses, p_now
        FROM business_day ON CONFLICT (key) DO NOTHING RETURNING seq, booked_date INTO v_seq, v_date;
    END IF;
    IF v_seq IS NOT NULL THEN
        INSERT INTO journal_line (entry_seq, number, account_id, debit_fen, credit_fen, booked_date)
        SELECT v_seq, l.number, l.account_id, l.debit_fen, l.credit_fen, v_date
        FROM unnest(v_accounts, v_debits, v_credits) WITH ORDINALITY
            AS l (account_id, debit_fen, credit_fen, number);
        IF p_hold IS NOT NULL THEN
            UPDATE ledger_hold SET state = 'posted', entry_id = p_id, ended_at = p_now WHERE id = p_hold;
        END IF;
        RETURN NULL;
    END IF;

    FOR i IN 1 .. cardinality(v_moved) LOOP
        UPDATE ledger_limit SET posted_fen = posted_fen - v_moved[i],
            held_debit_fen = held_debit_fen
                + CASE WHEN account_id = v_hold.debit_account THEN v_hold.amount_fen ELSE 0 END,
            held_credit_fen = held_credit_fen
                + CASE WHEN account_id = v_hold.credit_account THEN v_hold.amount_fen ELSE 0 END
        WHERE account_id = v_limited[i];
    END LOOP;
    RETURN coalesce(
        (SELECT jsonb_build_object('entry_id', id, 'sha256', encode(content_sha256, 'hex')) FROM journal_entry
            WHERE key = p_key),
        v_refused || jsonb_build_object('leg', array_position(v_accounts, v_account)),
        '{}');
END $$;

-- L10: whoever moves the business date first waits for every posting in flight, and holds back new ones until the
-- new date is there. Postings themselves take no lock for it but the one that every INSERT takes on its table, and take
-- their number under it: numbers rise with the dates.
CREATE FUNCTION journal_date_begins() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND NEW.business_date < OLD.business_date THEN
        RAISE EXCEPTION 'the journal only grows: % is closed', NEW.business_date;
    END IF;
    LOCK TABLE journal_entry IN SHARE MODE;
    INSERT INTO journal_date (booked_date, first_seq)
    SELECT NEW.business_date, coalesce(max(seq), 0) + 1 FROM journal_entry ON CONFLICT DO NOTHING;
    RETURN NEW;
END $$;
CREATE TRIGGER journal_date_begins BEFORE INSERT OR UPDATE ON business_day
    FOR EACH ROW EXECUTE FUNCTION journal_date_begins();
