import pytest

from connectors.bureaus import BureauA, BureauB, BureauUnavailable
from lending.foundation.ports import BureauReport
from simulators.magic import MAGIC, identity_no
from tests.outside import OutsideWorld

BOTH = pytest.mark.parametrize("which", [0, 1], ids=["bureau_a", "bureau_b"])


def report(outside: OutsideWorld, which: int, number: str, **changed: str) -> BureauReport:
    asked = {
        "name": "王小明",
        "identity_no": number,
        "mobile": "13800138000",
        "consent_id": "con_1",
        "purpose": "loan_application",
    }
    return outside.plugged.bureaus[which].report(**(asked | changed))


class TestAReport:
    @BOTH
    def test_is_the_same_for_the_same_person(self, outside: OutsideWorld, which: int):
        number = identity_no("440305", "19881212", "123")
        first, again = report(outside, which, number), report(outside, which, number)
        assert first == again
        assert first.source == ("bureau_a", "bureau_b")[which]
        assert first.score is not None
        assert 0 <= first.score <= first.score_max

    @BOTH
    def test_tells_the_good_from_the_bad_and_the_unknown(self, outside: OutsideWorld, which: int):
        good, bad, thin = (
            report(outside, which, MAGIC[fate]) for fate in ("approved", "declined", "referred")
        )
        assert good.score is not None
        assert bad.score is not None
        assert good.score > good.score_max * 0.8 > good.score_max * 0.2 > bad.score
        assert (good.overdue_now, bad.overdue_now) == (0, 1)
        assert bad.platforms_open > good.platforms_open
        assert thin.score is None
        assert thin.months_on_file < 6

    def test_speaks_of_the_same_debt_in_yuan_and_in_fen(self, outside: OutsideWorld):
        number = identity_no("440305", "19881212", "777")
        a, b = (report(outside, which, number) for which in (0, 1))
        assert a.debt_total_fen == b.debt_total_fen > 0
        assert a.open_accounts == b.open_accounts

    @BOTH
    def test_is_bad_for_anybody_on_demand(self, outside: OutsideWorld, which: int):
        outside.fault(("bureau-a", "bureau-b")[which], "report", "declined")
        assert report(outside, which, MAGIC["approved"]).overdue_now == 1
        assert report(outside, which, MAGIC["approved"]).overdue_now == 0

    @BOTH
    def test_is_kept_on_record_with_consent_and_purpose_but_without_the_number(
        self, outside: OutsideWorld, which: int
    ):
        report(outside, which, MAGIC["approved"])
        path = f"/{('bureau-a', 'bureau-b')[which]}/inquiries"
        answer = outside.plugged.channel._http.call("GET", path)
        (kept,) = answer.json()["inquiries"]
        assert (kept["consent_id"], kept["purpose"]) == ("con_1", "loan_application")
        assert MAGIC["approved"].encode() not in answer.body

    @BOTH
    @pytest.mark.parametrize("missing", ["consent_id", "purpose"])
    def test_is_not_given_without_consent_and_purpose(
        self, outside: OutsideWorld, which: int, missing: str
    ):
        with pytest.raises(BureauUnavailable):
            report(outside, which, MAGIC["approved"], **{missing: ""})

    @BOTH
    @pytest.mark.parametrize("fault", ["error_before", "error_after", "unavailable", "unsigned"])
    def test_that_does_not_come_may_come_later(self, outside: OutsideWorld, which: int, fault: str):
        outside.fault(("bureau-a", "bureau-b")[which], "report", fault)
        with pytest.raises(BureauUnavailable) as caught:
            report(outside, which, MAGIC["approved"])
        assert caught.value.retryable
        assert report(outside, which, MAGIC["approved"]).score is not None

    @pytest.mark.parametrize(
        ("bureau", "key"), [(BureauA, "score"), (BureauB, "currentOverdueFlag")]
    )
    def test_that_lacks_a_field_is_not_half_read(
        self, bureau: type[BureauA | BureauB], key: str, outside: OutsideWorld
    ):
        whole = report(outside, 0 if bureau is BureauA else 1, MAGIC["approved"]).raw
        del whole[key]
        with pytest.raises(KeyError):
            bureau(outside.plugged.channel._http).read(whole)
