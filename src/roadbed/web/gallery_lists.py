"""Sample lists of the gallery: an invented courier product, so that nobody takes it for their own data."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any, NamedTuple

from roadbed.web import boards, filters, formats, parts, tables
from roadbed.web.filters import FilterSet, Option, SortOption
from roadbed.web.pagination import Page


class Need(NamedTuple):
    """One invented need."""

    key: str
    title: str
    status: str
    people: int
    accounts: int
    revenue: int
    owner: str
    trend: tuple[float, ...]


NEEDS = tuple(
    Need(*row)
    for row in (
        (
            "N-31",
            "Change a run without calling the driver",
            "open",
            41,
            17,
            1_240_000,
            "Mira Oduya",
            (2, 3, 3, 5, 6, 9, 11),
        ),
        (
            "N-12",
            "Prove a delivery when there is no network",
            "planned",
            33,
            14,
            920_000,
            "Jonas Falk",
            (5, 5, 6, 4, 5, 6, 6),
        ),
        (
            "N-44",
            "Push four thousand orders a night",
            "open",
            12,
            3,
            610_000,
            "Tove Lind",
            (0, 0, 1, 1, 3, 4, 3),
        ),
        (
            "N-08",
            "Tell the customer the new time",
            "shipped",
            28,
            19,
            540_000,
            "Mira Oduya",
            (9, 8, 6, 4, 2, 2, 1),
        ),
        ("N-51", "Attach more than one photo", "open", 9, 8, 84_000, "Jonas Falk", (1, 1, 2, 1, 1, 2, 1)),
        (
            "N-19",
            "See yesterday’s route without signing in again",
            "open",
            17,
            11,
            233_000,
            "Tove Lind",
            (1, 2, 2, 3, 3, 3, 4),
        ),
        ("N-27", "Split a run between two vans", "declined", 4, 4, 61_000, "", (1, 0, 0, 1, 0, 1, 1)),
        (
            "N-60",
            "Know which depot is late before the customer does",
            "planned",
            22,
            9,
            480_000,
            "Mira Oduya",
            (2, 2, 3, 4, 4, 4, 3),
        ),
    )
)
TONES = {"open": "", "planned": "accent", "shipped": "good", "declined": "bad"}
STATUSES = tuple(
    Option(name, name.capitalize(), count)
    for name, count in (("open", 4), ("planned", 2), ("shipped", 1), ("declined", 1))
)

FILTERS = FilterSet(
    filters=(
        filters.Text("q", "Search needs", search=True),
        filters.MultiChoice("status", "Status", options=STATUSES, pinned=True),
        filters.Choice(
            "segment",
            "Segment",
            options=(Option("big", "Fleet > 50 vans"), Option("small", "Up to 5 vans")),
            pinned=True,
        ),
        filters.NumberRange("revenue", "Revenue", unit="€"),
        filters.DateRange("heard", "Heard"),
        filters.Boolean("mine", "Mine", yes="only mine", no="not mine"),
    ),
    sorts=(
        SortOption("title", "Need", first="asc"),
        SortOption("people", "People"),
        SortOption("revenue", "Revenue"),
    ),
    default_sort="-people",
)
COLUMNS = (
    tables.Column("title", "Need", main=True, sortable=True),
    tables.Column("status", "Status"),
    tables.Column("people", "People", numeric=True, sortable=True, hint="Distinct people who asked for it"),
    tables.Column("accounts", "Accounts", numeric=True),
    tables.Column("revenue", "Revenue a year", numeric=True, sortable=True),
    tables.Column("trend", "Trend", tight=True),
    tables.Column("owner", "Owner"),
    tables.Column("touched", "Touched", shown=False),
)


def needs_table(query: Any, *, path: str, now: dt.datetime) -> tables.Table:
    """Return the sample list, truly filtered and sorted by the address."""
    state = FILTERS.parse(query, path=path)
    found = [row for row in NEEDS if _matches(row, state)]
    orders: dict[str, Callable[[Need], Any]] = {
        "title": lambda row: row.title,
        "people": lambda row: row.people,
        "revenue": lambda row: row.revenue,
    }
    found.sort(key=orders[state.sort.key], reverse=state.sort.descending)
    rows = tuple(
        tables.Row(
            id=key.lower(),
            label=key,
            url="#",
            cells={
                "title": parts.title(title, url="#", key_text=key),
                "status": parts.chip(status.capitalize(), tone=TONES[status]),
                "people": formats.number(people),
                "accounts": formats.number(accounts),
                "revenue": formats.money(revenue),
                "trend": parts.sparkline(
                    trend, label=f"{key}: {trend[0]:.0f} quotes a month at first, {trend[-1]:.0f} at last"
                ),
                "owner": parts.person(owner),
                "touched": parts.when(now - dt.timedelta(hours=people * 3)),
            },
            menu=(
                tables.MenuItem("Edit", "?", icon="edit"),
                tables.MenuItem("Archive", "do/archive/", icon="archive", post=True),
            ),
        )
        for key, title, status, people, accounts, revenue, owner, trend in found
    )
    return tables.Table(
        id="needs",
        caption="Needs",
        noun="needs",
        columns=COLUMNS,
        rows=rows,
        state=state,
        page=Page(rows=(), total=len(rows), capped=False),
        bulk=(
            tables.BulkAction(
                "Set status",
                "do/bulk/",
                icon="flag",
                name="status",
                options=tuple((o.value, o.label) for o in STATUSES),
            ),
            tables.BulkAction("Archive", "do/bulk/", icon="archive", danger=True),
        ),
        views=(
            tables.SavedView(
                "Open, by revenue",
                f"{path}?status=open&sort=-revenue",
                "status=open&sort=-revenue",
                shared=True,
            ),
            tables.SavedView("Large fleets", f"{path}?segment=big", "segment=big"),
        ),
        save_view_url="do/view/",
        export_url="do/export/",
    )


def _matches(row: Need, state: filters.State) -> bool:
    values = state.values
    revenue = values.get("revenue")
    return (
        values.get("q", "").lower() in row.title.lower()
        and (not values.get("status") or row.status in values["status"])
        and (values.get("segment") != "big" or row.accounts > 10)
        and (values.get("segment") != "small" or row.accounts <= 10)
        and (
            revenue is None
            or (
                (revenue.low is None or row.revenue >= revenue.low)
                and (revenue.high is None or row.revenue <= revenue.high)
            )
        )
    )


def tree_table() -> tables.Table:
    """Return the sample tree."""
    lines = (
        ("area-1", "A-3", "Live tracking", 0, True, "", "–"),
        ("f-128", "F-128", "Reroute a courier while the run is under way", 1, True, "72% by 1 March", "41"),
        ("f-140", "F-140", "Reroute before departure only", 2, False, "91% by 1 March", "12"),
        ("f-131", "F-131", "Tell the customer the new time", 1, False, "93% by 1 March", "28"),
        ("area-2", "A-4", "Offline", 0, True, "", "–"),
        ("f-90", "F-90", "Maps without a network", 1, False, "28% by 1 April", "33"),
    )
    return tables.Table(
        id="tree",
        caption="Features",
        columns=(
            tables.Column("title", "Feature", main=True),
            tables.Column("promise", "By promise"),
            tables.Column("people", "People", numeric=True),
        ),
        rows=tuple(
            tables.Row(
                id=row_id,
                label=key,
                url="#",
                depth=depth,
                branch=branch,
                move_url="do/place/",
                takes=True,
                cells={
                    "title": parts.title(title, url="#", key_text=key),
                    "promise": parts.chip(promise, tone=_tone(promise)) if promise else "",
                    "people": people,
                },
            )
            for row_id, key, title, depth, branch, promise, people in lines
        ),
    )


def _tone(promise: str) -> str:
    share = int(promise.split("%")[0])
    return "good" if share >= 85 else "warn" if share >= 50 else "bad"


def board() -> boards.Board:
    """Return the sample board."""

    def card(key: str, title: str, chip: str, people: int) -> boards.Card:
        return boards.Card(
            id=key.lower(),
            key=key,
            title=title,
            url="#",
            chips=(parts.chip(chip, tone=_tone(chip)),),
            facts=(formats.plural(people, "person", "people"),),
        )

    return boards.Board(
        id="plan",
        label="Now, next, later",
        move_url="do/move/",
        columns=(
            boards.BoardColumn(
                "now",
                "Now",
                (
                    card("F-128", "Reroute a courier while the run is under way", "72% by 1 March", 41),
                    card("F-131", "Tell the customer the new time", "93% by 1 March", 28),
                ),
                note="2 of 3 teams",
            ),
            boards.BoardColumn(
                "next", "Next", (card("F-90", "Maps without a network", "28% by 1 April", 33),)
            ),
            boards.BoardColumn(
                "later",
                "Later",
                (card("F-77", "Split a run between two vans", "55% by 1 June", 4),),
                total=24,
                more_url="#",
            ),
            boards.BoardColumn("done", "Refuses every card", ()),
        ),
    )
