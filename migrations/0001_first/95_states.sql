-- P19: what may follow what. A move that is not listed is refused, whoever asks; what is never on the left is final.
CREATE TABLE state_move (
    entity text NOT NULL,
    state_old text NOT NULL,
    state_new text NOT NULL,
    PRIMARY KEY (entity, state_old, state_new)
);
INSERT INTO state_move (entity, state_old, state_new) VALUES
    ('application', 'started', 'deciding'), ('application', 'started', 'cancelled'), ('application', 'started', 'expired'),
    ('application', 'deciding', 'approved'), ('application', 'deciding', 'referred'), ('application', 'deciding', 'declined'),
    ('application', 'deciding', 'cancelled'), ('application', 'deciding', 'expired'),
    ('application', 'referred', 'approved'), ('application', 'referred', 'declined'),
    ('application', 'referred', 'cancelled'), ('application', 'referred', 'expired'),
    ('application', 'deciding', 'funding'), ('application', 'referred', 'funding'),
    ('application', 'funding', 'approved'), ('application', 'funding', 'declined'),
    ('application', 'funding', 'cancelled'), ('application', 'funding', 'expired'),
    ('application', 'declined', 'referred'),
    ('application', 'approved', 'signed'), ('application', 'approved', 'cancelled'), ('application', 'approved', 'expired'),
    ('loan', 'signed', 'paying'), ('loan', 'signed', 'payout_failed'), ('loan', 'signed', 'cancelled'),
    ('loan', 'paying', 'active'), ('loan', 'paying', 'payout_failed'),
    ('loan', 'payout_failed', 'paying'), ('loan', 'payout_failed', 'cancelled'),
    ('loan', 'active', 'settled'), ('loan', 'active', 'written_off'),
    ('loan', 'written_off', 'settled'), ('loan', 'written_off', 'active'),
    ('loan', 'settled', 'active'), ('loan', 'settled', 'written_off'),
    ('credit_line', 'waiting', 'open'), ('credit_line', 'waiting', 'closed'),
    ('credit_line', 'open', 'frozen'), ('credit_line', 'open', 'closed'),
    ('credit_line', 'frozen', 'open'), ('credit_line', 'frozen', 'closed'),
    ('loan_release', 'planned', 'paying'), ('loan_release', 'planned', 'stopped'),
    ('loan_release', 'paying', 'paid'), ('loan_release', 'paying', 'failed'),
    ('loan_release', 'failed', 'paying'), ('loan_release', 'failed', 'stopped'),
    ('line_security', 'offered', 'signed'), ('line_security', 'offered', 'registered'),
    ('line_security', 'offered', 'rejected'), ('line_security', 'signed', 'registered'),
    ('line_security', 'signed', 'rejected'), ('line_security', 'registered', 'released'),
    ('funding_share', 'invited', 'accepted'), ('funding_share', 'invited', 'declined'),
    ('funding_share', 'invited', 'expired'), ('funding_share', 'invited', 'withdrawn'),
    ('funding_share', 'accepted', 'called'), ('funding_share', 'accepted', 'withdrawn'),
    ('funding_share', 'called', 'funded'), ('funding_share', 'called', 'expired'), ('funding_share', 'called', 'withdrawn'),
    ('funding_share', 'funded', 'active'), ('funding_share', 'funded', 'withdrawn'),
    ('funding_share', 'active', 'closed'), ('funding_share', 'closed', 'active'),
    ('incoming_transfer', 'taken', 'returning'), ('incoming_transfer', 'returning', 'unknown'),
    ('incoming_transfer', 'returning', 'returned'), ('incoming_transfer', 'returning', 'return_failed'),
    ('incoming_transfer', 'unknown', 'returned'), ('incoming_transfer', 'unknown', 'return_failed'),
    ('payout', 'held', 'unknown'), ('payout', 'held', 'paid'), ('payout', 'held', 'failed'),
    ('payout', 'unknown', 'paid'), ('payout', 'unknown', 'failed'),
    ('clearing', 'held', 'unknown'), ('clearing', 'held', 'paid'), ('clearing', 'held', 'failed'),
    ('clearing', 'unknown', 'paid'), ('clearing', 'unknown', 'failed'), ('clearing', 'failed', 'carried'),
    ('clearing', 'expected', 'received'), ('clearing', 'expected', 'carried'),
    ('remittance', 'held', 'unknown'), ('remittance', 'held', 'paid'), ('remittance', 'held', 'failed'),
    ('remittance', 'unknown', 'paid'), ('remittance', 'unknown', 'failed'),
    ('guarantee_claim', 'filed', 'paid'), ('guarantee_claim', 'filed', 'withdrawn'),
    ('guarantee_claim', 'paid', 'taken_back'),
    ('commission_bill', 'open', 'disputed'), ('commission_bill', 'open', 'confirmed'),
    ('commission_bill', 'disputed', 'open'),
    ('repayment', 'held', 'unknown'), ('repayment', 'held', 'received'), ('repayment', 'held', 'failed'),
    ('repayment', 'unknown', 'received'), ('repayment', 'unknown', 'failed'),
    ('repayment', 'received', 'reversed'),
    ('ticket', 'open', 'assigned'), ('ticket', 'open', 'answered'),
    ('ticket', 'assigned', 'waiting'), ('ticket', 'assigned', 'answered'),
    ('ticket', 'waiting', 'assigned'), ('ticket', 'waiting', 'answered'),
    ('ticket', 'answered', 'open'), ('ticket', 'answered', 'assigned'), ('ticket', 'answered', 'closed');

