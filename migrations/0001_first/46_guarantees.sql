-- What was agreed with a guarantor or insurer for a product (ASSIST-6, R-ENH-LICENSE).
CREATE TABLE guarantee_agreement (
    id text PRIMARY KEY,
    guarantor_id text NOT NULL REFERENCES partner,
    product_code text NOT NULL,
    licence_kind text NOT NULL CHECK (licence_kind IN ('guarantee', 'insurance')),
    licence_no text NOT NULL,
    licence_to date NOT NULL,
    fee_payer text NOT NULL CHECK (fee_payer IN ('borrower', 'lender')),
    fee_rate numeric NOT NULL CHECK (fee_rate BETWEEN 0 AND 1),
    trigger_days integer NOT NULL CHECK (trigger_days > 0),
    covers_interest boolean NOT NULL,
    covers_penalty boolean NOT NULL,
    quota_fen bigint NOT NULL CHECK (quota_fen > 0),
    claims_cap_fen bigint NOT NULL CHECK (claims_cap_fen > 0),
    pool_min_fen bigint NOT NULL CHECK (pool_min_fen >= 0),
    valid_from date NOT NULL,
    valid_to date,
    made_at timestamptz NOT NULL,
    UNIQUE (guarantor_id, product_code, valid_from)
);
COMMENT ON COLUMN guarantee_agreement.fee_rate IS
    'a year of the amount lent, where the borrower pays; of interest received, where the lender does';
COMMENT ON COLUMN guarantee_agreement.quota_fen IS 'the most that it guarantees at one time';
COMMENT ON COLUMN guarantee_agreement.claims_cap_fen IS 'the most that it pays in claims, in all';
COMMENT ON COLUMN guarantee_agreement.pool_min_fen IS 'below this its deposit is to be topped up';
