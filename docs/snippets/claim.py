claim = cf.claims.get("clm_gezdgnbvgy3tqojqgezdgnbvgy")
print(claim.state, claim.amount_fen)
