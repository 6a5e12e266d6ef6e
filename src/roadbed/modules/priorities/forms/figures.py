"""What people say of one record: ranges as they write them."""

from __future__ import annotations

import re
from typing import Any

from django import forms

from roadbed_engines.priority import delay
from roadbed_engines.priority.ranges import Range

_FIGURE = r"[-−+]?\d+(?:[.,]\d+)?(?:e[-+]?\d+)?"
_BETWEEN = re.compile(
    rf"^\s*({_FIGURE})\s*(?:to|…|\.\.+|–|—|-|bis|;)\s*({_FIGURE})\s*(?:[,;]?\s*(?:likely|~)\s*({_FIGURE}))?\s*$",
    re.I,
)
_ONE = re.compile(rf"^\s*({_FIGURE})\s*$", re.I)
_THREE = re.compile(rf"^\s*({_FIGURE})\s*[/;]\s*({_FIGURE})\s*[/;]\s*({_FIGURE})\s*$", re.I)


def _value(text: str) -> float:
    return float(text.replace(",", ".").replace("−", "-"))


def read_range(text: str, *, confidence: float = 0.8) -> Range:
    """Return the range that somebody wrote: ``7``, ``2 to 8``, ``2–8 likely 3``, or ``2 / 3 / 8``.

    Raises
    ------
    ValidationError
        If it is none.

    Examples
    --------
    >>> read_range("2 to 8"), read_range("2-8, likely 3").likely, read_range("2/3/8").high
    (Range(low=2.0, high=8.0, likely=None, confidence=0.8), 3.0, 8.0)
    """
    text = text[:80]
    if one := _ONE.match(text):
        low = high = _value(one.group(1))
        likely = None
    elif three := _THREE.match(text):
        low, likely, high = (_value(part) for part in three.groups())
    elif between := _BETWEEN.match(text):
        low, high = _value(between.group(1)), _value(between.group(2))
        likely = _value(between.group(3)) if between.group(3) else None
    else:
        raise forms.ValidationError(
            f"“{text}” is no figure. Write 7, 2 to 8, or 2 / 3 / 8 for low, likely and high."
        )
    try:
        return Range(low, high, likely, confidence)
    except ValueError as error:
        said = str(error)
        raise forms.ValidationError(f"{said[:1].upper()}{said[1:]}.") from error


def write_range(given: Range) -> str:
    """Return a range as `read_range` reads it."""
    if given.low == given.high:
        return f"{given.low:g}"
    if given.likely is not None:
        return f"{given.low:g} / {given.likely:g} / {given.high:g}"
    return f"{given.low:g} to {given.high:g}"


class PaceForm(forms.Form):
    """How waiting costs."""

    profile = forms.ChoiceField(
        label="Waiting costs",
        choices=[
            ("standard", "the same each week"),
            ("urgent", "most in the first weeks"),
            ("fixed date", "all at once, on a date"),
            ("intangible", "little now, more later"),
        ],
    )
    due_date = forms.DateField(required=False, label="Date", widget=forms.DateInput(attrs={"type": "date"}))

    def clean(self) -> dict[str, Any]:
        """Ask for the day of a fixed date."""
        found: dict[str, Any] = super().clean() or {}
        if found.get("profile") == delay.PROFILES[2] and not found.get("due_date"):
            self.add_error("due_date", "A fixed date names its day.")
        return found
