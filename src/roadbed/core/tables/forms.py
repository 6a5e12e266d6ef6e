"""What people fill in on the way of a file into the workspace."""

from __future__ import annotations

from typing import Any, cast
from zoneinfo import available_timezones

from django import forms
from django.core.exceptions import ValidationError

from roadbed.core.tables import mapping, targets
from roadbed.core.tables.models import Import
from roadbed.core.tables.values.dates import ORDERS
from roadbed.core.workspaces.models import Product, Workspace

ENCODINGS = (
    "utf-8",
    "utf-16",
    "cp1252",
    "iso8859_15",
    "cp1250",
    "cp1251",
    "mac_roman",
    "shift_jis",
    "gb18030",
)
DELIMITERS = ((",", "comma"), (";", "semicolon"), ("\t", "tab"), ("|", "bar"))


def products_of(workspace: Workspace) -> Any:
    """Return the products that can be chosen."""
    return Product.objects.filter(workspace=workspace, archived_at__isnull=True)


class UploadForm(forms.Form):
    """A file, and what it holds."""

    file = forms.FileField(
        label="File",
        help_text="CSV, TSV, XLSX, JSON, NDJSON, or a plan of Microsoft Project (XML). Nothing is imported yet.",
    )
    target = forms.ChoiceField(label="What does each row hold?")
    preset = forms.ChoiceField(
        required=False,
        label="Exported by",
        help_text="Known exports are recognised by their columns; choose only where that fails.",
    )
    product = forms.ModelChoiceField(
        Product.objects.none(),
        required=False,
        label="Product",
        empty_label="No product",
        help_text="What the rows are about.",
    )

    def __init__(self, *args: Any, workspace: Workspace, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        cast(forms.ChoiceField, self.fields["target"]).choices = [
            (each.name, each.label) for each in targets.all_targets()
        ]
        cast(forms.ChoiceField, self.fields["preset"]).choices = [
            ("", "find out by the columns"),
            *(
                (each.label, [(preset.name, preset.label) for preset in each.presets])
                for each in targets.all_targets()
                if each.presets
            ),
        ]
        cast(Any, self.fields["product"]).queryset = products_of(workspace)


class MappingForm(forms.Form):
    """Which column is which, and what the file does not say itself."""

    source = forms.CharField(
        max_length=60,
        required=False,
        label="Source of the ids",
        help_text="Give the same name next time, and rows with the same id are changed instead of doubled.",
    )
    product = forms.ModelChoiceField(
        Product.objects.none(), required=False, label="Product", empty_label="No product"
    )
    date_order = forms.ChoiceField(
        required=False,
        label="Date order",
        choices=[("", "as the column shows"), *ORDERS],
        help_text="Of dates such as 03/04/2025.",
    )
    decimal = forms.ChoiceField(
        required=False,
        label="Decimals",
        choices=[("", "as the column shows"), (".", "1,234.56"), (",", "1.234,56")],
    )
    zone = forms.CharField(
        max_length=60,
        required=False,
        label="Time zone",
        help_text="Of times that name none, such as Europe/Berlin.",
    )

    def __init__(self, *args: Any, run: Import, **kwargs: Any) -> None:
        options = run.options
        initial = {
            "source": run.external_source,
            "product": run.product_id,
            **{name: options.get(name, "") for name in ("date_order", "decimal", "zone")},
        }
        super().__init__(*args, **{**kwargs, "initial": initial})
        self.run = run
        cast(Any, self.fields["product"]).queryset = products_of(run.workspace)

    def clean_zone(self) -> str:
        """Refuse a time zone that does not exist."""
        zone = str(self.cleaned_data["zone"]).strip()
        if zone and zone not in available_timezones():
            raise ValidationError(f"There is no time zone “{zone}”. Try Europe/Berlin.")
        return zone

    def columns(self) -> list[str]:
        """Return the field chosen for each column."""
        known = {mapping.KEEP, mapping.LEAVE, *(each.name for each in targets.get(self.run.target).fields)}
        chosen = [
            str(self.data.get(f"column-{place}", mapping.LEAVE)) for place in range(len(self.run.columns))
        ]
        return [name if name in known else mapping.LEAVE for name in chosen]

    def options(self) -> dict[str, str]:
        """Return what was said of the file."""
        return {name: self.cleaned_data[name] for name in ("date_order", "decimal", "zone")}


class LayoutForm(forms.Form):
    """How the file is to be read, where the guess was wrong."""

    encoding = forms.ChoiceField(required=False, label="Encoding")
    delimiter = forms.ChoiceField(required=False, label="Columns are parted by")
    sheet = forms.ChoiceField(required=False, label="Sheet")
    header = forms.IntegerField(
        required=False,
        min_value=0,
        max_value=500,
        label="Header row",
        help_text="0 where the first row is data already.",
    )

    def __init__(self, *args: Any, run: Import, sheets: tuple[str, ...] = (), **kwargs: Any) -> None:
        layout = run.layout
        super().__init__(*args, **{**kwargs, "initial": layout})
        form = layout["format"]
        encodings = dict.fromkeys([layout["encoding"], *ENCODINGS])
        cast(forms.ChoiceField, self.fields["encoding"]).choices = [(each, each) for each in encodings]
        delimiters = dict(DELIMITERS)
        delimiters.setdefault(layout["delimiter"], layout["delimiter"])
        cast(forms.ChoiceField, self.fields["delimiter"]).choices = list(delimiters.items())
        cast(forms.ChoiceField, self.fields["sheet"]).choices = [(each, each) for each in sheets]
        if form == "xlsx":
            unused = ["encoding", "delimiter"]
        elif form in {"csv", "tsv"}:
            unused = ["sheet"]
        else:
            unused = ["delimiter", "sheet", "header"]
        for name in unused:
            del self.fields[name]
