"""Ten thousand futures of a plan: when each activity, release and objective is done, how surely, and because of what.

Each future draws how long everything takes, which risks strike and who falls ill, and puts the whole plan in time
anew with the decoder that the plan itself was made with. All teams share each future: a release is done in
it when its last activity is, whichever team that is, so no percentile is ever built from percentiles.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from roadbed_engines.schedule.arrays import FARTHEST, Integers, Problem, build
from roadbed_engines.schedule.decoder import Room
from roadbed_engines.schedule.outlooks import Forecast, Outlook
from roadbed_engines.schedule.plan import Plan, PlanError, check
from roadbed_engines.schedule.running import Days, decode_many
from roadbed_engines.schedule.solving import decode as decode_plan
from roadbed_engines.schedule.uncertainty import Draws, Uncertainty, draw_stretches, generator

RUNS = 10_000
CHUNK_CELLS = 12_000_000
ROOMY = 2.0
"""The calendars of a future reach so many times as far as the plan; one that needs more is decoded again."""
TRACED = 1_000
"""In so many futures the chain that sets the end is followed back."""
YEAR = 260


def simulate(
    plan: Plan,
    *,
    uncertainty: Uncertainty,
    targets: Mapping[str, Sequence[str]] | None = None,
    runs: int = RUNS,
    seed: int = 0,
    order: Sequence[int] | None = None,
    threads: int = 2,
) -> Forecast:
    """Put a plan in time in many futures.

    Parameters
    ----------
    plan : Plan
        Decoded in its rank, as the plan on the screen is.
    uncertainty : Uncertainty
    targets : mapping, optional
        Releases and objectives: what each is called, and the activities it is done with.
    runs, seed : int
        The same seed gives the same futures, whatever else is in the plan.
    order : sequence of int, optional
        Another sequence of the activities, such as one that a search found.
    threads : int
        How many to use; the answer does not depend on it.

    Raises
    ------
    PlanError
        See `plan.check`; also where the uncertainty names what is not in the plan.

    Examples
    --------
    >>> from roadbed_engines.schedule.plan import Activity, Mode
    >>> from roadbed_engines.schedule.uncertainty import Estimate
    >>> one = Plan(activities=(Activity(key="F-1", modes=(Mode(duration=10),)),))
    >>> sure = simulate(one, uncertainty=Uncertainty(), runs=100)
    >>> sure.outlook("F-1").at(0.85), sure.outlook("F-1").by(9)
    (10, 0.0)
    >>> unsure = Uncertainty(estimates={"F-1": Estimate(median=10, sigma=0.5)})
    >>> 15 < simulate(one, uncertainty=unsure, runs=4_000).outlook("F-1").at(0.85) < 19
    True
    """
    check(plan)
    targets = targets or {}
    _check_names(plan, uncertainty, targets)
    problem, room = decode_plan(plan)
    span = int(ROOMY * room.finish.max()) + 20
    sequence = problem.order if order is None else np.array(order, dtype=np.int64)
    keys = [activity.key for activity in plan.activities]
    finishes: Days = np.empty((runs, len(keys)), dtype=np.int32)
    took: Days = np.empty((runs, len(keys)), dtype=np.int32)
    struck = np.zeros((len(uncertainty.risks), runs), dtype=np.bool_)
    critical = np.zeros(len(keys), dtype=np.int64)
    size = max(100, min(runs, CHUNK_CELLS // len(keys)))
    short = build(plan, days=span)
    for chunk, begin in enumerate(range(0, runs, size)):
        part = slice(begin, min(runs, begin + size))
        stretches, added, struck[:, part] = draw_stretches(
            uncertainty, keys=keys, seed=seed, runs=part.stop - begin, chunk=chunk, threads=threads
        )
        _scale(stretches, problem, uncertainty, keys)
        away = _sickness(short, uncertainty, seed=seed, runs=part.stop - begin, chunk=chunk)
        critical += _decode_chunk(
            short,
            sequence,
            (np.ascontiguousarray(stretches.T), np.ascontiguousarray(added.T) if len(added) else added),
            away,
            (finishes[part], took[part]),
            traced=max(0, TRACED - begin),
            threads=threads,
        )
    at = {key: position for position, key in enumerate(keys)}
    return Forecast(
        activities=tuple(Outlook(key, finishes[:, position]) for key, position in at.items()),
        targets=tuple(
            Outlook(name, finishes[:, [at[key] for key in members]].max(axis=1))
            for name, members in targets.items()
        ),
        criticality={key: critical[position] / min(runs, TRACED) for key, position in at.items()},
        seed=seed,
        runs=runs,
        took=took,
        struck=struck,
        risks=tuple(risk.key for risk in uncertainty.risks),
    )


def _check_names(plan: Plan, uncertainty: Uncertainty, targets: Mapping[str, Sequence[str]]) -> None:
    known = {activity.key for activity in plan.activities}
    pools = {pool.key for pool in plan.pools}
    named = [("an estimate", key) for key in uncertainty.estimates]
    named += [(risk.key, key) for risk in uncertainty.risks for key in risk.activities]
    named += [(name, key) for name, members in targets.items() for key in members]
    for what, key in named:
        if key not in known:
            raise PlanError(f"{what} names {key}, which is no activity of the plan")
    for key in uncertainty.sickness:
        if key not in pools:
            raise PlanError(f"absences name {key}, which is no pool of the plan")
    for name, members in targets.items():
        if not members:
            raise PlanError(f"{name} has no activities: nothing says when it is done")


def _scale(stretches: Draws, problem: Problem, uncertainty: Uncertainty, keys: Sequence[str]) -> None:
    """Make the stretches multiply the planned days of the first mode rather than the median."""
    for at, key in enumerate(keys):
        estimate = uncertainty.estimates.get(key)
        planned = int(problem.duration[problem.arrays.mode_first[at]])
        if estimate is not None and planned > 0:
            stretches[at] *= np.float32(estimate.median / planned)


def _sickness(
    problem: Problem, uncertainty: Uncertainty, *, seed: int, runs: int, chunk: int
) -> tuple[Integers, Integers]:
    """Return the absences nobody planned: rows of (pool, day, until, amount), and where each future's begin."""
    if not uncertainty.sickness:
        return np.zeros(0, dtype=np.int64), np.zeros(1, dtype=np.int64)
    rows = []
    for pool, each in enumerate(problem.plan.pools):
        sickness = uncertainty.sickness.get(each.key)
        if sickness is None or sickness.spells_a_year <= 0:
            continue
        chance = generator(seed, "sickness", each.key, chunk)
        mean = sickness.spells_a_year * each.capacity * problem.days / YEAR
        counts = chance.poisson(mean, runs)
        total = int(counts.sum())
        first = chance.integers(0, problem.days, total)
        days = chance.geometric(1 / max(1.0, sickness.days), total)
        run = np.repeat(np.arange(runs), counts)
        rows.append(
            np.stack(
                [
                    run,
                    np.full(total, pool),
                    first,
                    first + days,
                    np.full(total, min(each.capacity, 1) * problem.scale),
                ]
            )
        )
    if not rows:
        return np.zeros(0, dtype=np.int64), np.zeros(1, dtype=np.int64)
    every = np.concatenate(rows, axis=1).astype(np.int64)
    every = every[:, np.argsort(every[0], kind="stable")]
    firsts = np.searchsorted(every[0], np.arange(runs + 1)).astype(np.int64)
    return np.ascontiguousarray(every[1:].T).reshape(-1), firsts


