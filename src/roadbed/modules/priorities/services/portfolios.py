"""Choose what to take on: make a portfolio, say who must be in, solve it, hand the answer to the roadmap."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from roadbed.core.accounts.actors import Actor
from roadbed.core.jobs import services as jobs
from roadbed.core.records import services as records
from roadbed.core.records.models import Record
from roadbed.core.workspaces.models import Workspace
from roadbed.modules.priorities.models import Choice, Lens, Pin, Place, Portfolio, Subject, Word
from roadbed.modules.priorities.selectors import items, proposals
from roadbed.modules.roadmap import facade as roadmap
from roadbed_engines.priority import delay, solving
from roadbed_engines.priority import portfolio as engine

NO_TEAM = "No team"
SECONDS = 10.0
MOST_PERIODS = 12
BATCH = 1_000
FIELDS = ("title", "lens", "periods", "capacity", "targets")


def _checked(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of a portfolio as they are stored.

    Raises
    ------
    ValidationError
        If there is no period, a capacity is no figure, or a target no share.
    """
    found = dict(values)
    if "periods" in found:
        found["periods"] = [str(name).strip()[:40] for name in found["periods"] if str(name).strip()]
        if not 1 <= len(found["periods"]) <= MOST_PERIODS:
            raise ValidationError({"periods": f"There are 1 to {MOST_PERIODS} periods."})
    if "capacity" in found:
        found["capacity"] = {
            str(team)[:200]: [_room(room, str(team)) for room in rooms]
            for team, rooms in found["capacity"].items()
        }
    if "targets" in found:
        found["targets"] = [_target(one) for one in found["targets"]]
    return found


