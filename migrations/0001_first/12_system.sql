CREATE TABLE operator (
    id text PRIMARY KEY,
    login text NOT NULL UNIQUE,
    name text NOT NULL,
    -- Who it is behind the login: two logins of one person are one person where two are needed (T18).
    person text NOT NULL,
    password_hash text NOT NULL,
    role text NOT NULL CHECK (role IN ('admin', 'risk', 'finance', 'viewer')),
    state text NOT NULL CHECK (state IN ('active', 'locked')),
    failures smallint NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL
);

CREATE TABLE operator_session (
    id_sha256 bytea PRIMARY KEY,
    operator_id text NOT NULL REFERENCES operator,
    csrf text NOT NULL,
    created_at timestamptz NOT NULL,
    seen_at timestamptz NOT NULL
);

CREATE TABLE login_log (
    seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    login text NOT NULL,
    outcome text NOT NULL,
    at timestamptz NOT NULL
);

-- What one person proposes and another approves (T18). Once made, what it says never changes.
CREATE TABLE proposal (
    id text PRIMARY KEY,
    kind text NOT NULL,
    subject text NOT NULL,
    payload jsonb NOT NULL,
    reason text NOT NULL,
    maker_id text NOT NULL REFERENCES operator,
    maker_person text NOT NULL,
    digest text NOT NULL,
    -- What the rehearsal did, for the checker to see; not part of what is agreed to.
    expected jsonb NOT NULL,
    state text NOT NULL CHECK (state IN ('open', 'approved', 'refused', 'expired')),
    checker_id text REFERENCES operator,
    checker_person text,
    note text NOT NULL DEFAULT '',
    result jsonb,
    made_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    ended_at timestamptz,
    CHECK (checker_person IS NULL OR checker_person <> maker_person),
    CHECK ((state IN ('approved', 'refused')) = (checker_id IS NOT NULL))
);
CREATE INDEX ON proposal (subject);
CREATE INDEX ON proposal (state, made_at);
CREATE UNIQUE INDEX ON proposal (kind, subject, md5(payload::text)) WHERE state = 'open';

CREATE FUNCTION keep_proposal() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state <> 'open' OR (NEW.kind, NEW.subject, NEW.payload, NEW.reason, NEW.maker_id, NEW.maker_person, NEW.digest,
        NEW.made_at, NEW.expires_at) IS DISTINCT FROM (OLD.kind, OLD.subject, OLD.payload, OLD.reason, OLD.maker_id,
        OLD.maker_person, OLD.digest, OLD.made_at, OLD.expires_at) THEN
        RAISE EXCEPTION 'a proposal never changes, and ends once';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER keep_proposal BEFORE UPDATE ON proposal FOR EACH ROW EXECUTE FUNCTION keep_proposal();
