for lead in cf.leads.list(state="paid"):
    print(lead.lead_no, lead.paid_fen)
