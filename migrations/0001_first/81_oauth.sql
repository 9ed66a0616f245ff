CREATE TABLE oauth_assertion (
    partner_id text NOT NULL REFERENCES partner,
    jti text NOT NULL,
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (partner_id, jti)
);
CREATE INDEX ON oauth_assertion (expires_at);

CREATE TABLE oauth_token (
    sha256 bytea PRIMARY KEY,
    partner_id text NOT NULL REFERENCES partner,
    keyid text NOT NULL REFERENCES partner_key,
    scope text NOT NULL,
    issued_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    revoked_at timestamptz
);
CREATE INDEX ON oauth_token (expires_at);
