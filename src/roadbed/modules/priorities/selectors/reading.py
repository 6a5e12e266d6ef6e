"""What the pages and the API read: lenses, places, questions, portfolios, and how one score came about."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
from django.db.models import QuerySet

from roadbed.core.records.models import Record
from roadbed.modules.priorities.models import Figure, Lens, Pace, Place, Portfolio, Question, Ranking
from roadbed.modules.priorities.selectors import items
from roadbed_engines.errors import NotEnoughDataError
from roadbed_engines.priority import methods, moscow, questions

BINS = 40


def lenses(*, workspace_id: int) -> QuerySet[Lens]:
    """Return the lenses of a workspace, the oldest first, each with its last ranking."""
    rows: QuerySet[Lens] = Lens.objects.in_workspace(workspace_id).filter(kind="lens")
    return rows.select_related("ranking", "product", "workspace").order_by("pk")


def lens(*, workspace_id: int, number: int) -> Lens:
    """Return a lens, or raise `Lens.DoesNotExist`, for strangers too."""
    return lenses(workspace_id=workspace_id).get(number=number)


def ranking_of(lens: Lens) -> Ranking | None:
    """Return the last ranking of a lens, if it was ever ranked."""
    return getattr(lens, "ranking", None)


def places(lens: Lens, *, filters: Mapping[str, Any] | None = None) -> QuerySet[Place]:
    """Return the places of a ranking that the filters leave; what was deleted since is gone."""
    rows = Place.objects.filter(
        ranking_id=lens.pk, record__deleted_at__isnull=True, record__circle__isnull=True
    ).select_related("record")
    values = filters or {}
    for word in str(values.get("q", "")).split()[:8]:
        rows = rows.filter(record__title__icontains=word)
    if "flip" in values:
        rows = rows.filter(is_coin_flip=values["flip"])
    if "scored" in values:
        rows = rows.filter(rank_middle__isnull=not values["scored"])
    if "inside" in values:
        bar = {"sure": {"top__gte": 0.8}, "open": {"top__gt": 0.2, "top__lt": 0.8}, "out": {"top__lte": 0.2}}
        rows = rows.filter(rank_middle__isnull=False, **bar[values["inside"]])
    if values.get("product"):
        rows = rows.filter(record__product__slug=values["product"])
    return rows


def place_of(lens: Lens, record: Record) -> Place | None:
    """Return where a record stands by a lens, if it is ranked."""
    return Place.objects.filter(ranking_id=lens.pk, record_id=record.pk).first()


def rankable(*, workspace_id: int, key: str) -> Record:
    """Return the feature or need with a key, or raise `Record.DoesNotExist`."""
    found: Record = Record.objects.in_workspace(workspace_id).by_key(key).get(kind__in=["feature", "need"])
    return found


def asked(lens: Lens) -> QuerySet[Question]:
    """Return what is worth learning by a lens, the dearest first."""
    rows = Question.objects.filter(
        ranking_id=lens.pk, record__deleted_at__isnull=True, record__circle__isnull=True
    )
    return rows.select_related("record").order_by("position")


def portfolios(*, workspace_id: int) -> QuerySet[Portfolio]:
    """Return the portfolios of a workspace, the newest first."""
    rows: QuerySet[Portfolio] = Portfolio.objects.in_workspace(workspace_id).filter(kind="portfolio")
    return rows.select_related("lens", "workspace").order_by("-pk")


def portfolio(*, workspace_id: int, number: int) -> Portfolio:
    """Return a portfolio, or raise `Portfolio.DoesNotExist`."""
    return portfolios(workspace_id=workspace_id).get(number=number)


def history(record: Record, names: Collection[str]) -> dict[str, list[Figure]]:
    """Return every figure that was ever said of a record, by its name, the newest first."""
    rows = Figure.objects.filter(record_id=record.pk, name__in=list(names)).select_related("given_by")
    found: dict[str, list[Figure]] = {name: [] for name in names}
    for figure in rows[:500]:
        found[figure.name].append(figure)
    return found


@dataclass(frozen=True, slots=True)
class InputLine:
    """One input of one record: what is known, the middle and the ends of its draws, and its share of the doubt."""

    name: str
    label: str
    unit: str
    hint: str
    figure: str
    known: items.Known | None
    low: float = 0.0
    middle: float = 0.0
    high: float = 0.0
    doubt: float = 0.0
    tipping: questions.Tipping | None = None


@dataclass(frozen=True, slots=True)
class Worked:
    """How one score came about."""

    lines: tuple[InputLine, ...]
    problem: str
    low: float = 0.0
    middle: float = 0.0
    high: float = 0.0
    draws: tuple[tuple[float, float, int], ...] = ()
    """The histogram of the draws: from, until, how many."""


def work_out(lens: Lens, record: Record, *, place: Place | None, bar: float, today: date) -> Worked:
    """Draw one record's score again, in the open: the very draws that the ranking made of it."""
    method = items.method_of(lens)
    known = items.known_of(lens, [record.pk])[record.pk]
    pace = Pace.objects.filter(record_id=record.pk).first()
    item = methods.Item(
        {name: one.range for name, one in known.items()},
        profile=pace.profile if pace else "standard",
        due_in=items.weeks_until(pace.due_date, today) if pace else 0.0,
        stream=record.pk,
    )
    runs = place.ranking.runs if place is not None and place.score is not None else methods.RUNS
    definitions = {one["name"]: one for one in lens.definition["inputs"]}
    bare = [
        InputLine(
            one.name, one.label, one.unit, one.hint, definitions[one.name]["figure"], known.get(one.name)
        )
        for one in method.inputs
    ]
    if why := methods.problem(method, item):
        return Worked(tuple(bare), why)
    try:
        found = methods.evaluate(method=method, items=[item], runs=runs, seed=lens.pk, wait=lens.wait)
    except ValueError as error:
        return Worked(tuple(bare), str(error))
    scores = found.scores[:, 0]
    shares = questions.shares_of_doubt(found)
    tips: Mapping[str, questions.Tipping] = {}
    if place is not None and place.score is not None and bar > 0:
        drawn = {name: one[:, 0] for name, one in found.inputs.items()}
        tips = {one.name: one for one in questions.tipping(method, drawn, middle=place.score, bar=bar)}
    lines = []
    for one in bare:
        low, middle, high = np.quantile(found.inputs[one.name][:, 0], [0.1, 0.5, 0.9])
        lines.append(
            InputLine(
                one.name, one.label, one.unit, one.hint, one.figure, one.known,
                float(low), float(middle), float(high), float(shares[one.name][0]), tips.get(one.name),
            )
        )  # fmt: skip
    low, middle, high = np.quantile(scores, [0.1, 0.5, 0.9])
    return Worked(tuple(lines), "", float(low), float(middle), float(high), _histogram(scores))


