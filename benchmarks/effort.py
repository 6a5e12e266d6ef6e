"""Packages of 40 SiP tasks, rolling: does the band from P10 to P85 (nominally 75%) hold 65 to 85%?

    python benchmarks/effort.py

Each package is forecast from tasks and packages that were finished before its first task was estimated. Beside it:
the same with independent estimates, which is what adding up ranges does.
"""

from __future__ import annotations

import csv
import json
import sys
from collections import defaultdict
from datetime import datetime
from pathlib import Path

import numpy as np

from roadbed_engines.forecast import effort

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT.parent / "shared" / "data" / "roadmap"
LEVELS = (0.1, 0.5, 0.85, 0.95)


def tasks() -> list[tuple[str, datetime, datetime, float, float]]:
    """Return (project, estimated, completed, estimate, actual) of each usable task, by completion."""

    def day(text: str) -> datetime:
        return datetime.strptime(text, "%d-%b-%y")  # noqa: DTZ007 - days without a zone

    with (DATA / "sip_est_act_dates.csv").open() as file:
        dates = {row["TaskNumber"]: row for row in csv.DictReader(file)}
    found = {}
    with (DATA / "sip_task_info.csv").open(encoding="latin-1") as file:
        for row in csv.DictReader(file):
            when = dates.get(row["TaskNumber"])
            estimate, actual = float(row["HoursEstimate"] or 0), float(row["HoursActual"] or 0)
            if when and when["CompletedOn"] and when["EstimateOn"] and estimate > 0 and actual > 0:
                found[row["TaskNumber"]] = (
                    row["ProjectCode"],
                    day(when["EstimateOn"]),
                    day(when["CompletedOn"]),
                    estimate,
                    actual,
                )
    return sorted(found.values(), key=lambda task: task[2])


def packages(every: list, size: int) -> list[tuple[datetime, datetime, effort.Package]]:
    """Return consecutive tasks of one project, (first estimated, last completed, package)."""
    by_project = defaultdict(list)
    for task in sorted(every, key=lambda task: task[1]):
        by_project[task[0]].append(task)
    found = []
    for own in by_project.values():
        for at in range(0, len(own) - size + 1, size):
            part = own[at : at + size]
            package = effort.Package(tuple(task[3] for task in part), tuple(task[4] for task in part))
            found.append((part[0][1], max(task[2] for task in part), package))
    return sorted(found, key=lambda package: package[0])


def main() -> int:
    """Forecast, score, judge."""
    if not DATA.is_dir():
        print(f"skipped: {DATA} is not here")
        return 0
    every = tasks()
    results, holds = {}, True
    for size in (10, 40):
        held = {"common factor": [], "independent": []}
        known = packages(every, size)
        for begun, _, package in known:
            ratios = [task[4] / task[3] for task in every if task[2] < begun][-1_000:]
            past = [other for _, ended, other in known if ended < begun][-60:]
            if len(ratios) < 100 or len(past) < effort.LEAST_PACKAGES:
                continue
            common = effort.learn_common(past=past, ratios=ratios)
            actual = sum(package.actuals)
            for name, shared in (("common factor", common), ("independent", None)):
                found = effort.package_at(
                    estimates=package.estimates, ratios=ratios, common=shared, levels=LEVELS
                )
                held[name].append([actual <= found[level] for level in LEVELS])
        for name, rows in held.items():
            cover = np.mean(rows, axis=0)
            band = float(cover[2] - cover[0])
            print(
                f"{size} tasks, {name:14} {len(rows):4} packages: "
                + ", ".join(
                    f"P{level * 100:.0f} {share:.3f}" for level, share in zip(LEVELS, cover, strict=True)
                )
                + f"; P10 to P85 holds {band:.1%}"
            )
            results[f"{size} {name}"] = {"packages": len(rows), "coverage": cover.tolist(), "band": band}
            if size == 40 and name == "common factor":
                holds &= 0.65 <= band <= 0.85
    folder = ROOT / "benchmarks" / "results"
    folder.mkdir(exist_ok=True)
    (folder / "effort.json").write_text(json.dumps(results, indent=1) + "\n")
    print("holds" if holds else "DOES NOT HOLD")
    return 0 if holds else 1


if __name__ == "__main__":
    sys.exit(main())
