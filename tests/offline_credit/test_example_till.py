"""The example till, with a cashier's answers and a line that breaks."""

from collections.abc import Iterator

import pytest
import requests

from examples.till.desk import NO_ANSWER, Desk, Store, fen
from examples.till.pending import Pending
from tests.loans.world import World
from tests.offline_credit.counter import Counter
from tests.outside import WsgiTransport


class Broken(WsgiTransport):
    """A line on which no answer of a payment comes back, while `is_down`."""

    is_down = False

    def send(self, request: requests.PreparedRequest, **more: object) -> requests.Response:
        answer = super().send(request, **more)
        if self.is_down and request.method == "POST":
            raise requests.ConnectionError("the answer was lost")
        return answer


class Cashier:
    """What is typed at a till and what it says."""

    def __init__(self, counter: Counter, folder) -> None:
        self.counter = counter
        self.line = Broken(counter.app)
        self.pending = Pending(folder / "pending.json")
        self.said: list[str] = []

    def work(self, *typed: str) -> str:
        keys: Iterator[str] = iter((*typed, "0"))
        store = Store(self.counter.shop.appliances, "小满家电", "T-1", is_paid_ahead=False)
        client = self.counter.till(through=self.line)
        begun = len(self.said)
        Desk(
            client,
            store,
            self.pending,
            ask=lambda _: next(keys),
            say=self.said.append,
            sleep=self.pause,
        ).run()
        return "\n".join(self.said[begun:])

    def pause(self, _: float) -> None:
        """The customer agrees on the phone."""
        shop = self.counter.shop
        (row,) = shop.world.rows("SELECT id FROM store_payment_now WHERE state = 'confirming'")
        shop.agree(shop.payment(row["id"]))
        shop.work()


@pytest.fixture
def cashier(world: World, tmp_path) -> Cashier:
    return Cashier(Counter(world), tmp_path)


class TestTheTill:
    def test_takes_a_payment_against_a_code_and_refunds_a_part(self, cashier):
        said = cashier.work("1", "3000", "冰箱", cashier.counter.shop.code())
        assert "等待顾客在手机上确认" in said
        assert "收款成功,可以交货" in said
        number = said.partition("单号 ")[2].partition("\n")[0]
        said = cashier.work("4", number, "1000.50", "")
        assert "已退款 1,000.50 元" in said
        assert "已部分退款" in cashier.work("3", number)

    def test_goes_on_with_the_same_payment_when_the_answer_was_lost(self, cashier):
        cashier.line.is_down = True
        assert NO_ANSWER in cashier.work("1", "3000", "", cashier.counter.shop.code())
        assert len(cashier.pending.all()) == 1
        cashier.line.is_down = False
        said = cashier.work()
        assert "继续未完成的收款" in said
        assert "收款成功" in said
        assert cashier.pending.all() == {}
        assert cashier.counter.world.count("SELECT count(*) FROM store_payment") == 1
        assert len(cashier.counter.world.bank.paid()) == 1

    def test_says_what_the_cashier_can_do_when_it_is_refused(self, cashier):
        said = cashier.work("1", "3000", "", "68000000000000000000")
        assert "付款码无效" in said
        assert "请顾客重新打开付款码" in said
        assert cashier.pending.all() == {}
        assert "没有这笔交易" in cashier.work("3", "X-1")

    def test_asks_again_for_what_is_no_amount(self, cashier):
        assert "请输入大于 0" in cashier.work("1", "abc", "-5", "1.234", "")


def test_reads_amounts_to_the_fen():
    given = ("2999", "0.01", "1.5", "1.005", "0", "-1", "NaN", "1e3", "一")
    assert [fen(each) for each in given] == [299_900, 1, 150, None, None, None, None, 100_000, None]
