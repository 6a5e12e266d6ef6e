"""Reading themes: the list, one theme, what is in it and why, who says it, and what fits nowhere."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from roadbed.core.jobs.models import Job, State
from roadbed.core.records.models import Link, Record
from roadbed.modules.insights.models import (
    Account,
    Assignment,
    Feedback,
    Origin,
    Segment,
    Theme,
    ThemeChoice,
    ThemeRun,
    TrendAlert,
)
from roadbed.modules.insights.selectors import narrowing, outline_figures, theme_words
from roadbed.modules.insights.selectors.outline_parts import segments_of
from roadbed.modules.insights.selectors.outline_scope import Scope, accounts_of

MOST_ON_MAP = 240
JOB_NAMES = ("insights.themes",)
SURE, LIKELY = 0.75, 0.4


def live(*, workspace_id: int) -> QuerySet[Theme]:
    """Return the themes of a workspace that are there: neither deleted, merged away nor retired."""
    rows: QuerySet[Theme] = Theme.objects.in_workspace(workspace_id).filter(
        kind="theme", retired_at__isnull=True
    )
    return rows


def list_themes(*, workspace_id: int, filters: Mapping[str, Any]) -> QuerySet[Theme]:
    """Return the themes that the filters leave, with their tally.

    Parameters
    ----------
    filters : mapping
        As `forms.themes.THEMES` reads them. What is absent does not narrow.
    """
    rows = live(workspace_id=workspace_id).filter(archived_at__isnull=not filters.get("archived", False))
    for word in str(filters.get("q", "")).split()[:8]:
        hit = Q(title__icontains=word) | Q(description__icontains=word) | Q(terms__icontains=word)
        rows = rows.filter(
            hit | Q(pk__in=Record.objects.in_workspace(workspace_id).by_key(word).values("pk"))
        )
    level = filters.get("level", "fine")
    if level != "both":
        rows = rows.filter(is_broad=level == "broad")
    if filters.get("within"):
        rows = rows.filter(
            parent_id__in=narrowing.ids_by_key(workspace_id=workspace_id, key=filters["within"], kind="theme")
        )
    if filters.get("trend"):
        rows = rows.filter(direction__in=filters["trend"])
    if filters.get("made"):
        rows = rows.filter(origin=filters["made"])
    if filters.get("pinned") is not None:
        rows = rows.filter(is_pinned=filters["pinned"])
    if filters.get("alert") is not None:
        loud = Exists(TrendAlert.objects.filter(theme_id=OuterRef("pk"), state=TrendAlert.State.NEW))
        rows = rows.filter(loud if filters["alert"] else ~loud)
    if filters.get("segment") is not None:
        inside = Assignment.objects.filter(
            home_id=workspace_id,
            feedback__deleted_at__isnull=True,
            feedback__account_id__in=narrowing.accounts_in(filters["segment"]).values("pk"),
        )
        rows = rows.filter(pk__in=inside.values("theme_id"))
    for name in ("people", "revenue"):
        if filters.get(name) is not None:
            rows = rows.filter(narrowing.between(f"tally__{name}", filters[name]))
    if filters.get("heard") is not None:
        rows = rows.filter(narrowing.on_days("tally__latest_at", filters["heard"]))
    return rows.select_related("tally", "parent")


def access_theme(*, workspace_id: int, number: int) -> Theme:
    """Return the theme, or raise `Theme.DoesNotExist`, for strangers too."""
    rows = live(workspace_id=workspace_id).select_related(
        "workspace", "tally", "parent", "product", "created_by"
    )
    found: Theme = rows.get(prefix="TH", number=number)
    return found


def survivor_of(*, workspace_id: int, number: int) -> Record | None:
    """Return the theme that one with this number was merged into, if it was."""
    gone = Theme.objects.everything_in(workspace_id).filter(
        prefix="TH", number=number, merged_into__isnull=False
    )
    found = gone.select_related("merged_into").first()
    return found.merged_into if found else None


def broad_themes(*, workspace_id: int) -> list[Theme]:
    """Return the broad themes, by name."""
    return list(live(workspace_id=workspace_id).filter(is_broad=True).order_by("title", "pk"))


def fine_choices(*, workspace_id: int, without: int = 0) -> list[Theme]:
    """Return the themes that feedback can be put into, the largest first: their keys and titles, for a choice."""
    rows = live(workspace_id=workspace_id).filter(is_broad=False, archived_at__isnull=True)
    rows = rows.only("prefix", "number", "title", "workspace_id")
    return list(rows.exclude(pk=without).order_by("-tally__people", "title", "pk")[:400])


def children_of(*, theme: Theme) -> list[Theme]:
    """Return the themes that lie in a broad one, the largest first."""
    rows = live(workspace_id=theme.workspace_id).filter(parent=theme).select_related("tally")
    return list(rows.order_by("-tally__people", "title", "pk"))


def leaves_of(*, theme: Theme) -> list[int]:
    """Return the ids of the themes that hold a theme's feedback: itself, or those in it."""
    if not theme.is_broad:
        return [theme.pk]
    return list(live(workspace_id=theme.workspace_id).filter(parent=theme).values_list("pk", flat=True))


