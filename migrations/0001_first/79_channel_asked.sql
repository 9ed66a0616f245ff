-- How often a platform has asked beforehand whether somebody may be sent, for whoever counts what came of it.
CREATE VIEW channel_asked AS SELECT partner_id, day, used AS asked FROM precheck_day;
