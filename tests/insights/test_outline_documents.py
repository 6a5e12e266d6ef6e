"""The outline as Markdown, HTML and PDF: what it says, and that nobody's words become markup."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from markdown_it import MarkdownIt

from roadbed.core.workspaces.models import Product, Workspace
from roadbed.modules.insights import services
from roadbed.modules.insights.selectors import outline
from roadbed.modules.insights.selectors.outline_scope import Scope
from roadbed.modules.insights.services import outline_documents, outline_words
from roadbed_engines.stats.rates import compare_rates
from tests import people
from tests.insights import outline_world, pdf_text

GOLDEN = Path(__file__).parent / "snapshots" / "outline.md"
NASTY = [
    '**bold** _it_ `code` [link](javascript:alert(1)) <b onclick="x()">b</b>',
    "<script>alert(1)</script> &amp; &lt; </style><img src=x onerror=1>",
    '#import "@preview/x" #eval("1") $x^2$ \\ #set page(fill: red) ] ) } "',
    "- a list\n\n# a heading\n> a quote\n1. one | two | three ~~gone~~ ![p](q)",
    "https://evil.example/ www.evil.example <https://evil.example> ](x) ``` \u202e olleh",
    "{{ workspace.secret }} {% load static %} ${7*7} %s %(x)s",
]


@pytest.fixture(autouse=True)
def _forget() -> None:
    cache.clear()


def read(world: outline_world.World, *, scope: Scope | None = None, quotes: int = 3) -> outline.Outline:
    question = outline.Question(
        scope=scope or Scope(workspace_id=world.workspace.pk), limit=50, quotes=quotes
    )
    return outline.read_outline(workspace=world.workspace, question=question, now=world.now)


@pytest.fixture
def world(workspace: Workspace, ada: people.Someone, now: dt.datetime) -> outline_world.World:
    return outline_world.World(workspace=workspace, now=now, actor=ada.actor)


@pytest.fixture
def couriers(world: outline_world.World, product: Product) -> outline_world.World:
    """Two needs: one of two customers, rated; one of somebody without a name."""
    first = outline_world.make_need(
        world,
        "Change a run without calling the driver",
        product=product,
        expectation="The phone shows the new stop within seconds.",
        importance=Decimal("8.6"),
        satisfaction=Decimal("3.1"),
        rated_from="Survey of 212 dispatchers",
    )
    second = outline_world.make_need(world, "Work without a network", product=product)
    outline_world.make_need(world, "Let two depots share a van", product=product)
    everyone: dict[str, Any] = {"workspace": world.workspace, "actor": world.actor, "at": world.now}
    halden = services.create_account(
        name="Halden Freight", revenue=Decimal(840_000), plan="fleet", **everyone
    )
    copper = services.create_account(name="Copperline Foods", revenue=Decimal(400_000), **everyone)
    mira = services.create_person(name="Mira Oduya", account=halden, **everyone)
    jonas = services.create_person(name="Jonas Falk", account=copper, **everyone)
    words = slice(0, 42)
    text = "When a road closes we phone every driver. Please help."
    world.quote(world.say(person=mira, text=text, days_ago=20), first, strength=3, words=words)
    world.quote(
        world.say(person=jonas, text="The change never reached the phone.", days_ago=200, source="call"),
        first,
        strength=1,
        words=slice(0, 35),
    )
    world.quote(world.say(text="No network in the basement.", days_ago=3), second, words=slice(0, 27))
    world.say(text="Something else", days_ago=2)
    services.create_segment(
        workspace=world.workspace,
        name="Fleet plan",
        rule={"match": "all", "conditions": [{"field": "plan", "operator": "is", "value": "fleet"}]},
        actor=world.actor,
        at=world.now,
    )
    return world


class TestMarkdown:
    def test_it_reads_as_it_did(self, couriers: outline_world.World) -> None:
        """Compare with the kept document; delete it and run again to keep a new one."""
        found = outline_documents.as_markdown(read(couriers))
        if not GOLDEN.exists():
            GOLDEN.write_text(found)
        assert found == GOLDEN.read_text()

    @pytest.mark.parametrize("words", NASTY)
    def test_words_stay_words(self, words: str) -> None:
        shown = MarkdownIt("gfm-like", {"html": True, "linkify": False}).render(
            outline_documents.escape(words)
        )
        tags = set(re.findall(r"</?(\w+)", shown))
        assert tags <= {"p"}
        assert _text(shown) == " ".join(words.split())


class TestHtml:
    def test_it_needs_nothing_else(self, couriers: outline_world.World) -> None:
        found = outline_documents.as_html(read(couriers))
        assert "<script" not in found
        assert "<link" not in found
        assert "url(" not in found
        assert "src=" not in found
        assert "2 people at 2 customers, €1.24M a year between them" in _text(found)

    def test_words_stay_words(self, world: outline_world.World) -> None:
        need = outline_world.make_need(world, NASTY[1], expectation=NASTY[0])
        for words in NASTY:
            piece = world.say(text=words)
            world.quote(piece, need, words=slice(0, len(piece.text)))
        found = outline_documents.as_html(read(world, quotes=10))
        assert "<script>alert" not in found
        assert "<img" not in found
        assert "<b onclick" not in found
        shown = _text(found)
        for words in NASTY:
            assert " ".join(words.replace("\u202e", "").split()) in shown


class TestPdf:
    def test_it_says_what_the_page_says(self, couriers: outline_world.World) -> None:
        found = pdf_text.read(outline_documents.as_pdf(read(couriers)))
        assert "What customers need: Northwind" in found
        assert "2 people at 2 customers, €1.24M a year between them; too few to say whether it rises" in found
        assert "When a road closes we phone every driver." in found
        assert "Mira Oduya, Halden Freight · 13 October 2026" in found
        assert "1 of 4 pieces of feedback is not yet linked to a need." in found
        assert "1 of 1" in found

    def test_words_stay_words(self, world: outline_world.World) -> None:
        need = outline_world.make_need(world, NASTY[2], expectation=NASTY[3])
        for words in NASTY:
            piece = world.say(text=words)
            world.quote(piece, need, words=slice(0, len(piece.text)))
        found = _letters(pdf_text.read(outline_documents.as_pdf(read(world, quotes=10))))
        for words in NASTY:
            assert _letters(words) in found

    def test_the_same_outline_makes_the_same_file(self, couriers: outline_world.World) -> None:
        found = read(couriers)
        assert outline_documents.as_pdf(found) == outline_documents.as_pdf(found)

    def test_an_empty_workspace_has_a_document_too(self, world: outline_world.World) -> None:
        found = pdf_text.read(outline_documents.as_pdf(read(world)))
        assert "No need has feedback behind it in this scope yet." in found
        assert "There is no feedback in this scope yet." in found


class TestSentences:
    def test_trends_are_said_with_their_interval(self) -> None:
        rising = compare_rates(events=(12, 29), exposures=(600, 420))
        assert outline_words.ratio_words(rising) == "3.5× (1.7–7.4)"

    def test_what_is_new_has_no_upper_end(self) -> None:
        fresh = compare_rates(events=(0, 9), exposures=(300, 100))
        assert outline_words.ratio_words(fresh).startswith("at least ")

    def test_nearly_nothing_is_not_nothing(self) -> None:
        assert outline_words.times(0.004) == "<0.01"


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self.skipping = False

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.skipping = tag in {"style", "script"} or self.skipping

    def handle_endtag(self, tag: str) -> None:
        self.skipping = self.skipping and tag not in {"style", "script"}

    def handle_data(self, data: str) -> None:
        if not self.skipping:
            self.words.append(data)


def _text(html: str) -> str:
    reader = _Reader()
    reader.feed(html)
    return " ".join("".join(reader.words).split())


def _letters(text: str) -> str:
    """Letters, digits and marks, without the spaces that a line break puts between them."""
    return re.sub(r"[\s\u202e]+", "", text)
