CREATE TABLE product_version (
    code text NOT NULL,
    version integer NOT NULL,
    state text NOT NULL CHECK (state IN ('draft', 'published', 'retired')),
    definition jsonb NOT NULL,
    published_at timestamptz,
    PRIMARY KEY (code, version)
);
CREATE UNIQUE INDEX ON product_version (code) WHERE state = 'published';
