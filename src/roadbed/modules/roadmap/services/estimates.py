"""Saying how much work a feature is; alone, or several people without seeing each other's figures."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from roadbed.core.accounts.actors import Actor
from roadbed.core.records import services as records
from roadbed.core.workspaces.models import Member
from roadbed.modules.roadmap import selectors
from roadbed.modules.roadmap.models import Deed, Estimate, EstimateRound, Feature, Opinion, Origin
from roadbed.modules.roadmap.services import deeds
from roadbed_engines import effort
from roadbed_engines.errors import NotEnoughDataError
from roadbed_engines.priority.ranges import Range

LONGEST = 20_000.0
"""Person-days; more is no feature but a company."""
NEEDED: Mapping[str, tuple[str, ...]] = {
    Origin.THREE_POINT: ("low", "likely", "high"),
    Origin.RANGE: ("low", "high", "confidence"),
    Origin.POINTS: ("points",),
    Origin.REFERENCE: (),
}
WORDS = {
    "low": "the low end",
    "likely": "the likely value",
    "high": "the high end",
    "confidence": "how sure",
    "points": "the points",
}


def figures_of(origin: str, said: Mapping[str, Any]) -> dict[str, float]:
    """Return the figures that a way to estimate needs, or refuse in words."""
    errors: dict[str, str] = {}
    found: dict[str, float] = {}
    for name in NEEDED[origin]:
        value = said.get(name)
        if value is None or value == "":
            if name == "confidence":
                found[name] = 80.0
                continue
            errors[name] = f"Say {WORDS[name]}."
            continue
        found[name] = float(value)
        if not 0 < found[name] <= LONGEST:
            errors[name] = "This must be more than nothing, and at most 20,000."
    if "confidence" in found and not 1 <= found["confidence"] <= 99:
        errors["confidence"] = "Between 1 and 99 percent: nobody is certain."
    if not errors and "high" in found and found["low"] > found["high"]:
        errors["low"] = (
            f"The low end ({found['low']:g} days) lies above the high end ({found['high']:g} days). "
            "Low is what it rarely needs less than, high what it rarely needs more than."
        )
    elif not errors and "likely" in found and not found["low"] <= found["likely"] <= found["high"]:
        errors["likely"] = (
            f"The likely value ({found['likely']:g}) lies outside {found['low']:g} to {found['high']:g} days."
        )
    if errors:
        raise ValidationError(errors)
    return found


def work_out(
    *, feature: Feature, origin: str, said: Mapping[str, Any]
) -> tuple[effort.Effort, dict[str, Any]]:
    """Return the effort that something said stands for, and what to keep of how it was come by. Writes nothing.

    Raises
    ------
    ValidationError
        If a figure is missing or out of order, or the history cannot support the way to estimate.
    """
    if origin not in NEEDED:
        raise ValidationError({"origin": "There is no such way to estimate."})
    given = figures_of(origin, said)
    kept: dict[str, Any] = dict(given)
    if origin == Origin.THREE_POINT:
        return effort.of_three_points(**given), kept
    if origin == Origin.RANGE:
        return effort.of_range(Range(given["low"], given["high"], None, given["confidence"] / 100)), kept
    if origin == Origin.POINTS:
        if feature.team_id is None:
            raise ValidationError({"points": "Points are a team's own: say first which team builds it."})
        scale = selectors.point_scale(team_id=feature.team_id)
        if scale.effort is None:
            raise ValidationError({"points": scale.reason})
        kept |= {
            "a_point": [scale.effort.p10, scale.effort.p50, scale.effort.p90],
            "from": scale.source,
            "items": scale.items,
        }
        return effort.of_points(points=given["points"], a_point=scale.effort), kept
    members = selectors.reference_class(feature=feature)
    try:
        found = effort.of_class([one.days for one in members])
    except NotEnoughDataError as error:
        raise ValidationError({"origin": f"{str(error)[:1].upper()}{str(error)[1:]}."}) from error
    kept["class"] = selectors.class_words(feature)
    kept["items"] = [[one.key, one.days] for one in members]
    return found, kept


def _put(
    *,
    feature: Feature,
    origin: str,
    found: effort.Effort,
    said: Mapping[str, Any],
    note: str,
    actor: Actor,
    at: datetime,
) -> tuple[Estimate, Deed]:
    stored = Feature.objects.select_for_update().get(pk=feature.pk)
    before = Estimate.objects.filter(feature=feature, is_current=True).first()
    if before is not None:
        Estimate.objects.filter(pk=before.pk).update(is_current=False)
    estimate = Estimate(
        feature=stored,
        origin=origin,
        p10=found.p10,
        p50=found.p50,
        p90=found.p90,
        mean=found.mean,
        said=dict(said),
        note=" ".join(note.split()),
        at=at,
        by_id=actor.user_id,
        by_name=actor.name[:120],
    )
    estimate.full_clean(validate_constraints=False)
    estimate.save(force_insert=True)
    records.touch_record(record=feature, actor=actor, at=max(at, stored.created_at))
    records.record_activity(
        record=feature,
        actor=actor,
        verb="estimated",
        at=at,
        changes={"effort": [words(before) if before else None, words(estimate)]},
    )
    step = deeds.Step(
        id=feature.pk,
        kind="feature",
        life="estimated",
        before={"estimate": before.pk if before else None},
        after={"estimate": estimate.pk},
    )
    summary = f"Estimated {feature.key} at {words(estimate)}."
    return estimate, deeds.keep(
        workspace_id=feature.workspace_id, summary=summary, steps=[step], actor=actor, at=at
    )


def words(estimate: Estimate) -> str:
    """Return an estimate as a person would say it."""
    if estimate.p10 == estimate.p90:
        return f"{estimate.p50:.3g} days"
    return f"{estimate.p10:.3g} to {estimate.p90:.3g} days"


@transaction.atomic
def estimate_feature(
    *, feature: Feature, origin: str, said: Mapping[str, Any], actor: Actor, at: datetime, note: str = ""
) -> tuple[Estimate, Deed]:
    """Say how much work a feature is; the estimate before stays in its history.

    Parameters
    ----------
    origin : str
        `Origin`, but for ``experts``: those come out of a round.
    said : mapping
        ``low, likely, high`` in person-days; or ``low, high, confidence`` (percent); or ``points``; or nothing for the
        reference class.

    Raises
    ------
    ValidationError
        As `work_out`.
    """
    found, kept = work_out(feature=feature, origin=origin, said=said)
    return _put(feature=feature, origin=origin, found=found, said=kept, note=note, actor=actor, at=at)


def take_back(*, step: deeds.Step, feature: Feature, actor: Actor, at: datetime) -> bool:
    """Let the estimate before be the current one again, where the step's still is."""
    changed = Estimate.objects.filter(pk=step.after["estimate"], is_current=True).update(is_current=False)
    if not changed:
        return False
    before = Estimate.objects.filter(pk=step.before["estimate"]).first()
    if before is not None:
        Estimate.objects.filter(pk=before.pk).update(is_current=True)
    records.touch_record(record=feature, actor=actor, at=at)
    records.record_activity(
        record=feature,
        actor=actor,
        verb="took back the estimate",
        at=at,
        changes={"effort": [None, words(before) if before else None]},
    )
    return True