def _room(value: Any, team: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1e9:
        raise ValidationError({"capacity": f"The room of {team[:60]} is a figure, not below 0."})
    return float(value)


def _target(one: Mapping[str, Any]) -> dict[str, Any]:
    least, most = one.get("least"), one.get("most")
    for share in (least, most):
        if share is not None and (not isinstance(share, int | float) or not 0 <= share <= 1):
            raise ValidationError({"targets": "A target is a share between 0 and 1."})
    if least is not None and most is not None and least > most:
        raise ValidationError({"targets": "The least share lies above the greatest."})
    return {"objective": str(one.get("objective") or "")[:300], "least": least, "most": most}


def _fits(lens: Lens, periods: Sequence[str], capacity: Mapping[str, Sequence[float]]) -> None:
    if lens.subject == Subject.NEEDS:
        raise ValidationError({"lens": "A portfolio is chosen from features: this lens ranks needs."})
    for team, rooms in capacity.items():
        if len(rooms) != len(periods):
            raise ValidationError(
                {"capacity": f"{team} has {len(rooms)} figures for {len(periods)} periods."}
            )


@transaction.atomic
def create_portfolio(
    *,
    workspace: Workspace,
    title: str,
    lens: Lens,
    periods: Sequence[str],
    capacity: Mapping[str, Sequence[float]],
    actor: Actor,
    at: datetime,
    targets: Sequence[Mapping[str, Any]] = (),
) -> Portfolio:
    """Make a portfolio, and choose.

    Raises
    ------
    ValidationError
        If the capacity does not fit the periods, or a figure is none.
    """
    values = _checked({"periods": periods, "capacity": capacity, "targets": targets})
    _fits(lens, values["periods"], values["capacity"])
    made = Portfolio(workspace=workspace, title=title, lens=lens, product=lens.product, **values)
    records.create_record(record=made, actor=actor, at=at)
    enqueue(made)
    return made


@transaction.atomic
def change_portfolio(
    *,
    portfolio: Portfolio,
    changes: Mapping[str, Any],
    actor: Actor,
    at: datetime,
    expected_version: int | None = None,
) -> Portfolio:
    """Change a portfolio, and choose anew."""
    unknown = set(changes) - set(FIELDS)
    if unknown:
        raise ValueError(f"{', '.join(sorted(unknown))} cannot be set like this")
    values = _checked(changes)
    _fits(
        values.get("lens", portfolio.lens),
        values.get("periods", portfolio.periods),
        values.get("capacity", portfolio.capacity),
    )
    before = portfolio.version
    records.change_record(
        record=portfolio, changes=values, actor=actor, at=at, expected_version=expected_version
    )
    if portfolio.version != before:
        enqueue(portfolio)
    return portfolio


def enqueue(portfolio: Portfolio) -> None:
    """Let a portfolio be chosen once this is committed."""
    jobs.enqueue_on_commit(
        "priorities.solve",
        workspace_id=portfolio.workspace_id,
        key=f"portfolio-{portfolio.pk}",
        portfolio_id=portfolio.pk,
    )


@transaction.atomic
def pin(*, portfolio: Portfolio, record: Record, word: str, actor: Actor, at: datetime) -> None:
    """Say that a record must be in, stays out, or (an empty word) is left to the sums.

    Raises
    ------
    ValidationError
        If there is no such word, or the record is no feature.
    """
    if word and word not in Word.values:
        raise ValidationError({"word": "A record must be in, stays out, or is left to the sums."})
    if record.kind != "feature" or record.workspace_id != portfolio.workspace_id:
        raise ValidationError({"record": f"{record.key} is no feature of this workspace."})
    before = Pin.objects.filter(portfolio=portfolio, record_id=record.pk).first()
    if (before.word if before else "") == word:
        return
    if before:
        before.delete()
    if word:
        Pin.objects.create(portfolio=portfolio, record_id=record.pk, word=word)
    facts = {record.key: [before.word if before else "", word]}
    records.record_activity(record=portfolio, actor=actor, verb="pinned", at=at, changes=facts)
    enqueue(portfolio)


def problem_of(portfolio: Portfolio) -> tuple[engine.Problem, dict[str, items.Candidate], dict[str, Place]]:
    """Return what the engine is asked, and the candidates and their places by key."""
    candidates = {one.record_id: one for one in items.candidates_of(portfolio.lens)}
    rows = Place.objects.filter(ranking_id=portfolio.lens_id, worth__isnull=False, record_id__in=candidates)
    places = {candidates[place.record_id].key: place for place in rows.order_by("position")}
    pins = dict(portfolio.pins.values_list("record_id", "word"))
    needs = items.needs_among(portfolio.workspace_id, dict.fromkeys(candidates, 0))
    objectives = items.objectives_of(portfolio.workspace_id)
    found = []
    for place in places.values():
        one = candidates[place.record_id]
        found.append(
            engine.Candidate(
                key=one.key,
                value=max(place.worth or 0.0, 0.0),
                effort={one.team or NO_TEAM: max(place.cost or 0.0, 0.0)},
                needs=tuple(candidates[before].key for before in needs.get(one.record_id, ())),
                must=pins.get(one.record_id) == Word.MUST,
                never=pins.get(one.record_id) == Word.NEVER,
                objective=objectives.get(one.record_id, one.area),
            )
        )
    targets = tuple(engine.Target(one["objective"], one["least"], one["most"]) for one in portfolio.targets)
    problem = engine.Problem(tuple(found), portfolio.capacity, targets)
    return problem, {one.key: one for one in candidates.values()}, places


def solve(*, portfolio: Portfolio, at: datetime, seconds: float = SECONDS) -> Portfolio:
    """Choose, and keep the choice with its reasons. What cannot be chosen leaves its reason instead."""
    problem, by_key, _ = problem_of(portfolio)
    chosen: list[Choice] = []
    portfolio.solved_at, portfolio.problem = at, ""
    portfolio.status, portfolio.value, portfolio.bound, portfolio.shares = "", 0.0, 0.0, []
    try:
        if not problem.candidates:
            raise engine.ImpossibleError("the lens has scored nothing yet: give its inputs first")
        found = solving.optimise(problem, seconds=seconds)
    except (engine.ImpossibleError, delay.CircleError, ValueError) as error:
        text = str(error)
        portfolio.problem = f"{text[:1].upper()}{text[1:]}."[:500]
    else:
        portfolio.status, portfolio.value, portfolio.bound = found.status, found.value, found.bound
        portfolio.shares = [
            {"objective": one.objective, "items": one.items, "effort": one.effort, "share": one.share,
             "least": one.least, "most": one.most, "off": one.off}
            for one in engine.allocations(problem, found.chosen)
        ]  # fmt: skip
        chosen = [
            Choice(
                portfolio=portfolio,
                record_id=by_key[one.key].record_id,
                period=found.chosen.get(one.key),
                worth=one.value,
                effort=sum(one.effort.values()),
                team=by_key[one.key].team or NO_TEAM,
                objective=one.objective,
                horizon=by_key[one.key].horizon,
                reason=found.reasons[one.key].words[:500],
            )
            for one in problem.candidates
        ]
    return _keep(portfolio, chosen)


@transaction.atomic
def _keep(portfolio: Portfolio, chosen: Sequence[Choice]) -> Portfolio:
    Portfolio.objects.select_for_update().get(pk=portfolio.pk)
    Choice.objects.filter(portfolio=portfolio).delete()
    Choice.objects.bulk_create(chosen, batch_size=BATCH)
    portfolio.save(update_fields=["status", "value", "bound", "solved_at", "problem", "shares"])
    return portfolio


@transaction.atomic
def accept(
    *, portfolio: Portfolio, record_ids: Collection[int] | None, actor: Actor, at: datetime
) -> tuple[int, str]:
    """Hand the proposal, or a part of it, to the roadmap; return how many moved, and the path that undoes it."""
    moves = {
        one.choice.record_id: one.to
        for one in proposals.moves(portfolio)
        if record_ids is None or one.choice.record_id in record_ids
    }
    moved, undo = roadmap.place_features(
        workspace_id=portfolio.workspace_id, horizons=moves, actor=actor, at=at
    )
    if moved:
        facts = {"moved": moved, "of": len(moves)}
        records.record_activity(record=portfolio, actor=actor, verb="accepted", at=at, changes=facts)
    return moved, undo


@transaction.atomic
def ask_anew(*, portfolio: Portfolio) -> None:
    """Let a portfolio be chosen anew, against the figures as they are."""
    enqueue(portfolio)