def _decode_chunk(
    problem: Problem,
    order: Integers,
    drawn: tuple[Draws, Draws],
    away: tuple[Integers, Integers],
    out: tuple[Days, Days],
    *,
    traced: int,
    threads: int,
) -> Integers:
    """Decode a chunk of futures side by side; those that run off the calendar again, on a longer one."""
    runs = len(out[0])
    edges = [runs * part // threads for part in range(threads + 1)]
    spans = list(itertools.pairwise(edges))
    with ThreadPoolExecutor(threads) as pool:
        parts = list(
            pool.map(lambda span: _decode_span(problem, order, drawn, away, out, span, traced), spans)
        )
    critical: Integers = np.sum(parts, axis=0)
    longer = problem
    while (lost := np.flatnonzero(out[0][:, 0] < 0)).size:
        if longer.days * 2 > FARTHEST:
            raise PlanError(f"in {lost.size} of {runs} futures the plan never ends")
        longer = build(longer.plan, days=longer.days * 2)
        for run in lost:
            span = (int(run), int(run) + 1)
            critical += _decode_span(longer, order, drawn, away, out, span, traced)
    return critical


def _decode_span(
    problem: Problem,
    order: Integers,
    drawn: tuple[Draws, Draws],
    away: tuple[Integers, Integers],
    out: tuple[Days, Days],
    span: tuple[int, int],
    traced: int,
) -> Integers:
    a = problem.arrays._replace(capacity=problem.arrays.capacity.copy())
    room = Room(a)
    critical = np.zeros(len(order), dtype=np.int64)
    mode_of = np.repeat(np.arange(len(order)), np.diff(a.mode_first)).astype(np.int64)
    decode_many(
        a,
        order,
        problem.duration,
        mode_of,
        drawn[0],
        drawn[1],
        span[0],
        span[1],
        away[0],
        away[1],
        room.left,
        room.full_until,
        room.start,
        room.finish,
        room.chosen,
        out[0],
        out[1],
        critical,
        traced,
    )
    return critical
