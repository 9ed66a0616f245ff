"""Operators read Chinese, whatever went wrong; each page that a test opens is read for English."""

from collections.abc import Iterator
from pathlib import Path

from werkzeug.exceptions import HTTPException, default_exceptions

import processes.front  # noqa: F401  # with it all that can go wrong is known
from console.problems import told, told_http
from lending.channels.errors import LastKey, NoSuchPartner
from lending.foundation.errors import NotFound, Problem
from lending.system.model import Role
from tests.console.chinese import english_in
from tests.console.test_loans_and_approvals import URL, Desk
from tests.console.test_sign_in import composed
from tests.loans.world import World


def every(kind: type[Problem]) -> Iterator[type[Problem]]:
    for each in kind.__subclasses__():
        yield each
        yield from every(each)


class TestWhatGoesWrong:
    def test_is_told_in_chinese_however_its_rule_speaks(self):
        kinds = set(every(Problem))
        assert len(kinds) > 200
        for kind in kinds:
            problem = kind.__new__(kind)
            Problem.__init__(problem, "somebody said no to this", mend="Say yes to it.")
            assert not any(text.isascii() for text in told(problem)), kind
            Problem.__init__(problem)
            detail, mend = told(problem)
            assert not detail.isascii(), kind
            assert english_in(f"{detail} {mend}") == [], kind

    def test_keeps_what_a_rule_says_in_chinese(self):
        assert told(NotFound("没有这条借款", mend="请核对编号。")) == (
            "没有这条借款",
            "请核对编号。",
        )
        assert told(LastKey()) == ("这是最后一个有效公钥", "请先启用另一个。")
        assert told(NoSuchPartner())[0] == "没有这条记录"

    def test_in_the_web_server_is_told_in_chinese(self):
        for kind in default_exceptions.values():
            assert not told_http(kind()).isascii(), kind
        assert told_http(HTTPException("表单已过期")) == "表单已过期"


class TestAPageThatIsNotThere:
    def test_says_so_in_chinese(self, world: World, tmp_path: Path):
        desk = Desk(composed(world, tmp_path), world, "zhou", "周经办", Role.FINANCE)
        status, page = desk.get("/nothing/here")
        assert (status, "没有这个页面" in page) == (404, True)
        answer = desk.client.get("/console/sign-out", base_url=URL)
        assert (answer.status_code, "不支持这种操作" in answer.text) == (405, True)
