-- The ways in which loans are shared among funders, as their terms have it. Loans from own funds only have none.
CREATE TABLE share_split (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    shares jsonb NOT NULL UNIQUE
);

-- Each funder of a split. `weights` and `incomes` are those of all its funders, in the order of their places.
CREATE TABLE share_party (
    split_id integer NOT NULL REFERENCES share_split,
    place smallint NOT NULL CHECK (place BETWEEN 1 AND 3),
    funder text NOT NULL,
    book text NOT NULL,
    weights integer[] NOT NULL,
    incomes integer[] NOT NULL,
    PRIMARY KEY (split_id, place),
    UNIQUE (split_id, funder)
);
CREATE INDEX ON share_party (funder);

-- P15: a running total's part of one of up to three parties. The first part is cut half up, the second from what
-- that leaves, the last takes the rest: `lending.engine.shares.divided`.
CREATE FUNCTION share_first(total bigint, weight bigint, whole bigint) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$ SELECT (2 * total * weight + whole) / greatest(2 * whole, 1) $$;
CREATE FUNCTION share_part(total bigint, weights integer[], place integer) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE
        WHEN total = 0 THEN 0
        WHEN cardinality(weights) = 3 THEN CASE place
            WHEN 1 THEN share_first(total, weights[1], weights[1] + weights[2] + weights[3])
            WHEN 2 THEN share_first(
                total - share_first(total, weights[1], weights[1] + weights[2] + weights[3]),
                weights[2], weights[2] + weights[3])
            ELSE total - share_first(total, weights[1], weights[1] + weights[2] + weights[3]) - share_first(
                total - share_first(total, weights[1], weights[1] + weights[2] + weights[3]),
                weights[2], weights[2] + weights[3])
            END
        WHEN cardinality(weights) = 1 THEN total
        WHEN place = 1 THEN share_first(total, weights[1], weights[1] + weights[2])
        ELSE total - share_first(total, weights[1], weights[1] + weights[2])
    END
$$;
