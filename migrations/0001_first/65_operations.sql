-- Tickets: what a customer complains of, what an operator or a rule wants looked into (M9). Each is answered by a date.
CREATE TABLE ticket (
    id text PRIMARY KEY,
    kind text NOT NULL CHECK (kind IN ('complaint', 'dispute', 'query', 'fault')),
    -- What it is about, such as a payment or a loan; empty where it is about nothing of ours in particular.
    subject text NOT NULL,
    customer_id text REFERENCES customer,
    partner_id text REFERENCES partner,
    text text NOT NULL,
    opened_by text NOT NULL,
    -- Of a ticket that a rule opened: which.
    rule text NOT NULL DEFAULT '',
    state text NOT NULL CHECK (state IN ('open', 'assigned', 'waiting', 'answered', 'closed')),
    operator_id text REFERENCES operator,
    answer_by date NOT NULL,
    answer text NOT NULL DEFAULT '',
    outcome text NOT NULL DEFAULT '' CHECK (outcome IN ('', 'continue', 'stop')),
    steps integer NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL,
    answered_at timestamptz,
    closed_at timestamptz,
    changed_at timestamptz NOT NULL,
    CHECK (state NOT IN ('answered', 'closed') OR answer <> ''),
    CHECK (outcome = '' OR kind = 'dispute'),
    CHECK (state <> 'assigned' OR operator_id IS NOT NULL)
);
CREATE INDEX ON ticket (customer_id, created_at);
CREATE INDEX ON ticket (subject);
CREATE INDEX ON ticket (state, answer_by);
-- One dispute of one thing at a time, and one ticket of one rule.
CREATE UNIQUE INDEX ON ticket (subject) WHERE kind = 'dispute' AND state NOT IN ('answered', 'closed');
CREATE UNIQUE INDEX ON ticket (rule, subject) WHERE rule <> '' AND state NOT IN ('answered', 'closed');

-- What was done to a ticket, by whom, when: only added to.
CREATE TABLE ticket_step (
    ticket_id text NOT NULL REFERENCES ticket,
    seq integer NOT NULL,
    at timestamptz NOT NULL,
    actor text NOT NULL,
    act text NOT NULL,
    text text NOT NULL,
    -- Whether the customer may read it.
    is_shown boolean NOT NULL,
    PRIMARY KEY (ticket_id, seq)
);
CREATE FUNCTION keep_ticket_step() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'what was done to a ticket is not changed';
END $$;
CREATE TRIGGER keep_ticket_step BEFORE UPDATE OR DELETE ON ticket_step
    FOR EACH ROW EXECUTE FUNCTION keep_ticket_step();
