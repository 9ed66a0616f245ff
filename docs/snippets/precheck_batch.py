from cf_partner_sdk import PrecheckKey

key = PrecheckKey("pck_gezdgnbvgy3tqojqgezdgnbvgy", secret="5e" * 32)
people = [{"identity_no": "110101199003071006"}, {"mobile": "13812345678"}]
print(cf.leads.precheck_batch(people, key=key))
