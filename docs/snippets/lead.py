lead = cf.leads.get("led_gezdgnbvgy3tqojqgezdgnbvgy")
print(lead.state, lead.paid_fen)
