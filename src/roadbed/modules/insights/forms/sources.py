"""Forms of the ways in: their settings, made from the table of kinds, and the public form itself."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms

from roadbed.core.workspaces.models import Product
from roadbed.modules.insights.models import Source, source_kinds
from roadbed.modules.insights.models.source_kinds import Setting
from roadbed.web.filters import Boolean, FilterSet, MultiChoice, Option, SortOption, Text

KINDS = tuple(Option(value, label) for value, label in Source.Kind.choices)
SOURCES = FilterSet(
    filters=(
        Text("q", "Search sources", search=True),
        MultiChoice("kind", "Kind", options=KINDS, pinned=True),
        Boolean("on", "On", yes="on", no="off"),
    ),
    sorts=(
        SortOption("name", "Source", first="asc"),
        SortOption("last", "Last arrival"),
        SortOption("new", "New"),
    ),
    default_sort="name",
)
SOURCES_ORDER = {"name": "name", "last": "last_arrival_at", "new": "new_count"}
WORDS_MOST = 5_000
TRAP = "website"
"""A field that people do not see, and machines fill in."""


def _field(setting: Setting, *, has_secret: bool) -> forms.Field:
    common: dict[str, Any] = {"label": setting.label, "help_text": setting.help, "required": setting.required}
    if setting.type == "secret":
        hint = "It is kept; type a new one to replace it." if has_secret else setting.help
        widget = forms.PasswordInput(attrs={"autocomplete": "new-password"}, render_value=True)
        return forms.CharField(**{**common, "help_text": hint}, max_length=500, widget=widget)
    if setting.type == "choice":
        return forms.ChoiceField(**common, choices=list((setting.choices or {}).items()))
    if setting.type == "number":
        return forms.IntegerField(**common, min_value=setting.low, max_value=setting.high)
    if setting.type in {"long_text", "sites"}:
        most = 4_000 if setting.type == "sites" else setting.max_length
        return forms.CharField(**common, max_length=most, widget=forms.Textarea(attrs={"rows": 3}))
    return forms.CharField(**common, max_length=setting.max_length)


class SourceForm(forms.Form):
    """A source of one kind. Its settings are checked by the table of kinds, as they are for the API."""

    name = forms.CharField(max_length=60, help_text="Stands with each piece as its source.")
    product = forms.ModelChoiceField(
        queryset=Product.objects.none(),
        required=False,
        empty_label="No product",
        help_text="What comes in is about it.",
    )

    def __init__(
        self, *args: Any, kind: str, workspace_id: int, source: Source | None = None, **options: Any
    ) -> None:
        super().__init__(*args, **options)
        products = Product.objects.filter(workspace_id=workspace_id, archived_at__isnull=True)
        self.fields["product"].queryset = products  # type: ignore[attr-defined]  # it is a model choice field
        kept = source.secrets if source else {}
        for setting in source_kinds.KINDS[kind]:
            self.fields[setting.name] = _field(setting, has_secret=setting.name in kept)
            if setting.type != "secret":
                self.fields[setting.name].initial = setting.default
        self.kind = kind

    def settings(self) -> dict[str, Any]:
        """Return the settings as they were filled in; a secret that was left empty is not among them."""
        hidden = source_kinds.secret_names(self.kind)
        return {
            setting.name: self.cleaned_data.get(setting.name)
            if self.cleaned_data.get(setting.name) is not None
            else ""
            for setting in source_kinds.KINDS[self.kind]
            if setting.name not in hidden or self.cleaned_data.get(setting.name)
        }


class VoiceForm(forms.Form):
    """What somebody out there fills in: words, and what else the source asks for."""

    def __init__(self, *args: Any, source: Source, **options: Any) -> None:
        super().__init__(*args, **options)
        asked = source.settings
        self.fields["text"] = forms.CharField(
            label=asked["question"], max_length=WORDS_MOST, widget=forms.Textarea(attrs={"rows": 6})
        )
        if asked["rating"] == "stars":
            self.fields["rating"] = forms.ChoiceField(
                label="Your rating",
                required=False,
                choices=[
                    (str(count), f"{'★' * count}{'☆' * (5 - count)} {count} of 5")
                    for count in range(5, 0, -1)
                ],
                widget=forms.RadioSelect,
            )
        elif asked["rating"] == "nps":
            self.fields["rating"] = forms.ChoiceField(
                label="How likely are you to recommend us? 0 not at all, 10 very",
                required=False,
                choices=[(str(count), str(count)) for count in range(11)],
                widget=forms.RadioSelect,
            )
        if asked["person"] != "none":
            self.fields["person"] = forms.CharField(label="Your name", max_length=200, required=False)
        if asked["email"] != "none":
            self.fields["email"] = forms.EmailField(
                label="Your e-mail address", required=asked["email"] == "required", max_length=200
            )

    def rating(self, scale: str) -> Decimal | None:
        """Return the rating from 0 to 10; a star counts two."""
        given = self.cleaned_data.get("rating") or ""
        return Decimal(given) * (2 if scale == "stars" else 1) if given else None
