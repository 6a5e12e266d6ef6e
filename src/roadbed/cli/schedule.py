"""`roadbed schedule`: put a plan in time, from a bare file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from roadbed.cli.exits import Exit, end
from roadbed.cli.output import print_json, print_table

if TYPE_CHECKING:
    from roadbed_engines.schedule.plan import Plan
    from roadbed_engines.schedule.solving import Schedule


def schedule(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="PSPLIB (.sm) or Patterson (.rcp), or a plan in our JSON.")
    ],
    seconds: Annotated[
        float, typer.Option("--seconds", "-s", min=0.1, max=86_400, help="How long to search, at most.")
    ] = 10.0,
    seed: Annotated[int, typer.Option("--seed", min=0, max=2_147_483_647, help="Of all chance in it.")] = 0,
    proof: Annotated[
        bool, typer.Option("--proof/--no-proof", help="Let the exact solver help, and prove what it can.")
    ] = True,
    as_json: Annotated[bool, typer.Option("--json", help="For a program.")] = False,
) -> None:
    """Put a plan in time: who starts what on which day, and how much better it could be at most.

    A plan in JSON whose activities have a `value` is put in time so that value comes early; any other so that it ends
    early. Days count from 0; a finish is the first day after.

    Examples:

        roadbed schedule j1201_1.sm --seconds 10 --json
        roadbed schedule plan.json --seconds 5
    """
    from roadbed_engines.schedule.plan import PlanError

    text = _text(file)
    try:
        plan = _read(text)
        found = _solve(plan, seconds=seconds, seed=seed, proof=proof)
    except PlanError as error:
        end(Exit.FAILURE, f"{file.name}: {error}.")
    _tell(plan, found, as_json=as_json)


def _text(file: Path) -> str:
    try:
        return file.read_bytes().decode("utf-8-sig", errors="replace")
    except OSError as error:
        return end(Exit.FAILURE, f"{file} cannot be read: {error.strerror}.")


def _read(text: str) -> Plan:
    from roadbed_engines.schedule import documents, patterson, psplib
    from roadbed_engines.schedule.plan import PlanError

    if patterson.looks_like(text):
        return patterson.read(text)
    if not text.lstrip().startswith(("{", "[")):
        return psplib.read(text)
    try:
        return documents.read(json.loads(text))
    except json.JSONDecodeError as error:
        raise PlanError(f"this is no JSON: {error}") from None


def _solve(plan: Plan, *, seconds: float, seed: int, proof: bool) -> Schedule:
    from roadbed_engines.schedule import solving

    return solving.solve(plan, seconds=seconds, seed=seed, prove=proof)


def _tell(plan: Plan, found: Schedule, *, as_json: bool) -> None:
    rows: list[dict[str, Any]] = [
        {
            "key": activity.key,
            **({"name": activity.name} if activity.name else {}),
            "start": start,
            "finish": finish,
            **({"mode": mode} if len(activity.modes) > 1 else {}),
        }
        for activity, start, finish, mode in zip(
            plan.activities, found.starts, found.finishes, found.modes, strict=True
        )
    ]
    if as_json:
        print_json(
            {
                "makespan": found.makespan,
                "bound": found.bound,
                "optimal": found.is_optimal,
                **(_cost(found) if found.own_cost else {}),
                "starts": {row["key"]: row["start"] for row in rows},
                "activities": rows,
                "seed": found.seed,
                "passes": found.passes,
            }
        )
        return
    print_table(
        ["activity", "starts on day", "is done by day"],
        [
            (f"{row['key']} {row.get('name', '')}".strip(), str(row["start"]), str(row["finish"]))
            for row in sorted(rows, key=lambda row: (row["start"], row["finish"]))
        ],
    )
    if found.own_cost:
        typer.echo(
            f"Done by day {found.makespan}. Waiting costs {found.cost:,.0f}, in the plan's own order "
            f"{found.own_cost:,.0f}: {1 - found.cost / found.own_cost:.0%} less."
        )
        typer.echo(_how_good(found))
    elif found.is_optimal:
        typer.echo(f"Done by day {found.makespan}; no order is shorter, and that is proven.")
    else:
        typer.echo(
            f"Done by day {found.makespan}; day {found.bound} is the earliest that is not ruled out "
            f"({found.makespan / max(1, found.bound) - 1:.1%} earlier at most)."
        )


def _cost(found: Schedule) -> dict[str, Any]:
    return {
        "cost": found.cost,
        "cost_in_own_order": found.own_cost,
        "cost_bound": found.cost_bound or None,
        "gap": None if found.gap is None else round(found.gap, 5),
        "found_by": found.found_by,
    }


def _how_good(found: Schedule) -> str:
    if found.gap is None:
        return "How much cheaper another order could be is not known."
    if found.gap < 0.0005:
        return "No order is cheaper, and that is proven."
    return f"No order costs less than {found.cost_bound:,.0f}; this one is {found.gap:.1%} above that."
