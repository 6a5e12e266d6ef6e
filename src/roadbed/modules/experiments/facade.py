"""The only door of experiments for its siblings and for the flag server, and its part of the evidence chain."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from roadbed.analytics.events.event import EXPOSURE, Event
from roadbed.core.accounts.actors import SYSTEM
from roadbed.core.evidence.registry import EvidenceItem, Part, Provider, Stage
from roadbed.core.records.models import Link, Relation
from roadbed.modules.experiments import selectors, services
from roadbed.modules.experiments.models import Environment, EnvironmentKey, ExposureLog, Flag, FlagState


@dataclass(frozen=True, slots=True)
class PublishedKey:
    """A key that opens an environment: its hash, its kind and, for a browser's, the sites that may use it."""

    key_hash: str
    kind: str
    origins: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Published:
    """All that a flag server needs of one environment."""

    environment_id: int
    revision: int
    changed_at: datetime
    document: Mapping[str, Any]
    keys: tuple[PublishedKey, ...]
    workspace_id: int
    exposures: tuple[str, ...]
    """Flags whose evaluations are to be written down as exposures; ``*`` for all of them."""


def revisions() -> dict[int, int]:
    """Return the revision of every open environment, in one query: what a server asks once a second."""
    rows = Environment.objects.filter(removed_at__isnull=True, workspace__closed_at__isnull=True)
    return dict(rows.values_list("pk", "revision"))


def published(environment_id: int) -> Published | None:
    """Return what is live in an environment; None where it is closed."""
    rows = Environment.objects.filter(removed_at__isnull=True, workspace__closed_at__isnull=True)
    environment = rows.filter(pk=environment_id).first()
    if environment is None:
        return None
    keys = EnvironmentKey.objects.filter(environment=environment, revoked_at__isnull=True)
    logs = ExposureLog.objects.filter(environment=environment).values_list("flag__flag_key", flat=True)
    return Published(
        workspace_id=environment.workspace_id,
        exposures=tuple(sorted(key or "*" for key in logs)),
        environment_id=environment.pk,
        revision=environment.revision,
        changed_at=environment.changed_at,
        document=selectors.document_of(environment),
        keys=tuple(PublishedKey(key.key_hash, key.kind, tuple(key.origins)) for key in keys),
    )


@dataclass(frozen=True, slots=True)
class Exposure:
    """That a unit was given a variant by a flag."""

    workspace_id: int
    environment: str
    flag: str
    variant: str
    unit: str
    unit_type: str
    at: datetime


def keep_exposures(exposures: Sequence[Exposure], *, key: str, at: datetime) -> None:
    """Keep exposures of one workspace as events, durably.

    Raises
    ------
    BusyError
        If too much waits to be moved.
    """
    services.take_exposures(
        workspace_id=exposures[0].workspace_id,
        exposures=[
            Event(
                id=f"{key}:{place}",
                name=EXPOSURE,
                time=one.at,
                unit=one.unit,
                unit_type=one.unit_type,
                flag=one.flag,
                variant=one.variant,
                environment=one.environment,
            )
            for place, one in enumerate(exposures)
        ],
        key=key,
        at=at,
    )


def report_sample(
    *, workspace_id: int, flag_key: str, environment: str, rule: str, units: int, at: datetime
) -> bool:
    """Say how many units a ramp's step has seen; True where it went on. The analysis of experiments calls this."""
    flag = selectors.access_flag(workspace_id=workspace_id, key=flag_key)
    place = selectors.access_environment(workspace_id=workspace_id, key=environment)
    done = services.reach_sample(flag=flag, environment=place, rule=rule, units=units, actor=SYSTEM, at=at)
    return done is not None


def report_guardrail(
    *, workspace_id: int, flag_key: str, environment: str, rule: str, why: str, at: datetime
) -> bool:
    """Roll a ramp back because a guardrail says so; True where it was not stopped before."""
    flag = selectors.access_flag(workspace_id=workspace_id, key=flag_key)
    place = selectors.access_environment(workspace_id=workspace_id, key=environment)
    done = services.roll_back(flag=flag, environment=place, rule=rule, why=why, actor=SYSTEM, at=at)
    return done is not None


