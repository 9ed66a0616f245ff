from tests.outside import OutsideWorld


class TestTheOutbox:
    def test_shows_the_newest_message_of_a_mobile_first(self, outside: OutsideWorld):
        for mobile, text in (("1", "a"), ("2", "b"), ("1", "c")):
            outside.plugged.sms.send(mobile=mobile, text=text)
        client = outside.app.test_client()
        assert [m["text"] for m in client.get("/sms/outbox?mobile=1").json] == ["c", "a"]
        assert len(client.get("/sms/outbox").json) == 3

    def test_is_a_chinese_page_that_runs_no_script_of_a_message(self, outside: OutsideWorld):
        client = outside.app.test_client()
        assert "暂无短信" in client.get("/sms/").text
        outside.plugged.sms.send(mobile="13800138000", text="验证码 123456 <script>x</script>")
        page = client.get("/sms/").text
        assert "验证码 123456" in page
        assert 'lang="zh-CN"' in page
        assert "<script" not in page
