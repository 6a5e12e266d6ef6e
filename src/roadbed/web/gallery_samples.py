"""Sample jobs, charts, forms and feedback of the gallery."""

from __future__ import annotations

from types import SimpleNamespace

from django import forms

from roadbed.web import charts
from roadbed.web.jobs import JobProgress


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
