"""Figures that answer a question, with the rows they are made of and the list where they can be followed."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, time
from typing import Any
from urllib.parse import urlencode

from django.utils import timezone

from roadbed.core.evidence import figures
from roadbed.core.records import kinds
from roadbed.core.records.models import Activity, Record
from roadbed.core.records.selectors import history
from roadbed.core.vectors import embedders
from roadbed.core.vectors import selectors as vectors
from roadbed.core.workspaces.models import Workspace
from roadbed.modules.ask.selectors import intents
from roadbed.modules.ask.selectors.intents import Intent, Wants
from roadbed.modules.insights import facade as insights
from roadbed.web import formats
from roadbed_engines.text import lexical

ROWS = 10
CHANGES_READ = 400
BY = ("people", "accounts", "revenue", "strength", "votes", "impact", "deal_breakers")
NAMES = {
    "people": "People",
    "accounts": "Customers",
    "revenue": "Revenue a year",
    "strength": "Strength",
    "votes": "Votes",
    "impact": "Impact",
    "deal_breakers": "Deal-breakers",
}


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the answer; `key` may be empty, `cells` are what people read."""

    key: str
    label: str
    url: str
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """An answer in figures: a sentence, its rows, how it was counted, and where to go on."""

    sentence: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    url: str
    link: str
    method: str
    value: float | None = None
    """The figure itself, where there is one."""


def read(*, workspace: Workspace, text: str, circles: Collection[int], now: datetime) -> Table | None:
    """Return the figures that a question wants; nothing where it wants none, or where nothing matches."""
    intent = intents.read(text, now=timezone.localtime(now))
    if intent is None:
        return None
    if intent.wants is Wants.COUNT:
        return _count(workspace, intent, circles)
    if intent.wants is Wants.TOP:
        return _top(workspace, intent)
    if intent.wants is Wants.SEGMENTS:
        return _segments(workspace, intent)
    return _changes(workspace, intent, circles)


def _base(workspace: Workspace) -> str:
    return f"/w/{workspace.slug}/"


def wanted_records(*, workspace_id: int, topic: str, limit: int = 3) -> list[Record]:
    """Return the needs and features that a topic names: by all of its words in the title, or by their meaning."""
    stems = set(lexical.words(topic))
    near = vectors.nearest(
        workspace_id=workspace_id, text=topic, kinds=("need", "feature"), whole=None, limit=12
    )
    least = _suggest_from(workspace_id)
    ids = list(dict.fromkeys(one.record_id for one in near))
    closest: dict[int, float] = {}
    for one in near:
        closest[one.record_id] = max(closest.get(one.record_id, 0.0), one.similarity)
    found = Record.objects.in_workspace(workspace_id).not_archived().in_bulk(ids)
    named = [pk for pk in ids if pk in found and stems and stems <= set(lexical.words(found[pk].title))]
    # A need says why, and is the better answer to "who wants it" than a feature of the same words.
    alike = [pk for pk in ids if pk in found and pk not in named and closest[pk] >= least]
    order = sorted(named, key=lambda pk: (found[pk].kind != "need", -closest[pk])) + alike
    return [found[pk] for pk in order[:limit]]


def _suggest_from(workspace_id: int) -> float:
    return embedders.get(vectors.embedder_of(workspace_id=workspace_id).id).thresholds.suggest


def _tally_cells(record: Record, workspace: Workspace) -> tuple[str, ...]:
    tally = getattr(record, "tally", None)
    return (
        formats.number(tally.people if tally else 0),
        formats.number(tally.accounts if tally else 0),
        figures.revenue_words(tally, currency=workspace.currency),
    )


def _count(workspace: Workspace, intent: Intent, circles: Collection[int]) -> Table | None:
    heard = insights.heard_words(workspace_id=workspace.pk, words=intent.topic, circles=circles)
    wanted = wanted_records(workspace_id=workspace.pk, topic=intent.topic, limit=3)
    rows = [
        Row(
            record.key,
            record.title,
            figures.demand_url(record, workspace=workspace.slug),
            _tally_cells(record, workspace),
        )
        for record in wanted
    ]
    if not heard.feedback_ids and not rows:
        return None
    people = formats.plural(heard.people, "person", "people")
    customers = formats.plural(heard.accounts, "customer")
    pieces = formats.plural(len(heard.feedback_ids), "piece of feedback", "pieces of feedback")
    money = (
        f", who pay {formats.money(heard.revenue, currency=workspace.currency)} a year"
        if heard.revenue
        else ""
    )
    says = f"{people} at {customers}{money}: so many say “{intent.topic}”, in {pieces}."
    if rows and getattr(wanted[0], "tally", None) is not None:
        tally = wanted[0].tally
        asked = formats.plural(tally.people, "person", "people")
        says = (
            f"{asked} at {formats.plural(tally.accounts, 'customer')} want {wanted[0].key}, {wanted[0].title}. "
            + (f"The words themselves: {says}" if heard.feedback_ids else "")
        )
        value = {"people": tally.people, "accounts": tally.accounts, "pieces": tally.quotes}[intent.noun]
    else:
        value = {"people": heard.people, "accounts": heard.accounts, "pieces": len(heard.feedback_ids)}[
            intent.noun
        ]
    query = urlencode({"q": intent.topic})
    return Table(
        sentence=says.strip(),
        columns=("Wanted", "People", "Customers", "Revenue a year") if rows else (),
        rows=tuple(rows),
        url=f"{_base(workspace)}insights/feedback/?{query}",
        link="See the feedback that says it" if heard.feedback_ids else "Look for the words in all feedback",
        method="People are counted once, whatever they said and however often; unnamed ones are not counted by words. "
        "The words are found as the list of feedback finds them: all of them, in any form that begins alike.",
        value=float(value),
    )


