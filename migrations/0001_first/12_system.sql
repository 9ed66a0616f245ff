CREATE TABLE operator (
    id text PRIMARY KEY,
    login text NOT NULL UNIQUE,
    name text NOT NULL,
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
