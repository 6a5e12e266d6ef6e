"""Forms of accounts, people and segments."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError

from roadbed.modules.insights.models import Account, Person, rules

MOST_ATTRIBUTES = 60


class AttributesField(forms.CharField):
    """Further facts, one a line: ``vans: 64``. Numbers and yes/no are kept as such."""

    widget = forms.Textarea(attrs={"rows": 4})

    def prepare_value(self, value: Any) -> Any:
        """Write the facts as lines."""
        if not isinstance(value, dict):
            return value
        return "\n".join(f"{name}: {self._write(fact)}" for name, fact in value.items())

    def _write(self, fact: Any) -> str:
        return fact if isinstance(fact, str) else json.dumps(fact, ensure_ascii=False)

    def clean(self, value: Any) -> dict[str, Any]:
        """Read the lines."""
        found: dict[str, Any] = {}
        for line in str(super().clean(value) or "").splitlines():
            if not line.strip():
                continue
            name, colon, text = (part.strip() for part in line.partition(":"))
            if not colon or not name:
                raise ValidationError(f"“{line.strip()[:60]}” is not a name, a colon and a fact.")
            if len(name) > 80 or '"' in name:
                raise ValidationError(f"“{name[:60]}” cannot be the name of a fact.")
            found[name] = self._read(text)
        if len(found) > MOST_ATTRIBUTES:
            raise ValidationError(f"At most {MOST_ATTRIBUTES} facts.")
        return found

    def _read(self, text: str) -> Any:
        if text.lower() in {"true", "yes"}:
            return True
        if text.lower() in {"false", "no"}:
            return False
        try:
            number = float(text)
        except ValueError:
            return text
        if text.lower().strip("+-") in {"nan", "inf", "infinity"} or abs(number) > 1e15:
            return text
        return int(number) if number.is_integer() and "e" not in text.lower() else number


if TYPE_CHECKING:
    AccountModelForm = forms.ModelForm[Account]
    PersonModelForm = forms.ModelForm[Person]
else:
    AccountModelForm = PersonModelForm = forms.ModelForm


class AccountForm(AccountModelForm):
    """A customer organisation. `version` tells whether somebody was quicker."""

    version = forms.IntegerField(required=False, widget=forms.HiddenInput)
    attributes = AttributesField(
        label="Further facts",
        required=False,
        help_text="One a line, such as “vans: 64”. Segments can use them.",
    )

    class Meta:
        model = Account
        fields = ("title", "domain", "plan", "country", "revenue", "attributes")
        labels = {"title": "Name", "revenue": "Revenue a year"}
        widgets = {"revenue": forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"})}


class PersonForm(PersonModelForm):
    """Somebody who says things."""

    version = forms.IntegerField(required=False, widget=forms.HiddenInput)
    account_key = forms.CharField(
        label="Account", required=False, max_length=300, help_text="Its name or its key, such as A-12."
    )
    attributes = AttributesField(label="Further facts", required=False, help_text="One a line.")

    class Meta:
        model = Person
        fields = ("title", "email", "job_title", "attributes")
        labels = {"title": "Name", "email": "E-mail", "job_title": "Job"}


class SegmentForm(forms.Form):
    """A rule over accounts, kept under a name."""

    name = forms.CharField(max_length=300)
    note = forms.CharField(
        label="What it is for", required=False, max_length=5_000, widget=forms.Textarea(attrs={"rows": 2})
    )
    match = forms.ChoiceField(
        label="An account belongs to it when",
        choices=[("all", "all of these hold"), ("any", "any of these holds")],
    )
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)


def rule_from(data: Any) -> dict[str, Any]:
    """Return the rule that the builder's rows spell; empty rows are passed over."""
    lines = zip(data.getlist("field"), data.getlist("operator"), data.getlist("value"), strict=False)
    conditions = [
        {"field": field, "operator": operator, "value": value}
        for field, operator, value in list(lines)[: rules.MOST_CONDITIONS + 1]
        if field
    ]
    return {"match": data.get("match", "all"), "conditions": conditions}
