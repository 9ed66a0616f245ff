"""Python 3.9 to 3.14, by syntax and by types; and what a plain installation has."""

import ast
import os
import subprocess
import sys
import zipfile
from importlib.util import find_spec
from pathlib import Path

import cf_partner_sdk
import pytest

ROOT = Path(cf_partner_sdk.__file__).parent
NEEDED = ("requests", "urllib3", "certifi", "idna", "charset_normalizer", "Crypto")
PROGRAM = """
from __future__ import annotations

import sys
from typing_extensions import assert_type

from cf_partner_sdk import AsyncClient, Client, Order, OrderPaid, PrivateKey
from cf_partner_sdk._pages import AsyncPages, Pages

key = PrivateKey.generate()
cf = Client(app_id="a", key=key, base_url="https://a.example", root_keyid="x")
assert_type(cf.mall.orders.get("ord_1"), Order)
assert_type(cf.mall.orders.list(state="paid", limit=2), Pages[Order])
assert_type(cf.webhook_endpoints.delete("whe_1"), None)
cf.mall.orders.get(7)  # type: ignore[arg-type]
cf.mall.quotes.create(amount_fen="1")  # type: ignore[arg-type]
cf.mall.refunds.get()  # type: ignore[call-arg]
cf.sandbox.orders.pay("ord_1", applicant="declined", periods=3)
for event in cf.events.list():
    if isinstance(event, OrderPaid):
        assert_type(event.order, Order)


async def work(loop: AsyncClient) -> None:
    assert_type(await loop.mall.orders.get("ord_1"), Order)
    assert_type(loop.mall.orders.list(), AsyncPages[Order])
    async for order in loop.mall.orders.list():
        assert_type(order, Order)
    await loop.mall.orders.get(7)  # type: ignore[arg-type]
"""


@pytest.mark.parametrize("version", [9, 10, 11, 12, 13, 14])
def test_the_syntax_is_that_of(version):
    for source in ROOT.rglob("*.py"):
        ast.parse(source.read_text("utf-8"), feature_version=(3, version))


def test_no_newer_name_is_used_than_python_3_9_has():
    target = ["--config", str(ROOT.parent / "pyproject.toml"), "--target-version", "py39"]
    done = subprocess.run(
        [sys.executable, "-m", "ruff", "check", *target, str(ROOT)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("version", ["3.10", "3.14"])  # the oldest and newest that mypy can judge
def test_the_types_are_right_for_both_clients(version, tmp_path):
    program = tmp_path / "program.py"
    program.write_text(PROGRAM)
    done = subprocess.run(
        [
            *(sys.executable, "-m", "mypy", "--strict", "--python-version", version),
            *("--config-file", os.devnull, "--cache-dir", str(tmp_path), str(program)),
        ],
        env={**os.environ, "MYPYPATH": str(ROOT.parent)},
        capture_output=True,
        text=True,
        check=False,
    )
    ours = [line for line in done.stdout.splitlines() if "Crypto" not in line]
    assert [line for line in ours if ": error:" in line] == []


def test_a_plain_installation_has_every_public_name_but_the_extras(tmp_path):
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    source = tmp_path / "sdk"
    source.mkdir()
    for name in ("pyproject.toml", "README.md", "cf_partner_sdk"):
        (source / name).symlink_to(ROOT.parent / name)
    subprocess.run([*build, "-w", str(tmp_path), str(source)], check=True, capture_output=True)
    installed = tmp_path / "site"
    zipfile.ZipFile(next(tmp_path.glob("*.whl"))).extractall(installed)
    for name in NEEDED:
        found = find_spec(name)
        assert found is not None, name
        assert found.origin is not None, name
        (installed / name).symlink_to(Path(found.origin).parent)
    assert (installed / "cf_partner_sdk" / "py.typed").exists()
    code = (
        f"import sys; sys.path.insert(0, {str(installed)!r})\n"
        "import cf_partner_sdk as sdk\n"
        "names = [name for name in sdk.__all__ if name != 'AsyncClient']\n"
        "assert all(getattr(sdk, name) is not None for name in names)\n"
        "try:\n    sdk.AsyncClient\nexcept ImportError as fault:\n    print(len(names), fault)\n"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "cf-partner-sdk[async]" in done.stdout
