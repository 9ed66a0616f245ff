"""Our side of the SMS company."""

from connectors.http import NoAnswer, SignedHttp
from lending.foundation.errors import OutsideFault


class SmsUnavailable(OutsideFault):
    """The SMS company did not take the message."""

    code, title = "sms.unavailable", "短信服务暂时不可用"
    mend = "请稍后重试。"


class SmsCompany:
    """An SMS company that keeps the port `Sms`."""

    def __init__(self, http: SignedHttp) -> None:
        self._http = http

    def send(self, *, mobile: str, text: str) -> None:
        """Sends one message.

        Raises SmsUnavailable.
        """
        try:
            answer = self._http.call("POST", "/sms/messages", {"mobile": mobile, "text": text})
        except NoAnswer:
            raise SmsUnavailable from None
        if answer.status != 200:
            raise SmsUnavailable
