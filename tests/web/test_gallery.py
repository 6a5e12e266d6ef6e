"""The gallery: every component in every state, drawn without a workspace behind it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.http import Http404
from django.template.loader import render_to_string
from django.test import RequestFactory

import roadbed.web
from roadbed.web import charts, gallery

TEMPLATES = Path(roadbed.web.__file__).parent / "templates"
PARTIALS = sorted(path.relative_to(TEMPLATES) for path in (TEMPLATES / "components").glob("*.html"))


class TestGallery:
    @pytest.mark.parametrize("part", list(gallery.PARTS))
    def test_every_page_is_drawn_and_keeps_to_the_policy(self, rf: RequestFactory, part: str) -> None:
        samples = gallery._samples(rf.get(f"/gallery/{part}/"), part)
        body = render_to_string(
            f"gallery/{part}.html", {**samples, "tabs": [], "shell": None}, request=rf.get("/")
        )
        assert not re.search(r"""\s(style|on[a-z]+)=["']""", body)
        assert "<script>" not in body

    def test_an_unknown_page_is_not_found(self, rf: RequestFactory) -> None:
        with pytest.raises(Http404):
            gallery.gallery_view(rf.get("/gallery/nothing/"), "nothing")

    @pytest.mark.parametrize("name", ["job", "job-unknown", "nothing", "edit"])
    def test_unknown_deeds_do_not_break(self, rf: RequestFactory, name: str) -> None:
        request = rf.get(f"/gallery/states/do/{name}/")
        if name == "job":
            assert gallery.deed(request, "states", name).status_code == 200
        else:
            with pytest.raises(Http404):
                gallery.deed(request, "states", name)


class TestTemplates:
    @pytest.mark.parametrize("path", PARTIALS, ids=str)
    def test_a_component_begins_with_what_it_needs(self, path: Path) -> None:
        assert re.match(r"\{# Needs: .+ #\}", (TEMPLATES / path).read_text())

    @pytest.mark.parametrize("path", sorted(TEMPLATES.rglob("*.html")), ids=lambda path: path.name)
    def test_nothing_breaks_the_policy(self, path: Path) -> None:
        # Arguments of our own tags may be called style; attributes may not.
        text = re.sub(r"\{%.*?%\}", "", path.read_text())
        assert not re.search(r"\s(style|on[a-z]+)=[\"']", text)
        assert not re.search(r"<script(?![^>]*\ssrc=)", text)
        assert "hx-on" not in text


class TestCharts:
    def test_the_drawing_follows_the_page_and_carries_no_style(self, rf: RequestFactory) -> None:
        chart = charts.Chart(
            id="trend",
            title="Quotes",
            summary='Rising "fast" <b>',
            rows=[{"week": 1, "quotes": 2}, {"week": 2, "quotes": 5}],
            spec=charts.lines(
                [{"week": 1, "quotes": 2}, {"week": 2, "quotes": 5}], x="week", y="quotes", temporal=False
            ),
        )
        drawing = chart.svg
        assert "var(--accent)" in drawing
        assert "#0a0b" not in drawing
        assert "style=" not in drawing
        assert 'aria-label="Rising &quot;fast&quot; &lt;b&gt;"' in drawing
        assert chart.headings == (("week", "Week"), ("quotes", "Quotes"))

    def test_figures_download_as_csv_and_formulas_are_disarmed(self, rf: RequestFactory) -> None:
        chart = charts.Chart(id="c", title="t", summary="s", spec={}, rows=[{"name": "=cmd()", "n": 3}])
        answer = charts.download(rf.get("/?chart=c&as=csv"), chart)
        assert answer is not None
        assert answer.content.decode().splitlines() == ["Name,N", "'=cmd(),3"]
        assert charts.download(rf.get("/?chart=other&as=csv"), chart) is None
        assert charts.download(rf.get("/?chart=c&as=exe"), chart) is None

    def test_the_client_knows_the_same_inks(self) -> None:
        source = (Path(roadbed.web.__file__).parents[3] / "frontend" / "src" / "chart.ts").read_text()
        for name, placeholder in charts.INK.items():
            assert re.search(rf'"?{re.escape(name)}"?: "{placeholder}"', source), name
