"""The whole outline as a file: too long for a request, so a job writes it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from django.core import signing
from django.core.exceptions import ValidationError
from django.db import transaction

from roadbed.core.accounts.actors import SYSTEM, Actor
from roadbed.core.files import services as files
from roadbed.core.files.models import StoredFile
from roadbed.core.jobs import services as jobs
from roadbed.core.workspaces.models import Workspace
from roadbed.modules.insights.models import Segment
from roadbed.modules.insights.selectors import outline
from roadbed.modules.insights.selectors.outline_scope import Scope
from roadbed.modules.insights.services import outline_documents

SALT = "roadbed.insights.outline.file"
A_PAGE = 50
MOST = 2000
QUOTES = 5


class GoneError(Exception):
    """What the outline was asked about is gone meanwhile."""


def token_of(file: StoredFile) -> str:
    """Return the signed text that names a file: files have no address that can be counted through."""
    return signing.dumps(file.pk, salt=SALT)


def file_of(*, workspace: Workspace, token: str) -> StoredFile | None:
    """Return the file that a token names, in this workspace alone."""
    try:
        pk = int(signing.loads(token, salt=SALT))
    except (signing.BadSignature, ValueError, TypeError):
        return None
    return StoredFile.objects.filter(workspace=workspace, pk=pk).first()


def asked_as_json(scope: Scope, *, rank: str) -> dict[str, Any]:
    """Return a question as a job keeps it."""
    return {
        "product_id": scope.product_id,
        "segment_id": scope.segment.pk if scope.segment else None,
        "since": scope.since.isoformat() if scope.since else None,
        "until": scope.until.isoformat() if scope.until else None,
        "sources": list(scope.sources),
        "rank": rank,
    }


def _scope(workspace: Workspace, asked: Mapping[str, Any]) -> Scope:
    segment = None
    if asked.get("segment_id"):
        segment = Segment.objects.in_workspace(workspace.pk).filter(pk=asked["segment_id"]).first()
        if segment is None:
            raise GoneError("The segment is gone meanwhile.")

    def day(text: Any) -> dt.date | None:
        return dt.date.fromisoformat(text) if text else None

    return Scope(
        workspace_id=workspace.pk,
        product_id=asked.get("product_id"),
        segment=segment,
        since=day(asked.get("since")),
        until=day(asked.get("until")),
        sources=tuple(asked.get("sources", ())),
    )


@transaction.atomic
def request_document(*, workspace: Workspace, scope: Scope, rank: str, kind: str, actor: Actor) -> jobs.Job:
    """Let a job write the whole outline; its page shows how far it is, and then leads to the file.

    Raises
    ------
    ValidationError
        If `kind` is no format.
    """
    if kind not in outline_documents.MEDIA:
        raise ValidationError({"format": "Choose PDF, Markdown or HTML."})
    return jobs.enqueue(
        "insights.outline_document",
        workspace_id=workspace.pk,
        actor=actor,
        label=f"Outline as {kind}",
        asked=asked_as_json(scope, rank=rank),
        kind=kind,
    )


def write(
    *,
    workspace: Workspace,
    asked: Mapping[str, Any],
    kind: str,
    progress: Callable[[int, int], None],
    now: dt.datetime,
) -> StoredFile:
    """Read the outline page by page, and keep it as a file.

    Raises
    ------
    GoneError
        If the segment it was asked about is gone.
    """
    rank: Any = asked.get("rank", "people")
    question = outline.Question(scope=_scope(workspace, asked), rank=rank, limit=A_PAGE, quotes=QUOTES)
    whole = outline.read_outline(workspace=workspace, question=question, now=now)
    total = min(whole.total, MOST)
    entries = list(whole.entries)
    progress(len(entries), total)
    while len(entries) < total:
        page = outline.read_outline(
            workspace=workspace, question=replace(question, offset=len(entries)), now=now
        )
        if not page.entries:
            break
        entries += page.entries
        progress(min(len(entries), total), total)
    everything = replace(whole, entries=entries[:total], question=replace(question, limit=total or A_PAGE))
    made = outline_documents.make_document(everything, kind=kind)
    return files.store_file(workspace=workspace, name=made.name, chunks=[made.content], actor=SYSTEM, at=now)
