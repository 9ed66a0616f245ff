-- How an open joint loan stands for each of its funders: the parts of its running totals.
CREATE VIEW share_standing AS
SELECT s.number, s.loan_id, s.product_code, p.funder, p.book, s.written_off,
    share_part(s.principal_fen, p.weight_cuts, p.place) AS principal_fen,
    share_part(s.principal_fen, p.weight_cuts, p.place)
        - share_part(s.principal_fen - s.principal_open_fen, p.weight_cuts, p.place) AS principal_open_fen,
    share_part(s.interest_accrued_fen, p.income_cuts, p.place) AS interest_accrued_fen,
    share_part(s.interest_paid_fen, p.income_cuts, p.place) AS interest_paid_fen,
    share_part(s.subsidy_fen, p.income_cuts, p.place) AS subsidy_fen,
    share_part(s.subsidy_earned_fen, p.income_cuts, p.place) AS subsidy_earned_fen
FROM loan_standing s JOIN share_party p ON p.split_id = s.split_id;

-- What each legal book has of each open loan.
CREATE VIEW book_standing AS
SELECT number, loan_id, product_code, 'own' AS book, written_off, principal_open_fen, interest_accrued_fen, interest_paid_fen,
    subsidy_fen, subsidy_earned_fen
FROM loan_standing WHERE split_id IS NULL
UNION ALL
SELECT number, loan_id, product_code, book, written_off, principal_open_fen, interest_accrued_fen, interest_paid_fen,
    subsidy_fen, subsidy_earned_fen
FROM share_standing;
