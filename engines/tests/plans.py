"""Plans for the tests of schedules: a random one of every kind, and a judge that knows nothing of the decoder."""

from __future__ import annotations

from hypothesis import strategies as st

from roadbed_engines.schedule.plan import Absence, Activity, Dependency, Mode, Plan, Pool, Relation

KINDS = list(Relation)


@st.composite
def plans(draw, *, plain=False, values=False):
    """Any plan that can be met: two pools and a limit, calendars, modes, lags of either sign, fixed starts."""
    size = draw(st.integers(1, 9))
    pools = (
        Pool(
            key="web",
            capacity=draw(st.integers(2, 4)),
            week=() if plain else draw(st.sampled_from([(), (1, 1, 1, 1, 1, 0, 0), (1, 0.5, 1, 1, 1, 0, 0)])),
            absences=() if plain else draw(st.sampled_from([(), (Absence(first=3, until=6),)])),
        ),
        Pool(
            key="api",
            capacity=2,
            absences=() if plain else draw(st.sampled_from([(), (Absence(first=2, until=9, amount=1),)])),
        ),
        Pool(key="open", capacity=draw(st.integers(1, 4)), is_limit=True),
    )
    activities, ties = [], []
    for at in range(size):
        modes = tuple(
            Mode(
                duration=draw(st.integers(0, 5)),
                needs={
                    "web": draw(st.integers(0, 2)),
                    "api": draw(st.integers(0, 2)),
                    "open": draw(st.integers(0, 1)),
                },
            )
            for _ in range(1 if plain else draw(st.integers(1, 2)))
        )
        activities.append(
            Activity(
                key=f"F-{at}",
                modes=modes,
                earliest=0 if plain else draw(st.sampled_from([0, 0, 0, 4])),
                fixed=None if plain or at else draw(st.sampled_from([None, 0, 3])),
                pauses=(not plain and draw(st.booleans())) or plain,
                value=float(draw(st.integers(0, 9))) if values else 0.0,
            )
        )
        for before in range(at):
            if draw(st.integers(0, 3)) == 0:
                ties += [
                    Dependency(
                        before=f"F-{before}",
                        after=f"F-{at}",
                        relation=Relation.FINISH_START if plain else draw(st.sampled_from(KINDS)),
                        lag=0 if plain else draw(st.integers(-2, 3)),
                    )
                ]
    return Plan(activities=tuple(activities), pools=pools, dependencies=tuple(ties))


def there(pool, day):
    """Return what a pool has on a day, read off the plan."""
    if pool.is_limit:
        return pool.capacity
    found = pool.capacity * (pool.week[day % 7] if pool.week else 1)
    for absence in pool.absences:
        if absence.first <= day < absence.until:
            found -= found if absence.amount is None else absence.amount
    return max(0, found)


def faults(plan, starts, finishes, modes):
    """Return all rules that a schedule breaks."""
    found = []
    pools = {pool.key: pool for pool in plan.pools}
    used: dict[tuple[str, int], float] = {}
    start = {a.key: s for a, s in zip(plan.activities, starts, strict=True)}
    finish = {a.key: f for a, f in zip(plan.activities, finishes, strict=True)}
    free = {a.key for a in plan.activities if a.fixed is None}
    for activity, mode in zip(plan.activities, modes, strict=True):
        key, way = activity.key, activity.modes[mode]
        if activity.fixed is not None and start[key] != activity.fixed:
            found.append(f"{key} was fixed")
        if activity.fixed is None and start[key] < activity.earliest:
            found.append(f"{key} starts too early")
        worked = 0
        for day in range(start[key], finish[key]):
            here = [
                p
                for p, amount in way.needs.items()
                if not pools[p].is_limit and there(pools[p], day) < amount
            ]
            rests = activity.pauses and bool(here)
            worked += not rests
            for pool, amount in way.needs.items():
                if not rests or pools[pool].is_limit:
                    used[pool, day] = used.get((pool, day), 0) + (amount if key in free else 0)
        if worked != way.duration:
            found.append(f"{key} worked {worked} of {way.duration} days")
    for (pool, day), amount in used.items():
        if amount > there(pools[pool], day) + 1e-6:
            found.append(f"{pool} gives {amount} on day {day}")
    for tie in plan.dependencies:
        if tie.after not in free:
            continue
        one = finish[tie.before] if tie.relation in ("FS", "FF") else start[tie.before]
        other = start[tie.after] if tie.relation in ("FS", "SS") else finish[tie.after]
        if other < one + tie.lag:
            found.append(f"{tie} is broken")
    return found
