import json
import socket
import subprocess
import sys

import pytest

from processes import cli


class TestPlan:
    ARGUMENTS = (
        *("plan", "--principal-fen", "1000000", "--rate-percent", "18", "--periods", "12"),
        *("--start", "2026-11-23"),
    )

    def test_prints_rows_with_the_balance_after_each(self, capsys: pytest.CaptureFixture[str]):
        assert cli.main([*self.ARGUMENTS, "--json"]) == 0
        rows = json.loads(capsys.readouterr().out)
        assert rows[0] == {
            "due_date": "2026-12-23",
            "principal_fen": 76_680,
            "interest_fen": 15_000,
            "fee_fen": 0,
            "balance_fen": 923_320,
        }
        assert rows[-1]["balance_fen"] == 0

    def test_tells_people_the_all_in_cost(self, capsys: pytest.CaptureFixture[str]):
        cli.main(list(self.ARGUMENTS))
        assert "all-in cost 18.00% a year (12 r), 19.56% compound" in capsys.readouterr().out

    def test_refuses_in_a_sentence_with_the_mend(self, capsys: pytest.CaptureFixture[str]):
        assert cli.main(["plan", "--principal-fen", "-5", *self.ARGUMENTS[3:]]) == 1
        assert "Use an amount of at least one fen, and" in capsys.readouterr().err


class TestTenants:
    @pytest.mark.parametrize("action", [["list"], ["add", "acme"], ["remove", "acme"]])
    def test_are_of_a_sandbox_only(
        self,
        action: list[str],
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
    ):
        monkeypatch.setenv("CF_ENVIRONMENT", "live")
        assert cli.main(["tenant", *action]) == 1
        assert "no test tenants in live" in capsys.readouterr().err

    @pytest.mark.parametrize("name", ["", "Acme", "1st", "a_b", "../x", "a" * 25])
    def test_have_a_name_that_a_path_can_have(self, name: str, capsys: pytest.CaptureFixture[str]):
        with pytest.raises(SystemExit):
            cli.main(["tenant", "add", name])
        assert "a-z, 0-9 and -" in capsys.readouterr().err


class TestStarting:
    def test_says_which_port_is_taken_and_how_to_move(self, tmp_path):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            port = str(taken.getsockname()[1])
            done = subprocess.run(
                [sys.executable, "-m", "processes.cli", "--var", str(tmp_path), "simulators"],
                env={"CF_SIMULATORS_PORT": port, "PATH": "/usr/bin:/bin"},
                capture_output=True,
                text=True,
                timeout=60,
                check=False,
            )
        assert done.returncode == 1
        assert f"port {port} on 127.0.0.1 is taken" in done.stderr
        assert "CF_SIMULATORS_PORT" in done.stderr

    def test_says_that_the_database_does_not_answer_and_how_to_mend_it(self, tmp_path):
        done = subprocess.run(
            [sys.executable, "-m", "processes.cli", "--var", str(tmp_path), "migrate"],
            env={"DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none", "PATH": "/usr/bin:/bin"},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 1
        assert "the database does not answer" in done.stderr
        assert "DATABASE_URL" in done.stderr

    def test_names_a_setting_that_cannot_be_read(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ):
        monkeypatch.setenv("CF_FRONT_PORT", "eighty")
        assert cli.main(["migrate"]) == 1
        assert "CF_FRONT_PORT='eighty'" in capsys.readouterr().err
