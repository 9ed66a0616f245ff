"""What a list of the console says of the rows that it leaves out."""

import jinja2
import pytest

TOLD = (
    jinja2.Environment(loader=jinja2.PackageLoader("console"), autoescape=True)
    .get_template("console/_cut.html")
    .module
)


class TestListThatMayBeCut:
    @pytest.mark.parametrize(("rows", "is_told"), [(0, False), (2, False), (3, True)])
    def test_says_so_once_it_has_reached_its_limit(self, rows: int, is_told: bool) -> None:
        text = TOLD.told(list(range(rows)), 3)  # type: ignore[attr-defined]
        assert ("只显示前 3 条" in text) is is_told
