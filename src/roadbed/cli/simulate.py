"""`roadbed simulate`: how sure each date of a plan is, from a bare file."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from roadbed.cli.exits import Exit, end
from roadbed.cli.output import print_json, print_table

if TYPE_CHECKING:
    from roadbed_engines.schedule.doubting import Doubted
    from roadbed_engines.schedule.outlooks import Forecast

WHOLE = "the whole plan"
NAMED = {"p50": 0.5, "p85": 0.85, "p95": 0.95}
SHOWN = 3


def simulate(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A plan in our JSON.")],
    runs: Annotated[
        int, typer.Option("--runs", "-n", min=100, max=200_000, help="How many futures.")
    ] = 10_000,
    seed: Annotated[int, typer.Option("--seed", min=0, max=2_147_483_647, help="Of all chance in it.")] = 0,
    drivers: Annotated[
        int,
        typer.Option("--drivers", "-k", min=0, max=50, help="How many of what moves a date most to tell."),
    ] = SHOWN,
    as_json: Annotated[bool, typer.Option("--json", help="For a program.")] = False,
) -> None:
    """Put a plan in time in many futures: when each item, release and objective is done, how surely, and why.

    Estimates are ranges, risks strike or do not, people fall ill, scope grows; all teams share each future. Days count
    from 0 and a finish is the first day after, unless the plan has a `start`: then they are dates, and a date is the
    last day. Chances are of keeping what is promised (`due`).

    Examples:

        roadbed simulate plan.json
        roadbed simulate plan.json --runs 20000 --seed 7 --json
    """
    from roadbed_engines.schedule import doubting, futures
    from roadbed_engines.schedule.plan import PlanError

    try:
        document = json.loads(file.read_bytes().decode("utf-8-sig", errors="replace"))
    except OSError as error:
        end(Exit.FAILURE, f"{file} cannot be read: {error.strerror}.")
    except json.JSONDecodeError as error:
        end(Exit.FAILURE, f"{file.name}: this is no JSON: {error}.")
    try:
        read = doubting.read(document)
        targets = {one.key: one.members for one in read.targets}
        targets[WHOLE] = tuple(one.key for one in read.plan.activities)
        found = futures.simulate(
            read.plan, uncertainty=read.uncertainty, targets=targets, runs=runs, seed=seed
        )
    except PlanError as error:
        end(Exit.FAILURE, f"{file.name}: {error}.")
    _tell(read, found, most=drivers, as_json=as_json)


def _tell(read: Doubted, found: Forecast, *, most: int, as_json: bool) -> None:
    doubt = bool(read.uncertainty.estimates or read.uncertainty.risks or read.uncertainty.sickness)
    targets: list[dict[str, Any]] = [
        {
            "key": one.key,
            **({"name": one.name} if one.name else {}),
            "kind": one.kind,
            **_outlook(found, one.key, due=one.due, first=read.first, most=most),
        }
        for one in read.targets
    ]
    targets.append(
        {"key": WHOLE, "kind": "plan", **_outlook(found, WHOLE, due=None, first=read.first, most=most)}
    )
    activities = [
        {
            "key": one.key,
            **({"name": one.name} if one.name else {}),
            **_outlook(
                found, one.key, due=one.due, first=read.first, most=most if one.due is not None else 0
            ),
            "critical": round(found.criticality[one.key], 3),
        }
        for one in read.plan.activities
    ]
    promises = {
        one["key"]: one["due_day"] for one in (*activities, *targets) if one.get("due_day") is not None
    }
    kept = round(found.all_kept(promises), 4) if promises else None
    if as_json:
        print_json(
            {
                "runs": found.runs,
                "seed": found.seed,
                "start": read.first.isoformat() if read.first else None,
                "is_uncertain": doubt,
                "targets": targets,
                "activities": activities,
                "promises": len(promises),
                "all_promises_kept": kept,
            }
        )
        return
    for rows in (activities, targets):
        print_table(
            ["", "50%", "85%", "95%", "promised", "chance"],
            [_row(one) for one in rows],
            title="" if rows is targets else f"{found.runs:,} futures",
        )
    if kept is not None and len(promises) > 1:
        typer.echo(f"All {len(promises)} promises are kept together in {kept:.0%} of the futures.")
    if moved := targets[-1]["drivers"]:
        said = ", ".join(f"{one['key']} by {one['days']:.0f} days" for one in moved)
        typer.echo(f"What moves the end most, between its best and worst tenths: {said}.")
    if not doubt:
        typer.echo(
            "Nothing in this plan is uncertain, so all futures are the same: give estimates as ranges."
        )


def _row(one: dict[str, Any]) -> tuple[str, ...]:
    shown = one.get("dates") or one
    due = one.get("due")
    chance = one.get("chance")
    return (
        f"{one['key']} {one.get('name', '')}".strip(),
        *(str(shown[name]) for name in NAMED),
        "" if due is None else str(due),
        "" if chance is None else f"{chance:.0%}",
    )


def _outlook(found: Forecast, key: str, *, due: int | None, first: date | None, most: int) -> dict[str, Any]:
    outlook = found.outlook(key)
    days = {name: outlook.at(level) for name, level in NAMED.items()}
    said: dict[str, Any] = {**days, "mean": round(float(outlook.days.mean()), 1)}
    if first is not None:
        said["dates"] = {name: _date(first, day) for name, day in days.items()}
    if due is not None:
        said["due_day"] = due
        said["due"] = due if first is None else _date(first, due)
        said["chance"] = round(outlook.by(due), 4)
    if most:
        said["drivers"] = [
            {
                "key": one.key,
                "kind": one.kind,
                "days": round(one.days, 1),
                "correlation": round(one.correlation, 3),
            }
            for one in found.drivers(key, most=most)
        ]
    return said


def _date(first: date, finish: int) -> str:
    return (first + timedelta(days=finish - 1 if finish else 0)).isoformat()
