for claim in cf.claims.list(state="filed"):
    print(claim.loan_id, claim.amount_fen)