def _top(workspace: Workspace, intent: Intent) -> Table | None:
    by = intent.by if intent.by in BY else "people"
    rows = (
        Record.objects.in_workspace(workspace.pk)
        .not_archived()
        .filter(kind=intent.kind, tally__isnull=False)
        .filter(**{f"tally__{by}__gt": 0})
        .select_related("tally")
        .order_by(f"-tally__{by}", "pk")[: intent.limit]
    )
    found = list(rows)
    if not found:
        return None
    plural = kinds.get(intent.kind).plural.lower()
    first = found[0]
    shown = (by,) if by not in {"people", "accounts", "revenue"} else ()
    listed = [
        Row(
            record.key,
            record.title,
            kinds.url_of(record, workspace=workspace.slug),
            (
                *_tally_cells(record, workspace),
                *(formats.number(getattr(record.tally, one)) for one in shown),
            ),
        )
        for record in found
    ]
    place = {
        "need": f"insights/needs/?{urlencode({'sort': '-' + by})}",
        "feature": f"roadmap/?{urlencode({'sort': '-' + by})}",
    }[intent.kind]
    return Table(
        sentence=f"{first.key}, {first.title}, comes first of {len(found)} {plural} by {NAMES[by].lower()}.",
        columns=(
            kinds.get(intent.kind).label,
            "People",
            "Customers",
            "Revenue a year",
            *(NAMES[one] for one in shown),
        ),
        rows=tuple(listed),
        url=f"{_base(workspace)}{place}",
        link=f"See all {plural}",
        method="People and customers are distinct, over quotes and votes; revenue is a year's, of the customers where "
        "it is known. Archived ones are left out.",
    )


def _segments(workspace: Workspace, intent: Intent) -> Table | None:
    wanted = wanted_records(workspace_id=workspace.pk, topic=intent.topic, limit=1)
    if not wanted:
        return None
    record = wanted[0]
    shares = insights.demand_by_segment(workspace_id=workspace.pk, record_id=record.pk)
    if not shares:
        return None
    first = shares[0]
    return Table(
        sentence=f"{record.key}, {record.title}: most people who want it are in {first.title} "
        f"({formats.plural(first.people, 'person', 'people')}).",
        columns=("Segment", "People", "Customers", "Revenue a year"),
        rows=tuple(
            Row(
                one.key,
                one.title,
                f"{_base(workspace)}{one.key}/",
                (
                    formats.number(one.people),
                    f"{formats.number(one.accounts)} of {formats.number(one.heard)} heard",
                    formats.money(one.revenue, currency=workspace.currency) if one.revenue else "–",
                ),
            )
            for one in shares
        ),
        url=figures.demand_url(record, workspace=workspace.slug),
        link="See who wants it, row by row",
        method="An account may be in several segments, so the rows do not add up.",
    )


def _changes(workspace: Workspace, intent: Intent, circles: Collection[int]) -> Table | None:
    if intent.since is None:
        return None
    start = timezone.make_aware(datetime.combine(intent.since, time()))
    deeds = Activity.objects.filter(workspace_id=workspace.pk, at__gte=start, record__isnull=False)
    newest = list(deeds.visible_to(circles).order_by("-sequence")[:CHANGES_READ])
    grouped: dict[int, list[Any]] = {}
    for deed in newest:
        if deed.record_id is not None:
            grouped.setdefault(deed.record_id, []).append(deed)
    records = Record.objects.in_workspace(workspace.pk, circles=circles).in_bulk(list(grouped))
    if not records:
        return None
    rows: list[Row] = []
    for pk, own in sorted(grouped.items(), key=lambda pair: pair[1][0].at, reverse=True):
        if pk not in records or len(rows) >= ROWS:
            continue
        line = history.describe(own[0])
        more = f" and {formats.plural(len(own) - 1, 'more deed')}" if len(own) > 1 else ""
        rows.append(
            Row(
                records[pk].key,
                records[pk].title,
                kinds.url_of(records[pk], workspace=workspace.slug),
                (
                    f"{own[0].actor_name} {line.sentence}{more}",
                    timezone.localtime(own[0].at).strftime("%-d %B %Y"),
                ),
            )
        )
    day = intent.since.strftime("%-d %B %Y")
    many = f"{len(records)}" if len(newest) < CHANGES_READ else f"more than {len(records)}"
    return Table(
        sentence=f"{many} {'record' if len(records) == 1 else 'records'} changed since {day}; the newest {len(rows)}:",
        columns=("Record", "Last", "When"),
        rows=tuple(rows),
        url=f"{_base(workspace)}",
        link="See what is new for you on Today",
        method=f"From the history, newest first, at most {CHANGES_READ} deeds; what is private to others is left out.",
        value=float(len(records)),
    )
