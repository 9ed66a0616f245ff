-- Statements for partners: one file each, never changed. A correction is a new version that names the old one.
CREATE TABLE statement (
    id text PRIMARY KEY,
    partner_id text NOT NULL REFERENCES partner,
    kind text NOT NULL,
    span text NOT NULL CHECK (span IN ('day', 'month')),
    period_start date NOT NULL,
    period_end date NOT NULL,
    version integer NOT NULL,
    corrects text UNIQUE REFERENCES statement,
    because text NOT NULL,
    rows bigint NOT NULL,
    sums jsonb NOT NULL,
    store_sums jsonb NOT NULL,
    opening_fen bigint NOT NULL,
    closing_fen bigint NOT NULL,
    file_name text NOT NULL,
    sha256 text NOT NULL,
    size_bytes bigint NOT NULL,
    made_at timestamptz NOT NULL,
    UNIQUE (partner_id, kind, span, period_start, version),
    CHECK ((version = 1) = (corrects IS NULL)),
    CHECK (period_end >= period_start)
);
CREATE INDEX ON statement (partner_id, made_at, id);
CREATE INDEX ON statement (kind, span, period_start);

CREATE FUNCTION statements_stay() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a statement stays as it was made: % is refused', TG_OP;
END $$;
CREATE TRIGGER stay BEFORE UPDATE OR DELETE OR TRUNCATE ON statement
    FOR EACH STATEMENT EXECUTE FUNCTION statements_stay();
