"""The SDK and the files of statements: proved, resumed, never half there."""

import io
from dataclasses import dataclass, replace
from pathlib import Path

import anyio
import httpx
import pytest
import requests
from cf_partner_sdk import (
    AnswerNotTrusted,
    AsyncClient,
    Client,
    Clock,
    DifferenceState,
    MovementType,
    NotFound,
    Statement,
    StatementRefused,
)
from cf_partner_sdk import _statements as sdk
from cf_partner_sdk._statement_file import prove
from urllib3 import HTTPResponse

from tests.gateway.statements import statement_of
from tests.gateway.world import PUBLIC_URL, World
from tests.outside import WsgiTransport
from tests.today import TODAY


class Line(WsgiTransport):
    """The way to the lender; it breaks after some parts of a file, or alters them."""

    breaks_after: int | None = None
    alters = False

    def __init__(self, app: object) -> None:
        super().__init__(app)
        self.parts: list[str] = []

    def send(self, request: requests.PreparedRequest, **more: object) -> requests.Response:
        if not str(request.url).endswith("/file"):
            return super().send(request, **more)
        if self.breaks_after is not None and len(self.parts) >= self.breaks_after:
            raise requests.ConnectionError
        self.parts.append(request.headers["Range"])
        answer = super().send(request, **more)
        if self.alters:
            body = answer.raw.data.replace(b"596301", b"596302")
            answer.raw = HTTPResponse(
                body=io.BytesIO(body), headers=answer.headers, preload_content=False
            )
        return answer


@dataclass
class Shop:
    """A partner, the line that it calls over, and its statement."""

    world: World
    line: Line
    client: Client
    statement_id: str

    def content(self) -> bytes:
        return bytes(self.world.call("GET", f"/v1/statements/{self.statement_id}/file").data)


@pytest.fixture
def shop(world: World, monkeypatch: pytest.MonkeyPatch):
    """Parts are short, so that a short file has several."""
    monkeypatch.setattr(sdk, "PART_BYTES", 1_000)
    line = Line(world.app)
    with world.client(through=line) as client:
        yield Shop(world, line, client, statement_of(world, world.shop, orders=30))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An empty folder of the partner's."""
    made = tmp_path / "partner"
    made.mkdir()
    return made


