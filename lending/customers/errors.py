"""What can go wrong with a customer. `detail` and `mend` are read by borrowers, in Chinese."""

from typing import ClassVar

from lending.foundation.errors import BadInput, NotFound, Refused


class NoSuchCustomer(NotFound):
    """There is no such customer, card or consent."""


class IdentityNoInvalid(BadInput):
    """Not an 18-character identity number with a right check digit (GB 11643)."""

    code, title, field = "customer.identity_no_invalid", "身份证号码不正确", "/identity_no"
    mend = "请核对 18 位身份证号码后重新输入。"


class MobileInvalid(BadInput):
    """Not a mainland mobile number."""

    code, title, field = "customer.mobile_invalid", "手机号码不正确", "/mobile"
    mend = "请输入 11 位中国大陆手机号码。"


class CardNumberInvalid(BadInput):
    """Not a card number: 12 to 19 digits with a right Luhn digit."""

    code, title, field = "customer.card_invalid", "银行卡号不正确", "/card_number"
    mend = "请核对银行卡号后重新输入。"


class WalletNumberInvalid(BadInput):
    """Not a wallet's account number."""

    code, title, field = "customer.wallet_invalid", "钱包账号不正确", "/wallet_number"
    mend = "请输入 16 位钱包账号,可在钱包的账户信息中查看。"


class WalletNotYours(Refused):
    """The payment company does not know this wallet under this name and identity number."""

    code, title, field = "customer.wallet_not_yours", "钱包账户核验未通过", "/wallet_number"
    mend = "请使用本人实名的钱包,或改为支付到本人银行卡。"


class CustomerTooYoung(Refused):
    """Loans are for adults (Civil Code 18: eighteen years)."""

    code, title, field = "customer.too_young", "未满 18 周岁不能申请", "/identity_no"
    mend = "年满 18 周岁后再来申请。"


class IdentityMismatch(Refused):
    """The identity service says that name and number do not belong together."""

    code, title, field = "customer.identity_mismatch", "姓名与身份证号码不一致", "/identity_no"
    mend = "请输入本人真实姓名和身份证号码。"


class FaceNotMatched(Refused):
    """The face is not the person's, or not alive."""

    code, title, field = "customer.face_not_matched", "人脸核验未通过", "/image"
    mend = "请在光线充足处重试,或改用银行卡核验。"


class CardNotYours(Refused):
    """The bank does not know this card under this name, number and mobile."""

    code, title, field = "customer.card_not_yours", "银行卡核验未通过", "/card_number"
    mend = "请使用本人名下、预留手机号一致的借记卡。"


class ConsentMissing(Refused):
    """A use of personal data lacks its own live consent (R-PI-CONSENT)."""

    code, title = "customer.consent_missing", "缺少授权"
    mend = "请阅读并勾选相应授权后继续。"


class CodeSentTooOften(Refused):
    """A code was sent a moment ago, or too many lately."""

    code: ClassVar[str] = "customer.code_sent_too_often"
    status: ClassVar[int] = 429
    title: ClassVar[str] = "验证码发送过于频繁"
    mend = "请一分钟后再试。"
    retry_after_s: ClassVar[int | None] = 60
