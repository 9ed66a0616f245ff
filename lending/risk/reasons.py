"""Every reason that a decision may give: for us in English, for the applicant in Chinese.

What the applicant reads is true and useful, but does not teach how to get past a filter.
"""

from lending.risk.model import Reason

_UNSAFE = "本次申请未通过安全核验"
_BUSY = "近期申请较为频繁,建议三十天后再试"
_CREDIT = "征信记录显示存在逾期,建议结清后再申请"
_DEBT = "当前在其他机构的借款较多,建议减少负债后再申请"
_SCORE = "综合评估暂不满足本产品要求"
_PERSON = "需要人工进一步核实,请等待审核结果"
_ELSEWHERE = "支付地点异常,为保障资金安全,本次支付未通过"
_TILL = "该收银台暂时无法受理此类支付,请更换门店或稍后再试"

_TEXTS: dict[str, tuple[str, str]] = {
    "BLACKLIST_IDENTITY": ("The identity number is on the blacklist", _UNSAFE),
    "BLACKLIST_MOBILE": ("The mobile is on the blacklist", _UNSAFE),
    "BLACKLIST_DEVICE": ("The device is on the blacklist", _UNSAFE),
    "BLACKLIST_CARD": ("The bank card is on the blacklist", _UNSAFE),
    "AGE_OUTSIDE": ("The age is outside what we lend to", "年龄不在本产品服务范围内"),
    "BIRTH_DATE_CONTRADICTS": (
        "The date of birth on file is not that of the identity number",
        _UNSAFE,
    ),
    "REGION_UNKNOWN": ("The identity number names no region that exists", _UNSAFE),
    "NAME_CHANGED": ("The identity number applied under another name before", _PERSON),
    "MOBILE_SHARED": ("The mobile was used with other identity numbers", _PERSON),
    "CARD_SHARED": ("The bank card was used with other identity numbers", _UNSAFE),
    "DEVICE_SHARED": ("The device was used by several identity numbers", _PERSON),
    "DEVICE_FARM": ("The device was used by many identity numbers", _UNSAFE),
    "IP_CROWDED": ("Very many identity numbers applied from this address in a day", _PERSON),
    "VELOCITY_PERSON": ("The person applied too often", _BUSY),
    "VELOCITY_DEVICE": ("Too many applications came from the device", _BUSY),
    "VELOCITY_IP": ("Too many applications came from the address", _PERSON),
    "VELOCITY_MOBILE": ("Too many applications came with the mobile", _BUSY),
    "VISIT_HASTY": ("The phone went from store to store faster than a train", _PERSON),
    "VISIT_TWO_CITIES": ("The phone was in two stores too far apart for the time between", _UNSAFE),
    "DEVICE_STALE_CODES": ("The device came with photographed codes of stores", _PERSON),
    "DEVICE_ELSEWHERE": ("The device opened a store's page far away from the store", _PERSON),
    "POSITION_COPIED": ("Several phones told the very same position in the store", _PERSON),
    "STORE_CROWDED": ("Very many applications came from the store in an hour", _PERSON),
    "STAFF_CROWDED": ("Many applications came through one member of staff in an hour", _PERSON),
    "STAFF_FAILED": ("Most applications through this member of staff went wrong", _PERSON),
    "PLATFORMS_CROWD": ("Many platforms have sent the person within a month", _BUSY),
    "BUREAUS_ABSENT": ("No credit bureau answered", _PERSON),
    "BUREAU_ABSENT": ("One credit bureau did not answer; the other was used", "已完成信用评估"),
    "OVERDUE_NOW": ("A bureau reports debt that is overdue now", _CREDIT),
    "OVERDUE_OFTEN": ("A bureau reports many overdue payments", _CREDIT),
    "OVERDUE_SOME": ("A bureau reports some overdue payments", _PERSON),
    "INQUIRIES_MANY": ("Lenders asked about the person very often in three months", _DEBT),
    "PLATFORMS_MANY": ("The person borrows on many platforms at once", _DEBT),
    "PLATFORMS_SOME": ("The person borrows on several platforms at once", _PERSON),
    "DEBT_HIGH": ("The person's debts elsewhere are high", _DEBT),
    "BUREAU_SCORE_LOW": ("The lowest bureau score is very low", _SCORE),
    "THIN_FILE": ("The bureaus know too little of the person", _PERSON),
    "SCORE_LOW": ("The score is below the least of the product", _SCORE),
    "SCORE_MIDDLE": ("The score leaves the decision to a person", _PERSON),
    "SCORE_GOOD": ("The score is good", "综合评估通过"),
    "AMOUNT_ABOVE_LIMIT": (
        "The amount is above the limit that the score allows",
        "申请金额超过可用额度,可选择金额较低的商品",
    ),
    "ON_LINE": ("Paid out of a line that was decided on", "额度内支用"),
    "VELOCITY_DRAWS": ("The line is drawn on too often", "短时间内支付过于频繁,请稍后再试"),
    "DRAW_DEVICE_SHARED": ("One device pays out of several people's lines", _UNSAFE),
    "DRAW_FAR_AWAY": ("The phone is far away from the till", _ELSEWHERE),
    "DRAW_TWO_CITIES": ("The line paid in two places too far apart for the time", _ELSEWHERE),
    "DRAW_DEVICE_REFUSED": ("The device was turned away by stores' pages again and again", _UNSAFE),
    "TILL_HIGH": ("The till takes many payments of nearly whole lines", _TILL),
    "TILL_NEW_LINES": ("The till takes many payments of lines opened here just before", _TILL),
    "TILL_REFUNDS": ("The till gave back many payments within a day", _TILL),
    "BY_PERSON": ("Decided by a person", "人工审核完成"),
}

CODES = frozenset(_TEXTS)
UNSAFE = frozenset(code for code, (_, told) in _TEXTS.items() if told == _UNSAFE)
"""What the anti-fraud rules turn people away for."""


def reason(code: str) -> Reason:
    """The reason with this code; an unknown code is a mistake of ours and raises KeyError."""
    return Reason(code, *_TEXTS[code])
