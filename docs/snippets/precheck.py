from cf_partner_sdk import PrecheckKey

key = PrecheckKey("pck_gezdgnbvgy3tqojqgezdgnbvgy", secret="5e" * 32)
print(cf.leads.precheck(key=key, identity_no="110101199003071006", mobile="13812345678"))
