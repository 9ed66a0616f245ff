-- A borrower held for a fraud, by a person or by the anti-fraud rules. One stands at a time; a lifted one stays on record.
CREATE TABLE fraud_flag (
    id text PRIMARY KEY,
    customer_id text NOT NULL REFERENCES customer,
    kind text NOT NULL CHECK (kind IN
        ('identity', 'false_information', 'collusion', 'filter', 'other')),
    because text NOT NULL,
    source text NOT NULL,
    flagged_at timestamptz NOT NULL,
    flagged_on date NOT NULL,
    lifted_at timestamptz
);
CREATE UNIQUE INDEX ON fraud_flag (customer_id) WHERE lifted_at IS NULL;
