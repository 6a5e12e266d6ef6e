"""The forms of a team's calendar, seats and absences."""

from __future__ import annotations

from django import forms

from roadbed.modules.roadmap.forms import shapes
from roadbed.modules.roadmap.models import Absence
from roadbed.modules.roadmap.models.capacity import weekdays


def _place() -> tuple[forms.CharField, forms.CharField, forms.CharField]:
    return (
        forms.CharField(
            required=False,
            max_length=2,
            label="Country",
            help_text="Two letters, such as DE: whose holidays hold.",
        ),
        forms.CharField(
            required=False,
            max_length=10,
            label="Part of it",
            help_text="Such as BY for Bavaria. Empty for the whole.",
        ),
        forms.CharField(
            required=False,
            max_length=7,
            label="Days worked",
            validators=[weekdays],
            help_text="12345 is Monday to Friday. Empty: as is usual in the country.",
        ),
    )


class PlaceForm(shapes.PlanForm):
    """Where and on which days somebody works."""

    country, subdivision, weekdays = _place()

    def clean_country(self) -> str:
        """Return the code in capitals."""
        return str(self.cleaned_data["country"]).upper()

    def clean_subdivision(self) -> str:
        """Return the code in capitals."""
        return str(self.cleaned_data["subdivision"]).upper()


class TeamPlanForm(PlaceForm):
    """How a team works."""

    ROWS: shapes.Rows = (
        ("country", "subdivision", "weekdays"),
        ("focus", "reserve"),
        ("wip_limit", "cost_rate"),
        ("point_low", "point_likely", "point_high"),
    )

    focus = forms.IntegerField(
        min_value=0,
        max_value=100,
        label="Focus, in percent",
        help_text="Of a day that reaches planned work at all.",
    )
    reserve = forms.IntegerField(
        min_value=0,
        max_value=100,
        label="Reserve, in percent",
        help_text="Of that, kept for what nobody planned.",
    )
    wip_limit = forms.IntegerField(
        required=False, min_value=1, max_value=1000, label="At once, at most", help_text="Features under way."
    )
    cost_rate = forms.DecimalField(
        required=False, min_value=0, max_digits=10, decimal_places=2, label="A person-day costs"
    )
    point_low = shapes.figure("A point: low", help_text="Person-days, P10.")
    point_likely = shapes.figure("A point: even odds", help_text="P50.")
    point_high = shapes.figure("A point: high", help_text="P90.")


class SeatForm(PlaceForm):
    """A seat of a team."""

    ROWS: shapes.Rows = (
        ("name", "share"),
        ("skills",),
        ("first_date", "last_date", "ramp_weeks"),
        ("country", "subdivision", "weekdays"),
        ("cost_rate",),
    )

    name = forms.CharField(
        required=False, max_length=80, label="What it is for", help_text="For a seat nobody has yet."
    )
    share = forms.IntegerField(initial=100, min_value=0, max_value=100, label="Part of the week, in percent")
    skills = forms.CharField(
        required=False,
        max_length=600,
        label="Skills",
        help_text="Separated by commas, such as: Maps, Android.",
    )
    first_date = shapes.day("From")
    last_date = shapes.day("Until")
    ramp_weeks = forms.IntegerField(
        required=False, initial=0, min_value=0, max_value=52, label="Weeks to get going"
    )
    cost_rate = forms.DecimalField(
        required=False, min_value=0, max_digits=10, decimal_places=2, label="A person-day costs",
        help_text="Where it is not the team’s.",
    )  # fmt: skip

    def clean_skills(self) -> list[str]:
        """Return the names."""
        return [name.strip()[:60] for name in self.cleaned_data["skills"].split(",") if name.strip()]

    def clean_ramp_weeks(self) -> int:
        """Return the weeks; none where none are said."""
        return int(self.cleaned_data["ramp_weeks"] or 0)


class NewSeatForm(SeatForm):
    """A new seat: a member's, or one that is still to be filled."""

    ROWS: shapes.Rows = (("member",), *SeatForm.ROWS)

    member = shapes.owner("Whose", "Empty for a seat nobody has yet.")


class AbsenceForm(shapes.PlanForm):
    """Days away."""

    ROWS: shapes.Rows = (("first", "last"), ("share", "reason"), ("note",))

    first = shapes.day("From", required=True)
    last = shapes.day("Until", required=True)
    share = forms.IntegerField(initial=100, min_value=1, max_value=100, label="Percent of the day")
    reason = forms.ChoiceField(choices=Absence.Reason.choices, initial=Absence.Reason.LEAVE)
    note = forms.CharField(required=False, max_length=120)


class DayForm(shapes.PlanForm):
    """A day that the team's calendar has otherwise."""

    ROWS: shapes.Rows = (("day", "name"),)

    day = shapes.day("Day", required=True)
    name = forms.CharField(max_length=80, label="What it is", help_text="Such as: company outing.")
    is_worked = forms.BooleanField(required=False, label="We work on this day, although it is a day off")
