"""Keeping passages in step with the search index: what was written anew is cut anew."""

from __future__ import annotations

import uuid

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from roadbed.core.search.models import SearchEntry
from roadbed.core.vectors.models import WHOLE, Passage, Reader, digest_of
from roadbed_engines.text import passages


def text_of(entry: SearchEntry) -> str:
    """Return the words that an entry's passages are stretches of."""
    return f"{entry.title}\n{entry.body}" if entry.title and entry.body else entry.title or entry.body


def stale_entries(*, workspace_id: int) -> QuerySet[SearchEntry]:
    """Return the entries that were written since they were last cut, or never were."""
    known = Passage.objects.filter(entry_id=OuterRef("pk"), ordinal=WHOLE, read_at=OuterRef("updated_at"))
    return SearchEntry.objects.filter(~Exists(known), workspace_id=workspace_id)


def cut(entry: SearchEntry) -> dict[str, list[Passage]]:
    """Return an entry's passages, not saved, by the words they hold."""
    text = text_of(entry)
    pieces = passages.split(text)
    stretches = [(0, len(text)), *(pieces if len(pieces) > 1 else [])]
    made: dict[str, list[Passage]] = {}
    for ordinal, (start, end) in enumerate(stretches):
        words = text[start:end]
        made.setdefault(words, []).append(
            Passage(
                workspace_id=entry.workspace_id,
                record_id=entry.record_id,
                comment_id=entry.comment_id,
                entry_id=entry.pk,
                ordinal=ordinal,
                start=start,
                end=end,
                digest=digest_of(words),
                read_at=entry.updated_at,
            )
        )
    return made


def touch(*, workspace_id: int) -> None:
    """Let every process notice that passages or vectors of this workspace changed."""
    Reader.objects.filter(workspace_id=workspace_id).update(state=uuid.uuid4().hex)


@transaction.atomic
def drop_orphans(*, workspace_id: int) -> int:
    """Forget the passages of entries that are no more; return how many."""
    living = SearchEntry.objects.filter(pk=OuterRef("entry_id"))
    orphans = Passage.objects.filter(~Exists(living), workspace_id=workspace_id)
    gone = list(orphans.values_list("pk", flat=True))
    for start in range(0, len(gone), 500):
        Passage.objects.filter(pk__in=gone[start : start + 500]).delete()
    if gone:
        touch(workspace_id=workspace_id)
    return len(gone)
