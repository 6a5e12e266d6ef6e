"""The only door of priorities for its siblings."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from roadbed.core.accounts.actors import Actor
from roadbed.core.records.models import Record
from roadbed.modules.priorities import services
from roadbed.modules.priorities.models import Lens, Place, Source
from roadbed_engines.priority.ranges import Range


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a record stands by a lens."""

    lens: str
    lens_url: str
    rank_low: int
    rank_high: int
    of: int
    top: float
    cut: int

    @property
    def words(self) -> str:
        """The standing as a person would say it."""
        span = (
            f"{self.rank_low}" if self.rank_low == self.rank_high else f"{self.rank_low} to {self.rank_high}"
        )
        return f"rank {span} of {self.of}"


def standings(
    *, workspace_id: int, workspace: str, record_ids: Collection[int]
) -> Mapping[int, list[Standing]]:
    """Return where records stand, by record, one entry a lens; one query."""
    rows = Place.objects.filter(
        record_id__in=record_ids,
        rank_low__isnull=False,
        ranking__lens__workspace_id=workspace_id,
        ranking__lens__deleted_at__isnull=True,
    ).select_related("ranking", "ranking__lens")
    found: dict[int, list[Standing]] = {}
    for place in rows.order_by("ranking_id"):
        lens = place.ranking.lens
        found.setdefault(place.record_id, []).append(
            Standing(
                lens=lens.title,
                lens_url=f"/w/{workspace}/priorities/lenses/{lens.number}/",
                rank_low=place.rank_low or 0,
                rank_high=place.rank_high or 0,
                of=place.ranking.scored,
                top=place.top,
                cut=place.ranking.cut,
            )
        )
    return found


@dataclass(frozen=True, slots=True)
class LensInput:
    """An input of a lens, as a round of votes may answer it."""

    lens: str
    lens_key: str
    label: str
    figure: str
    worst: float | None
    best: float | None


def inputs(*, workspace_id: int) -> list[LensInput]:
    """Return every input of every lens."""
    return [
        LensInput(lens.title, lens.key, one["label"], one["figure"], one["worst"], one["best"])
        for lens in Lens.objects.in_workspace(workspace_id).filter(kind="lens").order_by("pk")
        for one in lens.definition["inputs"]
    ]


def take_votes(
    *, figures: Mapping[tuple[int, str], Range], note: str, workspace_id: int, actor: Actor, at: datetime
) -> int:
    """Keep ranges that came of votes, by record and name of the figure; return how many are new."""
    rows = Record.objects.in_workspace(workspace_id).in_bulk({pk for pk, _ in figures})
    said = [
        services.Said(record=rows[pk], name=name, range=given, note=note)
        for (pk, name), given in figures.items()
        if pk in rows
    ]
    if not said:
        return 0
    return services.say_figures(said=said, actor=actor, at=at, source=Source.VOTES)
