"""Take words out of everything that repeats them: history, notices, messages, what was saved elsewhere.

The one deed that may change history. A changed row keeps its place and its hash and says which deed changed it; that
deed, hashed like any other, lists the rows. `verify_chain` accepts exactly those.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

from django.apps import apps
from django.db import connection, models, transaction
from django.db.models import Q, TextField
from django.db.models.functions import Cast

from roadbed.core.accounts.actors import Actor
from roadbed.core.records.models import Activity, Record
from roadbed.core.records.services.activity import record_activity
from roadbed.core.workspaces.models import Workspace

SHORTEST = 4
"""Shorter words are left to the caller: they would be found in half of everything."""
CUT = "…"
DIGESTS = frozenset({"digest", "hash", "token_hash", "previous_hash", "text_digest"})
FARTHEST = 4


class Eraser:
    """Puts new words in the place of old ones, also where the old ones were cut short with an ellipsis."""

    def __init__(self, replacements: Sequence[tuple[str, str]]) -> None:
        pairs = {old: new for old, new in replacements if len(old) >= SHORTEST and old != new}
        self._new = dict(sorted(pairs.items(), key=lambda pair: -len(pair[0])))
        self.needles = [old[: min(len(old), 24)] for old in self._new]
        cuts = [
            rf"{re.escape(old[:8])}(?:[^{CUT}]{{0,{len(old)}}}?){CUT}" for old in self._new if len(old) >= 12
        ]
        self._cut = re.compile("|".join(cuts)) if cuts else None

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to do."""
        return not self._new

    def text(self, text: str) -> str:
        """Return a text with every old word replaced."""
        for old, new in self._new.items():
            if old in text:
                text = text.replace(old, new)
        if self._cut is not None and CUT in text:
            text = self._cut.sub(self._shortened, text)
        return text

    def _shortened(self, found: re.Match[str]) -> str:
        kept = found.group()[: -len(CUT)].rstrip()
        for old, new in self._new.items():
            if old.startswith(kept):
                return new if len(new) <= len(found.group()) + 12 else new[: len(kept)] + CUT
        return found.group()

    def value(self, value: Any) -> Any:
        """Return what JSON holds with every old word replaced."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            return {self.text(str(name)): self.value(part) for name, part in value.items()}
        if isinstance(value, list):
            return [self.value(part) for part in value]
        return value


def _escaped(needle: str) -> str:
    """Return a needle as the database writes it inside JSON."""
    return json.dumps(needle, ensure_ascii=connection.vendor == "sqlite")[1:-1]


def _holding(names: Mapping[str, bool], needles: Collection[str]) -> Q:
    """Return the condition that one of the columns (text, or JSON cast to text) holds a needle."""
    condition = Q(pk__in=[])
    for name, is_json in names.items():
        for needle in needles:
            condition |= Q(**{f"{name}__contains": _escaped(needle) if is_json else needle})
    return condition


@lru_cache(maxsize=256)
def _way_home(model: type[models.Model]) -> str:
    """Return the shortest way over foreign keys from a model to its workspace, or nothing."""
    ways: list[tuple[type[models.Model], str]] = [(model, "")]
    seen = {model}
    for _ in range(FARTHEST):
        further: list[tuple[type[models.Model], str]] = []
        for each, way in ways:
            for field in each._meta.concrete_fields:
                other = field.related_model
                if not isinstance(other, type) or other in seen:
                    continue
                path = f"{way}__{field.name}" if way else field.name
                if other is Workspace:
                    return path
                seen.add(other)
                further.append((other, path))
        ways = further
    return ""


def _tables(skip: Collection[str]) -> Iterator[tuple[type[models.Model], str, dict[str, bool]]]:
    """Yield every model with text that belongs to a workspace: the model, its way home, its columns."""
    for model in apps.get_models():
        label = model._meta.label
        if model is Activity or label in skip or model._meta.proxy or not model._meta.managed:
            continue
        if label.split(".")[0] in {"accounts", "workspaces", "sessions", "contenttypes", "auth", "admin"}:
            continue
        names = {
            field.name: isinstance(field, models.JSONField)
            for field in model._meta.local_concrete_fields
            if isinstance(field, (models.CharField, models.TextField, models.JSONField))
            and not field.choices
            and field.name not in DIGESTS
        }
        way = _way_home(model) if names else ""
        if way:
            yield model, way, names


@transaction.atomic
def erase_words(
    *,
    record: Record,
    replacements: Sequence[tuple[str, str]],
    facts: Mapping[str, Any],
    actor: Actor,
    at: datetime,
    skip: Collection[str] = (),
) -> Activity:
    """Replace words in the history and in every other table of the record's workspace, and write down that it was done.

    Parameters
    ----------
    replacements : sequence of (str, str)
        Old and new words. Old ones of fewer than four characters are left alone.
    skip : collection of str
        Models (``insights.Quote``) that the caller has dealt with, or where the words may stay.

    Returns
    -------
    Activity
        The deed, with how much was changed where. It holds none of the words.
    """
    eraser = Eraser(replacements)
    workspace_id = record.workspace_id
    rows: list[Activity] = []
    if not eraser.is_empty:
        found = Activity.objects.filter(workspace_id=workspace_id).annotate(
            words=Cast("changes", TextField())
        )
        rows = list(found.filter(_holding({"words": True}, eraser.needles)))
    changed = [(row, eraser.value(row.changes)) for row in rows]
    emptied = [(row, new) for row, new in changed if new != row.changes]
    places: dict[str, int] = {}
    for model, way, names in _tables(skip) if not eraser.is_empty else ():
        count = _replace(model, way, names, eraser, workspace_id)
        if count:
            places[str(model._meta.verbose_name_plural)] = count
    told = {**facts, "emptied": sorted(row.sequence for row, _ in emptied), "elsewhere": places}
    deed = record_activity(record=record, actor=actor, verb="redacted", at=at, changes=told)
    for row, new in emptied:
        Activity.objects.filter(pk=row.pk).update(changes={**new, "redacted": deed.sequence})
    return deed


def _replace(
    model: type[models.Model], way: str, names: dict[str, bool], eraser: Eraser, workspace_id: int
) -> int:
    casts = {f"{name}_words": Cast(name, TextField()) for name, is_json in names.items() if is_json}
    columns = {f"{name}_words" if is_json else name: is_json for name, is_json in names.items()}
    rows = model._default_manager.filter(**{way: workspace_id}).annotate(**casts)
    count = 0
    for row in rows.filter(_holding(columns, eraser.needles)):
        new = {name: eraser.value(getattr(row, name)) for name in names}
        new = {name: value for name, value in new.items() if value != getattr(row, name)}
        for name, value in new.items():
            most = getattr(model._meta.get_field(name), "max_length", None)
            if isinstance(value, str) and most:
                new[name] = value[:most]
        if new:
            model._default_manager.filter(pk=row.pk).update(**new)
            count += 1
    return count
