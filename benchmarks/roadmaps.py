"""Roadmaps made up by a generator: teams, skills, calendars, epics, dependencies."""

from __future__ import annotations

import numpy as np

from roadbed_engines.schedule.plan import Absence, Activity, Dependency, Mode, Plan, Pool

WEEK = (1.0, 1.0, 1.0, 1.0, 1.0, 0.0, 0.0)


def roadmap(*, items: int, seed: int = 1, per_epic: int = 12) -> Plan:
    """Return a plan of so many items: team skills, holidays and leave, and an epic to every dozen items.

    Two thirds of an edge an item, mostly within the epic. An epic's value is spread over a factor of a hundred; it
    comes when the last of its items is done.
    """
    chance = np.random.default_rng(seed)
    teams = max(2, items // 50 if items <= 1_000 else items // 80)
    skills = ("web", "api", "data", "mobile")
    holidays = tuple(
        Absence(first=int(day), until=int(day) + 1) for day in sorted(chance.choice(400, 12, replace=False))
    )
    pools = []
    for team in range(teams):
        for skill in skills:
            people = int(chance.integers(1, 4))
            leave = tuple(
                Absence(first=int(first), until=int(first) + int(chance.integers(3, 15)), amount=1)
                for first in chance.integers(0, 400, 2 * people)
            )
            pools.append(Pool(key=f"T{team}/{skill}", capacity=people, week=WEEK, absences=holidays + leave))
        pools.append(Pool(key=f"T{team}/open", capacity=6, is_limit=True))
    activities, ties = [], []
    epics = max(1, items // per_epic)
    members: list[list[str]] = [[] for _ in range(epics)]
    homes = chance.integers(0, teams, size=(epics, 2))
    for number in range(items):
        epic = int(chance.integers(0, epics))
        team = int(homes[epic][int(chance.random() < 0.3)])
        skill = skills[int(chance.choice(4, p=[0.35, 0.35, 0.15, 0.15]))]
        needs = {f"T{team}/{skill}": 1.0, f"T{team}/open": 1.0}
        days = int(np.clip(np.round(chance.lognormal(1.4, 0.6)), 1, 30))
        key = f"F-{number}"
        activities.append(Activity(key=key, modes=(Mode(duration=days, needs=needs),)))
        if members[epic] and chance.random() < 0.55:
            ties.append(Dependency(before=str(chance.choice(members[epic])), after=key))
        if number and chance.random() < 0.11:
            ties.append(Dependency(before=f"F-{int(chance.integers(0, number))}", after=key))
        members[epic].append(key)
    for epic, keys in enumerate(members):
        if keys:
            value = float(np.round(chance.lognormal(1.0, 1.2), 2)) + 0.1
            activities.append(Activity(key=f"E-{epic}", modes=(Mode(duration=0),), value=value))
            ties += [Dependency(before=key, after=f"E-{epic}") for key in keys]
    return Plan(activities=tuple(activities), pools=tuple(pools), dependencies=tuple(ties))
