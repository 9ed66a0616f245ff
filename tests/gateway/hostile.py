"""Bodies that could be read in two ways, or that break readers: 300 and more, the same each run."""

import random
from collections.abc import Iterator

VALID = (
    '{"order_no":"A-1","amount_fen":599900,"items":[{"sku":"P-1","name":"手机","quantity":1,'
    '"unit_price_fen":599900,"category":"electronics"}],"return_url":"https://shop.example/r"}'
)
NUMBERS = (
    *("true", "false", "null", '"599900"', "599900.0", "5.999e5", "599900e0", "1e400", "-1e400"),
    *("NaN", "Infinity", "-Infinity", "-599900", "0", "-0", "0599900", "+599900", "0x9275C"),
    *(
        "599_900",
        "９",
        '"599900"',
        "[599900]",
        '{"fen":599900}',
        "9" * 19,
        "9" * 5000,
        "1" + "0" * 18,
    ),
    *("-9223372036854775809", "18446744073709551616", "100000001", "599900 599900", "599900,"),
    *("1e-1", "0.1", ".5", "5.", "''", "undefined", "5n", "Decimal(5)", "1/2", "{}", "[]", '""'),
)
TEXTS = (
    *("true", "1", "1.5", "null", "[]", "{}", '["A-1"]', '{"$ne":""}', '""', '" "', '"A 1"'),
    *('"A/1"', '"../A"', '"A\\u0000"', '"A\\ud800"', '"\\udfff"', '"A\\n"', '"А-1"', '"Ａ-1"'),
    *('"A\\u200b1"', '"A\\u202e1"', '"A;DROP TABLE mall_order"', "\"A' OR '1'='1\"", '"{{7*7}}"'),
    *('"' + "A" * 65 + '"', '"' + "A" * 100_000 + '"', '"A-1', "'A-1'", '"A\\x"', '"A\\u12"'),
)
URLS = (
    *('"javascript:alert(1)"', '"http://"', '"https:///x"', '"//shop.example"', '"shop.example"'),
    *('"https://a@b/"', '"https://shop.example/ä"', '"https://shop.example/\\n"', '"ftp://x/y"'),
    *('"data:text/html,x"', '"https://shop.example/ x"', '"https://x\\\\y/"', "1", "null", "[]"),
)
NAMES = (
    *("approved", "rate", "limit", "status", "state", "fen", "id", "partner_id", "app_id", "price"),
    *("rate_annual", "loan_id", "paid_fen", "refunded_fen", "created_at", "payout", "periods"),
    *("decline_reason", "checkout_url", "currency", "expires_at", "environment", "functions"),
    *("__proto__", "constructor", "$where", "", "Amount_fen", "amount_fen ", "amount_fen\\u0000"),
    *("keyid", "application_id", "product_version", "merchant_fee_rate", "is_admin", "score"),
    *("credit_line_fen", "subject", "decision", "approved_fen", "customer_id", "purpose"),
)


def bodies() -> Iterator[bytes]:
    """None of them is an order."""
    yield from (text.encode() for text in _whole())
    for number in NUMBERS:
        yield VALID.replace('"amount_fen":599900', f'"amount_fen":{number}').encode()
        yield VALID.replace(
            '"quantity":1', f'"quantity":{"2" if number == "1" else number}'
        ).encode()
    for text in TEXTS:
        yield VALID.replace('"order_no":"A-1"', f'"order_no":{text}').encode("utf-8")
    for url in URLS:
        yield VALID.replace('"https://shop.example/r"', url).encode()
    for name in NAMES:
        yield VALID.replace('{"order_no"', f'{{"{name}":1,"order_no"', 1).encode()
        yield VALID.replace('{"sku"', f'{{"{name}":1,"sku"', 1).encode()
    for name in ("order_no", "amount_fen", "items", "return_url"):
        yield VALID.replace("{", f'{{"{name}":1,', 1).encode()
        yield VALID.replace(f'"{name}":', f'"{name}_":', 1).encode()
    yield from _bytes()


def _whole() -> Iterator[str]:
    yield from ("", " ", "null", "true", "1", '"x"', "[]", "{}", "[{}]", f"[{VALID}]")
    yield from (VALID + VALID, VALID + "x", VALID + ",", VALID[:-1], "{" + VALID, VALID + "\x00")
    for depth in (33, 1000, 100_000):
        yield "[" * depth + "]" * depth
        yield '{"a":' * depth + "1" + "}" * depth
        yield "[" * depth
        yield VALID.replace('"A-1"', "[" * depth + "]" * depth)
    yield "[" * 40 + '"' + '\\"' * 200_000
    yield "{" + ",".join(f'"k{n}":1' for n in range(1001)) + "}"
    yield VALID.replace('"quantity":1', '"quantity":1,"quantity":1')
    yield VALID.replace('"items":[', '"items":[null,').replace("null,{", "null,{")
    yield VALID.replace('"items":[', '"items":[[],')
    yield VALID.replace("}]", "}," * 1 + "1]")
    yield VALID.replace(':"https://shop', ':"https://shop\ud7ff')
    for metadata in (
        '{"a":1}',
        '{"":"x"}',
        '{"a":null}',
        "[]",
        '"x"',
        '{"a":{"b":"c"}}',
        '{"a\\n":"x"}',
    ):
        yield VALID[:-1] + f',"metadata":{metadata}}}'
    yield VALID[:-1] + ',"metadata":{' + ",".join(f'"k{n}":"v"' for n in range(21)) + "}}"
    yield "/**/" + VALID
    yield VALID.replace('"', "'")


def _bytes() -> Iterator[bytes]:
    valid = VALID.encode()
    yield b"\xef\xbb\xbf" + valid
    yield valid.decode().encode("utf-16")
    yield valid.decode().encode("gb18030")
    yield valid.decode().encode("utf-32-le")
    yield valid.replace(b"A-1", b"A\xff1")
    yield valid.replace(b"A-1", b"\xed\xa0\x80")
    yield valid.replace(b"A-1", b"\xc0\xaf")
    chance = random.Random(9421)
    for _ in range(60):
        broken = bytearray(valid)
        at = chance.randrange(len(broken))
        del broken[at : at + chance.randint(1, 40)]
        broken.insert(chance.randrange(len(broken)), chance.choice(b'{}[]",:\\\x00\xff'))
        yield bytes(broken)
