"""What can go wrong in a store. Cashiers and customers read most of these, so they are Chinese."""

from lending.foundation.errors import BadInput, Conflict, NotFound, Refused


class NoSuchStore(NotFound):
    """There is no such store, till, staff member, payment or refund, or it is another partner's."""


class StoreNoTaken(Conflict):
    """The partner has used this number for another store."""

    code, title = "store.number_taken", "This store_no belongs to another store"
    field = "/store_no"
    mend = "Use a new store_no, or send the same store again with its Idempotency-Key."


class TillNoTaken(Conflict):
    """The store has a till or a staff member of this number, or the key is another till's."""

    code, title = "till.number_taken", "This number or key belongs to another till"
    field = "/till_no"
    mend = "Use a new till_no and a key of its own for each till."


class StaffNoTaken(Conflict):
    """The store has a member of staff of this number."""

    code, title = "staff.number_taken", "This staff_no belongs to somebody else"
    field = "/staff_no"
    mend = "Use a new staff_no."


class KeyNotYours(Refused):
    """A till's key must be one of the partner's own."""

    code, title = "till.key_not_yours", "This key is not registered for you"
    field = "/keyid"
    mend = "Register the till's public key first, then name its keyid."


class SceneUnknown(BadInput):
    """A store is of one of the kinds that we lend for."""

    code, title, field = "store.scene_unknown", "There is no such kind of store", "/scene"


class NotATill(Refused):
    """The call was signed by a key that is no till's, or by a till that is retired."""

    code, title = "till.not_a_till", "该密钥不是收银台密钥"
    mend = "请使用门店收银台自己的密钥签名。"


class TillOfAnotherStore(Refused):
    """The till belongs to another store than the one named."""

    code, title = "till.of_another_store", "该收银台不属于本门店"
    field = "/store_id"
    mend = "请在款项所属门店的收银台收款。"


class StoreClosed(Refused):
    """The store takes no customers any more."""

    code, title = "store.closed", "该门店已停止办理"
    mend = "请选择其他门店。"


class CodeStale(Refused):
    """The store's code has been replaced since it was photographed."""

    code, title = "store.code_stale", "门店二维码已过期"
    mend = "请在门店现场扫描屏幕上的最新二维码。"


class CodeForged(Refused):
    """The store's code was not made by us."""

    code, title = "store.code_forged", "二维码无效"
    mend = "请在门店现场扫描屏幕上的二维码。"


class PositionNeeded(BadInput):
    """An application in a store needs to be made there (STORE-1)."""

    code, title, field = "store.position_needed", "需要定位以确认您在门店现场", "/position"
    mend = "请允许定位后重试;本次定位仅用于确认在店办理。"


class OutsideTheStore(Refused):
    """The phone is not within the store's radius (STORE-1)."""

    code, title, field = "store.outside", "您当前不在门店附近", "/position"
    mend = "请到门店现场办理。"


class PositionTooVague(Refused):
    """The position is too inaccurate to tell whether it is in the store."""

    code, title = "store.position_vague", "定位精度不足"
    field = "/position/accuracy_m"
    mend = "请打开手机的精确定位,或移至窗边后重试。"


class VisitEnded(Refused):
    """The page that was opened by the store's code is not known, or too old."""

    code, title = "store.visit_ended", "页面已失效"
    mend = "请重新扫描门店二维码。"


class CodeUnknown(Refused):
    """No payment code of ours."""

    code, title, field = "payment_code.unknown", "付款码无效", "/code"
    mend = "请顾客重新打开付款码。"


class CodeExpired(Refused):
    """A payment code is good for a minute (STORE-5)."""

    code, title, field = "payment_code.expired", "付款码已过期", "/code"
    mend = "请顾客刷新付款码后重新扫描。"


class CodeUsed(Refused):
    """A payment code is good once (STORE-5)."""

    code, title, field = "payment_code.used", "付款码已被使用", "/code"
    mend = "请查询原交易结果,需要重新收款时请顾客刷新付款码。"


class PaymentNoTaken(Conflict):
    """The merchant has used this number for another payment."""

    code, title = "payment.number_taken", "该支付单号已用于其他交易"
    field = "/payment_no"
    mend = "请使用新的支付单号;查询原交易请用原单号。"


class PaymentEnded(Conflict):
    """The payment was cancelled, has expired, or is another customer's."""

    code, title = "payment.ended", "该笔支付已结束"
    mend = "请重新发起收款。"


class ReleaseNotOffered(Refused):
    """A service paid ahead needs a product that is free for the customer and a plan of parts."""

    code, title, field = "payment.release_not_offered", "该产品不支持按期划转", "/release_parts"
    mend = "请使用免息产品,并填写 2 至 36 期的划转期数。"


class ReleaseNeeded(Refused):
    """In this kind of store the service is paid ahead: the money goes to the merchant by period."""

    code, title, field = "payment.release_needed", "预付服务须按期划转", "/release_parts"
    mend = "请填写 2 至 36 期的划转期数。"


class NotPaidYet(Conflict):
    """The payment is not paid, so there is nothing to refund."""

    code, title = "store_refund.not_paid", "该笔支付尚未完成"
    mend = "请改为取消该笔支付。"


class RefundNoTaken(Conflict):
    """The merchant has used this number for another refund."""

    code, title = "store_refund.number_taken", "该退款单号已用于其他退款"
    field = "/refund_no"
    mend = "请使用新的退款单号。"


class QuickAmountPassed(Refused):
    """More than the customer confirmed beforehand; the customer confirms this one on the phone."""

    code, title, field = "payment.confirm_on_phone", "超过免确认金额", "/amount_fen"
    mend = "请顾客在手机上确认本次付款。"


class NoLineSeen(NotFound):
    """No line that was applied for in the partner's stores, or its customer agrees no more."""


class QuestionsUsedUp(Refused):
    """A merchant asks of a line a few times a day only, so that nobody finds out what is left."""

    code, title = "credit_line.asked_too_often", "今日查询次数已用完"
    mend = "请直接向顾客收款:额度不足时不会扣款。"
