"""The command `cf-partner`: what it says to people and programs, and that no secret is in it."""

import json
import os
import shlex
import stat
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import requests
from cf_partner_sdk import PrivateKey
from cf_partner_sdk.cli import main
from cf_partner_sdk.testing import FakeClock, FakeGateway

from tests.sdk.test_fake_gateway_contract import place

BODY = b'{"amount_fen":599900}'


@pytest.fixture
def gateway():
    with FakeGateway(clock=FakeClock(datetime.now(UTC))) as opened:
        yield opened


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch) -> Path:
    """A folder to work in, and no settings of the machine's."""
    for name in list(os.environ):
        if name.startswith("CF_PARTNER_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def settings(gateway, home) -> Path:
    """Settings that are in order."""
    key = home / "partner.pem"
    key.touch(mode=0o600)
    key.write_text(gateway.partner_key.to_pem())
    file = home / "cf-partner.ini"
    file.write_text(
        f"[default]\napp_id = app_test\nbase_url = {gateway.base_url}\n"
        f"root_keyid = {gateway.root_keyid}\nkey_file = partner.pem\n"
    )
    return file


def told(capsys, *arguments: str) -> tuple[int, dict]:
    """Exit code and JSON of a command."""
    code = main(["--json", *arguments])
    return code, json.loads(capsys.readouterr().out)


class TestKeysNew:
    def test_makes_a_key_that_only_its_owner_reads(self, home, capsys):
        code, made = told(capsys, "keys", "new", "new.pem")
        file = home / "new.pem"
        key = PrivateKey.from_pem(file.read_text())
        assert (code, made["keyid"], made["public_jwk"]) == (0, key.keyid, key.public.jwk)
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert "d" not in made["public_jwk"]

    def test_never_overwrites_one(self, home, capsys):
        (home / "new.pem").write_text("mine")
        code, said = told(capsys, "keys", "new", "new.pem")
        assert (code, said["error"]["code"]) == (2, "key")
        assert (home / "new.pem").read_text() == "mine"

    def test_encrypts_it_with_a_passphrase_out_of_the_environment(self, home, capsys, monkeypatch):
        monkeypatch.setenv("CF_PARTNER_KEY_PASSPHRASE", "hush")
        assert main(["keys", "new", "new.pem", "--algorithm", "ecdsa-p256-sha256"]) == 0
        pem = (home / "new.pem").read_text()
        assert "ENCRYPTED" in pem
        assert PrivateKey.from_pem(pem, passphrase="hush").algorithm == "ecdsa-p256-sha256"
        assert "hush" not in capsys.readouterr().out


class TestSign:
    @pytest.mark.usefixtures("settings")
    def test_shows_what_the_lender_computes_too(self, gateway, home, capsys):
        (home / "body.json").write_bytes(BODY)
        code, shown = told(capsys, "sign", "post", "/v1/mall/quotes", "--body", "body.json")
        answer = requests.post(shown["url"], data=BODY, headers=shown["headers"], timeout=5)
        assert (code, answer.status_code) == (0, 200)
        assert answer.json()["amount_fen"] == 599_900
        assert shown["keyid"] == gateway.partner_key.keyid
        assert '"@path": /v1/mall/quotes' in shown["signature_base"]

    @pytest.mark.usefixtures("settings")
    def test_gives_a_curl_line_that_a_shell_reads_back(self, home, capsys):
        (home / "body.json").write_bytes(BODY)
        _, shown = told(capsys, "sign", "POST", "/v1/mall/quotes", "--body", "body.json")
        words = shlex.split(shown["curl"])
        assert words[-1] == shown["url"]
        assert f"Signature: {shown['headers']['Signature']}" in words
        assert "@body.json" in words

    @pytest.mark.usefixtures("settings")
    def test_says_it_to_people(self, capsys):
        how = ("--created", "1795000000", "--nonce", "n" * 16, "--idempotency-key", "k-1")
        assert main(["sign", "POST", "/v1/mall/orders/ord_1/cancel", *how]) == 0
        out = capsys.readouterr().out
        assert '  "idempotency-key": k-1\n' in out
        assert "created=1795000000;expires=1795000300" in out
        assert "PRIVATE" not in out

    @pytest.mark.usefixtures("settings")
    def test_warns_of_a_write_without_a_key(self, capsys):
        assert main(["sign", "POST", "/v1/mall/orders"]) == 0
        assert "--idempotency-key" in capsys.readouterr().err


class TestVerify:
    def event(self, gateway, home, alter: bytes = b"", **how) -> tuple[str, ...]:
        posted = gateway.event("order.paid", **how)
        lines = [f"{name}: {value}" for name, value in posted.headers.items()]
        (home / "event.http").write_bytes(
            "\r\n".join(["POST /cf/webhooks HTTP/1.1", *lines]).encode()
            + b"\r\n\r\n"
            + posted.body
            + alter
        )
        return "verify", "event", "event.http", "--url", gateway.webhook_url

    @pytest.mark.usefixtures("settings")
    def test_proves_an_event(self, gateway, home, capsys):
        code, said = told(capsys, *self.event(gateway, home))
        assert (code, said["verified"], said["event"]["type"]) == (0, True, "order.paid")

    @pytest.mark.usefixtures("settings")
    def test_says_which_step_failed_and_what_was_compared(self, gateway, home, capsys):
        code, said = told(capsys, *self.event(gateway, home, b" "))
        assert (code, said["error"]["code"]) == (1, "digest")
        assert "expected  sha-256=:" in said["error"]["detail"]
        assert "raw bytes" in said["error"]["mend"]

    @pytest.mark.usefixtures("settings")
    def test_takes_the_time_at_which_an_event_arrived(self, gateway, home, capsys):
        arguments = self.event(gateway, home, age_s=3600)
        assert told(capsys, *arguments)[1]["error"]["code"] == "time"
        then = str(gateway.clock.seconds() - 3600)
        assert told(capsys, *arguments, "--now", then)[0] == 0

    @pytest.mark.usefixtures("settings")
    def test_takes_a_body_and_keys_from_files_of_their_own(self, gateway, home, capsys):
        posted = gateway.event("order.paid")
        (home / "h").write_text("".join(f"{n}: {v}\n" for n, v in posted.headers.items()))
        (home / "b").write_bytes(posted.body)
        jwk = {**gateway._door.event.public.jwk, "purpose": "event"}
        (home / "keys.json").write_text(json.dumps({"keys": [jwk]}))
        (home / "cf-partner.ini").unlink()
        how = ("--body", "b", "--keys", "keys.json", "--url", gateway.webhook_url)
        assert told(capsys, "verify", "event", "h", *how)[0] == 0

    @pytest.mark.usefixtures("settings")
    def test_proves_an_answer_and_refuses_it_for_another_call(self, home, capsys):
        calls = []
        for name in ("one", "two"):
            _, shown = told(capsys, "sign", "GET", "/v1/mall/orders")
            (home / f"{name}.json").write_text(json.dumps(shown))
            calls.append(shown)
        answer = requests.get(calls[0]["url"], headers=calls[0]["headers"], timeout=5)
        lines = [f"{name}: {value}" for name, value in answer.headers.items()]
        head = "\r\n".join(["HTTP/1.1 200 OK", *lines, "", ""]).encode()
        (home / "answer.http").write_bytes(head + answer.content)
        arguments = ("verify", "answer", "answer.http", "--request")
        assert told(capsys, *arguments, "one.json")[1]["verified"] is True
        code, said = told(capsys, *arguments, "two.json")
        assert (code, said["error"]["code"]) == (1, "signature-replayed")


class TestDoctor:
    def checks(self, capsys) -> tuple[int, dict]:
        code, said = told(capsys, "doctor")
        return code, {check["name"]: check for check in said["checks"]}

    @pytest.mark.usefixtures("settings")
    def test_finds_nothing_where_all_is_well(self, capsys):
        code, checks = self.checks(capsys)
        assert (code, list(checks)) == (0, ["settings", "key", "network", "clock", "call"])
        assert all(check["ok"] for check in checks.values())
        assert main(["doctor"]) == 0
        assert "All is well." in capsys.readouterr().out

    def test_names_what_is_not_set(self, capsys):
        code, checks = self.checks(capsys)
        assert (code, list(checks)) == (1, ["settings"])
        assert "CF_PARTNER_ROOT_KEYID" in checks["settings"]["mend"]

    @pytest.mark.usefixtures("settings")
    def test_finds_a_key_that_others_read(self, home, capsys):
        (home / "partner.pem").chmod(0o644)
        assert self.checks(capsys)[1]["key"]["mend"] == "chmod 600 partner.pem"

    @pytest.mark.usefixtures("settings")
    @pytest.mark.parametrize("pem", ["no key", None])
    def test_finds_a_key_that_is_none(self, home, capsys, pem):
        (home / "partner.pem").unlink()
        if pem:
            (home / "partner.pem").write_text(pem)
        assert not self.checks(capsys)[1]["key"]["ok"]

    @pytest.mark.usefixtures("settings")
    def test_finds_a_key_that_is_not_registered(self, gateway, capsys):
        gateway.revoke_key(gateway.partner_key.keyid)
        call = self.checks(capsys)[1]["call"]
        assert "key-unknown" in call["found"]
        assert "Register this key" in call["mend"]

    @pytest.mark.usefixtures("settings")
    def test_finds_another_root_key(self, capsys, monkeypatch):
        monkeypatch.setenv("CF_PARTNER_ROOT_KEYID", FakeGateway().root_keyid)
        call = self.checks(capsys)[1]["call"]
        assert not call["ok"]
        assert "root_keyid" in call["mend"]

    @pytest.mark.usefixtures("settings")
    def test_finds_a_wrong_clock(self, gateway, capsys):
        gateway.clock.advance(timedelta(hours=1))
        call = self.checks(capsys)[1]["call"]
        assert not call["ok"]
        assert "NTP" in call["mend"]

    @pytest.mark.usefixtures("settings")
    def test_finds_that_nobody_is_there(self, capsys, monkeypatch):
        monkeypatch.setenv("CF_PARTNER_BASE_URL", "http://127.0.0.1:9")
        assert "base_url" in self.checks(capsys)[1]["network"]["mend"]


class TestSettings:
    def test_of_a_section_are_chosen_by_profile(self, settings, capsys):
        settings.write_text(f"{settings.read_text()}\n[live]\napp_id = app_live\n")
        code, said = told(capsys, "--profile", "live", "sign", "GET", "/v1/mall/orders")
        assert (code, said["error"]["code"]) == (2, "settings")
        assert "base_url is not set in cf-partner.ini [live]" in said["error"]["detail"]
        assert "[default]" not in told(capsys, "--profile", "none", "doctor")[1]["error"]["mend"]

    @pytest.mark.parametrize("line", ["private_key = abc", "passphrase = x", "app-id = x"])
    def test_hold_no_secret_and_no_unknown_name(self, settings, capsys, line):
        settings.write_text(f"{settings.read_text()}{line}\n")
        code, said = told(capsys, "doctor")
        assert (code, said["error"]["code"]) == (2, "settings")

    def test_of_the_environment_win(self, settings, capsys, monkeypatch):
        monkeypatch.setenv("CF_PARTNER_BASE_URL", "https://other.example")
        _, shown = told(capsys, "--config", str(settings), "sign", "GET", "/v1/mall/orders")
        assert shown["url"] == "https://other.example/v1/mall/orders"

    def test_that_are_not_there_are_named(self, capsys):
        code, said = told(capsys, "--config", "none.ini", "doctor")
        assert (code, said["error"]["code"]) == (2, "settings")


class TestTheCommand:
    def test_runs_as_a_process_of_its_own(self, home):
        command = Path(sys.executable).with_name("cf-partner")
        done = subprocess.run(
            [command, "--json", "keys", "new", "k.pem"], capture_output=True, text=True, check=True
        )
        assert json.loads(done.stdout)["keyid"]
        assert (home / "k.pem").exists()
        broken = subprocess.run([command, "doctor"], capture_output=True, text=True, check=False)
        assert (broken.returncode, broken.stderr) == (1, "")
        assert "CF_PARTNER_APP_ID" in broken.stdout

    @pytest.mark.usefixtures("settings")
    def test_has_no_secret_among_its_arguments(self, gateway, capsys):
        with pytest.raises(SystemExit):
            main(["--help"])
        for name in ("key", "passphrase", "secret", "password", "token"):
            assert f"--{name} " not in capsys.readouterr().out
        with gateway.client() as cf:
            assert place(cf, "A-1")
