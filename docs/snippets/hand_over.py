lead = cf.leads.hand_over("led_gezdgnbvgy3tqojqgezdgnbvgy")
print(lead.handover_url)
