CREATE TABLE business_day (
    is_open boolean PRIMARY KEY DEFAULT true CHECK (is_open),
    business_date date NOT NULL,
    opened_at timestamptz NOT NULL
);

CREATE TABLE audit_log (
    seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL,
    actor text NOT NULL,
    action text NOT NULL,
    subject text NOT NULL,
    detail jsonb NOT NULL
);
CREATE INDEX ON audit_log (subject);

CREATE TABLE event (
    seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id text NOT NULL UNIQUE,
    partner_id text NOT NULL,
    type text NOT NULL,
    subject text NOT NULL,
    data jsonb NOT NULL,
    is_test boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL,
    fanned_out_at timestamptz
);
CREATE INDEX ON event (partner_id, created_at, id);
CREATE INDEX ON event (partner_id, subject, created_at, id);
CREATE INDEX ON event (seq) WHERE fanned_out_at IS NULL;

-- What a statement that nobody waits for raises where there is a reason not to do it (`Tx.later`). Without one it is not
-- even called.
CREATE FUNCTION refuse(p_reason jsonb) RETURNS void LANGUAGE plpgsql STRICT AS $$
BEGIN
    RAISE EXCEPTION 'refused: %', p_reason USING ERRCODE = 'CF001', DETAIL = CAST(p_reason AS text);
END $$;

CREATE TABLE sandbox_clock (
    is_it boolean PRIMARY KEY DEFAULT true CHECK (is_it),
    days integer NOT NULL CHECK (days >= 0),
    days_to integer NOT NULL CHECK (days_to >= days),
    is_advancing boolean NOT NULL DEFAULT false,
    failure text NOT NULL DEFAULT ''
);

-- Days that business is ahead of the machine. Whoever has asked holds the clock until it commits.
CREATE FUNCTION sandbox_clock_days() RETURNS integer LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    PERFORM pg_advisory_xact_lock_shared(71120240319);
    RETURN coalesce((SELECT days FROM sandbox_clock), 0);
END $$;
