"""Sample content of the gallery: an invented courier product, so that nobody takes it for their own data."""

from __future__ import annotations

import datetime as dt
from types import SimpleNamespace
from typing import Any

from django import forms

from roadbed.web import boards, charts, filters, formats, parts, receipts, tables
from roadbed.web.edits import InlineEdit
from roadbed.web.evidence_steps import Quote, Step
from roadbed.web.filters import FilterSet, Option, SortOption
from roadbed.web.jobs import JobProgress

NEEDS: tuple[tuple[str, str, str, int, int, int, str, tuple[float, ...]], ...] = (
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
    ("N-44", "Push four thousand orders a night", "open", 12, 3, 610_000, "Tove Lind", (0, 0, 1, 1, 3, 4, 3)),
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
    places = {"title": 1, "people": 3, "revenue": 5}
    found.sort(
        key=lambda row: str(row[places[state.sort.key]]) if state.sort.key == "title" else "",
        reverse=state.sort.descending,
    )
    if state.sort.key != "title":
        found.sort(key=lambda row: int(row[places[state.sort.key]]), reverse=state.sort.descending)  # type: ignore[call-overload]  # people and revenue are numbers
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
    from roadbed.web.pagination import Page

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


def _matches(row: tuple[Any, ...], state: filters.State) -> bool:
    values = state.values
    revenue = values.get("revenue")
    return (
        values.get("q", "").lower() in row[1].lower()
        and (not values.get("status") or row[2] in values["status"])
        and (values.get("segment") != "big" or row[4] > 10)
        and (values.get("segment") != "small" or row[4] <= 10)
        and (
            revenue is None
            or (
                (revenue.low is None or row[5] >= revenue.low)
                and (revenue.high is None or row[5] <= revenue.high)
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


def revenue_receipt() -> receipts.Receipt:
    """Return the sample figure with its parts."""
    return receipts.Receipt(
        value="€1.24M",
        title="Revenue behind N-31",
        parts=(
            receipts.Part("Halden Freight", "€412,000", url="#"),
            receipts.Part("Copperline Foods", "€238,000", url="#"),
            receipts.Part("15 other customers", "€590,000"),
        ),
        total=receipts.Part("A year", "€1,240,000"),
        method="The yearly revenue of each customer with at least one linked quote, counted once.",
        as_of="23 Nov, 09:00",
        more_url="#",
        more_label="See the 17 customers",
    )


def chain(*, today: dt.date) -> list[Step]:
    """Return the sample evidence chain."""
    people = receipts.Receipt(
        value="41 people at 17 customers",
        title="Who asked",
        parts=(
            receipts.Part("Dispatchers", "23"),
            receipts.Part("Drivers", "12"),
            receipts.Part("Fleet owners", "6"),
        ),
        total=receipts.Part("People", "41"),
        method="Distinct people among 58 linked quotes; 3 anonymous quotes are not counted.",
    )

    def ago(days: int) -> dt.date:
        return today - dt.timedelta(days=days)

    return [
        Step(
            "Heard",
            "full",
            "41 people at 17 customers",
            figure=people,
            detail="· €1.24M a year between them",
            at=ago(72),
            quote=Quote(
                "When a road closes we phone every driver. Twice last week a van went to the wrong depot."
            ),
        ),
        Step(
            "Needed",
            "full",
            "Change a run without calling the driver",
            key="N-31",
            url="#",
            detail="importance 8.6, satisfaction 3.1",
            at=ago(70),
        ),
        Step(
            "Worth",
            "some",
            "Acceptable price €6–€11 a van a month",
            detail="Van Westendorp, n = 212",
            at=ago(64),
        ),
        Step(
            "Usable",
            "full",
            "14 of 16 finished the task",
            detail="95% interval 64–97%, median 38 s",
            at=ago(52),
        ),
        Step("Works", "full", "Missed drops −11.4%", detail="−18.0 to −4.1, always-valid 95%", at=ago(14)),
        Step(
            "Survives",
            "none",
            "No beta yet. The gate needs ten testers and no open blocker.",
            next_url="#",
            next_label="Start one",
        ),
    ]


FACTS = (
    SimpleNamespace(label="Reach", value="17 of 61", figure=None, note=""),
    SimpleNamespace(label="Effort, weeks", value="7–13", figure=None, note="80% sure"),
    SimpleNamespace(label="Alignment", value="81%", figure=None, note=""),
    SimpleNamespace(label="Revenue", value="", figure=revenue_receipt(), note=""),
)


def edits() -> dict[str, InlineEdit]:
    """Return the sample inline edits."""
    return {
        "title": InlineEdit(
            id="edit-title", label="Title", name="title", value="Reroute a courier", url="do/edit/"
        ),
        "status": InlineEdit(
            id="edit-status",
            label="Status",
            name="status",
            value="building",
            url="do/edit/",
            kind="select",
            options=(
                ("idea", "Idea"),
                ("planned", "Planned"),
                ("building", "In development"),
                ("shipped", "Shipped"),
            ),
        ),
        "weeks": InlineEdit(
            id="edit-weeks",
            label="Effort in weeks",
            name="weeks",
            value="",
            url="do/edit/",
            kind="number",
            placeholder="Add an estimate",
        ),
        "due": InlineEdit(
            id="edit-due",
            label="Date promised",
            name="due",
            value="2027-03-01",
            display="1 March 2027",
            url="do/edit/",
            kind="date",
        ),
        "fixed": InlineEdit(id="edit-fixed", label="Key", name="key", value="F-128"),
        "wrong": InlineEdit(
            id="edit-wrong",
            label="Owner’s e-mail",
            name="email",
            value="mira@",
            url="do/edit/",
            error="This is not an e-mail address.",
        ),
    }


def jobs() -> list[JobProgress]:
    """Return a job in each state."""
    return [
        JobProgress(
            "1",
            "Importing feedback.csv",
            "running",
            "do/job/",
            done=41_200,
            total=100_000,
            note="about 20 s to go",
            cancel_url="do/undo/",
        ),
        JobProgress("2", "Writing the outline as PDF", "waiting", "do/job-waiting/", note="second in line"),
        JobProgress(
            "3",
            "Importing accounts.xlsx",
            "done",
            "",
            done=612,
            total=612,
            note="4 rows were refused",
            result_url="#",
            result_label="See what came in",
        ),
        JobProgress(
            "4",
            "Importing old.xlsx",
            "failed",
            "",
            done=88,
            total=400,
            note="row 89: the date “soon” is not a date",
            retry_url="do/undo/",
        ),
    ]


def sample_charts() -> list[charts.Chart]:
    """Return one chart of each builder."""
    months = [
        {"month": f"2026-{month:02d}-01", "quotes": count}
        for month, count in enumerate((4, 6, 5, 9, 8, 12, 11, 15, 14, 19), start=1)
    ]
    sources = [
        {"source": source, "quotes": count}
        for source, count in (
            ("Support tickets", 118),
            ("Sales calls", 74),
            ("Portal", 51),
            ("Interviews", 16),
        )
    ]
    effects = [
        {"metric": "Missed drops", "low": -18.0, "effect": -11.4, "high": -4.1, "reading": "good"},
        {"metric": "Minutes per stop", "low": -4.6, "effect": -1.2, "high": 2.3, "reading": ""},
        {"metric": "Support tickets", "low": -0.3, "effect": 5.1, "high": 10.9, "reading": "warn"},
    ]
    return [
        charts.Chart(
            id="trend",
            title="Quotes a month",
            summary="Quotes a month rose from 4 in January to 19 in October.",
            rows=months,
            spec=charts.lines(months, x="month", y="quotes", width=560),
            columns=(("month", "Month"), ("quotes", "Quotes")),
        ),
        charts.Chart(
            id="sources",
            title="Where quotes come from",
            summary="Support tickets bring 118 of 259 quotes, sales calls 74.",
            rows=sources,
            spec=charts.bars(sources, x="quotes", y="source", width=520),
            columns=(("source", "Source"), ("quotes", "Quotes")),
        ),
        charts.Chart(
            id="effects",
            title="Effects, always-valid 95%",
            summary="Missed drops fell by 11.4%, between 18.0 and 4.1.",
            rows=effects,
            spec=charts.intervals(
                effects,
                y="metric",
                low="low",
                mid="effect",
                high="high",
                tone="reading",
                x_title="change, %",
                width=520,
            ),
            columns=(("metric", "Metric"), ("low", "From"), ("effect", "Effect"), ("high", "To")),
        ),
    ]


class SampleForm(forms.Form):
    """A form with a field of each kind."""

    title = forms.CharField(
        label="Title", help_text="What people would call it. Up to 120 letters.", max_length=120
    )
    email = forms.EmailField(label="Who to tell")
    status = forms.ChoiceField(label="Status", choices=[("idea", "Idea"), ("planned", "Planned")])
    strength = forms.ChoiceField(
        label="How strong is the wish?",
        widget=forms.RadioSelect,
        choices=[("1", "Nice to have"), ("2", "Would help"), ("3", "Important"), ("4", "Deal-breaker")],
    )
    teams = forms.MultipleChoiceField(
        label="Teams",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        choices=[("routing", "Routing"), ("mobile", "Mobile")],
    )
    note = forms.CharField(
        label="Note", required=False, widget=forms.Textarea, help_text="Markdown works here."
    )
    file = forms.FileField(label="File", required=False)
    due = forms.DateField(label="Due", required=False, widget=forms.DateInput(attrs={"type": "date"}))
    public = forms.BooleanField(
        label="Show it on the public roadmap", required=False, help_text="Only the title is shown."
    )


INBOX = (
    SimpleNamespace(
        id=1,
        who="Halden Freight",
        age="2 h",
        text="When a road closes we phone every driver. Twice last week a van…",
        chips=("problem", "rerouting"),
        warn="",
    ),
    SimpleNamespace(
        id=2,
        who="Mira Oduya",
        age="3 h",
        text="Love the new proof of delivery, please let me attach two photos",
        chips=("praise", "request"),
        warn="",
    ),
    SimpleNamespace(
        id=3,
        who="Copperline Foods",
        age="5 h",
        text="Is there an API to push orders in bulk? We have 4,000 a night.",
        chips=("question",),
        warn="",
    ),
    SimpleNamespace(
        id=4,
        who="Anonymous, portal",
        age="1 d",
        text="App shows yesterday’s route until I sign out and in again",
        chips=("problem",),
        warn="3 like it today",
    ),
)
