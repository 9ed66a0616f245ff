"""The texts that borrowers agree to, each with a version: what was agreed can be shown again."""

from dataclasses import dataclass
from hashlib import sha256

from lending.customers.model import ConsentScope


@dataclass(frozen=True, slots=True)
class ConsentText:
    """One text for one purpose."""

    scope: ConsentScope
    version: str
    label: str
    body: str

    @property
    def sha256(self) -> str:
        """What ties a consent to these words."""
        return sha256(f"{self.version}\n{self.label}\n{self.body}".encode()).hexdigest()


CONSENTS = {
    text.scope: text
    for text in (
        ConsentText(
            ConsentScope.PERSONAL_INFO,
            "2026-11",
            "同意处理个人信息",
            "为办理本次借款,我同意贷款人处理我的姓名、身份证号码、手机号、银行卡号、设备和网络信息,"
            "用于核验身份、防范欺诈、评估还款能力、签订和履行合同。不同意则无法办理本次借款。",
        ),
        ConsentText(
            ConsentScope.BUREAU_QUERY,
            "2026-11",
            "授权查询个人征信信息",
            "我授权贷款人为本次借款申请,向依法设立的征信机构查询我的信用报告。授权仅用于本次申请。",
        ),
        ConsentText(
            ConsentScope.SHARING,
            "2026-11",
            "同意向商户告知订单和额度状态",
            "我同意贷款人将本订单的审批与付款状态、在门店申请的额度能否使用告知该商户,"
            "不含我的身份、征信和收入信息,也不含额度和欠款金额。",
        ),
        ConsentText(
            ConsentScope.FUNDERS,
            "2026-11",
            "同意向共同出资的贷款机构提供信息",
            "本次借款由贷款人与其他持牌金融机构共同出资。我同意贷款人向其邀请的出资机构提供我的姓名、身份证号码、"
            "手机号、年龄、地区、借款用途和贷款人的内部评分,供其独立审批和履行合同;不提供征信报告和银行卡号。",
        ),
        ConsentText(
            ConsentScope.FACE,
            "2026-11",
            "同意处理人脸信息",
            "我同意贷款人使用本次拍摄的人脸照片核验身份,核验后不留存照片。不同意可改用银行卡核验。",
        ),
    )
}
"""Each is asked for by itself and nothing is ticked beforehand (PIPL 29, R-BUNDLE)."""

LEAD_CONSENTS = CONSENTS | {
    ConsentScope.SHARING: ConsentText(
        ConsentScope.SHARING,
        "2026-11-platform",
        "同意向合作平台告知申请状态",
        "我同意贷款人将本次申请的审批结果、放款与还款状态告知推荐我的合作平台,"
        "不含我的征信、收入和银行卡信息。",
    )
}
"""The same for people whom a platform has sent."""

REQUIRED = (ConsentScope.PERSONAL_INFO, ConsentScope.BUREAU_QUERY, ConsentScope.SHARING)
PAGES_VERSION = "2026-11"
"""Under which the journey is recorded (R-TRACE); raised when a page's words change."""
