"""What the shop sells."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Good:
    """One article."""

    sku: str
    name: str
    text: str
    price_fen: int
    category: str
    mark: str
    """One character that stands for a picture."""


GOODS = {
    good.sku: good
    for good in (
        Good("PHONE-1", "小满手机 12", "6.3 英寸屏 · 256 GB", 499_900, "electronics", "机"),
        Good("WATCH-1", "小满手表 S", "心率血氧 · 七天续航", 100_000, "electronics", "表"),
        Good("SOFA-1", "云朵沙发", "三人位 · 可拆洗", 329_900, "furniture", "沙"),
    )
}
