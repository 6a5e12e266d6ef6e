"""The whole plan of a workspace in one read, for whatever computes with it: schedules, forecasts, comparisons."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from roadbed.modules.roadmap.models import (
    CLOSED,
    Dependency,
    Estimate,
    External,
    Feature,
    Release,
    Risk,
    SkillNeed,
    Status,
    StatusSpell,
)
from roadbed.modules.roadmap.selectors import capacity
from roadbed.modules.roadmap.selectors.dependencies import alive


@dataclass(frozen=True, slots=True)
class PlanEffort:
    """A feature's current estimate in person-days."""

    p10: float
    p50: float
    p90: float
    mean: float
    origin: str
    said_at: datetime


@dataclass(frozen=True, slots=True)
class PlanValue:
    """What stands behind a feature, as the tally counts it; nothing where nobody asked."""

    impact: float = 0.0
    people: int = 0
    accounts: int = 0
    revenue: float = 0.0


@dataclass(frozen=True, slots=True)
class PlanItem:
    """A live feature with all that planning needs of it."""

    id: int
    key: str
    title: str
    version: int
    parent_id: int | None
    product_id: int | None
    lane: str
    level: str
    work: str
    size: str
    status: str
    horizon: str
    position: int
    rank: int
    team_id: int | None
    owner_id: int | None
    release_id: int | None
    is_leaf: bool
    """Whether nothing live lies under it; only leaves are worked on."""
    effort: PlanEffort | None
    skills: tuple[tuple[int, float], ...]
    """Skill and the part of the effort (0 to 1) that needs it; what is left anybody in the team can do."""
    started_at: datetime | None
    """When it entered development, of what is under way or shipped."""
    shipped_at: datetime | None
    not_before: date | None
    target_start: date | None
    target_end: date | None
    due_date: date | None
    is_due_hard: bool
    value: PlanValue

    @property
    def is_closed(self) -> bool:
        """Whether it is shipped or dropped, and needs no more work."""
        return self.status in CLOSED


@dataclass(frozen=True, slots=True)
class PlanDependency:
    """`item_id` waits for `on_id`, or for `external_id`; `tie` is fs, ss or ff, `lag` in working days."""

    id: int
    item_id: int
    on_id: int | None
    external_id: int | None
    tie: str
    lag: int


@dataclass(frozen=True, slots=True)
class PlanExternal:
    """What others owe: it comes between `earliest` (P10) and `latest` (P90), or came on `delivered`."""

    id: int
    key: str
    title: str
    promised_by: str
    earliest: date
    latest: date
    delivered: date | None


@dataclass(frozen=True, slots=True)
class PlanRelease:
    """A release or a milestone that is not archived."""

    id: int
    key: str
    title: str
    form: str
    start_date: date | None
    ship_date: date | None
    is_hard: bool
    shipped_at: datetime | None
    product_id: int | None


@dataclass(frozen=True, slots=True)
class PlanRisk:
    """An open risk: with `probability` (0 to 1) every item in `hits` takes these person-days more."""

    id: int
    key: str
    title: str
    probability: float
    low: float
    likely: float
    high: float
    hits: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class WholePlan:
    """Everything that planning needs, as it stood at one moment. Ids are the records' own, stable across reads."""

    workspace_id: int
    items: tuple[PlanItem, ...]
    dependencies: tuple[PlanDependency, ...]
    externals: tuple[PlanExternal, ...]
    teams: tuple[capacity.TeamCapacity, ...]
    releases: tuple[PlanRelease, ...]
    risks: tuple[PlanRisk, ...]
    skills: Mapping[int, str]


def _efforts(workspace_id: int) -> dict[int, PlanEffort]:
    rows = Estimate.objects.filter(feature__workspace_id=workspace_id, is_current=True).order_by()
    return {
        one.feature_id: PlanEffort(one.p10, one.p50, one.p90, one.mean, one.origin, one.at) for one in rows
    }


def _skills(workspace_id: int) -> dict[int, list[tuple[int, float]]]:
    found: dict[int, list[tuple[int, float]]] = {}
    rows = SkillNeed.objects.filter(feature__workspace_id=workspace_id).order_by("pk")
    for feature_id, skill_id, share in rows.values_list("feature_id", "skill_id", "share"):
        found.setdefault(feature_id, []).append((skill_id, share / 100))
    return found


