"""Counting who says what in which week: the weeks, the tallies of themes, and the weeks that stand out."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from roadbed.core.evidence.models import EvidenceTally
from roadbed.core.records.models import Record
from roadbed.modules.insights.models import (
    Account,
    Assignment,
    Dimension,
    Feedback,
    Reading,
    Theme,
    WeekCount,
)
from roadbed.modules.insights.selectors import trends as selectors
from roadbed.modules.insights.selectors.outline_parts import segments_of
from roadbed.modules.insights.selectors.outline_scope import accounts_of
from roadbed_engines.errors import NotEnoughDataError
from roadbed_engines.stats.trend import share_trend
from roadbed_engines.text.trends import WEEK, monday

WEEKS_KEPT = 160
WEEKS_ON_A_LINE = 26
RECENT_DAYS, USUAL_DAYS = 28, 84
BATCH = 2000
MOST_VALUES = 60
"""Versions and sources that are counted week by week: those with the most words."""

Key = tuple[str, str]
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Said:
    """One piece of feedback, as far as counting needs it."""

    speaker: int
    account: int | None
    at: dt.datetime
    theme: int | None
    source: str
    version: str
    moods: tuple[str, ...]


@dataclass(slots=True)
class _Theme:
    pieces: int = 0
    people: set[int] = field(default_factory=set)
    accounts: set[int] = field(default_factory=set)
    first_at: dt.datetime | None = None
    latest_at: dt.datetime | None = None
    recent: set[int] = field(default_factory=set)
    usual: set[int] = field(default_factory=set)
    mood: Counter[str] = field(default_factory=Counter)


@dataclass(slots=True)
class Counted:
    """What one pass over all feedback found."""

    anchor: dt.datetime
    """The moment that trends are read at: now, or the last word heard where nobody has spoken for long."""
    first_week: dt.date
    last_week: dt.date
    weeks: dict[Key, dict[dt.date, list[Any]]] = field(default_factory=dict)
    themes: dict[int, _Theme] = field(default_factory=dict)
    voices: tuple[set[int], set[int]] = field(default_factory=lambda: (set(), set()))
    """Everybody who spoke in the usual stretch, and in the recent one."""


def _rows(workspace_id: int) -> Iterator[tuple[int, Said]]:
    """Walk over what is open and alive, and over wordings that live on in such a piece."""
    theme_of = dict(
        Assignment.objects.filter(
            home_id=workspace_id, theme__isnull=False, theme__deleted_at__isnull=True
        ).values_list("feedback_id", "theme_id")
    )
    readings = Reading.objects.filter(home_id=workspace_id).values_list("feedback_id", "intent", "sentiment")
    mood_of = {pk: (intent, sentiment) for pk, intent, sentiment in readings.iterator(chunk_size=BATCH)}
    names = (
        "pk", "person_id", "account_id", "person__account_id", "said_at", "source", "attributes", "merged_into_id",
    )  # fmt: skip
    alive = Feedback.objects.in_workspace(workspace_id).filter(home_id=workspace_id)
    lives_on = Feedback.objects.visible_to().filter(
        home_id=workspace_id,
        merged_into__deleted_at__isnull=True,
        merged_into__circle__isnull=True,
        merged_into__isnull=False,
    )
    for rows in (alive, lives_on):
        for row in rows.order_by().values_list(*names).iterator(chunk_size=BATCH):
            pk, person, account, employer, at, source, attributes, survivor = row
            root = survivor or pk
            said = Said(
                speaker=person or -root,
                account=account or employer,
                at=at,
                theme=theme_of.get(root),
                source=source,
                version=selectors.version_in(attributes),
                moods=mood_of.get(pk, ()),
            )
            yield root, said


def read(*, workspace_id: int, at: dt.datetime, progress: Progress | None = None) -> Counted:
    """Go over all feedback once, and count."""
    open_ = Feedback.objects.in_workspace(workspace_id).filter(home_id=workspace_id, said_at__lte=at)
    latest = open_.aggregate(latest=Max("said_at"))["latest"]
    quiet = latest is not None and at - latest > dt.timedelta(days=RECENT_DAYS)
    anchor = latest if quiet else at
    last_week = monday(timezone.localtime(anchor).date())
    found = Counted(anchor=anchor, first_week=last_week - (WEEKS_KEPT - 1) * WEEK, last_week=last_week)
    recent_from = anchor - dt.timedelta(days=RECENT_DAYS)
    usual_from = recent_from - dt.timedelta(days=USUAL_DAYS)
    parents = dict(
        Theme.objects.in_workspace(workspace_id)
        .filter(kind="theme", parent__isnull=False)
        .values_list("pk", "parent_id")
    )
    segments_by_account: dict[int, list[str]] = defaultdict(list)
    for segment in segments_of(workspace_id):
        for pk in accounts_of(segment).values_list("pk", flat=True):
            segments_by_account[pk].append(str(segment.pk))
    zone = timezone.get_current_timezone()
    mondays: dict[dt.date, dt.date] = {}
    for done, (_, said) in enumerate(_rows(workspace_id), start=1):
        if progress is not None and done % BATCH == 0:
            progress(done, 0)
        day = said.at.astimezone(zone).date()
        week = mondays.get(day)
        if week is None:
            week = mondays[day] = monday(day)
        themes = [said.theme] if said.theme else []
        if said.theme in parents:
            themes.append(parents[said.theme])
        stretch = 1 if recent_from < said.at <= anchor else 0 if usual_from < said.at <= recent_from else -1
        if stretch >= 0:
            found.voices[stretch].add(said.speaker)
        for theme in themes:
            _add(found.themes.setdefault(theme, _Theme()), said, stretch)
        if not found.first_week <= week <= last_week:
            continue
        keys: list[Key] = [(Dimension.ALL, "")]
        keys += [(Dimension.THEME, str(theme)) for theme in themes]
        keys += [(Dimension.SEGMENT, one) for one in segments_by_account.get(said.account or 0, ())]
        if said.source:
            keys.append((Dimension.SOURCE, said.source))
        if said.version:
            keys.append((Dimension.VERSION, said.version))
        for key in keys:
            cell = found.weeks.setdefault(key, {}).setdefault(week, [0, set()])
            cell[0] += 1
            cell[1].add(said.speaker)
    _drop_rare(found)
    return found


def _add(theme: _Theme, said: Said, stretch: int) -> None:
    theme.pieces += 1
    theme.people.add(said.speaker)
    theme.mood.update(mood for mood in said.moods if mood)
    if said.account:
        theme.accounts.add(said.account)
    theme.first_at = min(theme.first_at or said.at, said.at)
    theme.latest_at = max(theme.latest_at or said.at, said.at)
    if stretch == 1:
        theme.recent.add(said.speaker)
    elif stretch == 0:
        theme.usual.add(said.speaker)


def _drop_rare(found: Counted) -> None:
    """Keep the sources and versions that are spoken of most: a column may hold a value a row."""
    for dimension in (Dimension.SOURCE, Dimension.VERSION):
        own = [key for key in found.weeks if key[0] == dimension]
        own.sort(key=lambda key: (-sum(cell[0] for cell in found.weeks[key].values()), key))
        for key in own[MOST_VALUES:]:
            del found.weeks[key]


def _write_weeks(workspace_id: int, found: Counted) -> None:
    """Change only the rows that differ, so that a nightly count writes little."""
    wanted = {
        (dimension, value, week): (cell[0], len(cell[1]))
        for (dimension, value), weeks in found.weeks.items()
        for week, cell in weeks.items()
    }
    gone, changed = [], []
    for row in WeekCount.objects.filter(home_id=workspace_id).iterator(chunk_size=BATCH):
        figures = wanted.pop((row.dimension, row.value, row.week), None)
        if figures is None:
            gone.append(row.pk)
        elif figures != (row.pieces, row.people):
            row.pieces, row.people = figures
            changed.append(row)
    for start in range(0, len(gone), 500):
        WeekCount.objects.filter(pk__in=gone[start : start + 500]).delete()
    WeekCount.objects.bulk_update(changed, ["pieces", "people"], batch_size=500)
    WeekCount.objects.bulk_create(
        (
            WeekCount(
                home_id=workspace_id,
                dimension=key[0],
                value=key[1],
                week=key[2],
                pieces=pieces,
                people=people,
            )
            for key, (pieces, people) in wanted.items()
        ),
        batch_size=1000,
    )


def _revenue(accounts: set[int], known: Mapping[int, Decimal]) -> Decimal:
    return sum((known[pk] for pk in accounts if pk in known), Decimal(0))


def _write_tallies(workspace_id: int, found: Counted, at: dt.datetime) -> None:
    themes = list(Theme.objects.in_workspace(workspace_id).filter(kind="theme"))
    rows = Account.objects.in_workspace(workspace_id).filter(kind="account", revenue__isnull=False)
    revenues: dict[int, Decimal] = dict(rows.values_list("pk", "revenue"))
    known = set(
        Account.objects.in_workspace(workspace_id).filter(kind="account").values_list("pk", flat=True)
    )
    voices = (len(found.voices[0]), len(found.voices[1]))
    tallies = []
    for theme in themes:
        own = found.themes.get(theme.pk, _Theme())
        accounts = own.accounts & known
        tallies.append(
            EvidenceTally(
                record_id=theme.pk,
                quotes=own.pieces,
                people=len(own.people),
                accounts=len(accounts),
                revenue=_revenue(accounts, revenues),
                first_at=own.first_at,
                latest_at=own.latest_at,
                counted_at=at,
            )
        )
        weeks = found.weeks.get((Dimension.THEME, str(theme.pk)), {})
        line = [found.last_week - back * WEEK for back in range(WEEKS_ON_A_LINE - 1, -1, -1)]
        theme.weekly = [weeks[week][0] if week in weeks else 0 for week in line]
        theme.recent, theme.usual = len(own.recent), len(own.usual) * RECENT_DAYS / USUAL_DAYS
        theme.change, theme.direction, theme.mood = None, "", dict(sorted(own.mood.items()))
        try:
            trend = share_trend(people=(len(own.usual), len(own.recent)), voices=voices)
        except NotEnoughDataError:
            continue
        theme.change, theme.direction = min(trend.change.ratio, 999.0), trend.direction.value
    EvidenceTally.objects.bulk_create(
        tallies,
        update_conflicts=True,
        unique_fields=["record"],
        update_fields=["quotes", "people", "accounts", "revenue", "first_at", "latest_at", "counted_at"],
        batch_size=500,
    )
    Theme.objects.bulk_update(
        themes, ["weekly", "recent", "usual", "change", "direction", "mood"], batch_size=200
    )


@transaction.atomic
def write(*, workspace_id: int, found: Counted, at: dt.datetime) -> None:
    """Keep what was counted: the weeks, and the figures of each theme."""
    _write_weeks(workspace_id, found)
    _write_tallies(workspace_id, found, at)


def titles_of(pieces: Sequence[int]) -> list[str]:
    """Return the titles of pieces, for the words of an alert."""
    return list(Record.objects.filter(pk__in=pieces, circle__isnull=True).values_list("title", flat=True))
