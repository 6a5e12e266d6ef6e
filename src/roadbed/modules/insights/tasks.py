"""Long work of this module, as jobs."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from roadbed.core.accounts.actors import SYSTEM
from roadbed.core.jobs import services as jobs
from roadbed.core.workspaces.models import Workspace
from roadbed.modules.insights import services
from roadbed.modules.insights.models import Feedback, Source
from roadbed.modules.insights.services import (
    alerts,
    doubles,
    github,
    learning,
    mailboxes,
    outline_files,
    polling,
    readings,
    sources,
    theme_placing,
    theme_runs,
)


@jobs.task("insights.recount", label="Count the evidence anew", timeout=timedelta(hours=1))
def recount(context: jobs.Context) -> dict[str, Any] | None:
    """Count every need and feature of the workspace anew, batch by batch; running it twice does no harm."""
    if context.workspace_id is None:
        raise jobs.GiveUpError("This job belongs to a workspace.")
    done = 0
    for done in services.recount_everything(workspace_id=context.workspace_id, at=context.now()):
        context.progress(done, note="Counting")
    return {"text": f"Counted the evidence of {done} needs and features."}


@jobs.task("insights.fetch_sources", label="See which sources are due", priority=-5)
def fetch_sources(context: jobs.Context) -> None:
    """Queue a run of each source that is due."""
    polling.enqueue_due(at=context.now())


@jobs.task(
    "insights.fetch_source", label="Look for news at a source", max_attempts=1, timeout=timedelta(hours=2)
)
def fetch_source(context: jobs.Context, *, source_id: int) -> dict[str, Any] | None:
    """Ask one source for what is new. Failures are kept with the source, which is asked again later by itself."""
    source = (
        Source.objects.listening()
        .filter(pk=source_id, workspace_id=context.workspace_id or 0)
        .select_related("workspace", "product")
        .first()
    )
    if source is None or not source.is_pulled:
        return {"text": "The source is off."}
    fetch = github.fetch if source.kind == Source.Kind.GITHUB else mailboxes.fetch
    url = f"/w/{source.workspace.slug}/insights/sources/{source.pk}/"
    try:
        count = fetch(
            source=source, now=context.now, told=lambda done, note: context.progress(done, note=note)
        )
    except polling.WaitError as error:
        polling.note_wait(source=source, reason=str(error), until=error.until, at=context.now())
        return {"text": str(error), "url": url}
    except polling.FetchError as error:
        polling.note_failed(source=source, reason=str(error), at=context.now())
        raise jobs.GiveUpError(str(error)) from error
    polling.note_good(source=source, at=context.now())
    return {"text": f"Looked at {count:,} pieces.", "url": url}


@jobs.task("insights.prune_arrivals", label="Clear away old arrivals", priority=-10)
def prune_arrivals(context: jobs.Context) -> None:
    """Delete what was written down of arrivals long ago; the feedback itself stays."""
    while sources.prune(at=context.now()):
        context.raise_if_cancelled()


@jobs.task("insights.read", label="Read new feedback", timeout=None, priority=5)
def read(context: jobs.Context) -> dict[str, Any] | None:
    """Read language, intent, sentiment and statements of what is new, batch by batch; stopped, it goes on."""
    if context.workspace_id is None:
        raise jobs.GiveUpError("This job belongs to a workspace.")
    done = 0
    for done in readings.read_everything(workspace_id=context.workspace_id, at=context.now()):
        context.progress(done, note="Reading")
    return {"text": f"Read {done:,} pieces."} if done else None


@jobs.task("insights.find_doubles", label="Look for duplicates", timeout=None, priority=-11)
def find_doubles(context: jobs.Context) -> dict[str, Any] | None:
    """Compare new feedback with all there is, once it has been read for meaning."""
    if context.workspace_id is None:
        raise jobs.GiveUpError("This job belongs to a workspace.")
    found = doubles.find(workspace_id=context.workspace_id, at=context.now())
    if found is None:
        raise jobs.RetryLaterError("texts are still being read for meaning", after=timedelta(seconds=20))
    return {"text": f"Found {found:,} likely pairs."} if found else None


@jobs.task(
    "insights.learn", label="Learn from corrections and ratings", timeout=timedelta(hours=1), priority=-20
)
def learn(context: jobs.Context) -> dict[str, Any] | None:
    """Learn intent and sentiment from a workspace's own labels; without a workspace, of each that has new ones."""
    if context.workspace_id is None:
        for workspace_id in Workspace.objects.filter(closed_at__isnull=True).values_list("pk", flat=True):
            if learning.labels_new(workspace_id=workspace_id):
                jobs.enqueue("insights.learn", workspace_id=workspace_id, key="learn")
            context.raise_if_cancelled()
        return None
    said = []
    for lesson in learning.learn(workspace_id=context.workspace_id, at=context.now()):
        said.append(f"{lesson.aspect}: {lesson.reason or f'learnt from {lesson.labels:,} labels'}")
        context.progress(len(said), 2, note="Learning")
    return {"text": "; ".join(said)}


