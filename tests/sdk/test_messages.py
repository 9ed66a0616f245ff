"""Headers and URLs as a signature sees them."""

import http.client
import io

import pytest
from cf_partner_sdk.http_signatures import Headers, Message
from werkzeug.datastructures import Headers as WerkzeugHeaders


class TestHeaders:
    def test_are_read_from_whatever_gives_pairs(self):
        pairs = [("X-A", "1"), ("x-a", b" 2 "), ("X-B", "3")]
        headers = Headers(pairs)
        assert headers["X-a"] == "1, 2"
        assert headers.all("x-A") == ["1", "2"]
        assert (len(headers), list(headers), "X-B" in headers) == (2, ["x-a", "x-b"], True)
        assert Headers(headers).all("x-a") == ["1", "2"]
        assert 7 not in headers

    def test_do_not_show_their_values(self):
        assert "secret" not in repr(Headers({"Authorization": "secret"}))

    def test_of_werkzeug_and_the_standard_library_keep_what_was_given_twice(self):
        theirs = WerkzeugHeaders([("A", "1"), ("a", "2")])
        assert Headers(theirs).all("a") == ["1", "2"]
        parsed = http.client.parse_headers(io.BytesIO(b"A: 1\r\na: 2\r\n\r\n"))
        assert Headers(parsed).all("a") == ["1", "2"]


class TestAUrl:
    @pytest.mark.parametrize("url", ["/path", "ftp://a/b", "http:///b", "https://u:p@a/b", ""])
    def test_of_a_request_is_absolute_and_names_no_user(self, url):
        with pytest.raises(ValueError, match="absolute"):
            Message.of_url("GET", url)

    def test_without_a_path_has_the_root(self):
        message = Message.of_url("GET", "HTTP://Example.COM:80?a=1#part")
        parts = (message.scheme, message.authority, message.path, message.query)
        assert parts == ("http", "example.com", "/", "a=1")
