-- What a platform is owed for a month. Nothing of a confirmed one changes; what changes later is in the next month's.
CREATE TABLE commission_bill (
    id text PRIMARY KEY,
    platform_id text NOT NULL REFERENCES partner,
    month date NOT NULL CHECK (extract(day FROM month) = 1),
    state text NOT NULL CHECK (state IN ('open', 'disputed', 'confirmed')),
    statement_id text REFERENCES statement,
    loans integer NOT NULL,
    rows integer NOT NULL,
    accrued_fen bigint NOT NULL CHECK (accrued_fen >= 0),
    clawback_fen bigint NOT NULL CHECK (clawback_fen <= 0),
    volume_fen bigint NOT NULL,
    overdue_rate numeric NOT NULL,
    tier_fen bigint NOT NULL CHECK (tier_fen <= 0),
    tiers jsonb NOT NULL,
    carried_fen bigint NOT NULL CHECK (carried_fen <= 0),
    adjustment_fen bigint NOT NULL DEFAULT 0,
    payable_fen bigint NOT NULL,
    pdf_name text NOT NULL,
    pdf_sha256 text NOT NULL,
    pdf_size_bytes integer NOT NULL,
    made_at timestamptz NOT NULL,
    changed_at timestamptz NOT NULL,
    confirmed_at timestamptz,
    disputed_at timestamptz,
    dispute text NOT NULL DEFAULT '',
    answer text NOT NULL DEFAULT '',
    carried_to text REFERENCES commission_bill,
    UNIQUE (platform_id, month),
    CHECK (payable_fen = accrued_fen + clawback_fen + tier_fen + carried_fen + adjustment_fen),
    CHECK ((state = 'confirmed') = (confirmed_at IS NOT NULL))
);
CREATE INDEX ON commission_bill (platform_id, made_at, id);
CREATE INDEX ON commission_bill (state) WHERE state <> 'confirmed';

-- P18: a confirmed bill never changes; only where a negative one went is noted.
CREATE FUNCTION confirmed_bill_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR (OLD.state = 'confirmed' AND to_jsonb(OLD) - 'carried_to' <> to_jsonb(NEW) - 'carried_to') THEN
        RAISE EXCEPTION 'a confirmed commission bill stays as it is';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER stays BEFORE UPDATE OR DELETE ON commission_bill
    FOR EACH ROW EXECUTE FUNCTION confirmed_bill_stays();
