"""Claims: 500 items ranked from ranges in 1.5 s; the worth of a study within 3% of the closed form; the best portfolio
of 500 items, proven, in 10 s.

    python benchmarks/priority.py [--quick]

Prints a table, writes benchmarks/results/priority.json, and ends with 1 where a claim does not hold. Judged in CPU
seconds of the process, or of the solver's own, so that a busy machine changes nothing; seconds on the clock beside.
"""

from __future__ import annotations

import json
import math
import resource
import sys
import time
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "engines" / "src"))

from roadbed_engines.priority import (  # noqa: E402 - the path comes first
    greedy,
    learning,
    methods,
    portfolio,
    ranges,
    ranks,
    solving,
)
from roadbed_engines.priority.ranges import Range  # noqa: E402

ITEMS, RUNS = 500, 10_000


def rice() -> dict[str, float]:
    """Draw and rank 500 items with three ranges each, beside drawing the random numbers alone."""
    chance = np.random.default_rng(7)

    def about(middle: float, spread: float) -> Range:
        return Range(low=middle / spread, high=middle * spread)

    items = [
        methods.Item(
            {
                "reach": about(float(chance.lognormal(5, 1)), 1.9),
                "impact": about(float(chance.choice([0.25, 0.5, 1, 2, 3])), 1.7),
                "confidence": ranges.exactly(1.0),
                "effort": about(float(chance.lognormal(1, 0.8)), 1.9),
            }
        )
        for _ in range(ITEMS)
    ]
    began = time.process_time()
    numbers = np.random.default_rng(1)
    for _ in range(3):
        np.exp(numbers.standard_normal((RUNS, ITEMS)))
    drawing = time.process_time() - began
    began = time.process_time()
    found = methods.evaluate(method=methods.METHODS["rice"], items=items, runs=RUNS, seed=1)
    study = ranks.study_ranks(scores=found.scores, cut=50)
    spent = time.process_time() - began
    middles = np.argsort([-float(np.median(found.scores[:, place])) for place in range(ITEMS)])[:50]
    return {
        "cpu_seconds": spent,
        "drawing_alone": drawing,
        "ratio": spent / drawing,
        "places_held_by_the_middles": float(study.top[middles].mean()),
        "coin_flips": float(study.coin_flips.sum()),
    }


def study_worth() -> dict[str, float]:
    """Return the worst relative error against the closed form (mean of 8 runs), and how true the errors are."""
    worst = beyond = 0.0
    for mean, other in ((0.0, 0.0), (0.5, 0.3), (-0.5, 0.0), (0.8, 0.0)):
        for size in (1, 5, 30):
            exact = learning.sample_of_normal(mean=mean, sd=1.0, other=other, noise=2.0, size=size)
            found = []
            for seed in range(8):
                chance = np.random.default_rng(seed)
                truth = chance.normal(mean, 1.0, 100_000)
                seen = truth + chance.normal(0, 2.0 / math.sqrt(size), 100_000)
                benefit = np.column_stack([np.full(len(truth), other), truth])
                found.append(learning.sample(benefit=benefit, summary=seen))
            middle = sum(one.value for one in found) / len(found)
            worst = max(worst, abs(middle / exact - 1))
            beyond += sum(abs(one.value - exact) > 2 * one.error for one in found)
    return {"worst_error": worst, "beyond_two_errors": beyond / 96}


def many(items: int, *, seed: int, teams: int = 5, periods: int = 1) -> portfolio.Problem:
    """Make a portfolio as the anchor's: five teams, 30% with a prerequisite, some alternatives, room for two fifths."""
    chance = np.random.default_rng(seed)
    names = [f"Team {number + 1}" for number in range(teams)]
    found = []
    for place in range(items):
        effort = {names[place % teams]: float(np.round(chance.lognormal(1, 0.6), 1) + 0.5)}
        if chance.random() < 0.3:
            effort[names[int(chance.integers(teams))]] = float(np.round(chance.lognormal(0.5, 0.5), 1) + 0.5)
        needs = (f"F-{int(chance.integers(place))}",) if place and chance.random() < 0.3 else ()
        group = f"group {place // 50}" if place % 50 in {0, 1} else ""
        value = float(np.round(sum(effort.values()) * chance.lognormal(1, 0.6), 1))
        found.append(portfolio.Candidate(f"F-{place}", value, effort, needs=needs, group=group))
    asked = {name: sum(one.effort.get(name, 0.0) for one in found) for name in names}
    capacity = {name: [round(asked[name] * 0.4 / periods, 1)] * periods for name in names}
    return portfolio.Problem(tuple(found), capacity)


def best_portfolio(*, seed: int, periods: int = 1, items: int = ITEMS) -> dict[str, float | str]:
    """Optimise one portfolio, and compare the greedy one."""
    problem = many(items, seed=seed, periods=periods)
    began = time.process_time()
    quick = greedy.choose(problem)
    greedy_seconds = time.process_time() - began
    began, spent = time.perf_counter(), _children()
    found = solving.optimise(problem, seconds=60.0)
    return {
        "cpu_seconds": _children() - spent,
        "seconds": time.perf_counter() - began,
        "status": found.status,
        "gap": found.gap,
        "greedy_of_best": quick.value / found.value,
        "greedy_cpu": greedy_seconds,
    }


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main() -> int:
    """Measure, print and judge."""
    quick = "--quick" in sys.argv
    results: dict[str, dict[str, float | str]] = {"RICE, 500 items x 10,000": dict(rice())}
    results["EVSI against the closed form"] = dict(study_worth())
    for seed in (1,) if quick else (1, 2, 3, 4):
        results[f"portfolio, 500 items, 5 teams, {seed}"] = best_portfolio(seed=seed)
    if not quick:
        results["portfolio, 500 items, 5 teams, 3 periods"] = best_portfolio(seed=1, periods=3)
        results["portfolio, 2,000 items, 5 teams"] = best_portfolio(seed=1, items=2_000)
    for name, row in results.items():
        told = "  ".join(
            f"{key} {value:.4g}" if isinstance(value, float) else f"{key} {value}"
            for key, value in row.items()
        )
        print(f"{name:44} {told}")
    proven = [
        row
        for name, row in results.items()
        if name.startswith("portfolio, 500 items, 5 teams, ") and "periods" not in name
    ]
    holds = (
        float(results["RICE, 500 items x 10,000"]["cpu_seconds"]) <= 1.5
        and float(results["EVSI against the closed form"]["worst_error"]) <= 0.03
        and all(row["status"] == "optimal" and float(row["cpu_seconds"]) <= 10 for row in proven)
    )
    target = ROOT / "benchmarks" / "results" / "priority.json"
    target.parent.mkdir(exist_ok=True)
    target.write_text(json.dumps(results, indent=1), encoding="utf-8")
    print("holds" if holds else "does not hold")
    return 0 if holds else 1


if __name__ == "__main__":
    sys.exit(main())