@transaction.atomic
def start_round(
    *,
    feature: Feature,
    members: Collection[Member],
    actor: Actor,
    at: datetime,
    question: str = "",
) -> EstimateRound:
    """Ask several people for a feature's effort, each without seeing the others' figures.

    Raises
    ------
    ValidationError
        If nobody is asked, somebody is no member here, or a round is going on.
    """
    people = [one for one in members if one.workspace_id == feature.workspace_id and one.removed_at is None]
    if not people:
        raise ValidationError({"asked": "Choose who is to be asked."})
    if EstimateRound.objects.filter(feature=feature, opened_at__isnull=True).exists():
        raise ValidationError("A round on this feature is going on. Open it first.")
    found = EstimateRound(
        feature=feature,
        question=" ".join(question.split()),
        started_at=at,
        started_by_id=actor.user_id,
    )
    found.full_clean()
    found.save()
    found.asked.set(people)
    records.record_activity(
        record=feature,
        actor=actor,
        verb="asked for estimates",
        at=at,
        changes={"asked": [one.name for one in people]},
    )
    return found


@transaction.atomic
def give_opinion(
    *,
    round: EstimateRound,
    member: Member,
    low: float,
    likely: float,
    high: float,
    actor: Actor,
    at: datetime,
    note: str = "",
) -> Opinion:
    """Say one's own three figures in a round; saying them again replaces them until it is opened.

    Raises
    ------
    ValidationError
        If the round was opened, the member was not asked, or the figures are out of order.
    """
    round = EstimateRound.objects.select_for_update().get(pk=round.pk)
    if not round.is_open:
        raise ValidationError("This round was opened: everybody's figures are shown, and none can be added.")
    if not round.asked.filter(pk=member.pk).exists():
        raise ValidationError("You were not asked in this round.")
    figures_of(Origin.THREE_POINT, {"low": low, "likely": likely, "high": high})
    opinion, _ = Opinion.objects.update_or_create(
        round=round,
        member=member,
        defaults={
            "p10": low,
            "p50": likely,
            "p90": high,
            "note": " ".join(note.split())[:500],
            "said_at": at,
        },
    )
    # The history says that they spoke, not what they said: the figures are hidden until the round is opened.
    records.record_activity(record=round.feature, actor=actor, verb="gave an estimate", at=at)
    return opinion


@transaction.atomic
def open_round(*, round: EstimateRound, actor: Actor, at: datetime) -> tuple[Estimate, Deed]:
    """Show everybody's figures, and let them together be the feature's estimate.

    Raises
    ------
    ValidationError
        If it was opened already, or fewer than two people have spoken.
    """
    round = EstimateRound.objects.select_for_update().select_related("feature").get(pk=round.pk)
    if not round.is_open:
        raise ValidationError("This round was opened already.")
    said = list(round.opinions.select_related("member__user"))
    if len(said) < 2:
        raise ValidationError(
            f"{len(said)} of {round.asked.count()} have said how much it is; two are needed, "
            "or it is one person's estimate."
        )
    found = effort.of_people([effort.of_quantiles(p10=one.p10, p50=one.p50, p90=one.p90) for one in said])
    kept = {
        "people": [
            {"name": one.member.name, "p10": one.p10, "p50": one.p50, "p90": one.p90, "note": one.note}
            for one in said
        ],
        "asked": round.asked.count(),
    }
    feature = round.feature
    estimate, deed = _put(
        feature=feature,
        origin=Origin.EXPERTS,
        found=found,
        said=kept,
        note=round.question,
        actor=actor,
        at=at,
    )
    EstimateRound.objects.filter(pk=round.pk).update(opened_at=at, estimate=estimate)
    return estimate, deed


@transaction.atomic
def cancel_round(*, round: EstimateRound, actor: Actor, at: datetime) -> None:
    """End a round without a result; what was said in it is gone."""
    if not round.is_open:
        raise ValidationError("This round was opened already.")
    feature = round.feature
    round.delete()
    records.record_activity(record=feature, actor=actor, verb="ended the round of estimates", at=at)
