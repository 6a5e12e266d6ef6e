"""Turns Django's bound fields into what the field template needs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils.safestring import SafeString

_CHECKS = (forms.CheckboxInput,)
_GROUPS = (forms.RadioSelect, forms.CheckboxSelectMultiple)


@dataclass(frozen=True, slots=True)
class Problem:
    """A line of the error summary."""

    message: str
    anchor: str


def control_id(bound: forms.BoundField) -> str:
    """Return the id of the control that a link or a label should lead to."""
    base = str(bound.auto_id or f"id_{bound.html_name}")
    return f"{base}_0" if isinstance(bound.field.widget, _GROUPS) else base


def words(bound: forms.BoundField, message: str) -> str:
    """Return the message; "This field is required." says nothing in a list, so the field is named instead.

    The same words stand in the summary and at the field.
    """
    if message != str(forms.Field.default_error_messages["required"]):
        return message
    deed = (
        "choose one"
        if isinstance(bound.field, (forms.ChoiceField, forms.ModelChoiceField))
        else "fill this in"
    )
    return f"{str(bound.label).rstrip('?:.')}: {deed}."


def describe(bound: forms.BoundField, **options: Any) -> dict[str, Any]:
    """Return the context of ``components/field.html``.

    Options: `width` (short or medium), `optional` (whether to say so), `label`, `hint`, and any attribute of the
    control with underscores for hyphens, such as ``autocomplete="off"``.
    """
    widget = bound.field.widget
    base = str(bound.auto_id or f"id_{bound.html_name}")
    hint = options.pop("hint", None) or bound.help_text
    width = options.pop("width", "")
    label = options.pop("label", None) or bound.label
    optional = options.pop("optional", True)
    kind = "check" if isinstance(widget, _CHECKS) else "group" if isinstance(widget, _GROUPS) else "control"
    described = [f"{base}-hint"] if hint else []
    if bound.errors:
        described.append(f"{base}-error")
    attributes: dict[str, Any] = {name.replace("_", "-"): value for name, value in options.items()}
    if kind == "control":
        attributes["class"] = " ".join(
            name
            for name in ("input", f"input--{width}" if width else "", widget.attrs.get("class", ""))
            if name
        )
    if described:
        attributes["aria-describedby"] = " ".join(described)
    if bound.errors:
        attributes["aria-invalid"] = "true"
    return {
        "bound": bound,
        "base": base,
        "kind": kind,
        "label": label,
        "hint": hint,
        "optional": optional and not bound.field.required and kind != "check",
        "errors": [words(bound, str(error)) for error in bound.errors],
        "control": SafeString("") if kind == "group" else bound.as_widget(attrs=attributes),
        "inputs": list(bound.subwidgets) if kind == "group" else [],
        "described": " ".join(described),
        "hidden": bound.is_hidden,
    }


def problems(form: forms.BaseForm) -> list[Problem]:
    """Return every error of the form, the general ones first, each with the field that it belongs to."""
    found = [Problem(message=str(message), anchor="") for message in form.non_field_errors()]
    for bound in form:
        found.extend(
            Problem(message=words(bound, str(message)), anchor=control_id(bound)) for message in bound.errors
        )
    return found
