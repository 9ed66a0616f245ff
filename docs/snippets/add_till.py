from pathlib import Path

from cf_partner_sdk import PrivateKey

till_key = PrivateKey.generate()
Path("till-1.pem").write_text(till_key.to_pem())
cf.keys.register(key=till_key, functions=["payments"], description="S-001 T-1")
cf.keys.activate(till_key.keyid)
till = cf.stores.tills.add("sto_gezdgnbvgy3tqojqgezdgnbvgy", till_no="T-1", keyid=till_key.keyid)