CREATE FUNCTION state_moves_as_listed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM state_move WHERE entity = TG_TABLE_NAME 
        AND state_old = OLD.state AND state_new = NEW.state) THEN
        RAISE EXCEPTION 'a % that is % does not become %', TG_TABLE_NAME, OLD.state, NEW.state;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER state_moves BEFORE UPDATE ON application
    FOR EACH ROW WHEN (OLD.state <> NEW.state) EXECUTE FUNCTION state_moves_as_listed();
CREATE TRIGGER state_moves BEFORE UPDATE ON clearing
    FOR EACH ROW WHEN (OLD.state <> NEW.state) EXECUTE FUNCTION state_moves_as_listed();
CREATE TRIGGER state_moves BEFORE UPDATE ON ticket
    FOR EACH ROW WHEN (OLD.state <> NEW.state) EXECUTE FUNCTION state_moves_as_listed();
CREATE TRIGGER state_moves BEFORE UPDATE ON credit_line
    FOR EACH ROW WHEN (OLD.state <> NEW.state) EXECUTE FUNCTION state_moves_as_listed();
CREATE TRIGGER state_moves BEFORE UPDATE ON funding_share
    FOR EACH ROW WHEN (OLD.state <> NEW.state) EXECUTE FUNCTION state_moves_as_listed();
CREATE TRIGGER state_moves BEFORE UPDATE ON incoming_transfer
    FOR EACH ROW WHEN (OLD.state <> NEW.state) EXECUTE FUNCTION state_moves_as_listed();
CREATE TRIGGER state_moves BEFORE UPDATE ON line_security
    FOR EACH ROW WHEN (OLD.state <> NEW.state) EXECUTE FUNCTION state_moves_as_listed();
CREATE TRIGGER state_moves BEFORE UPDATE ON loan
    FOR EACH ROW WHEN (OLD.state <> NEW.state) EXECUTE FUNCTION state_moves_as_listed();
CREATE TRIGGER state_moves BEFORE UPDATE ON loan_release
    FOR EACH ROW WHEN (OLD.state <> NEW.state) EXECUTE FUNCTION state_moves_as_listed();
CREATE TRIGGER state_moves BEFORE UPDATE ON payout
    FOR EACH ROW WHEN (OLD.state <> NEW.state) EXECUTE FUNCTION state_moves_as_listed();
CREATE TRIGGER state_moves BEFORE UPDATE ON repayment
    FOR EACH ROW WHEN (OLD.state <> NEW.state) EXECUTE FUNCTION state_moves_as_listed();
CREATE TRIGGER state_moves BEFORE UPDATE ON remittance
    FOR EACH ROW WHEN (OLD.state <> NEW.state) EXECUTE FUNCTION state_moves_as_listed();
CREATE TRIGGER state_moves BEFORE UPDATE ON guarantee_claim
    FOR EACH ROW WHEN (OLD.state <> NEW.state) EXECUTE FUNCTION state_moves_as_listed();
CREATE TRIGGER state_moves BEFORE UPDATE ON commission_bill
    FOR EACH ROW WHEN (OLD.state <> NEW.state) EXECUTE FUNCTION state_moves_as_listed();