def pieces_of(
    *, theme: Theme, filters: Mapping[str, Any] | None = None, leaves: Collection[int] | None = None
) -> QuerySet[Assignment]:
    """Return what is in a theme, as assignments with their feedback; open and alive pieces only.

    Parameters
    ----------
    filters : mapping, optional
        `segment` (a `Segment`), `source` (names), `said` (days), `sure` (`sure`, `likely`, `unsure`), `mood`
        (intents and sentiments), `week` (a Monday) and `by` (`person` or `machine`).
    """
    wanted = filters or {}
    own = leaves_of(theme=theme) if leaves is None else list(leaves)
    rows = Assignment.objects.filter(home_id=theme.workspace_id, theme_id__in=own)
    rows = rows.filter(feedback__deleted_at__isnull=True, feedback__circle__isnull=True)
    if wanted.get("segment") is not None:
        rows = rows.filter(feedback__account_id__in=narrowing.accounts_in(wanted["segment"]).values("pk"))
    if wanted.get("source"):
        rows = rows.filter(feedback__source__in=wanted["source"])
    if wanted.get("said") is not None:
        rows = rows.filter(narrowing.on_days("said_at", wanted["said"]))
    if wanted.get("sure"):
        rows = rows.filter(_sureness(wanted["sure"]))
    if wanted.get("by"):
        rows = rows.filter(origin=wanted["by"])
    if wanted.get("mood"):
        moods = list(wanted["mood"])
        rows = rows.filter(Q(feedback__reading__intent__in=moods) | Q(feedback__reading__sentiment__in=moods))
    return rows


def _sureness(name: str) -> Q:
    return {
        "sure": Q(confidence__gte=SURE),
        "likely": Q(confidence__gte=LIKELY, confidence__lt=SURE),
        "unsure": Q(confidence__lt=LIKELY),
    }.get(name, Q())


def unassigned(*, workspace_id: int, filters: Mapping[str, Any] | None = None) -> QuerySet[Feedback]:
    """Return the feedback that is in no theme: looked at and unlike everything, taken out, or not looked at yet."""
    wanted = filters or {}
    rows = Feedback.objects.filter(home_id=workspace_id, deleted_at__isnull=True, circle__isnull=True)
    placed = Assignment.objects.filter(
        feedback_id=OuterRef("pk"), theme__isnull=False, theme__deleted_at__isnull=True
    )
    rows = rows.filter(~Exists(placed))
    if wanted.get("source"):
        rows = rows.filter(source__in=wanted["source"])
    if wanted.get("said") is not None:
        rows = rows.filter(narrowing.on_days("said_at", wanted["said"]))
    if wanted.get("state"):
        rows = rows.filter(state__in=wanted["state"])
    if wanted.get("q"):
        rows = rows.filter(narrowing.by_words(workspace_id=workspace_id, query=wanted["q"], kind="feedback"))
    return rows


@dataclass(frozen=True, slots=True)
class Why:
    """Why a piece of feedback is in a theme."""

    rule: str
    confidence: float
    terms: tuple[str, ...]
    near: tuple[Feedback, ...]
    by_hand: bool

    @property
    def sureness(self) -> str:
        """How sure, in a word."""
        if self.by_hand:
            return "put here by hand"
        return "sure" if self.confidence >= SURE else "likely" if self.confidence >= LIKELY else "unsure"

    @property
    def text(self) -> str:
        """The reason in a sentence."""
        parts = [self.rule]
        if self.terms:
            parts.append(f"shares {', '.join(f'“{term}”' for term in self.terms)}")
        return "; ".join(parts)


def whys(*, assignments: Sequence[Assignment], themes: Mapping[int, Theme]) -> dict[int, Why]:
    """Return why each of these is where it is, with the nearest pieces, in one query.

    Parameters
    ----------
    assignments : sequence of Assignment
        With their feedback loaded.
    """
    ids = {pk for row in assignments for pk in row.near}
    home = assignments[0].home_id if assignments else 0
    near = (
        Feedback.objects.in_workspace(home)
        .filter(pk__in=ids)
        .only("pk", "title", "number", "prefix", "kind")
        .in_bulk()
    )
    found = {}
    for row in assignments:
        theme = themes.get(row.theme_id or 0)
        terms = theme_words.shared(terms=theme.terms, text=row.feedback.text) if theme else []
        rule = Assignment.Rule(row.rule).label
        if row.rule == Assignment.Rule.WORDS and theme:
            word = theme_words.has_any(words=theme.words, text=f"{row.feedback.title}\n{row.feedback.text}")
            rule = f"It has the word “{word}”" if word else rule
        found[row.feedback_id] = Why(
            rule=rule,
            confidence=row.confidence,
            terms=tuple(terms),
            near=tuple(near[pk] for pk in row.near if pk in near),
            by_hand=row.origin == Origin.PERSON,
        )
    return found


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A theme that a piece of feedback is in, or seems to belong to."""

    theme: Theme
    confidence: float
    why: str
    by_hand: bool


def suggest(feedback: Feedback) -> Suggestion | None:
    """Return the theme of a piece with how sure that is and why; None where it fits none, or was not looked at."""
    row = Assignment.objects.select_related("theme", "feedback").filter(feedback_id=feedback.pk).first()
    if row is None or row.theme is None or row.theme.is_deleted or row.theme.retired_at is not None:
        return None
    why = whys(assignments=[row], themes={row.theme.pk: row.theme})[feedback.pk]
    return Suggestion(theme=row.theme, confidence=row.confidence, why=why.text, by_hand=why.by_hand)


def themes_of(*, ids: Collection[int]) -> dict[int, Theme]:
    """Return the theme of each of these pieces, in one query; pieces without one are left out."""
    rows = Assignment.objects.filter(
        feedback_id__in=ids, theme__isnull=False, theme__deleted_at__isnull=True
    ).select_related("theme")
    return {row.feedback_id: row.theme for row in rows if row.theme is not None}


@dataclass(frozen=True, slots=True)
class SegmentShare:
    """How one segment stands to a theme."""

    key: str
    number: int
    title: str
    pieces: int
    people: int
    accounts: int
    size: int
    revenue: Decimal
    share: float
    """The part of the segment's accounts that spoke of it."""