def _histogram(scores: Any) -> tuple[tuple[float, float, int], ...]:
    if scores.min() == scores.max():
        return ()
    low, high = np.quantile(scores, [0.0, 0.99])
    counts, edges = np.histogram(scores, bins=BINS, range=(low, high))
    return tuple((float(edges[at]), float(edges[at + 1]), int(count)) for at, count in enumerate(counts))


def side_by_side(lenses: Sequence[Lens], *, limit: int) -> list[tuple[Record, dict[int, Place]]]:
    """Return the records that some of the lenses rank among the first, each with its place by every lens."""
    first = Place.objects.filter(ranking_id__in=[one.pk for one in lenses], position__lte=limit)
    ids = set(first.values_list("record_id", flat=True))
    rows = Place.objects.filter(ranking_id__in=[one.pk for one in lenses], record_id__in=ids)
    rows = rows.filter(record__deleted_at__isnull=True, record__circle__isnull=True)
    found: dict[int, tuple[Record, dict[int, Place]]] = {}
    for place in rows.select_related("record").order_by("position"):
        found.setdefault(place.record_id, (place.record, {}))[1][place.ranking_id] = place

    def mean(entry: tuple[Record, dict[int, Place]]) -> float:
        known = [place.position for place in entry[1].values() if place.rank_middle is not None]
        return sum(known) / len(known) if known else 1e9

    return sorted(found.values(), key=mean)[:limit]


def classes_of(lens: Lens) -> moscow.Moscow | None:
    """Return the share of the effort that each class of MoSCoW takes, if anything has both."""
    rows = Place.objects.filter(ranking_id=lens.pk, score__isnull=False, cost__isnull=False)
    pairs = [
        (moscow.CLASSES[4 - min(4, max(1, round(score or 1.0)))], cost or 0.0)
        for score, cost in rows.values_list("score", "cost")
    ]
    try:
        return moscow.shares_of_effort(
            classes=[name for name, _ in pairs], efforts=[effort for _, effort in pairs]
        )
    except NotEnoughDataError:
        return None


def standing_of(record: Record) -> list[Place]:
    """Return where a record stands by every lens, for its own page."""
    lenses = Lens.objects.in_workspace(record.workspace_id).filter(archived_at__isnull=True)
    rows = Place.objects.filter(record_id=record.pk, ranking__lens__in=lenses.values("pk"))
    return list(rows.select_related("ranking", "ranking__lens").order_by("ranking_id"))


def questions_of(record: Record) -> QuerySet[Question]:
    """Return what is worth learning about a record, by every lens, the dearest first."""
    return Question.objects.filter(record_id=record.pk).order_by("ranking_id", "position")


def describe_lens(record: Any) -> Mapping[str, str]:
    """Say what a lens ranks, in a word."""
    return {"state": str(record.get_subject_display())}


def describe_portfolio(record: Any) -> Mapping[str, str]:
    """Say how a portfolio was chosen, in a word."""
    return {"state": record.status or "not chosen yet"}


def lens_body(record: Any) -> str:
    """Return the words of a lens for the search."""
    labels = " ".join(one["label"] for one in record.definition["inputs"])
    return f"{record.about}\n{labels}"


def portfolio_body(record: Any) -> str:
    """Return the words of a portfolio for the search."""
    return " ".join([*record.periods, *record.capacity])
