CREATE TABLE mall_order (
    id text PRIMARY KEY,
    partner_id text NOT NULL REFERENCES partner,
    order_no text NOT NULL,
    amount_fen bigint NOT NULL CHECK (amount_fen > 0),
    items jsonb NOT NULL,
    return_url text NOT NULL,
    cancel_url text,
    metadata jsonb NOT NULL,
    application_id text NOT NULL UNIQUE REFERENCES application,
    refunded_fen bigint NOT NULL DEFAULT 0 CHECK (refunded_fen BETWEEN 0 AND amount_fen),
    checkout_token_sha256 bytea NOT NULL UNIQUE,
    checkout_token_sealed bytea NOT NULL,
    created_at timestamptz NOT NULL,
    changed_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    UNIQUE (partner_id, order_no)
);
CREATE INDEX ON mall_order (partner_id, created_at);
CREATE INDEX ON mall_order (order_no);

CREATE TABLE mall_refund (
    id text PRIMARY KEY,
    order_id text NOT NULL REFERENCES mall_order,
    partner_id text NOT NULL REFERENCES partner,
    refund_no text NOT NULL,
    amount_fen bigint NOT NULL CHECK (amount_fen > 0),
    items jsonb NOT NULL,
    reason text NOT NULL,
    loan_reduction_fen bigint NOT NULL,
    borrower_refund_fen bigint NOT NULL,
    merchant_claim_fen bigint NOT NULL,
    outstanding_principal_fen bigint NOT NULL,
    business_date date NOT NULL,
    created_at timestamptz NOT NULL,
    UNIQUE (partner_id, refund_no),
    CHECK (loan_reduction_fen + borrower_refund_fen = merchant_claim_fen)
);
CREATE INDEX ON mall_refund (order_id);

-- An order's state is that of its application and loan, in the words a shop knows.
CREATE VIEW mall_order_now AS
SELECT o.id, o.partner_id, o.order_no, o.amount_fen, o.items, o.return_url, o.cancel_url,
       o.metadata, o.application_id, o.refunded_fen, o.checkout_token_sealed, o.created_at,
       o.expires_at, a.product_code, a.product_version, a.decision_id, l.id AS loan_id,
       CAST(l.terms #>> '{pricing,periods}' AS integer) AS periods,
       CAST(v.definition ->> 'every' AS integer) AS every, v.definition ->> 'unit' AS unit,
       p.amount_fen AS payout_fen, p.ended_at AS payout_at,
       p.channel_reference AS payout_reference, s.last4 AS payout_last4,
       p.offset_fen AS payout_claims_fen, l.start_date AS payout_date,
       CAST(l.terms #>> '{settlement,merchant_fee_fen}' AS bigint) AS payout_fee_fen,
       CAST(l.terms #>> '{subsidy,merchant_fen}' AS bigint) AS payout_subsidy_fen,
       l.signed_at, CAST(l.terms #>> '{settlement,days}' AS integer) AS settlement_days,
       greatest(o.changed_at, a.changed_at, l.changed_at) AS updated_at,
       CASE
           WHEN o.refunded_fen = o.amount_fen THEN 'refunded'
           WHEN o.refunded_fen > 0 THEN 'part_refunded'
           WHEN l.state IN ('active', 'settled') THEN 'paid'
           WHEN l.state IS NOT NULL THEN l.state
           WHEN a.state = 'started' THEN 'created'
           WHEN a.state = 'funding' THEN 'deciding'
           ELSE a.state
       END AS state
FROM mall_order o
JOIN application a ON a.id = o.application_id
JOIN product_version v ON v.code = a.product_code AND v.version = a.product_version
LEFT JOIN loan l ON l.application_id = a.id
LEFT JOIN payout p ON p.loan_id = l.id AND p.purpose = 'disbursement' AND p.state = 'paid'
LEFT JOIN settlement_account s ON s.id = p.account_id;
