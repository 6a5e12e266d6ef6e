"""Roadmaps after value: how much less waiting costs than in WSJF order, in a person's order, and what a search takes.

    python benchmarks/value.py [--seconds 10]

Two WSJF orders: items by their epic's cost of delay over their own days, as tools that score items sort them; and whole
epics by cost of delay over all their work, each with what it waits for (stricter). Bar: at least 15% better than the
first on 500 items, never worse than the person's own order.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from benchmarks.roadmaps import roadmap

from roadbed_engines.schedule import arrays, reversing, sequencing, solving

ROOT = Path(__file__).resolve().parent.parent


def by_item(problem: arrays.Problem) -> np.ndarray:
    """Return the items by cost of delay over their own days; what they wait for comes before them, as it must."""
    a, least = problem.arrays, reversing.shortest(problem)
    worth = problem.value.copy()
    for j in problem.order[::-1]:
        for k in range(a.before_first[j], a.before_first[j + 1]):
            worth[a.before[k]] = max(worth[a.before[k]], worth[j])
    keys = [
        problem.plan.activities[int(j)].key for j in np.argsort(-worth / np.maximum(1, least), kind="stable")
    ]
    by_key = {activity.key: activity for activity in problem.plan.activities}
    ranked = type(problem.plan)(
        activities=tuple(by_key[key] for key in keys),
        pools=problem.plan.pools,
        dependencies=problem.plan.dependencies,
    )
    place = {activity.key: at for at, activity in enumerate(problem.plan.activities)}
    return np.array([place[keys[int(j)]] for j in arrays.build(ranked).order], dtype=np.int64)


def main() -> int:
    """Search, compare, judge."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=10.0)
    asked = parser.parse_args()
    results, holds = [], True
    for items, seed in ((100, 1), (500, 1), (500, 2), (500, 3), (2_000, 1)):
        problem, _ = solving.decode(roadmap(items=items, seed=seed))
        search = sequencing.Sequencing(problem)
        item, epic = search.cost(by_item(problem)), search.cost(sequencing.wsjf_order(problem))
        began = time.process_time()
        found = solving.solve(problem.plan, seconds=asked.seconds)
        used = time.process_time() - began
        print(
            f"{items:5} items: own order {found.own_cost:10,.0f}, WSJF by item {item:10,.0f}, by epic {epic:10,.0f}, "
            f"search {found.cost:10,.0f}: {1 - found.cost / item:.1%} and {1 - found.cost / epic:.1%} better than WSJF "
            f"({found.passes} passes, {used:.1f} CPU s; found by {found.found_by}, "
            + (
                "no bound known)"
                if found.gap is None
                else f"at most {found.gap:.1%} above the best possible)"
            ),
            flush=True,
        )
        holds &= found.cost <= found.own_cost and (items != 500 or found.cost <= 0.85 * item)
        results.append(
            {
                "items": items,
                "own": found.own_cost,
                "wsjf_item": item,
                "wsjf_epic": epic,
                "found": found.cost,
                "bound": found.cost_bound,
                "found_by": found.found_by,
            }
        )
    folder = ROOT / "benchmarks" / "results"
    folder.mkdir(exist_ok=True)
    (folder / "value.json").write_text(json.dumps(results, indent=1) + "\n")
    print("holds" if holds else "DOES NOT HOLD")
    return 0 if holds else 1


if __name__ == "__main__":
    sys.exit(main())
