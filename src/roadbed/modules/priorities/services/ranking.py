"""Rank by a lens, and keep what came of it for the pages."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import numpy as np
from django.db import transaction
from django.utils import timezone

from roadbed.modules.priorities.models import Lens, Place, Question, Ranking
from roadbed.modules.priorities.selectors import definitions, items
from roadbed_engines.errors import NotEnoughDataError
from roadbed_engines.priority import methods, questions, ranks
from roadbed_engines.priority.methods import Evaluation

BATCH = 1_000


def rank(*, lens: Lens, at: datetime, force: bool = False) -> Ranking:
    """Rank by a lens and keep the result; where nothing changed that it depends on, nothing is computed."""
    world = items.world_of(lens, today=timezone.localtime(at).date())
    digest = world.fingerprint(lens)
    old = Ranking.objects.filter(lens=lens).first()
    if old is not None and old.input_hash == digest and not force:
        return old
    version = lens.versions.first()
    ranking = Ranking(
        lens=lens,
        input_hash=digest,
        version=version.number if version else 1,
        computed_at=at,
        cut=lens.cut,
        left_out=len(world.candidates),
    )
    try:
        evaluation = methods.evaluate(
            method=items.method_of(lens),
            items=world.items,
            runs=methods.runs_for(len(world.items)),
            seed=lens.pk,
            wait=lens.wait,
        )
    except (NotEnoughDataError, ValueError) as error:
        ranking.refusal = _sentence(_named(str(error), world))[:300]
        left = {at: _left_out(lens, item) for at, item in enumerate(world.items)}
        return _keep(ranking, _places_left_out(world, left, start=0), [])
    places = _places(ranking, evaluation, world)
    asked = _questions(ranking, lens, evaluation, world)
    return _keep(ranking, places, asked)


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}." if text else ""


def _named(text: str, world: items.World) -> str:
    """Say keys instead of places where items wait for each other in a circle."""
    head, colon, tail = text.partition("in a circle: ")
    if not colon:
        return text
    keys = [world.candidates[int(place)].key if place.isdecimal() else place for place in tail.split(" → ")]
    return f"{head}in a circle: {' → '.join(keys)}"


def _left_out(lens: Lens, item: methods.Item) -> str:
    try:
        return methods.problem(items.method_of(lens), item)
    except ValueError:
        return ""


def _places(ranking: Ranking, evaluation: Evaluation, world: items.World) -> list[Place]:
    study = ranks.study_ranks(scores=evaluation.scores, cut=ranking.cut)
    shares = questions.shares_of_doubt(evaluation)
    anyhow = _under_any_weights(evaluation, ranking)
    spans = {
        name: np.quantile(drawn, [0.1, 0.5, 0.9], axis=0)
        for name, drawn in (
            ("score", evaluation.scores),
            ("worth", evaluation.worth),
            ("cost", evaluation.cost),
        )
    }
    middles = spans["score"][1]
    order = np.lexsort((-middles, study.mean))
    ranking.runs, ranking.scored = study.runs, study.items
    ranking.left_out = len(evaluation.left_out)
    ranking.stability = study.stability
    ranking.price = questions.price_of_a_place(evaluation, cut=study.cut)
    ranking.bar = float(np.sort(middles)[::-1][study.cut - 1])
    found = [
        Place(
            record_id=world.candidates[evaluation.scored[at]].record_id,
            position=position,
            rank_low=int(study.low[at]),
            rank_middle=int(study.middle[at]),
            rank_high=int(study.high[at]),
            first=float(study.first[at]),
            top=float(study.top[at]),
            top_any_weights=None if anyhow is None else float(anyhow[at]),
            is_coin_flip=bool(study.coin_flips[at]),
            doubt={name: round(float(share[at]), 3) for name, share in shares.items() if share[at] > 0.005},
            **{
                f"{name}{ending}": float(span[level][at])
                for name, span in spans.items()
                for level, ending in enumerate(("_low", "", "_high"))
            },
        )
        for position, at in enumerate(order, start=1)
    ]
    return found + _places_left_out(world, dict(evaluation.left_out), start=len(found))


def _under_any_weights(evaluation: Evaluation, ranking: Ranking) -> Any:
    """Return each item's chance of a place under all weights alike; None where nothing is weighed."""
    try:
        scores = methods.scores_under_any_weights(evaluation, seed=ranking.lens_id)
    except (NotEnoughDataError, ValueError):
        return None
    return ranks.study_ranks(scores=scores, cut=ranking.cut).top


def _places_left_out(world: items.World, left: dict[int, str], *, start: int) -> list[Place]:
    return [
        Place(record_id=world.candidates[at].record_id, position=start + count, left_out=_sentence(why)[:300])
        for count, (at, why) in enumerate(sorted(left.items()), start=1)
    ]


def _questions(ranking: Ranking, lens: Lens, evaluation: Evaluation, world: items.World) -> list[Question]:
    try:
        asked = questions.worth_learning(
            evaluation, cut=lens.cut, studies=definitions.studies_of(lens.studies), seed=lens.pk
        )
    except NotEnoughDataError:
        return []
    ranking.everything, ranking.silent = asked.everything, asked.not_told_apart
    return [
        Question(
            record_id=world.candidates[evaluation.scored[one.item]].record_id,
            name=one.name,
            position=position,
            worth=one.worth.value,
            error=one.worth.error,
            chance=one.chance,
            offers=[
                {
                    "name": offer.study.name,
                    "kind": offer.study.kind,
                    "worth": offer.worth.value,
                    "error": offer.worth.error,
                    "cost": offer.study.cost,
                    "weeks": offer.study.weeks,
                    "net": offer.net,
                    "stands_out": offer.worth.stands_out,
                }
                for offer in sorted(one.offers, key=lambda offer: -offer.net)
            ],
        )
        for position, one in enumerate(asked.found[:200], start=1)
    ]


@transaction.atomic
def _keep(ranking: Ranking, places: Sequence[Place], asked: Sequence[Question]) -> Ranking:
    Lens.objects.select_for_update().get(pk=ranking.lens_id)
    old = Place.objects.filter(ranking_id=ranking.lens_id, rank_middle__isnull=False)
    before = dict(old.values_list("record_id", "position"))
    Place.objects.filter(ranking_id=ranking.lens_id).delete()
    Question.objects.filter(ranking_id=ranking.lens_id).delete()
    ranking.save()
    for place in places:
        place.ranking = ranking
        place.before = before.get(place.record_id)
    for question in asked:
        question.ranking = ranking
    Place.objects.bulk_create(places, batch_size=BATCH)
    Question.objects.bulk_create(asked, batch_size=BATCH)
    return ranking
