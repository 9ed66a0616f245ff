"""Who funds a loan: funders and what was agreed with them, the router, shares, and their money."""
