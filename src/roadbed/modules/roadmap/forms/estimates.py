"""The forms for saying how much work something is."""

from __future__ import annotations

from django import forms

from roadbed.core.workspaces.models import Member
from roadbed.modules.roadmap.forms.shapes import PeopleField, PlanForm, Rows, figure
from roadbed.modules.roadmap.models import Origin

WAYS = [(value, label) for value, label in Origin.choices if value != Origin.EXPERTS]


class EstimateForm(PlanForm):
    """How much work a feature is, in one of four ways."""

    ROWS: Rows = (("origin",), ("low", "likely", "high"), ("confidence", "points"), ("note",))

    origin = forms.ChoiceField(
        choices=WAYS,
        label="How do you know?",
        help_text="Points need a team. Finished work of the same size needs nothing more.",
    )
    low = figure("Low", help_text="Nine times in ten it needs more.")
    likely = figure("Likely", help_text="For low, likely, high.")
    high = figure("High", help_text="Nine times in ten it needs less.")
    confidence = figure("How sure, in percent", help_text="For a range: how often it would hold.")
    points = figure("Points", help_text="For story points.")
    note = forms.CharField(
        required=False, max_length=500, label="What it rests on", help_text="For whoever reads it next year."
    )


class RoundForm(PlanForm):
    """Who is asked how much work a feature is."""

    asked = PeopleField(
        queryset=Member.objects.none(),
        label="Who is asked",
        help_text="Nobody sees what the others said until you open the round.",
    )
    question = forms.CharField(
        required=False, max_length=300, label="What is to be estimated", help_text="Such as: without the app."
    )


class OpinionForm(PlanForm):
    """One person's three figures."""

    ROWS: Rows = (("low", "likely", "high"), ("note",))

    low = figure("Low", required=True, help_text="Nine times in ten it needs more.")
    likely = figure("Even odds", required=True, help_text="As likely more as less.")
    high = figure("High", required=True, help_text="Nine times in ten it needs less.")
    note = forms.CharField(required=False, max_length=500, label="Why")


class SkillsForm(PlanForm):
    """Which part of the work needs what."""

    skills = forms.CharField(
        required=False,
        max_length=600,
        label="Skills",
        help_text="Such as: Maps 60, Android 20. What is left, anybody in the team can do.",
    )

    def clean_skills(self) -> dict[str, int]:
        """Return percent by skill."""
        found: dict[str, int] = {}
        for part in self.cleaned_data["skills"].split(","):
            text = part.strip().rstrip("%").strip()
            if not text:
                continue
            name, _, share = text.rpartition(" ")
            if not share.isdecimal() or len(share) > 3:
                name, share = text, "100"
            found[name.strip() or text] = int(share)
        return found
