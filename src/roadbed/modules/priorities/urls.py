"""Addresses of priorities, below ``/w/<slug>/``."""

from django.urls import URLPattern, path

from roadbed.core.records import urls as records  # noqa: F401 - registers the converter of keys
from roadbed.modules.priorities.views import items, lenses, looks, portfolios

LENS = "priorities/lenses/<int:number>/"
ITEM = f"{LENS}items/<key:key>/"
PORTFOLIO = "priorities/portfolios/<int:number>/"

workspace_patterns: list[URLPattern] = [
    path("priorities/", lenses.index, name="priorities"),
    path("priorities/compare/", looks.compare, name="priorities-compare"),
    path("priorities/lenses/new/", lenses.create, name="lens-new"),
    path(LENS, lenses.show, name="lens"),
    path(f"{LENS}edit/", lenses.change, name="lens-edit"),
    path(f"{LENS}rank/", lenses.rank, name="lens-rank"),
    path(f"{LENS}export/", lenses.export, name="lens-export"),
    path(f"{LENS}plot/", looks.plot, name="lens-plot"),
    path(f"{LENS}learn/", looks.learn, name="lens-learn"),
    path(ITEM, items.show, name="lens-item"),
    path(f"{ITEM}figures/", items.say, name="lens-figures"),
    path(f"{ITEM}pace/", items.pace, name="lens-pace"),
    path("priorities/portfolios/new/", portfolios.create, name="portfolio-new"),
    path(PORTFOLIO, portfolios.show, name="portfolio"),
    path(f"{PORTFOLIO}edit/", portfolios.change, name="portfolio-edit"),
    path(f"{PORTFOLIO}solve/", portfolios.solve, name="portfolio-solve"),
    path(f"{PORTFOLIO}pins/<key:key>/", portfolios.pin, name="portfolio-pin"),
    path(f"{PORTFOLIO}accept/", portfolios.accept, name="portfolio-accept"),
]
