"""The commands that change something, against the real gateway on a real database."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import responses
from cf_partner_sdk import KeyState, PrivateKey
from cf_partner_sdk.cli import main

from tests.gateway.world import PUBLIC_URL, World
from tests.outside import WsgiTransport


@pytest.fixture
def lender(tmp_path, database, field_keys) -> Iterator[World]:
    """A gateway behind `requests`, however the command's clients are made."""
    world = World(tmp_path, database, field_keys)
    transport = WsgiTransport(world.app)

    def take(sent):
        answer = transport.send(sent)
        return answer.status_code, dict(answer.headers), answer.raw.data

    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        for method in ("GET", "POST", "PATCH", "DELETE"):
            mock.add_callback(method, re.compile(f"{PUBLIC_URL}/.*"), take)
        yield world


@pytest.fixture
def home(lender, tmp_path, monkeypatch) -> Path:
    """A folder with a key that the lender knows, and settings in the environment."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "partner.pem").touch(mode=0o600)
    (tmp_path / "partner.pem").write_text(lender.shop.key.to_pem())
    for name, value in {
        "APP_ID": lender.shop.app_id,
        "BASE_URL": PUBLIC_URL,
        "ROOT_KEYID": lender.platform.root_keyid,
        "KEY_FILE": "partner.pem",
    }.items():
        monkeypatch.setenv(f"CF_PARTNER_{name}", value)
    return tmp_path


def told(capsys, *arguments: str) -> tuple[int, dict]:
    """Exit code and JSON of a command."""
    code = main(["--json", *arguments])
    return code, json.loads(capsys.readouterr().out)


def states(world: World) -> dict[str, str]:
    with world.client() as cf:
        return {key.keyid: key.state.value for key in cf.keys.list()}


class TestKeys:
    def test_are_registered_and_listed(self, lender, home, capsys):
        told(capsys, "keys", "new", "new.pem")
        code, made = told(capsys, "keys", "register", "new.pem", "--description", "till")
        assert (code, made["state"], made["description"]) == (0, "pending", "till")
        assert states(lender)[made["keyid"]] == "pending"
        rows = told(capsys, "keys", "list")[1]["data"]
        assert sorted(row["state"] for row in rows) == ["active", "pending"]
        assert main(["keys", "list"]) == 0
        assert f"{made['keyid']}  ed25519    pending" in capsys.readouterr().out
        assert (home / "new.pem").exists()

    def test_are_rotated_in_one_command(self, lender, home, capsys, monkeypatch):
        code, done = told(capsys, "keys", "rotate", "next.pem", "--overlap-hours", "48")
        new = PrivateKey.from_pem((home / "next.pem").read_text())
        assert (code, done["new"], done["old"]["keyid"]) == (0, new.keyid, lender.shop.key.keyid)
        assert states(lender) == {new.keyid: "active", lender.shop.key.keyid: "retiring"}
        monkeypatch.setenv("CF_PARTNER_KEY_FILE", "next.pem")
        assert told(capsys, "doctor")[1]["checks"][1]["found"].endswith(new.keyid)

    @pytest.mark.parametrize("done_before", ["made", "registered", "activated", "retired"])
    def test_rotation_is_finished_when_it_is_run_again(self, lender, home, capsys, done_before):
        key = PrivateKey.generate()
        (home / "next.pem").write_text(key.to_pem())
        with lender.client() as cf:
            if done_before != "made":
                cf.keys.register(key=key)
            if done_before in ("activated", "retired"):
                cf.keys.activate(key.keyid)
            if done_before == "retired":
                cf.keys.retire(lender.shop.key.keyid)
        assert told(capsys, "keys", "rotate", "next.pem")[0] == 0
        assert states(lender) == {key.keyid: "active", lender.shop.key.keyid: "retiring"}

    def test_rotation_to_the_present_key_is_refused(self, home, capsys):
        code, said = told(capsys, "keys", "rotate", "partner.pem")
        assert (code, said["error"]["code"]) == (2, "key")
        assert home

    def test_are_revoked(self, lender, home, capsys):
        made = told(capsys, "keys", "rotate", "next.pem")[1]
        code, done = told(capsys, "keys", "revoke", made["new"])
        assert (code, done["state"]) == (0, KeyState.REVOKED.value)
        assert states(lender)[made["new"]] == "revoked"
        assert home

    def test_that_are_refused_tell_code_mend_and_request(self, home, capsys):
        code, said = told(capsys, "keys", "revoke", "x" * 43)
        assert code == 1
        assert said["error"]["code"] == "not_found"
        assert said["error"]["request_id"].startswith("req_")
        assert main(["keys", "revoke", "x" * 43]) == 1
        assert "request_id: req_" in capsys.readouterr().err
        assert home
