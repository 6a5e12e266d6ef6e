"""The outline on the page, in the API and in the terminal."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext

from roadbed.core.workspaces.models import Product, Workspace
from roadbed.core.workspaces.roles import Role
from roadbed.modules.insights.selectors import outline
from tests import people
from tests.insights import outline_world, pdf_text
from tests.insights.briefing import run


@pytest.fixture(autouse=True)
def _forget(db: None) -> None:
    cache.clear()


@pytest.fixture(scope="module")
def workspace(module_database: None) -> Workspace:
    return people.make_workspace()


@pytest.fixture(scope="module")
def product(workspace: Workspace) -> Product:
    return Product.objects.create(workspace=workspace, slug="dispatch", name="Dispatch")


@pytest.fixture(scope="module")
def world(workspace: Workspace, product: Product) -> outline_world.World:
    """Dear to make, so made once: what a test changes in it is rolled back after the test."""
    ada = people.join(workspace, "Ada", Role.OWNER)
    return outline_world.build(
        workspace=workspace, now=people.NOW, actor=ada.actor, product=product, pieces=16, accounts=6, folk=14
    )


class TestPage:
    def test_needs_come_with_their_words_and_their_links(
        self, dan: people.Someone, world: outline_world.World
    ) -> None:
        page = dan.get("insights/outline/")
        text = page.content.decode()
        for line in page.context["lines"]:
            assert line["entry"].url in text
            for cited in line["quotes"]:
                assert cited["quote"].url in text
        assert "not yet linked to a need" in text

    @pytest.mark.parametrize("rank", outline.RANKS)
    def test_every_rank_and_filter_works(
        self, dan: people.Someone, world: outline_world.World, rank: str
    ) -> None:
        query = (
            f"sort=-{rank}&product=dispatch&segment=S-2&heard_from=2025-08-01&heard_to=2026-10-01&source=call"
        )
        assert dan.get(f"insights/outline/?{query}").status_code == 200

    @pytest.mark.parametrize(
        "query",
        [
            "from=0",
            "from=99999999",
            "from=x",
            "heard_to=0001-01-01",
            "heard_to=9999-12-31",
            "segment=S-99",
            "sort=luck",
        ],
    )
    def test_odd_addresses_are_answered(
        self, dan: people.Someone, world: outline_world.World, query: str
    ) -> None:
        assert dan.get(f"insights/outline/?{query}").status_code == 200

    def test_the_number_of_queries_does_not_grow(
        self, dan: people.Someone, world: outline_world.World
    ) -> None:
        def count(query: str) -> int:
            cache.clear()
            with CaptureQueriesContext(connection) as seen:
                assert dan.get(f"insights/outline/?{query}").status_code == 200
            return len(seen)

        count("")
        few = {query: count(query) for query in ("", "segment=S-1", "sort=-trend")}
        for index in range(15):
            made = outline_world.make_need(world, f"Another {index}")
            for person in world.people[: 3 + index % 3]:
                world.quote(world.say(person=person, account=world.accounts[0], days_ago=index), made)
        assert {query: count(query) for query in few} == few

    def test_strangers_see_nothing(self, eve: people.Someone, world: outline_world.World) -> None:
        assert eve.get("/w/northwind/insights/outline/").status_code == 404
        assert eve.get("/w/northwind/insights/outline/download/?format=pdf").status_code == 404


class TestDownloads:
    @pytest.mark.parametrize(
        ("kind", "media", "ending"),
        [
            ("markdown", "text/markdown; charset=utf-8", ".md"),
            ("html", "text/html; charset=utf-8", ".html"),
            ("pdf", "application/pdf", ".pdf"),
        ],
    )
    def test_documents_are_files_to_keep(
        self, dan: people.Someone, world: outline_world.World, kind: str, media: str, ending: str
    ) -> None:
        answer = dan.get(f"insights/outline/download/?format={kind}")
        assert answer.headers["Content-Type"] == media
        assert answer.headers["Content-Disposition"].startswith('attachment; filename="needs-northwind-')
        assert ending in answer.headers["Content-Disposition"]

    def test_another_format_is_not_found(self, dan: people.Someone) -> None:
        assert dan.get("insights/outline/download/?format=docx").status_code == 404


class TestApi:
    def test_it_answers_what_the_page_shows(self, dan: people.Someone, world: outline_world.World) -> None:
        page = dan.get("insights/outline/?sort=-revenue")
        answer = dan.api("get", "outline?rank=revenue").json()
        assert [need["key"] for need in answer["needs"]] == [
            line["entry"].key for line in page.context["lines"]
        ]
        assert [need["summary"] for need in answer["needs"]] == [
            f"{line['people'].value}; {line['trend'].value}." for line in page.context["lines"]
        ]

    def test_pages_join(self, dan: people.Someone, world: outline_world.World) -> None:
        whole = dan.api("get", "outline?limit=100").json()
        offset: int | None = 0
        keys = []
        while offset is not None:
            part = dan.api("get", f"outline?limit=2&offset={offset}").json()
            keys += [need["key"] for need in part["needs"]]
            offset = part["next_offset"]
        assert keys == [need["key"] for need in whole["needs"]]

    @pytest.mark.parametrize(
        "query",
        [
            "product=none",
            "segment=S-77",
            "limit=0",
            "rank=luck",
            "since=2026-02-30",
            "since=2026-02-01&until=2026-01-01",
        ],
    )
    def test_what_cannot_be_asked_is_explained(self, dan: people.Someone, query: str) -> None:
        answer = dan.api("get", f"outline?{query}")
        assert answer.status_code == 422
        assert answer.json()["errors"]

    def test_documents_come_too(self, dan: people.Someone, world: outline_world.World) -> None:
        answer = dan.api("get", "outline/document?format=pdf&limit=2")
        assert answer.headers["Content-Type"] == "application/pdf"
        assert "What customers need" in pdf_text.read(answer.content)

    def test_strangers_see_nothing(self, eve: people.Someone, world: outline_world.World) -> None:
        assert eve.api("get", "/api/v1/northwind/outline").status_code == 404


class TestBrief:
    def test_text_names_needs_and_words(self, world: outline_world.World) -> None:
        code, out, _ = run("--product", "dispatch", "--top", "1")
        assert code == 0
        assert "What customers need: Dispatch" in out
        assert "more; see them with --top." in out
        assert "1. Need" in out

    def test_json_is_nothing_but_json(self, world: outline_world.World) -> None:
        code, out, _ = run("--json", "--rank", "revenue", "--quotes", "1")
        facts = json.loads(out)
        assert code == 0
        assert facts["rank"] == "revenue"
        assert all(len(need["quotes"]) <= 1 for need in facts["needs"])

    def test_files_are_written_side_by_side(self, world: outline_world.World, tmp_path: Path) -> None:
        paths = [tmp_path / name for name in ("a.html", "a.md", "a.pdf")]
        code, out, told = run("--html", str(paths[0]), "--markdown", str(paths[1]), "--pdf", str(paths[2]))
        assert (code, out) == (0, "")
        assert all(str(path) in told.replace("\n", "") for path in paths)
        assert "<script" not in paths[0].read_text()
        assert paths[1].read_text().startswith("# What customers need")
        assert paths[2].read_bytes().startswith(b"%PDF")

    def test_a_segment_and_a_day_narrow_it(self, world: outline_world.World) -> None:
        _, out, _ = run("--json", "--segment", "Plan team", "--since", "2026-01-01")
        named = {one["name"]: one["value"] for one in json.loads(out)["scope"]}
        assert named["Segment"] == "S-2 Plan team (plan is team)"
        assert named["Heard"] == "from 1 January 2026"

    @pytest.mark.parametrize(
        "words",
        [("--product", "none"), ("--segment", "S-77"), ("--workspace", "none")],
    )
    def test_unknown_names_end_with_one_and_say_what_there_is(
        self, world: outline_world.World, words: tuple[str, str]
    ) -> None:
        code, out, told = run(*words)
        assert (code, out) == (1, "")
        assert "There are:" in told

    @pytest.mark.parametrize("words", [("--since", "soon"), ("--rank", "luck"), ("--top", "0")])
    def test_what_is_not_understood_ends_with_two(self, words: tuple[str, str]) -> None:
        assert run(*words)[0] == 2

    def test_a_file_that_cannot_be_written_ends_with_one(
        self, world: outline_world.World, tmp_path: Path
    ) -> None:
        code, _, told = run("--pdf", str(tmp_path / "missing" / "a.pdf"))
        assert code == 1
        assert "could not be written" in told
