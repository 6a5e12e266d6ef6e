"""Why each item of a portfolio is in or out."""

from __future__ import annotations

from collections.abc import Mapping

from roadbed_engines.priority.portfolio import EPSILON, Candidate, Problem, Reason, closure


def explain(problem: Problem, chosen: Mapping[str, int]) -> dict[str, Reason]:
    """Return why each candidate is in or out."""
    by_key = {one.key: one for one in problem.candidates}
    needed_by: dict[str, list[str]] = {}
    for key in chosen:
        for before in by_key[key].needs:
            needed_by.setdefault(before, []).append(key)
    left = {
        team: sum(row) - sum(by_key[key].effort.get(team, 0.0) for key in chosen)
        for team, row in problem.capacity.items()
    }
    holders = {by_key[key].group: key for key in chosen if by_key[key].group}
    return {
        one.key: _why_in(one, needed_by.get(one.key, []))
        if one.key in chosen
        else _why_out(one, problem, by_key, chosen, left, holders)
        for one in problem.candidates
    }


def _figure(value: float) -> str:
    """Write a figure in few digits, and never with an exponent: 0.4, 12.5, 1,630."""
    return f"{value:,.0f}" if abs(value) >= 1_000 else f"{value:.3g}"


def _why_in(one: Candidate, needed_by: list[str]) -> Reason:
    if one.must:
        return Reason("It is a must.")
    total = sum(one.effort.values())
    if needed_by:
        others = ", ".join(sorted(needed_by)[:3])
        return Reason(f"{others} {'needs' if len(needed_by) == 1 else 'need'} it.", tuple(sorted(needed_by)))
    if total <= 0:
        return Reason("It takes no effort.")
    return Reason(f"It is worth {_figure(one.value / total)} for each unit of effort, and there is room.")


def _why_out(
    one: Candidate,
    problem: Problem,
    by_key: Mapping[str, Candidate],
    chosen: Mapping[str, int],
    left: Mapping[str, float],
    holders: Mapping[str, str],
) -> Reason:
    if one.never:
        return Reason("It was ruled out by hand.")
    if one.value <= 0:
        return Reason("It is worth nothing by itself, and nothing that was chosen needs it.")
    lost = [name for name in one.needs if name not in by_key]
    if lost:
        return Reason(f"It needs {lost[0]}, which is no candidate.", (lost[0],))
    if one.group and one.group in holders:
        other = holders[one.group]
        return Reason(f"{other} was chosen, and they are alternatives.", (other,))
    missing = [key for key in closure(one.key, by_key)[:-1] if key not in chosen]
    ruled = [key for key in missing if by_key[key].never]
    if ruled:
        return Reason(f"It needs {ruled[0]}, which was ruled out.", (ruled[0],))
    asked: dict[str, float] = {}
    for key in [*missing, one.key]:
        for team, effort in by_key[key].effort.items():
            asked[team] = asked.get(team, 0.0) + effort
    short = [team for team, effort in asked.items() if effort > left.get(team, 0.0) + EPSILON]
    with_needs = f" with {', '.join(missing[:3])}, which it needs," if missing else ""
    if not short:
        # It fits the sum of what is left, but no period, or a target keeps it out.
        return Reason(
            f"It{with_needs} fits no single period, or its objective has its share already.", tuple(missing)
        )
    team = max(short, key=lambda name: asked[name] - left.get(name, 0.0))
    lack = asked[team] - left.get(team, 0.0)
    gone = _cheapest_room(team, lack, by_key, chosen)
    has = _figure(max(left.get(team, 0.0), 0.0))
    words = f"It{with_needs} asks {_figure(asked[team])} of {team}, which has {has} left."
    if gone:
        freed = sum(by_key[key].value for key in gone)
        own = one.value + sum(by_key[key].value for key in missing)
        worth = f"worth {_figure(freed)} to its {_figure(own)}"
        words += f" To make room {' and '.join(gone[:3])} would have to go, {worth}."
    return Reason(words, (*missing, *gone))


def _cheapest_room(
    team: str, lack: float, by_key: Mapping[str, Candidate], chosen: Mapping[str, int]
) -> tuple[str, ...]:
    """Return the chosen items of least value for the room they hold that would free enough, if three do."""
    needed = {before for key in chosen for before in by_key[key].needs}
    holders = [
        by_key[key]
        for key in chosen
        if by_key[key].effort.get(team, 0.0) > 0 and not by_key[key].must and key not in needed
    ]
    single = [one for one in holders if one.effort[team] >= lack - EPSILON]
    if single:
        return (min(single, key=lambda one: (one.value, one.key)).key,)
    found: list[str] = []
    for one in sorted(holders, key=lambda one: (one.value / one.effort[team], one.key))[:3]:
        found.append(one.key)
        lack -= one.effort[team]
        if lack <= EPSILON:
            return tuple(found)
    return ()
