-- A partner's own numbers of what it knows, for whoever has our ids only, and the store and till where it was.
-- Each way to lend adds its own.
CREATE VIEW partner_number AS
SELECT id, partner_id, order_no AS number, NULL AS store_no, NULL AS till_no FROM mall_order
UNION ALL SELECT id, partner_id, refund_no, NULL, NULL FROM mall_refund
UNION ALL
SELECT p.id, p.partner_id, p.payment_no, s.store_no, t.till_no
FROM store_payment p JOIN store s ON s.id = p.store_id JOIN store_till t ON t.id = p.till_id
UNION ALL SELECT id, partner_id, refund_no, NULL, NULL FROM store_refund
UNION ALL SELECT id, partner_id, lead_no, NULL, NULL FROM lead;
