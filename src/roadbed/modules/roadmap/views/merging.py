"""Two people changed the same feature: what the later one sees, field by field, and how they choose."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from typing import Any

from django import forms
from django.core import signing
from django.http import HttpRequest, QueryDict

from roadbed.modules.roadmap.forms.features import FeatureForm
from roadbed.modules.roadmap.models import Feature

SALT = "roadbed.roadmap.base"
KEEP = "keep_"
Posted = dict[str, str]


@dataclass(frozen=True, slots=True)
class Difference:
    """A field that both have changed."""

    name: str
    label: str
    before: str
    theirs: str
    mine: str


def _text(value: Any) -> str:
    return "" if value is None else str(value).replace("\r\n", "\n")


def as_posted(form: FeatureForm) -> Posted:
    """Return the fields of an unbound form as a browser would send them back unchanged."""
    return {name: _text(form.fields[name].prepare_value(form[name].value())) for name in form.fields}


def sign(values: Posted) -> str:
    """Return what a form began with, as it travels with it."""
    return signing.dumps(values, salt=SALT, compress=True)


def read(text: str) -> Posted | None:
    """Return what a form began with; None where it cannot be read."""
    try:
        found = signing.loads(text, salt=SALT)
    except signing.BadSignature:
        return None
    return found if isinstance(found, dict) else None


def _shown(form: FeatureForm, name: str, value: str) -> str:
    """Return a value as a person reads it."""
    field = form.fields[name]
    if isinstance(field, forms.ModelChoiceField):
        rows = field.queryset if value.isdecimal() else None
        found = rows.filter(pk=value).first() if rows is not None else None
        return field.label_from_instance(found) if found is not None else "nothing"
    if isinstance(field, forms.ChoiceField):
        return str(dict(field.choices).get(value, value))  # type: ignore[arg-type]  # plain pairs, never groups
    if isinstance(field, forms.DateField) and value:
        with suppress(ValueError):
            return f"{date.fromisoformat(value):%-d %B %Y}"
    return value or "nothing"


def merge(
    *, form: FeatureForm, base: Posted, theirs: Posted, mine: Posted
) -> tuple[Posted, list[Difference], list[Difference]]:
    """Return what to send, what both have changed, and what the other one alone has changed.

    Where only one of the two changed a field, that change stands.
    """
    sent: Posted = {}
    conflicts, taken = [], []
    for name in form.fields:
        was, other, own = base.get(name, ""), theirs.get(name, ""), mine.get(name, "")
        sent[name] = own
        if own == other:
            continue
        said = Difference(
            name=name,
            label=str(form[name].label),
            before=_shown(form, name, was),
            theirs=_shown(form, name, other),
            mine=_shown(form, name, own),
        )
        if own == was:
            sent[name] = other
            taken.append(said)
        elif other != was:
            conflicts.append(said)
    return sent, conflicts, taken


def chosen(request: HttpRequest, *, theirs: Posted) -> QueryDict:
    """Return what was sent, with the other one's value wherever that was chosen."""
    data = request.POST.copy()
    for name, value in theirs.items():
        if data.get(f"{KEEP}{name}") == "theirs":
            data[name] = value
    return data


def mine_of(data: QueryDict, form: FeatureForm) -> Posted:
    """Return the fields as they were sent."""
    return {name: _text(data.get(name, "")) for name in form.fields}


def form_of(feature: Feature, names: tuple[str, ...]) -> FeatureForm:
    """Return the form of a feature as it stands, unbound."""
    return FeatureForm(workspace=feature.workspace, initial={name: getattr(feature, name) for name in names})