def segment_shares(*, theme: Theme, leaves: Collection[int]) -> list[SegmentShare]:
    """Return what each segment says of a theme, the most concerned first; three queries and one a segment, once."""
    segments = segments_of(theme.workspace_id)
    if not segments:
        return []
    return outline_figures.remember(
        "theme_shares",
        Scope(workspace_id=theme.workspace_id),
        (theme.pk, tuple(sorted(leaves)), tuple((segment.pk, segment.version) for segment in segments)),
        compute=lambda: _segment_shares(theme, leaves, segments),
    )


def _segment_shares(theme: Theme, leaves: Collection[int], segments: Sequence[Segment]) -> list[SegmentShare]:
    said = list(
        pieces_of(theme=theme, leaves=leaves)
        .order_by()
        .values_list(
            "feedback_id", "feedback__person_id", "feedback__account_id", "feedback__person__account_id"
        )
    )
    by_account: dict[int, list[tuple[int, int]]] = {}
    for pk, person, account, employer in said:
        if account or employer:
            by_account.setdefault(account or employer, []).append((pk, person or -pk))
    revenue = dict(
        Account.objects.in_workspace(theme.workspace_id)
        .filter(pk__in=by_account, kind="account")
        .values_list("pk", "revenue")
    )
    found = []
    for segment in segments:
        members = set(accounts_of(segment).values_list("pk", flat=True))
        spoke = members & revenue.keys()
        voices = [voice for pk in spoke for voice in by_account[pk]]
        found.append(
            SegmentShare(
                key=segment.key,
                number=segment.number,
                title=segment.title,
                pieces=len(voices),
                people=len({who for _, who in voices}),
                accounts=len(spoke),
                size=len(members),
                revenue=sum((revenue[pk] or Decimal(0) for pk in spoke), Decimal(0)),
                share=len(spoke) / len(members) if members else 0.0,
            )
        )
    return sorted(found, key=lambda one: (-one.share, one.title))


def linked_needs(*, theme: Theme) -> list[Record]:
    """Return the needs that a theme is evidence for."""
    links = Link.objects.filter(source_id=theme.pk, target__kind="need", target__deleted_at__isnull=True)
    return [link.target for link in links.select_related("target", "target__tally").order_by("pk")]


def last_run(*, workspace_id: int) -> ThemeRun | None:
    """Return the last look at all feedback that came to its end."""
    rows = ThemeRun.objects.filter(workspace_id=workspace_id, finished_at__isnull=False)
    return rows.order_by("-started_at", "-pk").first()


def job_under_way(*, workspace_id: int) -> Job | None:
    """Return the job that is looking at all feedback now, or waits to."""
    rows = Job.objects.filter(
        workspace_id=workspace_id, name__in=JOB_NAMES, state__in=[State.QUEUED, State.RUNNING]
    )
    return rows.order_by("-pk").first()


def on_map(*, themes: QuerySet[Theme]) -> list[Theme]:
    """Return the themes that have a place on the map, the largest first."""
    rows = themes.filter(x__isnull=False, is_broad=False).order_by("-tally__people", "pk")
    return list(rows[:MOST_ON_MAP])


def new_alerts_of(*, ids: Collection[int]) -> dict[int, int]:
    """Return how many alerts of each theme nobody has looked at yet, in one query."""
    rows = TrendAlert.objects.filter(theme_id__in=ids, state=TrendAlert.State.NEW)
    return dict(rows.order_by().values_list("theme_id").annotate(count=Count("pk")))


def segment_with_key(*, workspace_id: int, key: str) -> Segment | None:
    """Return the segment with a key such as ``S-3``, or None."""
    found: Segment | None = Segment.objects.in_workspace(workspace_id).by_key(key).first()
    return found


def chosen_resolution(*, workspace_id: int) -> float | None:
    """Return how fine a workspace wants its themes; None where it leaves that to the feedback."""
    return ThemeChoice.objects.filter(workspace_id=workspace_id).values_list("resolution", flat=True).first()