def evidence_for(
    workspace_id: int, workspace: str, record_ids: Collection[int]
) -> Mapping[int, Sequence[EvidenceItem]]:
    """Return Shipped for what flags deliver or test: to whom they are on. Three queries."""
    rows = Link.objects.filter(
        workspace_id=workspace_id,
        target_id__in=record_ids,
        relation__in=[Relation.TESTS, Relation.DELIVERS],
        source__kind="flag",
    )
    pairs = list(rows.values_list("source_id", "target_id"))
    if not pairs:
        return {}
    flags = {
        flag.pk: flag
        for flag in Flag.objects.in_workspace(workspace_id).filter(pk__in=[one for one, _ in pairs])
    }
    states: dict[int, list[FlagState]] = defaultdict(list)
    live = FlagState.objects.filter(flag_id__in=flags, environment__removed_at__isnull=True)
    for state in live.select_related("environment").order_by("environment__position", "environment_id"):
        states[state.flag_id].append(state)
    found: dict[int, list[EvidenceItem]] = defaultdict(list)
    for source_id, target_id in pairs:
        flag = flags.get(source_id)
        own = states.get(source_id) or []
        on = [state for state in own if state.is_on]
        if flag is None or not on:
            continue
        places = ", ".join(
            f"{state.environment.name} ({f'everybody gets {state.gives}' if state.gives else 'some'})"
            for state in on
        )
        found[target_id].append(
            EvidenceItem(
                record_id=target_id,
                stage=Stage.SHIPPED,
                headline=f"{flag.title} is on",
                detail=places,
                strength="full" if own[-1].is_on and own[-1].gives else "partial",
                key=flag.key,
                url=f"/w/{workspace}/experiments/flags/{flag.key.lower()}/",
                at=max(state.published_at for state in on),
                parts=tuple(
                    Part(label=state.environment.name, value=f"revision {state.revision}") for state in own
                ),
                method="As the flag is published in each environment; who gets what is on its page.",
            )
        )
    return found


def works_for(
    workspace_id: int, workspace: str, record_ids: Collection[int]
) -> Mapping[int, Sequence[EvidenceItem]]:
    """Return Works for what experiments test: what the newest readout shows, and what was decided. Three queries."""
    rows = Link.objects.filter(
        workspace_id=workspace_id,
        target_id__in=record_ids,
        relation=Relation.TESTS,
        source__kind="experiment",
        source__deleted_at__isnull=True,
    )
    pairs = list(rows.values_list("source_id", "target_id"))
    if not pairs:
        return {}  # most records are tested by nothing, and the next statement takes longer to write than to ask
    wanted = selectors.filter_experiments(workspace_id=workspace_id, filters={})
    wanted = wanted.filter(pk__in={one for one, _ in pairs}, started_at__isnull=False)
    found: dict[int, list[EvidenceItem]] = defaultdict(list)
    experiments = {experiment.pk: experiment for experiment in wanted}
    for source_id, target_id in pairs:
        if (experiment := experiments.get(source_id)) is not None:
            url = f"/w/{workspace}/experiments/{experiment.key.lower()}/"
            found[target_id].append(_works(experiment, target_id, url))
    return found


def _works(experiment: Any, target_id: int, url: str) -> EvidenceItem:
    decision = getattr(experiment, "decision", None)
    wanted = (decision.variant if decision else "") or experiment.read_variant
    own = [one for one in experiment.read_summary or [] if one["role"] == "primary"]
    line = next((one for one in own if one["variant"] == wanted), own[0] if own else None)
    if (result := getattr(experiment, "past_result", None)) is not None:
        return _worked(experiment, result, target_id, url)
    told = line is not None and line["text"] and experiment.read_is_trusted
    name = selectors.PLANS.get(experiment.plan, "")
    if told and line is not None:
        headline = f"{line['metric']} {line['text']}"
        detail = f"{name} {100 * (1 - experiment.alpha):g}%"
    elif experiment.read_is_trusted is False:
        headline, detail = experiment.title, "measured, and not to be trusted: its checks failed"
    else:
        headline, detail = experiment.title, "running, nothing can be told yet"
    if decision is not None:
        detail += f"; decided: {decision}" + (", against the recommendation" if decision.differs else "")
    elif experiment.read_verdict:
        detail += f"; recommended: {experiment.read_verdict} {experiment.read_variant or ''}".rstrip()
    return EvidenceItem(
        record_id=target_id,
        stage=Stage.WORKS,
        headline=headline,
        detail=detail,
        strength="full" if told and decision is not None else "partial",
        key=experiment.key,
        url=url,
        at=decision.at if decision else experiment.read_at or experiment.started_at,
        parts=tuple(
            Part(
                label=f"{one['metric']}, {one['variant']}", value=one["text"] or f"refused: {one['refused']}"
            )
            for one in experiment.read_summary or []
        ),
        method="The newest readout of the experiment; its page says what it rests on.",
    )


def _worked(experiment: Any, result: Any, target_id: int, url: str) -> EvidenceItem:
    """Return what an experiment showed that ran elsewhere: somebody said so, and no data are here to read again."""
    interval = f"{selectors.percent(result.low).removesuffix('%')} to {selectors.percent(result.high)}"
    return EvidenceItem(
        record_id=target_id,
        stage=Stage.WORKS,
        headline=f"{result.metric} {selectors.percent(result.lift)} ({interval})",
        detail=f"brought in from elsewhere; decided: {experiment.decision}",
        strength="partial",
        key=experiment.key,
        url=url,
        at=experiment.stopped_at,
        parts=(),
        method="As it was brought in: its data are not here.",
    )


PROVIDER = Provider(name="experiments", stages=(Stage.SHIPPED,), collect=evidence_for)
WORKS = Provider(name="experiments that ran", stages=(Stage.WORKS,), collect=works_for)
