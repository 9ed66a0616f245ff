-- What was agreed with a platform beyond its place on the list.
CREATE TABLE platform (
    partner_id text PRIMARY KEY REFERENCES partner,
    tier text NOT NULL CHECK (tier IN ('A', 'B', 'C')),
    sites text[] NOT NULL,
    mandate_no text NOT NULL,
    prechecks_per_day integer NOT NULL CHECK (prechecks_per_day >= 0),
    leads_per_day integer NOT NULL CHECK (leads_per_day >= 0),
    changed_at timestamptz NOT NULL
);

-- The keys under which a platform hashes those it asks for, each handed out once.
CREATE TABLE precheck_key (
    number integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id text NOT NULL UNIQUE,
    partner_id text NOT NULL REFERENCES partner,
    secret_sealed bytea NOT NULL,
    indexed_at timestamptz,
    created_at timestamptz NOT NULL,
    valid_to timestamptz
);
CREATE INDEX ON precheck_key (partner_id);

-- Who may not be sent, whatever the reason: by the blind index of a value, and where it is sealed. Whoever is not here may.
CREATE TABLE precheck_barred (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind text NOT NULL CHECK (kind IN ('identity_no', 'mobile')),
    value_index bytea NOT NULL,
    value_sealed bytea NOT NULL,
    cell text NOT NULL,
    UNIQUE (kind, value_index)
);

-- The same under each platform's key, as it asks.
CREATE TABLE precheck_digest (
    key_number integer NOT NULL REFERENCES precheck_key ON DELETE CASCADE,
    digest bytea NOT NULL,
    barred_number bigint NOT NULL REFERENCES precheck_barred ON DELETE CASCADE,
    PRIMARY KEY (key_number, digest)
);
CREATE INDEX ON precheck_digest (barred_number);

CREATE TABLE precheck_day (
    partner_id text NOT NULL REFERENCES partner,
    day date NOT NULL,
    used integer NOT NULL,
    PRIMARY KEY (partner_id, day)
);

-- A person whom a platform sends. What the platform says of them is with the application.
CREATE TABLE lead (
    id text PRIMARY KEY,
    partner_id text NOT NULL REFERENCES partner,
    lead_no text NOT NULL,
    schema_version text NOT NULL,
    amount_fen bigint NOT NULL CHECK (amount_fen > 0),
    purpose text NOT NULL,
    name_sealed bytea,
    identity_no_sealed bytea,
    mobile_sealed bytea,
    name_index bytea NOT NULL DEFAULT '',
    identity_no_index bytea NOT NULL,
    mobile_index bytea NOT NULL,
    return_url text NOT NULL,
    metadata jsonb NOT NULL,
    application_id text NOT NULL UNIQUE REFERENCES application,
    page_token_sha256 bytea NOT NULL UNIQUE,
    page_token_sealed bytea NOT NULL,
    handover_no smallint NOT NULL DEFAULT 1,
    handover_expires_at timestamptz NOT NULL,
    handover_used_at timestamptz,
    suitability jsonb,
    card_no_sealed bytea,
    created_at timestamptz NOT NULL,
    changed_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    UNIQUE (partner_id, lead_no)
);
CREATE INDEX ON lead (partner_id, created_at, id);
CREATE INDEX ON lead (identity_no_index, created_at);
CREATE INDEX ON lead (mobile_index);
CREATE INDEX ON lead (name_index);

-- What shows that the person agreed to be sent: one consent for each kind of data (PIPL 23, 29).
CREATE TABLE lead_consent (
    lead_id text NOT NULL REFERENCES lead,
    scope text NOT NULL,
    text_version text NOT NULL,
    text_sha256 text NOT NULL,
    channel text NOT NULL,
    given_at timestamptz NOT NULL,
    PRIMARY KEY (lead_id, scope)
);

-- Files are kept under keys of their own: without its row, a file can be read by nobody.
CREATE TABLE lead_attachment (
    id text PRIMARY KEY,
    lead_id text NOT NULL REFERENCES lead,
    kind text NOT NULL,
    content_type text NOT NULL,
    size_bytes integer NOT NULL,
    sha256 text NOT NULL,
    file_name text NOT NULL,
    file_sha256 text NOT NULL,
    key_sealed bytea NOT NULL,
    created_at timestamptz NOT NULL
);
CREATE INDEX ON lead_attachment (lead_id, created_at);

-- A lead's state is that of its application and loan, in the words a platform knows.
CREATE VIEW lead_now AS
SELECT d.id, d.partner_id, d.lead_no, d.schema_version, d.amount_fen, d.purpose, d.name_sealed,
       d.identity_no_sealed, d.mobile_sealed, d.return_url, d.metadata, d.application_id, d.page_token_sealed, d.handover_no, d.handover_expires_at, d.handover_used_at,
       d.suitability, d.created_at, d.expires_at, a.product_code, a.product_version, a.decision_id, l.id AS loan_id,
       CAST(l.terms #>> '{pricing,periods}' AS integer) AS periods, p.amount_fen AS paid_fen, p.ended_at AS paid_at,
       greatest(d.changed_at, a.changed_at, l.changed_at) AS updated_at,
       CASE
           WHEN l.state IN ('active', 'settled', 'written_off') THEN 'paid'
           WHEN l.state IS NOT NULL THEN l.state
           WHEN a.state = 'started' AND d.handover_used_at IS NULL AND d.handover_no = 1 THEN 'received'
           WHEN a.state = 'started' THEN 'handed_over'
           WHEN a.state = 'declined' THEN 'refused'
           ELSE a.state
       END AS state
FROM lead d
JOIN application a ON a.id = d.application_id
LEFT JOIN loan l ON l.application_id = a.id
LEFT JOIN payout p ON p.loan_id = l.id AND p.purpose = 'disbursement' AND p.state = 'paid';
