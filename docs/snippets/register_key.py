from pathlib import Path

from cf_partner_sdk import PrivateKey

new = PrivateKey.generate()
Path("partner-2027.pem").write_text(new.to_pem())
cf.keys.register(key=new, description="till servers, 2027", idempotency_key="key-2027")
