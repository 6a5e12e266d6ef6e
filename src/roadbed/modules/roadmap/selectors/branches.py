"""Reading what-if plans: what a branch says, what the plan says now, and where the two have gone apart."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Q, QuerySet

from roadbed.core.records.models import Record
from roadbed.core.workspaces.models import Team
from roadbed.modules.roadmap.models import (
    Branch,
    BranchChange,
    Dependency,
    Estimate,
    Feature,
    Horizon,
    Release,
    Status,
    Tie,
)

Field = BranchChange.Field
DAYS = frozenset({Field.NOT_BEFORE, Field.TARGET_START, Field.TARGET_END, Field.DUE_DATE})
EFFORT = ("p10", "p50", "p90")


@dataclass(frozen=True, slots=True)
class Difference:
    """One field of one feature: in the plan when it was changed, in the plan now, and in the branch."""

    change: BranchChange
    record: Record
    label: str
    before: str
    now: str
    after: str
    clash: str
    """Empty; ``moved`` where the plan has changed it since; ``same`` where the plan says so too; ``gone``."""
    days: int | None = None
    """By how many days a date moves; later is positive."""

    @property
    def is_conflict(self) -> bool:
        """Whether merging it would write over what somebody else has changed since."""
        return self.clash == "moved"


def branches_of(*, workspace_id: int, states: Collection[str] = ()) -> QuerySet[Branch]:
    """Return the branches of a workspace, the newest first."""
    rows: Any = Branch.objects.in_workspace(workspace_id).filter(kind="branch")
    if states:
        rows = rows.filter(state__in=states)
    return rows.select_related("created_by", "approver__user").order_by("-number")  # type: ignore[no-any-return]  # the manager is loosely typed


def access_branch(*, workspace_id: int, number: int) -> Branch:
    """Return a branch, or raise `Branch.DoesNotExist`, for strangers too."""
    rows = Branch.objects.in_workspace(workspace_id).select_related(
        "workspace", "created_by", "decided_by", "approver__user", "outlook"
    )
    found: Branch = rows.get(number=number)
    return found


def changes_of(branch: Branch, *, circles: Sequence[int] = ()) -> list[BranchChange]:
    """Return what of a branch is not merged, feature by feature, as far as it may be read; one query."""
    readable = Record.objects.everything_in(branch.workspace_id, circles=circles).values("pk")
    rows = BranchChange.objects.filter(branch=branch, merged_at__isnull=True, record__in=readable)
    return list(rows.select_related("record", "other", "by").order_by("record_id", "id"))


def access_change(branch: Branch, *, change_id: int, circles: Sequence[int] = ()) -> BranchChange:
    """Return a change that is not merged, or raise `BranchChange.DoesNotExist`, for strangers too."""
    found = next((one for one in changes_of(branch, circles=circles) if one.pk == change_id), None)
    if found is None:
        raise BranchChange.DoesNotExist
    return found


def _iso(value: date | None) -> str | None:
    return value.isoformat() if value else None


def values_now(*, workspace_id: int, feature_ids: Collection[int]) -> dict[int, dict[str, Any]]:
    """Return what the plan says of features, field by field as branches keep it, plain; two queries."""
    rows = Feature.objects.in_workspace(workspace_id).not_archived().filter(pk__in=list(feature_ids))
    found: dict[int, dict[str, Any]] = {
        one.pk: {
            Field.PLACE: {"horizon": str(one.horizon), "rank": one.rank},
            Field.STATUS: str(one.status),
            Field.EFFORT: None,
            Field.TEAM: one.team_id,
            Field.RELEASE: one.release_id,
            Field.NOT_BEFORE: _iso(one.not_before),
            Field.TARGET_START: _iso(one.target_start),
            Field.TARGET_END: _iso(one.target_end),
            Field.DUE_DATE: _iso(one.due_date),
            Field.DUE_KIND: str(one.due_kind),
        }
        for one in rows
    }
    efforts = Estimate.objects.filter(feature_id__in=list(found), is_current=True)
    for feature_id, *three in efforts.values_list("feature_id", *EFFORT, "mean"):
        names = (*EFFORT, "mean")
        found[feature_id][Field.EFFORT] = {
            name: round(value, 4) for name, value in zip(names, three, strict=True)
        }
    return found


def waits_now(*, workspace_id: int, feature_ids: Collection[int]) -> dict[tuple[int, int], dict[str, Any]]:
    """Return how features wait for other records in the plan; one query."""
    rows = Dependency.objects.filter(workspace_id=workspace_id, feature_id__in=list(feature_ids))
    return {
        (one.feature_id, one.on_id or one.external_id or 0): {"tie": str(one.tie), "lag": one.lag}
        for one in rows.order_by("-pk")
    }


def said_now(
    change: BranchChange,
    *,
    values: Mapping[int, Mapping[str, Any]],
    waits: Mapping[tuple[int, int], Mapping[str, Any]],
) -> Any:
    """Return what the plan says of the field that a change is about."""
    if change.field == Field.WAITS:
        return waits.get((change.record_id, change.other_id or 0))
    return values.get(change.record_id, {}).get(change.field)


def alike(field: str, one: Any, other: Any) -> bool:
    """Whether two plain values say the same.

    >>> alike("effort", {"p10": 1.0, "p50": 2.0, "p90": 4.0, "said": {}}, {"p10": 1.0, "p50": 2.0, "p90": 4.0})
    True
    """
    if field == Field.EFFORT and one and other:
        return all(abs(one[name] - other[name]) < 1e-3 for name in EFFORT)
    return bool(one == other) or (not one and not other)


@dataclass(frozen=True, slots=True)
class Names:
    """What values point to, by id."""

    teams: Mapping[int, str]
    releases: Mapping[int, str]


def names_of(*, workspace_id: int, values: Iterable[tuple[str, Any]]) -> Names:
    """Return the names of the teams and releases among values; two queries."""
    teams, releases = set(), set()
    for field, value in values:
        if value and field == Field.TEAM:
            teams.add(value)
        elif value and field == Field.RELEASE:
            releases.add(value)
    return Names(
        dict(Team.objects.filter(workspace_id=workspace_id, pk__in=teams).values_list("pk", "name")),
        dict(Release.objects.in_workspace(workspace_id).filter(pk__in=releases).values_list("pk", "title")),
    )


def words(field: str, value: Any, *, names: Names) -> str:
    """Return a plain value as people read it.

    >>> nobody = Names({}, {})
    >>> words("effort", {"p10": 2.0, "p50": 4.0, "p90": 9.0}, names=nobody)
    '2 to 9 days, middle 4'
    >>> words("due_date", "2026-03-01", names=nobody), words("waits", {"tie": "fs", "lag": 2}, names=nobody)
    ('1 Mar 2026', 'finish to start, 2 days between')
    >>> words("team", None, names=nobody), words("place", {"horizon": "now", "rank": 7}, names=nobody)
    ('none', 'now')
    """
    if value in (None, ""):
        return "none"
    if field in DAYS:
        day = date.fromisoformat(value)
        return f"{day.day} {day:%b %Y}"
    if field == Field.EFFORT:
        return f"{value['p10']:.3g} to {value['p90']:.3g} days, middle {value['p50']:.3g}"
    if field == Field.WAITS:
        lag = value.get("lag") or 0
        between = f", {lag} day{'' if abs(lag) == 1 else 's'} between" if lag else ""
        return f"{str(Tie(value['tie']).label).lower()}{between}"
    if field == Field.PLACE:
        return str(Horizon(value["horizon"]).label).lower()
    if field == Field.STATUS:
        return str(Status(value).label)
    if field == Field.TEAM:
        return names.teams.get(value, "a team that is gone")
    if field == Field.RELEASE:
        return names.releases.get(value, "a release that is gone")
    return str(value).capitalize()


def _moved(field: str, before: Any, after: Any) -> int | None:
    if field not in DAYS or not before or not after:
        return None
    return (date.fromisoformat(after) - date.fromisoformat(before)).days


def _place_words(change: BranchChange, now: Any, after: str) -> str:
    """Say an order within the same column as what it is."""
    value = change.value
    if not now or not value or now["horizon"] != value["horizon"]:
        return after
    return f"{after}, {'sooner' if value['rank'] < now['rank'] else 'later'} in it"


def differences(
    branch: Branch, *, circles: Sequence[int] = (), changes: Sequence[BranchChange] | None = None
) -> list[Difference]:
    """Return what a branch changes beside what the plan says now; a fixed number of queries.

    What was walled in since is left out; what was deleted or archived is said to be gone.
    """
    rows = changes_of(branch, circles=circles) if changes is None else list(changes)
    ids = {one.record_id for one in rows} | {one.other_id for one in rows if one.other_id}
    seen = (
        Record.objects.everything_in(branch.workspace_id, circles=circles)
        .filter(pk__in=ids)
        .values_list("pk", flat=True)
    )
    readable = set(seen)
    rows = [one for one in rows if {one.record_id, one.other_id or one.record_id} <= readable]
    features = {one.record_id for one in rows}
    values = values_now(workspace_id=branch.workspace_id, feature_ids=features)
    waits = waits_now(workspace_id=branch.workspace_id, feature_ids=features)
    now = {one.pk: said_now(one, values=values, waits=waits) for one in rows}
    names = names_of(
        workspace_id=branch.workspace_id,
        values=[(one.field, said) for one in rows for said in (one.base, one.value, now[one.pk])],
    )
    found = []
    for one in rows:
        said = now[one.pk]
        after = words(one.field, one.value, names=names)
        label = str(Field(one.field).label)
        if one.field == Field.PLACE:
            after = _place_words(one, said, after)
        if one.field == Field.WAITS and one.other is not None:
            label = f"Waits for {one.other.key}"
            after = after if one.value else "no longer"
        clash = ""
        if one.record_id not in values or (one.other is not None and one.other.is_deleted):
            clash = "gone"
        elif alike(one.field, said, one.value):
            clash = "same"
        elif not alike(one.field, said, one.base):
            clash = "moved"
        found.append(
            Difference(
                change=one,
                record=one.record,
                label=label,
                before=words(one.field, one.base, names=names),
                now=words(one.field, said, names=names),
                after=after,
                clash=clash,
                days=_moved(one.field, said, one.value),
            )
        )
    return found


@dataclass(frozen=True, slots=True)
class Moved:
    """When something is done in one plan and in another: days by which P50 and P85 move, later is positive."""

    record: Record
    kind: str
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None

    def days(self, level: str) -> int | None:
        """By how many days a level moves; None where one of the two has no date."""
        if self.before is None or self.after is None:
            return None
        return (date.fromisoformat(self.after[level]) - date.fromisoformat(self.before[level])).days

    @property
    def p50(self) -> int | None:
        """Of the middle date."""
        return self.days("p50")

    @property
    def p85(self) -> int | None:
        """Of the sure date."""
        return self.days("p85")


def moved_between(
    before: Mapping[str, Any], after: Mapping[str, Any], *, workspace_id: int, circles: Sequence[int] = ()
) -> list[Moved]:
    """Return what is done on another day, what moves most first; rows of two outlooks; one query."""
    old, new = before.get("rows", {}), after.get("rows", {})
    differing = [
        key
        for key in {**old, **new}
        if (old.get(key) or {}).get("p50") != (new.get(key) or {}).get("p50")
        or (old.get(key) or {}).get("p85") != (new.get(key) or {}).get("p85")
    ]
    records = Record.objects.in_workspace(workspace_id, circles=circles).filter(
        Q(pk__in=[int(key) for key in differing])
    )
    found = [
        Moved(
            record,
            (new.get(str(record.pk)) or old[str(record.pk)])["kind"],
            old.get(str(record.pk)),
            new.get(str(record.pk)),
        )
        for key, record in ((str(one.pk), one) for one in records)
    ]
    return sorted(found, key=lambda one: (-abs(one.p85 or 0), -abs(one.p50 or 0), one.record.pk))


def is_stale(branch: Branch) -> bool:
    """Whether the plan has changed since a branch's dates were worked out; one query."""
    outlook = getattr(branch, "outlook", None)
    if outlook is None:
        return True
    rows = Record.objects.in_workspace(branch.workspace_id).filter(
        kind__in=["feature", "release", "external", "risk", "objective"], updated_at__gt=outlook.at
    )
    return rows.exists()


@dataclass(frozen=True, slots=True)
class Apart:
    """One field of one feature as two branches have it."""

    record: Record
    label: str
    here: str
    there: str


def apart(branch: Branch, other: Branch, *, circles: Sequence[int] = ()) -> list[Apart]:
    """Return where two branches say different things; what one leaves as it is says what the plan does."""
    own, others = (
        {(one.change.record_id, one.change.field, one.change.other_id): one for one in found}
        for found in (differences(branch, circles=circles), differences(other, circles=circles))
    )
    found = []
    for key in {**own, **others}:
        here, there = own.get(key), others.get(key)
        known = here or there
        if known is None:
            continue
        said = (here.after if here else known.now, there.after if there else known.now)
        if said[0] != said[1]:
            found.append(Apart(known.record, known.label, *said))
    return sorted(found, key=lambda one: (one.record.pk, one.label))
