-- In the main database of a sandbox: the test tenants, each an installation in a database of its own.
CREATE TABLE sandbox_tenant (
    name text PRIMARY KEY CHECK (name ~ '^[a-z][a-z0-9-]{0,23}$'),
    app_id text NOT NULL,
    generation integer NOT NULL CHECK (generation > 0),
    database_name text NOT NULL,
    state text NOT NULL CHECK (state IN ('ready', 'resetting')),
    created_at timestamptz NOT NULL,
    used_at timestamptz NOT NULL
);

-- In the database of each sandbox: buyers that are played for the partner.
CREATE TABLE sandbox_walk (
    id text PRIMARY KEY,
    partner_id text NOT NULL REFERENCES partner,
    order_id text NOT NULL,
    goal text NOT NULL CHECK (goal IN ('decide', 'sign', 'pay', 'repay')),
    applicant text NOT NULL,
    card text NOT NULL,
    periods integer NOT NULL,
    state text NOT NULL CHECK (state IN ('walking', 'done', 'failed')),
    step text NOT NULL,
    problem text NOT NULL,
    created_at timestamptz NOT NULL,
    ended_at timestamptz
);
CREATE INDEX ON sandbox_walk (partner_id, order_id);
