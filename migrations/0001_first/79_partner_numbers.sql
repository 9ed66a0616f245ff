-- A partner's own numbers of what it knows, for whoever has our ids only. Each way to lend adds its own.
CREATE VIEW partner_number AS
SELECT id, partner_id, order_no AS number FROM mall_order
UNION ALL SELECT id, partner_id, refund_no FROM mall_refund
UNION ALL SELECT id, partner_id, payment_no FROM store_payment
UNION ALL SELECT id, partner_id, refund_no FROM store_refund;
