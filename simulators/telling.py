"""Callbacks: the bank tells the company of a payment that has ended, signed, in its own time."""

import json
import threading
import time

import requests

from simulators.installations import mount
from simulators.signing import Institution

PAUSES_S = (0.0, 1.0, 3.0)
"""Before each attempt. After the last one the company has to ask by itself."""


class Teller:
    """Tells one company. `{mount}` in its address is where an installation is found."""

    def __init__(self, institution: Institution, url: str) -> None:
        self._institution = institution
        self._url = url

    def tell(self, payment: dict[str, object], installation: str, times: int = 1) -> None:
        """Tells of a payment in the background, as often as is said; nobody if there is no URL."""
        if not self._url:
            return
        url = self._url.format(mount=mount(installation))
        for _ in range(times):
            threading.Thread(target=self._deliver, args=(url, payment), daemon=True).start()

    def _deliver(self, url: str, payment: dict[str, object]) -> None:
        body = json.dumps(payment, ensure_ascii=False).encode()
        with requests.Session() as session:
            session.trust_env = False
            for pause_s in PAUSES_S:
                time.sleep(pause_s)
                headers = self._institution.sign_callback(url, body)
                try:
                    answer = session.post(
                        url, data=body, headers=headers, timeout=5, allow_redirects=False
                    )
                except requests.RequestException:
                    continue
                if answer.ok:
                    return
