"""Ten thousand futures of 500 and of 2,000 items with calendars, skills and limits; and one decode, as a drag asks for.

    python benchmarks/montecarlo.py [--runs 10000]

Bars: 500 items within 3 s, 2,000 within 12 s, one decode within 10 ms. Beside each stands what drawing the same random
numbers alone costs in the same run.
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

from roadbed_engines.schedule import decoder, futures, solving, uncertainty

ROOT = Path(__file__).resolve().parent.parent
BARS = {500: 3.0, 2_000: 12.0}


def clock() -> np.ndarray:
    """Return wall and CPU seconds."""
    return np.array([time.monotonic(), time.process_time()])


def run(items: int, runs: int) -> dict[str, float]:
    """Time one size."""
    plan = roadmap(items=items)
    estimates = {
        activity.key: uncertainty.Estimate(
            median=activity.modes[0].duration,
            sigma=0.6,
            factors=(next(iter(activity.modes[0].needs)).split("/")[0],),
        )
        for activity in plan.activities
        if activity.modes[0].duration
    }
    risks = [
        uncertainty.Risk(
            key=f"R-{at}", probability=0.2, low=2, likely=5, high=15, activities=(f"F-{at}", f"F-{at + 7}")
        )
        for at in range(0, items - 8, items // 10)
    ]
    unsure = uncertainty.Uncertainty(estimates=estimates, risks=risks)
    futures.simulate(plan, uncertainty=unsure, runs=20)
    began = clock()
    keys = [activity.key for activity in plan.activities]
    size = max(100, min(runs, futures.CHUNK_CELLS // len(keys)))
    for chunk, first in enumerate(range(0, runs, size)):
        uncertainty.draw_stretches(unsure, keys=keys, seed=0, runs=min(size, runs - first), chunk=chunk)
    drawn = clock() - began
    began = clock()
    targets = {"release": keys[: items // 4], "all": keys}
    found = futures.simulate(plan, uncertainty=unsure, targets=targets, runs=runs)
    all_of_it = clock() - began
    began = clock()
    found.drivers("all")
    driven = clock() - began
    problem, _ = solving.decode(plan)
    room = decoder.Room(problem.arrays)
    began = clock()
    for _ in range(20):
        room.decode(problem.arrays, problem.order, problem.duration)
    once = (clock() - began) / 20
    end = found.outlook("all")
    print(
        f"{items:5} items, {runs} runs: {all_of_it[0]:5.2f} s ({all_of_it[1]:5.2f} CPU); drawing alone "
        f"{drawn[0]:4.2f} s ({drawn[1]:4.2f} CPU), {all_of_it[1] / drawn[1]:4.1f}x; drivers {driven[0]:4.2f} s; one "
        f"decode {once[0] * 1e3:5.2f} ms; P50 {end.at(0.5)}, P85 {end.at(0.85)}, P95 {end.at(0.95)}"
    )
    return {
        "seconds": float(all_of_it[0]),
        "cpu": float(all_of_it[1]),
        "drawing": float(drawn[0]),
        "drawing_cpu": float(drawn[1]),
        "decode_ms": float(once[0] * 1e3),
        "decode_ms_cpu": float(once[1] * 1e3),
    }


def main() -> int:
    """Time both sizes, and judge by the CPU that two free cores would have given."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=10_000)
    asked = parser.parse_args()
    results = {items: run(items, asked.runs) for items in BARS}
    folder = ROOT / "benchmarks" / "results"
    folder.mkdir(exist_ok=True)
    (folder / "montecarlo.json").write_text(json.dumps(results, indent=1) + "\n")
    holds = all(
        min(found["seconds"], found["cpu"]) <= BARS[items] and found["decode_ms_cpu"] <= 10
        for items, found in results.items()
    )
    print("holds" if holds else "DOES NOT HOLD")
    return 0 if holds else 1


if __name__ == "__main__":
    sys.exit(main())