jobs.schedule("insights.fetch_sources", every=timedelta(minutes=1))
jobs.schedule("insights.prune_arrivals", every=timedelta(days=1), at="04:40")
jobs.schedule("insights.learn", every=timedelta(days=1), at="03:20")


def _workspace(context: jobs.Context) -> Workspace:
    if context.workspace_id is None:
        raise jobs.GiveUpError("This job belongs to a workspace.")
    return Workspace.objects.get(pk=context.workspace_id)


@jobs.task("insights.themes", label="Find themes", timeout=timedelta(hours=2))
def find_themes(context: jobs.Context) -> dict[str, Any] | None:
    """Look at all feedback of a workspace, find its themes anew, and count the weeks."""
    workspace = _workspace(context)
    try:
        run = theme_runs.find(workspace=workspace, actor=SYSTEM, at=context.now(), tell=context.progress)
    except theme_runs.ThemesChangedError as error:
        raise jobs.RetryLaterError(str(error), after=timedelta(seconds=20)) from error
    jobs.enqueue("insights.count_weeks", workspace_id=workspace.pk, key="weeks")
    return {
        "text": f"{run.themes} themes of {run.pieces} pieces; {run.unassigned} fit none.",
        "url": f"/w/{workspace.slug}/insights/themes/",
    }


@jobs.task("insights.place_themes", label="Put new feedback into themes", timeout=timedelta(hours=1))
def place_themes(context: jobs.Context) -> dict[str, Any] | None:
    """Place what no run has seen yet, and look at everything where it has grown by a tenth."""
    workspace = _workspace(context)
    done = theme_placing.place_new(workspace=workspace, at=context.now(), tell=context.progress)
    if not theme_placing.look_where_grown(workspace_id=workspace.pk) and done:
        jobs.enqueue("insights.count_weeks", workspace_id=workspace.pk, key="weeks")
    return {"text": f"Placed {done} pieces."}


@jobs.task("insights.count_weeks", label="Count the weeks", timeout=timedelta(hours=1))
def count_weeks(context: jobs.Context) -> dict[str, Any] | None:
    """Count who said what in which week, and tell people of weeks that stand out."""
    workspace = _workspace(context)
    told = alerts.count_and_tell(workspace=workspace, at=context.now(), progress=context.progress)
    return {"text": f"{told} alerts are new.", "url": f"/w/{workspace.slug}/insights/trends/"}


@jobs.task("insights.nightly_themes", label="Look at all feedback", timeout=timedelta(hours=1))
def nightly(context: jobs.Context) -> None:
    """Queue a look at every workspace in which something was said or changed since the last one."""
    for workspace in Workspace.objects.order_by("pk"):
        context.raise_if_cancelled()
        if Feedback.objects.in_workspace(workspace.pk).filter(home_id=workspace.pk).exists():
            jobs.enqueue("insights.themes", workspace_id=workspace.pk, key="themes")


jobs.schedule("insights.nightly_themes", every=timedelta(days=1), at="02:30")


def follow_reading(workspace_id: int) -> None:
    """Queue the placing of feedback that was read for meaning just now."""
    jobs.enqueue("insights.place_themes", workspace_id=workspace_id, key="place")


@jobs.task("insights.outline_document", label="Write the outline", timeout=timedelta(hours=1))
def write_outline(context: jobs.Context, *, asked: dict[str, Any], kind: str) -> dict[str, Any] | None:
    """Write the whole outline as a document, page by page; running it twice writes another file."""
    workspace = Workspace.objects.filter(pk=context.workspace_id or 0).first()
    if workspace is None:
        raise jobs.GiveUpError("This job belongs to a workspace.")
    try:
        file = outline_files.write(
            workspace=workspace,
            asked=asked,
            kind=kind,
            progress=lambda done, total: context.progress(done, total, "Reading needs"),
            now=context.now(),
        )
    except outline_files.GoneError as error:
        raise jobs.GiveUpError(str(error)) from error
    url = f"/w/{workspace.slug}/insights/outline/documents/{outline_files.token_of(file)}/"
    return {"text": f"Wrote {file.name}.", "url": url}
