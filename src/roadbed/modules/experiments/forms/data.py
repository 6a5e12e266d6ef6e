"""Forms of data sources, and of exposures and facts mapped over them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms

from roadbed.modules.experiments.models import LONGEST_SQL, DataSource, Place
from roadbed.modules.experiments.models.sources import SOURCE_KEY
from roadbed.modules.experiments.services.sources import SSL


class PlaceForm(forms.Form):
    """Where a source leads."""

    name = forms.CharField(max_length=80)
    folder = forms.CharField(
        max_length=300,
        required=False,
        help_text="One that the operator opened. Empty: only files that are uploaded.",
    )
    host = forms.CharField(max_length=200, required=False, help_text="Such as warehouse.example.")
    port = forms.IntegerField(min_value=1, max_value=65_535, required=False, initial=5432)
    database = forms.CharField(max_length=120, required=False)
    user = forms.CharField(max_length=120, required=False, help_text="One that may only read.")
    password = forms.CharField(
        max_length=500, required=False, help_text="Kept sealed, never shown.",
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
    )  # fmt: skip
    schema = forms.CharField(max_length=120, required=False)
    ssl = forms.ChoiceField(
        choices=[(one, one) for one in SSL], required=False, initial="prefer", label="TLS"
    )

    def __init__(self, *args: Any, kind: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        unwanted = (
            {"folder"} if kind == Place.POSTGRES else set(self.fields) - {"name", "folder", "key", "kind"}
        )
        for name in unwanted:
            del self.fields[name]

    def settings_of(self) -> dict[str, Any]:
        """Return the settings of the source."""
        data = self.cleaned_data
        return {name: data[name] for name in data if name not in {"name", "key", "kind", "password"}}


class NewPlaceForm(PlaceForm):
    """A new source."""

    key = forms.CharField(
        max_length=40,
        validators=[SOURCE_KEY],
        help_text="Small letters, digits and _, such as warehouse. It stays.",
    )
    field_order = ["name", "key"]


def _list(text: str) -> list[str]:
    return [each.strip() for each in text.replace("\n", ",").split(",") if each.strip()]


class MappedForm(forms.Form):
    """What exposures and facts share."""

    name = forms.CharField(max_length=80)
    key = forms.CharField(
        max_length=40,
        validators=[SOURCE_KEY],
        help_text="Small letters, digits and _, such as orders. It stays.",
    )
    data_source = forms.ChoiceField(label="From")
    table = forms.CharField(max_length=200, required=False, help_text="Such as orders, or sales.orders.")
    sql = forms.CharField(
        max_length=LONGEST_SQL, required=False, label="Or SQL", help_text="One SELECT that only reads.",
        widget=forms.Textarea(attrs={"rows": 5, "class": "mono", "spellcheck": "false"}),
    )  # fmt: skip
    unit = forms.CharField(max_length=120, help_text="The column that tells who.")
    unit_type = forms.CharField(max_length=60, initial="user", help_text="What a unit is: user, account.")
    at = forms.CharField(max_length=120, label="Time", help_text="The column that tells when.")

    lists: tuple[str, ...] = ()

    def __init__(self, *args: Any, sources: Sequence[DataSource], is_new: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["data_source"]
        if isinstance(field, forms.ChoiceField):
            field.choices = [(each.key, each.name) for each in sources]
        if not is_new:
            del self.fields["key"]

    def clean(self) -> dict[str, Any]:
        """Ask for a table or SQL, not both, and read lists of columns."""
        data = super().clean() or {}
        if bool(data.get("table")) == bool(data.get("sql")):
            self.add_error("table", "Either a table or SQL is wanted.")
        for name in self.lists:
            data[name] = _list(data.get(name) or "")
        return data

    def fields_of(self) -> dict[str, Any]:
        """Return the fields of what is mapped."""
        return {
            name: value for name, value in self.cleaned_data.items() if name not in {"key", "data_source"}
        }


class ExposuresForm(MappedForm):
    """Who was shown what."""

    lists = ("dimensions",)
    variant = forms.CharField(max_length=120, help_text="The column that tells which variant.")
    experiment = forms.CharField(
        max_length=120,
        required=False,
        help_text="The column with the experiment’s key. Empty: all rows are one.",
    )
    dimensions = forms.CharField(
        max_length=2000, required=False, help_text="Columns to break results down by, with commas between."
    )


class FactsForm(MappedForm):
    """What units did."""

    lists = ("values", "filters")
    values = forms.CharField(
        max_length=2000, required=False, help_text="Columns with numbers, with commas between."
    )
    filters = forms.CharField(max_length=2000, required=False, help_text="Columns that metrics filter by.")
