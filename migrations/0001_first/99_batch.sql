-- A business date that was closed, and how long each step of its end took.
CREATE TABLE closed_day (
    business_date date PRIMARY KEY,
    step_ms jsonb NOT NULL,
    closed_at timestamptz NOT NULL
);
