"""The forms of this module."""

from __future__ import annotations

import re
from typing import Any

from django import forms

from roadbed.core.workspaces.models import Member
from roadbed.modules.ask.selectors import kept
from roadbed.modules.ask.services import Source

KEY = re.compile(r"\b([A-Za-z]{1,6}-[0-9]{1,9})\b")


class QuestionForm(forms.Form):
    """A question for a person: what, who finds it out, and by when. `version` tells whether somebody was quicker."""

    title = forms.CharField(
        label="Question", max_length=300, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    details = forms.CharField(
        label="What would help to know",
        max_length=5000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="Why it matters, and where you have looked. Markdown works here.",
    )
    owner = forms.ModelChoiceField(
        label="Who finds it out", queryset=Member.objects.none(), required=False, empty_label="Nobody yet"
    )
    due_date = forms.DateField(
        label="By", required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, workspace_id: int, **options: Any) -> None:
        super().__init__(*args, **options)
        chooser: Any = self.fields["owner"]
        chooser.queryset = kept.members_of(workspace_id=workspace_id)
        chooser.label_from_instance = lambda member: member.user.display_name

    def values(self) -> dict[str, Any]:
        """What was typed, by the field's name."""
        return {name: self.cleaned_data[name] for name in ("title", "details", "owner", "due_date")}


class AnswerForm(forms.Form):
    """An answer in a person's words; the keys in it, and those named beside it, become its citations."""

    answer = forms.CharField(
        label="Answer",
        max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text="Markdown works here. Name records by their keys, such as FB-12.",
    )
    citations = forms.CharField(
        label="It rests on",
        max_length=500,
        required=False,
        help_text="Keys of records, such as FB-12, N-3.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, workspace_id: int, **options: Any) -> None:
        super().__init__(*args, **options)
        self.workspace_id = workspace_id

    def clean(self) -> dict[str, Any]:
        """Find the records that are named; one named on purpose must be there, one within the answer may be."""
        cleaned = super().clean() or {}
        sources: dict[int, Source] = {}
        for name, must in (("citations", True), ("answer", False)):
            for key in dict.fromkeys(KEY.findall(cleaned.get(name, "") or "")):
                record = kept.record_for(workspace_id=self.workspace_id, key=key)
                if record is not None:
                    sources.setdefault(record.pk, Source(record=record))
                elif must:
                    self.add_error(name, f"There is no {key.upper()} that everybody here may see.")
        cleaned["sources"] = tuple(sources.values())[:20]
        return cleaned
