"""Writes one kind of record in bulk: finds what is there, makes what is not, changes what differs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from types import SimpleNamespace
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator, ProhibitNullCharactersValidator
from django.db import connection, models

from roadbed.core.records import bulk, kinds
from roadbed.core.records.models import Record, RecordTag, Tag
from roadbed.core.records.services.activity import plain
from roadbed.core.search import services as search
from roadbed.core.search.models import SearchEntry
from roadbed.core.tables import revival
from roadbed.core.tables.targets import Change, Outcome, Run

OWN = ("id", "circle_id", "title", "version", "deleted_at", "merged_into_id", "external_id", "product_id")
TITLE_LENGTH = 300


@dataclass(slots=True)
class Draft:
    """What one row says about one record."""

    index: int
    title: str = ""
    values: dict[str, Any] = field(default_factory=dict)
    """Field of the kind (`person_id` for a foreign key) to value: only what the row really says."""
    defaults: dict[str, Any] = field(default_factory=dict)
    """Values for a new record alone; a record that is there keeps its own."""
    attributes: dict[str, str] = field(default_factory=dict)
    tags: Sequence[str] = ()
    external_id: str = ""
    record_id: int | None = None
    """The record that it is about, where a name or an address told."""
    circle_id: int | None = None
    """The circle that a new record is private to; one that is there stays where it is."""


@dataclass(slots=True)
class Written:
    """Ids by the drafts' index, and what became of them."""

    ids: dict[int, int] = field(default_factory=dict)
    new: set[int] = field(default_factory=set)
    outcome: Outcome = field(default_factory=Outcome)


