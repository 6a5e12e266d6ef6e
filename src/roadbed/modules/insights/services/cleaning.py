"""Taking private words out of what comes in, as the workspace chose."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from roadbed.modules.insights.models import ReadingSettings, RedactionRule
from roadbed_engines.text import redaction

SECONDS = 1.0
"""So long own patterns may take over one text."""
Mode = ReadingSettings.Redaction


def settings_of(*, workspace_id: int) -> ReadingSettings:
    """Return how the workspace wants feedback read; the defaults where nobody chose."""
    found = ReadingSettings.objects.filter(workspace_id=workspace_id).first()
    return found or ReadingSettings(workspace_id=workspace_id, kinds=list(redaction.KINDS))


@dataclass(slots=True)
class Cleaner:
    """Takes out of texts what the workspace does not keep, and counts it."""

    workspace_id: int
    kinds: tuple[str, ...]
    rules: tuple[redaction.Rule, ...]
    region: str
    counts: Counter[str] = field(default_factory=Counter)

    def find(self, text: str) -> tuple[redaction.Finding, ...]:
        """Return what would be taken out of a text.

        Raises
        ------
        ValidationError
            If one of the workspace's own patterns did not come to an end in time.
        """
        return self._run(text).findings

    def text(self, text: str) -> str:
        """Return a text with marks in place of what must not be kept.

        Raises
        ------
        ValidationError
            If one of the workspace's own patterns did not come to an end in time: better no text than a leak.
        """
        found = self._run(text)
        self.counts.update(found.counts)
        return found.text

    def facts(self, facts: Mapping[str, Any]) -> dict[str, Any]:
        """Return facts with their texts cleaned."""
        return {name: self.text(value) if isinstance(value, str) else value for name, value in facts.items()}

    def _run(self, text: str) -> redaction.Redacted:
        found = redaction.redact(
            text=text,
            kinds=self.kinds,
            rules=self.rules,
            region=self.region,
            clock=time.monotonic,
            seconds=SECONDS,
        )
        if found.unfinished:
            raise ValidationError(f"The pattern “{found.unfinished[0]}” took too long over this text.")
        return found

    def note(self) -> None:
        """Add what was taken out to the workspace's counts."""
        if not self.counts:
            return
        with transaction.atomic():
            held = ReadingSettings.objects.select_for_update().filter(workspace_id=self.workspace_id).first()
            if held is not None:
                held.counts = dict(Counter(held.counts) + self.counts)
                held.save(update_fields=["counts"])
        self.counts.clear()


def cleaner_of(chosen: ReadingSettings) -> Cleaner:
    """Return what finds as the workspace chose, whatever the mode."""
    rules = RedactionRule.objects.filter(workspace_id=chosen.workspace_id)
    return Cleaner(
        workspace_id=chosen.workspace_id,
        kinds=tuple(kind for kind in redaction.KINDS if kind in chosen.kinds),
        rules=tuple(redaction.Rule(rule.name, rule.pattern) for rule in rules),
        region=chosen.region,
    )


def cleaner_for(*, workspace_id: int) -> Cleaner | None:
    """Return what takes private words out of everything that comes in; nothing where that is not switched on."""
    chosen = settings_of(workspace_id=workspace_id)
    return cleaner_of(chosen) if chosen.redaction == Mode.ON else None


def finder_for(*, workspace_id: int) -> Cleaner | None:
    """Return what points private words out; nothing where nobody wants that."""
    chosen = settings_of(workspace_id=workspace_id)
    return cleaner_of(chosen) if chosen.redaction != Mode.OFF else None


def clean_text_for(*, workspace_id: int, text: str) -> str:
    """Return a text as the workspace keeps it: for whatever else would be stored of something that came in.

    What an own pattern does not come to an end with is left out whole.
    """
    cleaner = cleaner_for(workspace_id=workspace_id)
    if cleaner is None:
        return text
    try:
        return cleaner.text(text)
    except ValidationError:
        return ""
