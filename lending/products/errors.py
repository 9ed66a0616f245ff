"""What can go wrong with a product."""

from lending.foundation.errors import Conflict, NotFound, Refused


class NoSuchProduct(NotFound):
    """No published product has this code."""

    code = "product.unknown"
    field = "/product_code"
    mend = "Use a product that your agreement covers, or leave product_code out."


class AmountOutsideProduct(Refused):
    """The amount is below the product's least or above its most."""

    code, title = "product.amount_outside", "The amount is outside what this product allows"
    field = "/amount_fen"


class PeriodsNotOffered(Refused):
    """The number of periods is not on offer for this amount (MALL-1)."""

    code, title = "product.periods_not_offered", "These periods are not on offer for this amount"
    field = "/periods"


class ProductNotAllowed(Refused):
    """A version breaks a rule that every product must keep; operators read which."""

    code, title = "product.not_allowed", "产品不能这样发布"


class VersionTaken(Conflict):
    """Another version was published at the same moment."""

    code, title = "product.version_taken", "该产品刚有另一个版本发布"
    mend = "请查看最新版本后重新提交。"