class RecordWriter:
    """Writes drafts of one kind, each batch in the caller's transaction.

    A record is found by its external id within the run's source, else by the draft's `record_id`. A record that
    somebody deleted stays deleted; one that an undone import took away comes back.
    """

    def __init__(self, run: Run, *, kind: str, prefix: str = "") -> None:
        self.run = run
        self.kind = kinds.get(kind)
        self.model = self.kind.model
        self.prefix = prefix or self.kind.prefixes[0]
        local = {each.attname: each for each in self.model._meta.local_concrete_fields}
        self._parent = next(name for name, each in local.items() if each.primary_key)
        self._fields = {name: each for name, each in local.items() if not each.primary_key}
        self._memory: dict[str, Any] = run.memory.setdefault(f"writer:{kind}", {"fake": -1})

    def check(self, draft: Draft) -> str:
        """Bring values into the shape that the table keeps, and return why a draft cannot be kept, if so."""
        if len(draft.title) > TITLE_LENGTH:
            return f"The title has {len(draft.title):,} characters; {TITLE_LENGTH} are the most."
        if len(draft.external_id) > 200:
            return "The id is longer than 200 characters."
        for name, value in draft.values.items():
            if value is None or name not in self._fields:
                continue
            problem = self._check_value(draft, name, value)
            if problem:
                return problem
        return ""

    def _check_value(self, draft: Draft, name: str, value: Any) -> str:
        spec = self._fields[name]
        label = str(spec.verbose_name).capitalize()
        if isinstance(value, str):
            if spec.max_length and len(value) > spec.max_length:
                return f"{label} has {len(value):,} characters; {spec.max_length:,} are the most."
            if spec.choices and value not in dict(spec.flatchoices):
                return f"{label}: {value!r} is not known."
        if isinstance(spec, models.DecimalField) and isinstance(value, Decimal):
            places = Decimal(1).scaleb(-int(spec.decimal_places or 0))
            value = value.quantize(places, ROUND_HALF_UP) if abs(value) < Decimal(10) ** 20 else value
            draft.values[name] = value
            if value.adjusted() >= int(spec.max_digits or 0) - int(spec.decimal_places or 0):
                return f"{label}: {value} is too large."
        for validator in spec.validators:
            if value == "" or isinstance(validator, (MaxLengthValidator, ProhibitNullCharactersValidator)):
                continue
            try:
                validator(value)
            except ValidationError as error:
                return f"{label}: {' '.join(error.messages)}"
        return ""

    def write(self, drafts: Sequence[Draft]) -> Written:
        """Write the drafts and return the record of each. Drafts that `check` refuses are rejected."""
        written = Written()
        sound: list[Draft] = []
        for draft in drafts:
            problem = self.check(draft)
            if problem:
                written.outcome.rejects.append((draft.index, problem))
            else:
                sound.append(draft)
        by_external, by_id = self._find(sound)
        new: list[Draft] = []
        known: list[tuple[Draft, dict[str, Any]]] = []
        for draft in sound:
            row = by_external.get(draft.external_id) if draft.external_id else None
            row = row or by_id.get(draft.record_id or 0)
            if row is None:
                new.append(draft)
            elif row.get("circle_id") is not None and row["circle_id"] not in self.run.circles:
                # The importer may not see it, so they may not change it, and are told no more than this.
                written.outcome.rejects.append((draft.index, "Its id is taken here already."))
            else:
                written.ids[draft.index] = row["id"]
                known.append((draft, row))
        if new:
            self._insert(new, written)
        if known:
            self._update(known, written)
        self._tag(sound, written)
        return written

    def _find(self, drafts: Sequence[Draft]) -> tuple[dict[str, dict[str, Any]], dict[int, dict[str, Any]]]:
        used = {name for draft in drafts for name in draft.values if name in self._fields}
        names = [*OWN, *sorted(used)]
        if "attributes" in self._fields and any(draft.attributes for draft in drafts):
            names.append("attributes")
        rows = self.model.objects.filter(workspace_id=self.run.workspace_id)
        external = [draft.external_id for draft in drafts if draft.external_id]
        by_external: dict[str, dict[str, Any]] = {}
        if external:
            found = rows.filter(
                kind=self.kind.name, external_source=self.run.source, external_id__in=external
            ).values(*names)
            by_external = {row["external_id"]: row for row in found}
        ids = {draft.record_id for draft in drafts if draft.record_id and draft.record_id > 0}
        by_id = {row["id"]: row for row in rows.filter(pk__in=ids).values(*names)} if ids else {}
        for record_id in {draft.record_id for draft in drafts if draft.record_id and draft.record_id < 0}:
            # In a dry run nothing was written: an earlier batch would have made it.
            by_id[record_id] = {"id": record_id, "merged_into_id": None, "deleted_at": None, "is_fake": True}
        return by_external, by_id

    def _insert(self, drafts: Sequence[Draft], written: Written) -> None:
        run, count = self.run, len(drafts)
        if run.is_dry:
            first = self._memory["fake"]
            self._memory["fake"] -= count
            ids: Sequence[int] = range(first, first - count, -1)
        else:
            ids = bulk.reserve_ids(count=count)
        for draft, record_id in zip(drafts, ids, strict=True):
            written.ids[draft.index] = record_id
            written.new.add(draft.index)
        written.outcome.created.setdefault(self.kind.name, []).extend(ids)
        if run.is_dry:
            return
        number = bulk.reserve_numbers(workspace_id=run.workspace_id, prefix=self.prefix, count=count)
        fixed = (run.workspace_id, run.product_id, self.kind.name, self.prefix)
        who = (run.at, run.actor.user_id, run.at, run.actor.user_id)
        bulk.insert(
            Record,
            ["id", "workspace_id", "product_id", "kind", "prefix", "number", "title", "external_source",
             "external_id", "circle_id", "created_at", "created_by_id", "updated_at", "updated_by_id"],
            (
                (record_id, *fixed, number + place, draft.title, run.source if draft.external_id else "",
                 draft.external_id, draft.circle_id, *who)
                for place, (draft, record_id) in enumerate(zip(drafts, ids, strict=True))
            ),
        )  # fmt: skip
        names = sorted(
            {name for draft in drafts for name in (*draft.values, *draft.defaults) if name in self._fields}
        )
        keeps = "attributes" in self._fields
        home = ["home_id"] if "home_id" in self._fields else []
        blanks = {name: each.get_default() for name, each in self._fields.items()}
        bulk.insert(
            self.model,
            [self._parent, *names, *(["attributes"] if keeps else []), *home],
            (
                (
                    record_id,
                    *(draft.values.get(name, draft.defaults.get(name, blanks[name])) for name in names),
                    *([draft.attributes] if keeps else []),
                    *([run.workspace_id] if home else []),
                )
                for draft, record_id in zip(drafts, ids, strict=True)
            ),
        )
        search.put_many(
            (
                run.workspace_id,
                record_id,
                self.kind.name,
                draft.title,
                self.kind.body(
                    SimpleNamespace(**{**blanks, **draft.defaults, **draft.values, "title": draft.title})
                )[: search.BODY_LIMIT],
                run.at,
            )
            for draft, record_id in zip(drafts, ids, strict=True)
        )

    def _update(self, known: Sequence[tuple[Draft, dict[str, Any]]], written: Written) -> None:
        back = revival.revivable(
            self.run.workspace_id, [(row["id"], row["deleted_at"]) for _, row in known if row["deleted_at"]]
        )
        changed: dict[int, dict[str, Any]] = {}
        before: dict[int, dict[str, Any]] = {}
        for draft, row in known:
            record_id = row["id"]
            is_gone = row["deleted_at"] is not None and record_id not in back
            if row.get("is_fake") or row["merged_into_id"] is not None or is_gone:
                written.outcome.unchanged += 1
                continue
            differences = self._differences(draft, changed.get(record_id, row))
            if record_id in back:
                differences["deleted_at"] = None
            if not differences:
                written.outcome.unchanged += 1
                continue
            for name in differences:
                before.setdefault(record_id, {}).setdefault(name, row[name])
            changed[record_id] = {**changed.get(record_id, row), **differences}
        if not changed:
            return
        changes = [Change(record_id, plain(before[record_id])) for record_id in changed]
        written.outcome.changed.setdefault(self.kind.name, []).extend(changes)
        if not self.run.is_dry:
            store(self, changed, {name for names in before.values() for name in names})

    def _differences(self, draft: Draft, row: dict[str, Any]) -> dict[str, Any]:
        found = {
            name: value for name, value in draft.values.items() if name in self._fields and row[name] != value
        }
        if draft.title and draft.title != row["title"]:
            found["title"] = draft.title
        if draft.attributes and "attributes" in self._fields:
            merged = {**row["attributes"], **draft.attributes}
            if merged != row["attributes"]:
                found["attributes"] = merged
        return found

    def _tag(self, drafts: Iterable[Draft], written: Written) -> None:
        wanted = [
            (written.ids[draft.index], " ".join(name.split())[:60])
            for draft in drafts
            if draft.index in written.ids
            for name in draft.tags
        ]
        if not wanted or self.run.is_dry:
            return
        tags = self._tags({name for _, name in wanted})
        ids = {record_id for record_id, _ in wanted}
        have = set(RecordTag.objects.filter(record_id__in=ids).values_list("record_id", "tag_id"))
        pairs = {(record_id, tags[name.casefold()]) for record_id, name in wanted} - have
        bulk.insert(RecordTag, ["record_id", "tag_id"], sorted(pairs))

    def _tags(self, names: set[str]) -> dict[str, int]:
        # Read anew in each batch: there are few of them, and a batch that was rolled back takes its tags with it.
        known = {
            name.casefold(): pk
            for name, pk in Tag.objects.filter(workspace_id=self.run.workspace_id).values_list("name", "pk")
        }
        for name in sorted(names):
            if name.casefold() not in known:
                made = Tag.objects.create(workspace_id=self.run.workspace_id, name=name)
                known[name.casefold()] = made.pk
        return known


