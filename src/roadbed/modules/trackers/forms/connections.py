"""Forms of the connections: where they lead, and how words are mapped."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django import forms

from roadbed.core.workspaces.models import Product
from roadbed.modules.roadmap import facade as roadmap
from roadbed.modules.trackers.models import DIRECTIONS, FIELDS, Connection, Entry, Kind, kinds
from roadbed.web.filters import FilterSet, MultiChoice, Option, SortOption, Text

KINDS = tuple(Option(value, str(label)) for value, label in Kind.choices)
CONNECTIONS = FilterSet(
    filters=(
        Text("q", "Search trackers", search=True),
        MultiChoice("kind", "Tracker", options=KINDS, pinned=True),
    ),
    sorts=(SortOption("name", "Name", first="asc"), SortOption("last", "Last look")),
    default_sort="name",
)
CONNECTIONS_ORDER = {"name": "name", "last": "last_run_at"}
DEEDS = tuple((value, str(label)) for value, label in Entry.Deed.choices)


class ConnectionForm(forms.Form):
    """Where a connection leads. What is typed is checked by the table of kinds, as it is for the API."""

    name = forms.CharField(max_length=60, help_text="What people here call it.")
    product = forms.ModelChoiceField(
        queryset=Product.objects.none(),
        required=False,
        empty_label="No product",
        help_text="Features that come in belong to it.",
    )

    def __init__(
        self, *args: Any, kind: str, workspace_id: int, connection: Connection | None = None, **options: Any
    ) -> None:
        super().__init__(*args, **options)
        products = Product.objects.filter(workspace_id=workspace_id, archived_at__isnull=True)
        self.fields["product"].queryset = products  # type: ignore[attr-defined]  # it is a model choice field
        kept = connection.secrets if connection else {}
        for setting in kinds.KINDS[kind]:
            self.fields[setting.name] = self._field(setting, is_kept=setting.name in kept)
        self.kind = kind

    @staticmethod
    def _field(setting: kinds.Setting, *, is_kept: bool) -> forms.Field:
        if setting.is_secret:
            hint = "It is kept; type a new one to replace it." if is_kept else setting.help
            widget = forms.PasswordInput(attrs={"autocomplete": "new-password"}, render_value=True)
            needed = setting.is_required and not is_kept
            return forms.CharField(
                label=setting.label, help_text=hint, required=needed, max_length=2000, widget=widget
            )
        return forms.CharField(
            label=setting.label,
            help_text=setting.help,
            required=setting.is_required,
            max_length=kinds.TEXT_MOST,
            initial=setting.default,
        )

    def settings(self) -> dict[str, Any]:
        """Return the settings as they were filled in; a secret that was left empty is not among them."""
        hidden = kinds.secret_names(self.kind)
        return {
            setting.name: self.cleaned_data.get(setting.name) or ""
            for setting in kinds.KINDS[self.kind]
            if setting.name not in hidden or self.cleaned_data.get(setting.name)
        }


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a map: what stands left, and what can be chosen right."""

    name: str
    label: str
    chosen: str
    options: tuple[tuple[str, str], ...]
    is_off: bool = False
    note: str = ""


@dataclass(frozen=True, slots=True)
class Maps:
    """Everything that is mapped of a connection, as a page shows it."""

    fields: tuple[Row, ...]
    statuses_in: tuple[Row, ...]
    statuses_out: tuple[Row, ...]
    people: tuple[Row, ...]


NOTES = {
    "release": "made where there is none of that name",
    "labels": "as tags; merged one by one, so they never clash",
    "parent": "once both have come along",
}


def maps(*, connection: Connection, members: list[tuple[str, str]]) -> Maps:
    """Return what a connection maps."""
    offered = connection.offered
    there = set(offered.get("fields") or ())
    ours = roadmap.CHOICES["status"]
    words = [str(each) for each in offered.get("statuses") or ()]
    words += [word for word in connection.statuses_in if word not in words]
    people = [("", "Nobody here"), *((email, f"{name} · {email}") for email, name in members)]
    folded = {email.casefold(): email for email, _ in members}
    return Maps(
        fields=tuple(
            Row(
                name=f"direction-{name}",
                label=label,
                chosen=connection.directions.get(name, "off"),
                options=DIRECTIONS,
                is_off=name not in there,
                note=NOTES.get(name, "") if name in there else "the tracker has no such field here",
            )
            for name, label in FIELDS
        ),
        statuses_in=tuple(
            Row(
                name=f"in-{index}",
                label=word,
                chosen=connection.statuses_in.get(word, ""),
                options=(("", "Leave our status alone"), *ours),
            )
            for index, word in enumerate(words)
        ),
        statuses_out=tuple(
            Row(
                name=f"out-{status}",
                label=label,
                chosen=connection.statuses_out.get(status, ""),
                options=(("", "Leave their status alone"), *((word, word) for word in words)),
            )
            for status, label in ours
        ),
        people=tuple(
            Row(
                name=f"person-{index}",
                label=str(user[1]),
                note=str(user[2]) if user[2] else (str(user[0]) if user[0] != user[1] else ""),
                chosen=folded.get(connection.people.get(str(user[0]), "").casefold(), ""),
                options=tuple(people),
            )
            for index, user in enumerate(offered.get("users") or ())
        ),
    )


def read(*, connection: Connection, sent: Any, shown: Maps) -> dict[str, Mapping[str, Any]]:
    """Return what a map's form says, as the service takes it."""
    users = [str(user[0]) for user in connection.offered.get("users") or ()]
    levels = {}
    for line in str(sent.get("levels", ""))[:4000].splitlines():
        kind, _, level = line.rpartition("=")
        if kind.strip():
            levels[kind.strip()] = level.strip().casefold()
    return {
        "directions": {
            row.name.removeprefix("direction-"): str(sent.get(row.name, row.chosen)) for row in shown.fields
        },
        "statuses_in": {row.label: str(sent.get(row.name, "")) for row in shown.statuses_in},
        "statuses_out": {
            row.name.removeprefix("out-"): str(sent.get(row.name, "")) for row in shown.statuses_out
        },
        "people": {user: str(sent.get(f"person-{index}", "")) for index, user in enumerate(users)},
        "incoming": {
            "which": sent.get("incoming", "none"),
            "labels": str(sent.get("incoming_labels", ""))[:2000],
            "kinds": str(sent.get("incoming_kinds", ""))[:2000],
            "open_only": sent.get("open_only") == "yes",
            "level": sent.get("incoming_level", "feature"),
            "lane": sent.get("incoming_lane", "product"),
            "levels": levels,
        },
        "outgoing": {
            "which": sent.get("outgoing", "none"),
            "own_product": sent.get("own_product") == "yes",
            "lanes": sent.getlist("lanes"),
            "levels": sent.getlist("out_levels"),
            "statuses": sent.getlist("out_statuses"),
            "tag": str(sent.get("tag", ""))[:60],
            "when_deleted": sent.get("when_deleted", "leave"),
        },
    }
