-- The ways in which loans are shared among funders, as their terms have it. Loans from own funds only have none.
CREATE TABLE share_split (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    shares jsonb NOT NULL UNIQUE
);

-- P15: a running total's part of one of up to three parties. The first part is cut half up, the second from what
-- that leaves, the last takes the rest: `lending.engine.shares.divided`. What is the same for every total is computed
-- once, `cuts`: for the first part and the second twice the weight, the weight of all that are left, and twice that.
CREATE FUNCTION share_cuts(weights integer[]) RETURNS bigint[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT ARRAY[2 * weights[1], whole, greatest(2 * whole, 1)] || CASE WHEN cardinality(weights) = 3
        THEN ARRAY[2 * weights[2], rest, greatest(2 * rest, 1)] ELSE '{}' END
    FROM (SELECT CAST(weights[1] AS bigint) + coalesce(weights[2], 0) + coalesce(weights[3], 0) AS whole,
        CAST(coalesce(weights[2], 0) AS bigint) + coalesce(weights[3], 0) AS rest) t
$$;
CREATE FUNCTION share_part(total bigint, cuts bigint[], place integer) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE
        WHEN total = 0 THEN 0
        WHEN place = 1 THEN (total * cuts[1] + cuts[2]) / cuts[3]
        WHEN cardinality(cuts) = 3 THEN total - (total * cuts[1] + cuts[2]) / cuts[3]
        WHEN place = 2 THEN ((total - (total * cuts[1] + cuts[2]) / cuts[3]) * cuts[4] + cuts[5]) / cuts[6]
        ELSE total - (total * cuts[1] + cuts[2]) / cuts[3]
            - ((total - (total * cuts[1] + cuts[2]) / cuts[3]) * cuts[4] + cuts[5]) / cuts[6]
    END
$$;

-- Each funder of a split. `weights` and `incomes` are those of all its funders, in the order of their places.
CREATE TABLE share_party (
    split_id integer NOT NULL REFERENCES share_split,
    place smallint NOT NULL CHECK (place BETWEEN 1 AND 3),
    funder text NOT NULL,
    book text NOT NULL,
    weights integer[] NOT NULL,
    incomes integer[] NOT NULL,
    weight_cuts bigint[] NOT NULL GENERATED ALWAYS AS (share_cuts(weights)) STORED,
    income_cuts bigint[] NOT NULL GENERATED ALWAYS AS (share_cuts(incomes)) STORED,
    PRIMARY KEY (split_id, place),
    UNIQUE (split_id, funder)
);
CREATE INDEX ON share_party (funder);