def _begun(workspace_id: int) -> dict[int, datetime]:
    """When each feature last entered development."""
    rows = StatusSpell.objects.filter(feature__workspace_id=workspace_id, status=Status.DEVELOPMENT)
    return dict(rows.order_by("entered_at").values_list("feature_id", "entered_at"))


def _items(workspace_id: int) -> tuple[PlanItem, ...]:
    rows = list(
        Feature.objects.in_workspace(workspace_id)
        .not_archived()
        .select_related("tally")
        .order_by("trail", "position", "pk")
    )
    parents = {one.parent_id for one in rows}
    efforts, skills, begun = _efforts(workspace_id), _skills(workspace_id), _begun(workspace_id)
    return tuple(
        PlanItem(
            id=one.pk,
            key=one.key,
            title=one.title,
            version=one.version,
            parent_id=one.parent_id,
            product_id=one.product_id,
            lane=one.lane,
            level=one.level,
            work=one.work,
            size=one.size,
            status=one.status,
            horizon=one.horizon,
            position=one.position,
            rank=one.rank,
            team_id=one.team_id,
            owner_id=one.owner_id,
            release_id=one.release_id,
            is_leaf=one.pk not in parents,
            effort=efforts.get(one.pk),
            skills=tuple(skills.get(one.pk, ())),
            started_at=begun.get(one.pk) if one.status in {*capacity.UNDER_WAY, Status.SHIPPED} else None,
            shipped_at=one.shipped_at,
            not_before=one.not_before,
            target_start=one.target_start,
            target_end=one.target_end,
            due_date=one.due_date,
            is_due_hard=one.due_kind == "hard",
            value=_value(one),
        )
        for one in rows
    )


def _value(feature: Feature) -> PlanValue:
    tally = getattr(feature, "tally", None)
    if tally is None:
        return PlanValue()
    return PlanValue(float(tally.impact), tally.people, tally.accounts, float(tally.revenue))


def _dependencies(workspace_id: int) -> tuple[PlanDependency, ...]:
    rows: list[Dependency] = list(alive(workspace_id).order_by("pk"))
    return tuple(
        PlanDependency(one.pk, one.feature_id, one.on_id, one.external_id, one.tie, one.lag) for one in rows
    )


def _externals(workspace_id: int) -> tuple[PlanExternal, ...]:
    rows = External.objects.in_workspace(workspace_id).exclude(state=External.State.OFF).order_by("pk")
    return tuple(
        PlanExternal(
            one.pk, one.key, one.title, one.promised_by, one.earliest, one.latest, one.delivered_date
        )
        for one in rows
    )


def _releases(workspace_id: int) -> tuple[PlanRelease, ...]:
    rows = Release.objects.in_workspace(workspace_id).not_archived().order_by("ship_date", "pk")
    return tuple(
        PlanRelease(
            id=one.pk,
            key=one.key,
            title=one.title,
            form=one.form,
            start_date=one.start_date,
            ship_date=one.ship_date,
            is_hard=one.date_kind == "hard",
            shipped_at=one.shipped_at,
            product_id=one.product_id,
        )
        for one in rows
    )


def _risks(workspace_id: int) -> tuple[PlanRisk, ...]:
    rows = list(
        Risk.objects.in_workspace(workspace_id)
        .not_archived()
        .filter(state=Risk.State.OPEN)
        .prefetch_related("hits")
        .order_by("pk")
    )
    return tuple(
        PlanRisk(
            id=one.pk,
            key=one.key,
            title=one.title,
            probability=one.probability / 100,
            low=one.low,
            likely=one.likely,
            high=one.high,
            hits=tuple(sorted(hit.pk for hit in one.hits.all() if not hit.is_deleted)),
        )
        for one in rows
    )


def whole_plan(*, workspace_id: int, first: date, last: date) -> WholePlan:
    """Return the whole plan of a workspace, in a number of queries that does not grow with it.

    Parameters
    ----------
    first, last : date
        The days that calendars must cover; public holidays outside these years are not read.
    """
    teams = capacity.teams_with_plans(workspace_id=workspace_id)
    return WholePlan(
        workspace_id=workspace_id,
        items=_items(workspace_id),
        dependencies=_dependencies(workspace_id),
        externals=_externals(workspace_id),
        teams=tuple(capacity.team_capacity(team, first=first, last=last) for team in teams),
        releases=_releases(workspace_id),
        risks=_risks(workspace_id),
        skills={skill.pk: skill.name for skill in capacity.skills_of(workspace_id=workspace_id)},
    )