def update_rows(
    model: type[models.Model], key: str, names: Sequence[str], rows: Iterable[Sequence[Any]]
) -> None:
    """Set columns of many rows of a model's own table; a row is (key, value, value, …)."""
    by_name = {each.attname: each for each in model._meta.local_concrete_fields}
    quote = connection.ops.quote_name
    sets = ", ".join(f"{quote(by_name[name].column)} = %s" for name in names)
    statement = (
        f"UPDATE {quote(model._meta.db_table)} SET {sets} "  # noqa: S608 - our own names
        f"WHERE {quote(by_name[key].column)} = %s"
    )
    prepared = [
        [
            *(
                by_name[name].get_db_prep_save(value, connection)
                for name, value in zip(names, row[1:], strict=True)
            ),
            row[0],
        ]
        for row in rows
    ]
    with connection.cursor() as cursor:
        cursor.executemany(statement, prepared)


def store(writer: RecordWriter, rows: dict[int, dict[str, Any]], names: set[str]) -> None:
    """Write changed rows (by id, all `names` in each) into both tables and the index."""
    run, model = writer.run, writer.model
    own = sorted(names & {"title", "deleted_at", "external_id", "external_source"})
    update_rows(
        Record,
        "id",
        [*own, "version", "updated_at", "updated_by_id"],
        (
            (pk, *(row[name] for name in own), row["version"] + 1, run.at, run.actor.user_id)
            for pk, row in rows.items()
        ),
    )
    local = sorted(names & set(writer._fields))
    if local:
        update_rows(
            model, writer._parent, local, ((pk, *(row[name] for name in local)) for pk, row in rows.items())
        )
    reindex(model, list(rows))


def reindex(model: type[Record], ids: Sequence[int]) -> None:
    """Write the index entries of these records anew; those of deleted records go."""
    SearchEntry.objects.filter(record_id__in=ids, comment__isnull=True).delete()
    found = model.objects.filter(pk__in=ids, deleted_at__isnull=True).order_by("pk")
    search.put_many(
        (each.workspace_id, each.pk, each.kind, each.title, kinds.get(each.kind).body(each)[: search.BODY_LIMIT],
         each.updated_at)
        for each in found
    )  # fmt: skip
