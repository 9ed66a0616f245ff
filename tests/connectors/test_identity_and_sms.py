import pytest

from connectors.http import Answer, NoAnswer
from connectors.identity import IdentityUnavailable, read_answer
from connectors.sms import SmsUnavailable
from simulators.magic import MAGIC
from tests.outside import OutsideWorld

FACE = b"\xff\xd8" + b"a face" * 40
BROKEN = pytest.mark.parametrize(
    "fault", ["error_before", "error_after", "unavailable", "unsigned"]
)


class TestCheckingAnIdentity:
    def test_tells_whether_name_and_number_belong_together(self, outside: OutsideWorld):
        check = outside.plugged.identity.check_identity
        assert check(name="王小明", identity_no=MAGIC["approved"]).passed
        refused = check(name="王小明", identity_no=MAGIC["identity_mismatch"])
        assert (refused.passed, refused.reason) == (False, "name_mismatch")

    def test_knows_no_number_with_a_wrong_check_character(self, outside: OutsideWorld):
        answer = outside.plugged.identity.check_identity(
            name="王小明", identity_no="110101199003071007"
        )
        assert (answer.passed, answer.reason) == (False, "no_such_number")

    def test_gives_each_check_a_reference_of_its_own(self, outside: OutsideWorld):
        check = outside.plugged.identity.check_identity
        found = {check(name="王", identity_no=MAGIC["approved"]).reference for _ in range(3)}
        assert len(found) == 3

    def test_is_refused_on_demand(self, outside: OutsideWorld):
        outside.fault("identity", "check", "declined")
        check = outside.plugged.identity.check_identity
        assert not check(name="王小明", identity_no=MAGIC["approved"]).passed

    @BROKEN
    def test_says_when_there_is_no_answer(self, outside: OutsideWorld, fault: str):
        outside.fault("identity", "check", fault)
        with pytest.raises(IdentityUnavailable) as caught:
            outside.plugged.identity.check_identity(name="王小明", identity_no=MAGIC["approved"])
        assert caught.value.retryable


class TestCheckingAFace:
    def test_wants_a_living_face_that_is_the_numbers(self, outside: OutsideWorld):
        check = outside.plugged.identity.check_face
        passed = check(identity_no=MAGIC["approved"], image=FACE)
        other = check(identity_no=MAGIC["face_mismatch"], image=FACE)
        nobody = check(identity_no=MAGIC["approved"], image=b"x")
        assert passed.passed
        assert (other.passed, other.reason) == (False, "face_mismatch")
        assert (nobody.passed, nobody.reason) == (False, "no_face")
        assert (passed.score or 0) > (other.score or 0)

    @BROKEN
    def test_says_when_there_is_no_answer(self, outside: OutsideWorld, fault: str):
        outside.fault("identity", "face", fault)
        with pytest.raises(IdentityUnavailable):
            outside.plugged.identity.check_face(identity_no=MAGIC["approved"], image=FACE)


class TestReadingTheServicesAnswer:
    def test_does_not_pass_a_face_that_is_not_alive(self):
        assert not read_answer(Answer(200, b'{"passed": true, "alive": false}')).passed

    @pytest.mark.parametrize(
        "answer", [Answer(200, b'{"passed": "yes"}'), Answer(400, b'{"passed": true}')]
    )
    def test_does_not_guess(self, answer: Answer):
        with pytest.raises(NoAnswer):
            read_answer(answer)


class TestSendingAMessage:
    def test_arrives_as_it_was_written(self, outside: OutsideWorld):
        outside.plugged.sms.send(mobile="13800138000", text="您的验证码 123456，5分钟内有效")
        outbox = outside.app.test_client().get("/sms/outbox?mobile=13800138000").json
        assert [message["text"] for message in outbox] == ["您的验证码 123456，5分钟内有效"]

    def test_says_when_the_company_refuses(self, outside: OutsideWorld):
        outside.fault("sms", "send", "declined")
        with pytest.raises(SmsUnavailable):
            outside.plugged.sms.send(mobile="13800138000", text="x")
        assert outside.app.test_client().get("/sms/outbox").json == []

    @BROKEN
    def test_says_when_there_is_no_answer(self, outside: OutsideWorld, fault: str):
        outside.fault("sms", "send", fault)
        with pytest.raises(SmsUnavailable) as caught:
            outside.plugged.sms.send(mobile="13800138000", text="x")
        assert caught.value.retryable
