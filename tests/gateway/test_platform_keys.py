from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from gateway import platform_keys
from gateway.platform_keys import SIGNING, NothingToDo, PlatformKeys
from processes import cli
from tests.gateway.world import World
from tests.outside import WsgiTransport


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    PlatformKeys.load_or_make(tmp_path)
    return tmp_path


def published(folder: Path, name: str) -> list[str]:
    """The keyids that the directory gives for a purpose, the one that signs first."""
    keys = PlatformKeys.load_or_make(folder).directory()["keys"]
    return [key["kid"] for key in keys if key.get("purpose") == name]


def signs(folder: Path, name: str) -> str:
    return getattr(PlatformKeys.load_or_make(folder), name).keyid


@pytest.mark.parametrize("name", SIGNING)
class TestReplacingAKeyOfOurs:
    def test_publishes_it_before_it_signs_and_the_old_one_until_it_is_forgotten(
        self, folder: Path, name: str
    ):
        old = signs(folder, name)
        new = platform_keys.publish_next(folder, name)
        assert signs(folder, name) == old
        assert published(folder, name) == [old, new]
        assert platform_keys.use_next(folder, name) == new
        assert signs(folder, name) == new
        assert published(folder, name) == [new, old]
        platform_keys.forget_old(folder, name)
        assert published(folder, name) == [new]

    def test_leaves_the_root_and_the_other_keys_as_they_are(self, folder: Path, name: str):
        before = PlatformKeys.load_or_make(folder)
        platform_keys.publish_next(folder, name)
        platform_keys.use_next(folder, name)
        after = PlatformKeys.load_or_make(folder)
        assert after.root_keyid == before.root_keyid
        (other,) = set(SIGNING) - {name}
        assert getattr(after, other).keyid == getattr(before, other).keyid

    def test_refuses_a_step_that_is_not_due(self, folder: Path, name: str):
        with pytest.raises(NothingToDo):
            platform_keys.use_next(folder, name)
        with pytest.raises(NothingToDo):
            platform_keys.forget_old(folder, name)
        platform_keys.publish_next(folder, name)
        with pytest.raises(NothingToDo):
            platform_keys.publish_next(folder, name)
        platform_keys.use_next(folder, name)
        platform_keys.publish_next(folder, name)
        with pytest.raises(NothingToDo):
            platform_keys.use_next(folder, name)

    def test_keeps_the_files_to_their_owner(self, folder: Path, name: str):
        platform_keys.publish_next(folder, name)
        for file in folder.glob("platform_*.pem"):
            assert file.stat().st_mode & 0o077 == 0, file


class TestReplacingTheKeyThatFieldsAreSealedTo:
    def test_opens_before_it_is_published_and_the_old_one_until_it_is_forgotten(self, folder: Path):
        keys = PlatformKeys.load_or_make
        (old,) = published(folder, "encryption")
        new = platform_keys.publish_next(folder, "encryption")
        assert published(folder, "encryption") == [old]
        assert keys(folder).opening().keys() == {old, new}
        assert platform_keys.use_next(folder, "encryption") == new
        assert published(folder, "encryption") == [new]
        assert keys(folder).opening().keys() == {old, new}
        platform_keys.forget_old(folder, "encryption")
        assert published(folder, "encryption") == [new]
        assert keys(folder).opening().keys() == {new}


class TestAPartnersClient:
    def test_goes_on_believing_while_the_key_of_answers_is_replaced(self, world: World):
        """T03: a front that signs with the new key, and a client that has known it since before."""
        folder = world.settings.keys
        transport = WsgiTransport(world.app)
        with world.client(through=transport) as client:
            client.directory.keyring.clock.monotonic = lambda: world.clock.now().timestamp()
            client.mall.quotes.create(amount_fen=599_900)
            for step in (platform_keys.publish_next, platform_keys.use_next):
                step(folder, "response")
                world.clock.advance(timedelta(minutes=2))
                transport.app = world.front(world.settings)[0]
                assert client.mall.quotes.create(amount_fen=599_900).offers
            platform_keys.forget_old(folder, "response")
            transport.app = world.front(world.settings)[0]
            assert client.mall.quotes.create(amount_fen=599_900).offers


class TestTheCommand:
    def test_takes_the_steps_and_says_what_follows(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ):
        PlatformKeys.load_or_make(tmp_path / "keys")
        for step, code in (("publish", 0), ("publish", 1), ("use", 0), ("forget", 0)):
            assert cli.main(["--var", str(tmp_path), "keys", step, "event"]) == code
        said = capsys.readouterr().out
        assert "cf keys use" in said
        assert "already" in said
