-- What each bounded figure was at the end of a date, beside the most that it may be (R-GUAR-50, 金规〔2025〕9号).
CREATE TABLE threshold_day (
    business_date date NOT NULL,
    -- The parameter that bounds it.
    code text NOT NULL,
    -- Of which partner and product; empty where it is of all loans.
    partner_id text NOT NULL DEFAULT '',
    product_code text NOT NULL DEFAULT '',
    measured numeric NOT NULL,
    most numeric NOT NULL,
    is_over boolean NOT NULL GENERATED ALWAYS AS (measured > most) STORED,
    PRIMARY KEY (business_date, code, partner_id, product_code)
);
CREATE INDEX ON threshold_day (code, partner_id, product_code, business_date);
