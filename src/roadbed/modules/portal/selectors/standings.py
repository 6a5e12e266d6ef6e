"""Where a wish stands: read off the plan, said in the workspace's own words."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.db.models import Q, QuerySet

from roadbed.core.records.models import Link, Relation
from roadbed.core.workspaces.models import Workspace
from roadbed.modules.portal.models import Listing, Standing, Wording
from roadbed.modules.roadmap import facade as roadmap

OF_STATUS = {
    "idea": Standing.OPEN,
    "discovery": Standing.EXPLORING,
    "planned": Standing.PLANNED,
    "development": Standing.STARTED,
    "beta": Standing.BETA,
    "shipped": Standing.DONE,
    "dropped": Standing.DECLINED,
}
ORDER = {standing: place for place, standing in enumerate(Standing)}
TONES = {
    Standing.OPEN: "",
    Standing.EXPLORING: "outline",
    Standing.PLANNED: "accent",
    Standing.STARTED: "warn",
    Standing.BETA: "warn",
    Standing.DONE: "good",
    Standing.DECLINED: "outline",
}
BUILDS = (Relation.ANSWERS, Relation.DELIVERS)


@dataclass(frozen=True, slots=True)
class Said:
    """A standing in public words."""

    standing: str
    label: str
    about: str
    tone: str


def wordings(*, workspace_id: int) -> dict[str, Said]:
    """Return every standing in the workspace's words, and in ours where it has none of its own."""
    own = {row.standing: row for row in Wording.objects.filter(workspace_id=workspace_id)}
    return {
        standing.value: Said(
            standing=standing.value,
            label=own[standing].label if standing in own else str(standing.label),
            about=own[standing].about if standing in own else "",
            tone=TONES[standing],
        )
        for standing in Standing
    }


def combine(statuses: Iterable[str]) -> Standing:
    """Return where a wish stands that several features answer.

    Done when all that is not dropped is out; otherwise as far as the furthest of those still to come.

    >>> str(combine(["shipped", "planned"]))
    'planned'
    """
    found = [OF_STATUS[status] for status in statuses if status in OF_STATUS]
    kept = [standing for standing in found if standing != Standing.DECLINED]
    if not kept:
        return Standing.DECLINED if found else Standing.OPEN
    to_come = [standing for standing in kept if standing != Standing.DONE]
    return max(to_come, key=lambda standing: ORDER[standing]) if to_come else Standing.DONE


@dataclass(frozen=True, slots=True)
class Derived:
    """What the plan says of a record."""

    standing: Standing
    horizon: str


def _answering(needs: Collection[int]) -> dict[int, set[int]]:
    found: dict[int, set[int]] = {}
    links = Link.objects.filter(target_id__in=needs, relation__in=BUILDS, source__kind="feature")
    for target_id, source_id in links.values_list("target_id", "source_id"):
        found.setdefault(target_id, set()).add(source_id)
    return found


def derive(*, workspace: Workspace, listings: Sequence[Listing]) -> Mapping[int, Derived]:
    """Return what the plan says of each listing's record, in four queries whatever their number."""
    features: dict[int, set[int]] = {}
    kinds = {listing.record_id: listing.record.kind for listing in listings}
    said = [pk for pk, kind in kinds.items() if kind == "feedback"]
    backed: dict[int, set[int]] = {}
    for source_id, target_id, kind in Link.objects.filter(
        source_id__in=said, relation=Relation.SUPPORTS, target__kind__in=("need", "feature")
    ).values_list("source_id", "target_id", "target__kind"):
        if kind == "feature":
            features.setdefault(source_id, set()).add(target_id)
        else:
            backed.setdefault(source_id, set()).add(target_id)
    needs = {pk for pk, kind in kinds.items() if kind == "need"} | set().union(*backed.values())
    answering = _answering(needs)
    for pk, kind in kinds.items():
        if kind == "feature":
            features[pk] = {pk}
        elif kind == "need":
            features[pk] = answering.get(pk, set())
        else:
            for need_id in backed.get(pk, ()):
                features.setdefault(pk, set()).update(answering.get(need_id, ()))
    every = set().union(*features.values()) if features else set()
    known = roadmap.summaries(workspace.pk, workspace.slug, every) if every else {}
    return {
        listing.pk: Derived(
            standing=combine(known[pk].status for pk in features.get(listing.record_id, ()) if pk in known),
            horizon=known[listing.record_id].horizon if listing.record_id in known else "",
        )
        for listing in listings
    }


def touched_by(*, record_ids: Collection[int]) -> QuerySet[Listing]:
    """Return the listings whose standing may hang on these records: on them, or on what they answer or back."""
    needs = Link.objects.filter(source_id__in=record_ids, relation__in=BUILDS).values("target_id")
    direct = Link.objects.filter(target_id__in=record_ids, relation=Relation.SUPPORTS).values("source_id")
    through = Link.objects.filter(target_id__in=needs, relation=Relation.SUPPORTS).values("source_id")
    return Listing.objects.filter(
        Q(record_id__in=record_ids)
        | Q(record_id__in=needs)
        | Q(record_id__in=direct)
        | Q(record_id__in=through)
    )