class TestADownload:
    def test_to_a_path_has_the_whole_file_and_leaves_nothing_beside_it(self, shop, folder):
        path = folder / "s.csv"
        statement = shop.client.statements.download(shop.statement_id, to=path)
        assert path.read_bytes() == shop.content()
        assert (statement.rows, statement.closing_balance_fen) == (90, 0)
        assert len(shop.line.parts) == -(-statement.size_bytes // 1_000)
        assert list(folder.iterdir()) == [path]

    def test_to_a_file_writes_it_there(self, shop):
        to = io.BytesIO()
        shop.client.statements.download(shop.statement_id, to=to)
        assert to.getvalue() == shop.content()

    def test_that_broke_goes_on_where_it_was(self, shop, folder):
        path = folder / "s.csv"
        shop.line.breaks_after = 3
        with pytest.raises(Exception, match="connection"):
            shop.client.statements.download(shop.statement_id, to=path)
        assert not path.exists()
        (part,) = folder.iterdir()
        assert part.stat().st_size == 3_000
        shop.line.breaks_after = None
        shop.client.statements.download(shop.statement_id, to=path)
        assert shop.line.parts[3].startswith("bytes=3000-")
        assert path.read_bytes() == shop.content()
        assert list(folder.iterdir()) == [path]

    @pytest.mark.parametrize("kept", [b"x" * 2_000, b"x" * 20_000, b""])
    def test_begins_anew_where_what_is_left_of_an_old_one_is_broken(self, shop, folder, kept):
        path = folder / "s.csv"
        digest = shop.client.statements.get(shop.statement_id).sha256
        (folder / f"s.csv.{digest[:16]}.part").write_bytes(kept)
        shop.client.statements.download(shop.statement_id, to=path)
        assert path.read_bytes() == shop.content()
        assert list(folder.iterdir()) == [path]

    def test_altered_on_the_way_is_refused(self, shop, folder):
        path = folder / "s.csv"
        shop.line.alters = True
        with pytest.raises(AnswerNotTrusted):
            shop.client.statements.download(shop.statement_id, to=path)
        assert not path.exists()

    def test_altered_at_the_lenders_is_refused_and_leaves_nothing(self, shop, folder):
        (file,) = shop.world.context.lending.files.root.rglob("*.csv")
        file.write_bytes(file.read_bytes().replace(b"596301", b"596302"))
        path = folder / "s.csv"
        path.write_text("what was there")
        with pytest.raises(StatementRefused) as refused:
            shop.client.statements.download(shop.statement_id, to=path)
        assert refused.value.step == "digest"
        assert [each.read_text() for each in folder.iterdir()] == ["what was there"]
        to = io.BytesIO()
        with pytest.raises(StatementRefused):
            shop.client.statements.download(shop.statement_id, to=to)
        assert to.getvalue() == b""

    def test_of_another_partners_statement_is_not_found(self, shop, folder):
        foreign = statement_of(shop.world, shop.world.other)
        with pytest.raises(NotFound):
            shop.client.statements.download(foreign, to=folder / "s.csv")

    def test_by_an_event_loop_is_the_same(self, shop, folder):
        path = folder / "s.csv"

        async def fetch() -> Statement:
            world = shop.world
            async with AsyncClient(
                app_id=world.shop.app_id,
                key=world.shop.key,
                base_url=PUBLIC_URL,
                root_keyid=world.platform.root_keyid,
                clock=Clock(wall=lambda: world.clock.now().timestamp(), sleep=lambda _: None),
                transport=Threaded(httpx.WSGITransport(app=world.app)),
            ) as client:
                return await client.statements.download(shop.statement_id, to=path)

        assert anyio.run(fetch).id == shop.statement_id
        assert path.read_bytes() == shop.content()


class Threaded(httpx.AsyncBaseTransport):
    """A front in this process, for an event loop."""

    def __init__(self, front: httpx.WSGITransport) -> None:
        self._front = front

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await request.aread()
        answer = await anyio.to_thread.run_sync(self._front.handle_request, request)
        whole = httpx.ByteStream(answer.read())
        return httpx.Response(answer.status_code, headers=answer.headers, stream=whole)


class TestRows:
    def test_are_typed(self, shop):
        rows = list(shop.client.statements.rows(shop.statement_id))
        assert [row.line for row in rows] == list(range(1, 91))
        assert rows[1].type is MovementType.FEE
        assert (rows[1].amount_fen, rows[1].balance_fen) == (-3_599, 596_301)
        assert (rows[1].order_no, rows[1].bank_reference) == ("A-0", None)


class TestTheList:
    def test_goes_through_what_was_asked_for(self, shop):
        other = statement_of(shop.world, shop.world.other)
        (one,) = shop.client.statements.list(kind="settlement", period="2026-11-23")
        assert one == shop.client.statements.get(shop.statement_id)
        assert one.id != other
        assert not list(shop.client.statements.list(span="month"))


class TestDifferences:
    def test_are_typed(self, shop):
        with shop.world.database.unit_of_work() as tx:
            tx.run(
                "INSERT INTO bank_difference (id, business_date, channel_order_no, kind, detail,"
                " bank_fen, rows_fen, partner_id, found_at) VALUES ('dif_1', :day, 'co_1',"
                " 'state_differs', '', -7, 0, :partner, :now)",
                day=TODAY,
                partner=shop.world.shop.id,
                now=tx.now,
            )
        (one,) = shop.client.reconciliation.differences(state="open")
        assert one.state is DifferenceState.OPEN
        assert (one.bank_fen, one.lender_fen, one.business_date) == (7, 0, TODAY)
        assert not list(shop.client.reconciliation.differences(state="settled"))


class TestAFileIsRefused:
    """Where it is signed well and yet is not what the lender says of it."""

    @pytest.mark.parametrize(
        ("step", "changes"),
        [
            ("size", {"size_bytes": 1}),
            ("digest", {"sha256": "0" * 64}),
            ("rows", {"rows": 89}),
            ("rows", {"period_start": "2026-11-24"}),
            ("sums", {"sums": ()}),
            ("balance", {"opening_balance_fen": 1}),
            ("balance", {"closing_balance_fen": 1}),
        ],
    )
    def test_for_each_figure(self, shop, step, changes):
        statement = shop.client.statements.get(shop.statement_id)
        if "period_start" in changes:
            changes = {"period_start": statement.period_start.replace(day=24)}
        file = io.BytesIO(shop.content())
        prove(file, statement)
        with pytest.raises(StatementRefused) as refused:
            prove(file, replace(statement, **changes))
        assert refused.value.step == step


def test_a_download_needs_no_folder_of_its_own(shop, folder: Path, monkeypatch):
    monkeypatch.chdir(folder)
    shop.client.statements.download(shop.statement_id, to="s.csv")
    assert (folder / "s.csv").exists()
