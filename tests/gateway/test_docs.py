"""The docs in a browser's eyes: every link leads somewhere, nothing comes from outside."""

import re
from urllib.parse import urljoin

import pytest

from gateway.docs import FOLDER, GUIDES, SHEETS
from gateway.markdown import slug
from tests.gateway.described import ENDPOINTS, document
from tests.gateway.world import World

TAGS = [tag["name"] for tag in document()["tags"]]
PAGES = [
    *(name for _, names in GUIDES for name in names),
    *("errors", "events"),
    *(f"api-{tag}" for tag in TAGS),
]


def get(world: World, url: str):
    path, _, query = url.partition("?")
    return world.send(world.request("GET", path, query=query))


@pytest.fixture(scope="module")
def pages(shared_world: World) -> dict[str, str]:
    """Every page by its address."""
    found = {}
    for url in ("/docs/", *(f"/docs/{name}" for name in PAGES)):
        answer = get(shared_world, url)
        assert answer.status_code == 200, url
        found[url] = answer.text
    return found


class TestPages:
    def test_have_one_heading_and_a_title(self, pages):
        for url, page in pages.items():
            assert page.count("<h1") == 1, url
            assert re.search(r"<title>[^<]+ · Partner docs</title>", page), url

    def test_take_nothing_from_outside_and_run_nothing_inline(self, pages):
        for url, page in pages.items():
            assert not re.search(r'(src|href)="(https?:)?//[^"]*\.(js|css)', page), url
            assert not re.search(r"<script(?![^>]*src=)|<style|\sstyle=|\son\w+=", page), url

    def test_lead_only_to_what_is_there(self, pages, shared_world):
        ids = {url: set(re.findall(r'\sid="([^"]+)"', page)) for url, page in pages.items()}
        fetched = {}
        for url, page in pages.items():
            for link in set(re.findall(r'href="([^"]+)"', page)):
                if "://" in link:
                    continue
                target, _, anchor = urljoin(url, link).partition("#")
                if anchor:
                    assert anchor in ids[target], f"{url}: {link}"
                elif target not in fetched:
                    fetched[target] = get(shared_world, target).status_code
                    assert fetched[target] == 200, f"{url}: {link}"

    def test_have_each_id_once(self, pages):
        for url, page in pages.items():
            found = re.findall(r'\sid="([^"]+)"', page)
            assert len(found) == len(set(found)), url

    def test_show_every_call_with_its_snippets(self, pages):
        reference = "".join(pages[f"/docs/api-{tag}"] for tag in TAGS)
        for endpoint in ENDPOINTS:
            part = reference.partition(f'id="{endpoint.name}"')[2].partition("<section")[0]
            assert "<h3>HTTP</h3>" in part, endpoint.name
            assert "<h3>Python</h3>" in part, f"write docs/snippets/{endpoint.name}.py"

    def test_have_a_place_for_every_code_and_every_event(self, pages):
        for problem in document()["x-problems"]:
            assert f'id="{problem["code"]}"' in pages["/docs/errors"]
        for kind in document()["webhooks"]:
            assert f'id="{kind}"' in pages["/docs/events"]

    def test_begin_where_their_links_do(self, shared_world):
        answer = get(shared_world, "/docs")
        assert (answer.status_code, answer.headers["location"]) == (302, "/docs/")

    def test_that_are_not_there_are_404(self, shared_world):
        for name in ("nothing", "api-nothing", "README", "..%2FREADME"):
            assert get(shared_world, f"/docs/{name}").status_code == 404


class TestTheFilesThemselves:
    """They are read on a page of the repository too."""

    def test_link_to_files_and_headings_that_there_are(self):
        texts = {path.name: path.read_text("utf-8") for path in FOLDER.glob("*.md")}
        headings = {
            name: {slug(title) for title in re.findall(r"(?m)^#+ (.+)$", text)}
            for name, text in texts.items()
        }
        for name, text in texts.items():
            for link in re.findall(r"\]\(([^)\s]+)\)", re.sub(r"(?ms)^```.*?^```", "", text)):
                if "://" in link:
                    continue
                target, _, anchor = link.partition("#")
                assert (target or name) in texts, f"{name}: {link}"
                if anchor and target.removesuffix(".md") not in SHEETS:
                    assert anchor in headings[target or name], f"{name}: {link}"


class TestTheSearch:
    def test_knows_every_section_call_code_and_event(self, shared_world, pages):
        index = get(shared_world, "/docs/search.json").json
        titles = {each["title"] for each in index}
        assert {problem["code"] for problem in document()["x-problems"]} <= titles
        assert set(document()["webhooks"]) <= titles
        assert {endpoint.summary for endpoint in ENDPOINTS} <= titles
        assert "A worked example, to the byte" in titles
        for each in index:
            target, _, anchor = each["url"].partition("#")
            page = pages["/docs/" if target == "." else f"/docs/{target}"]
            assert not anchor or f'id="{anchor}"' in page, each["url"]
