"""A buyer's phone: walks the hosted pages as a person would, form by form."""

import re
import time
from collections.abc import Callable, Collection, Iterator
from html import unescape
from urllib.parse import urljoin, urlsplit

import requests

from lending.foundation import ids
from lending.foundation.settings import Settings
from simulators.magic import Somebody, somebody

WALK_S_MAX = 60.0
PAUSE_S = 0.1


class StuckAtPage(RuntimeError):
    """The page that came is not the one that was due."""

    mend = "Look into the logs under var/log, first core.log and front.log."


class Buyer:
    """One buyer at one checkout; `sandbox` as the SMS company knows the installation."""

    def __init__(
        self,
        settings: Settings,
        checkout_url: str,
        person: Somebody | None = None,
        *,
        sandbox: str = "main",
    ) -> None:
        self.person = person or somebody()
        self._settings = settings
        self._sandbox = sandbox
        self._checkout_url = checkout_url
        self._http = requests.Session()
        self._http.trust_env = False
        self._page = ""
        self._url = ""

    def journey(self, *, periods: int = 12) -> Iterator[tuple[str, Callable[[], None]]]:
        """The steps of a checkout by name, each to be carried out in turn."""
        yield "open", self._open
        yield "mobile and code", self._prove_mobile
        yield "identity and consents", self._identify
        yield "bank card instead of a face", self._card
        yield "decision", lambda: self._wait("choose")
        yield "choose periods", lambda: self._post("choose", periods=str(periods))
        yield "read the cost table", self._read_costs
        yield "read the contract", lambda: self._post("read", agreed="yes")
        yield "sign", self._sign
        yield "payout", lambda: self._wait("done")

    def walk(self, until: Collection[str], told: Callable[[str], None], *, periods: int) -> str:
        """Does what each page asks for until one of these pages is due; the page.

        Begins wherever the checkout is. Raises StuckAtPage.
        """
        acts: dict[str, Callable[[], None]] = {
            "offers": lambda: self._post("start"),
            "mobile": self._prove_mobile,
            "identity": self._identify,
            "verify": lambda: self._post("no-face"),
            "card": self._fill_in_card,
            "choose": lambda: self._post("choose", periods=str(periods)),
            "cost": self._read_costs,
            "contract": lambda: self._post("read", agreed="yes"),
            "sign": self._sign,
        }
        give_up_at = time.monotonic() + WALK_S_MAX
        while (due := self._due()) not in until:
            told(due)
            if due in ("waiting", "paying"):
                time.sleep(PAUSE_S)
            elif due in acts:
                self._get(self._checkout_url)
                acts[due]()
            else:
                raise StuckAtPage(f"the checkout is at {due}")
            if time.monotonic() > give_up_at:
                raise StuckAtPage(f"the checkout stays at {due}")
        told(due)
        return due

    def pay_first_instalment(self) -> None:
        """Signs in at the borrower's own page and pays what comes next."""
        self._get(f"{self._settings.public_url}/me")
        self._submit("send-code", mobile=self.person.mobile)
        self._submit("sign-in", code=self._code())
        loan = re.search(r'href="([^"]*/me/loans/loan_[a-z0-9]+)"', self._page)
        if loan is None:
            raise StuckAtPage("no loan at the borrower's own page")
        self._get(urljoin(self._url, loan[1]))
        self._submit("/pay", what="next")

    def _open(self) -> None:
        self._get(self._checkout_url)
        self._post("start")

    def _prove_mobile(self) -> None:
        self._post("send-code", mobile=self.person.mobile)
        self._post("check-code", code=self._code())

    def _identify(self) -> None:
        self._post(
            "identify",
            name=self.person.name,
            identity_no=self.person.identity_no,
            consent_personal_info="yes",
            consent_bureau_query="yes",
            consent_sharing="yes",
            consent_funders="yes",
        )

    def _card(self) -> None:
        self._post("no-face")
        self._fill_in_card()

    def _fill_in_card(self) -> None:
        self._post("card", card_number=self.person.card_no, fingerprint=ids.token())

    def _read_costs(self) -> None:
        seconds = int(self._find(r'data-countdown="(\d+)"'))
        csrf = self._find(r'name="csrf" value="([^"]+)"')
        scrolled = self._http.post(
            f"{self._checkout_url}/scrolled", headers={"x-csrf": csrf}, timeout=10
        )
        if scrolled.status_code != 204:
            raise StuckAtPage(f"scrolling was answered {scrolled.status_code}")
        time.sleep(seconds + 0.2)
        self._post("confirm", understood="yes")

    def _sign(self) -> None:
        self._post("send-sign-code")
        self._post("sign", code=self._code())

    def _wait(self, step: str) -> None:
        seen = ""
        for _ in range(150):
            seen = self._due()
            if seen == step:
                return self._get(self._checkout_url)
            if seen not in ("waiting", "paying"):
                break
            time.sleep(0.2)
        raise StuckAtPage(f"waited for {step}, still at {seen}")

    def _due(self) -> str:
        answer = self._http.get(f"{self._checkout_url}/state", timeout=10)
        if answer.status_code != 200:
            raise StuckAtPage(f"the checkout was answered {answer.status_code}")
        return str(answer.json()["step"])

    def _code(self) -> str:
        """The newest code on the phone: in the sandbox, the SMS company's outbox shows it."""
        newest = requests.get(
            f"{self._settings.institutions_url}/sms/outbox",
            params={"mobile": self.person.mobile, "sandbox": self._sandbox},
            timeout=10,
        ).json()[0]["text"]
        found = re.search(r"\d{6}", newest)
        if found is None:
            raise StuckAtPage("the message holds no code")
        return found[0]

    def _post(self, action: str, **fields: str) -> None:
        self._submit(f"/{action}", **fields)

    def _submit(self, ending: str, **fields: str) -> None:
        """Fills in the form whose address ends so, with its hidden fields as they are."""
        for form in re.findall(r"<form\b.*?</form>", self._page, re.DOTALL):
            action = re.search(r'action="([^"]+)"', form)
            hidden = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form))
            if (
                action
                and action[1].endswith(ending)
                and fields.get("what")
                in (
                    None,
                    hidden.get("what"),
                )
            ):
                answer = self._http.post(
                    urljoin(self._url, unescape(action[1])), data=hidden | fields, timeout=30
                )
                return self._keep(answer)
        raise StuckAtPage(f"no form {ending} at {urlsplit(self._url).path[:20]}")

    def _get(self, url: str) -> None:
        self._keep(self._http.get(url, timeout=30))

    def _keep(self, answer: requests.Response) -> None:
        self._page, self._url = answer.text, answer.url
        if answer.status_code >= 400:
            fault = re.search(r'class="fault[^"]*"[^>]*>([^<]+)<', self._page)
            raise StuckAtPage(fault[1] if fault else f"the page was answered {answer.status_code}")

    def _find(self, pattern: str) -> str:
        found = re.search(pattern, self._page)
        if found is None:
            raise StuckAtPage(f"the page does not hold {pattern}")
        return found[1]
