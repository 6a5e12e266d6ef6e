"""Claim: a flag is asked at least 20 times as often a second as GrowthBook's client asks it, in one process and run.

    python benchmarks/flags.py

The rule is country == CA and half of the users by id; GrowthBook's client is one object that is used again
(`set_attributes`, `is_on`), as its documentation has it. Rounds of both alternate. Then 200 flags are asked at once for
one user. Prints a table with ratios, writes benchmarks/results/flags.json, and ends with 1 where a claim does not hold.
"""

from __future__ import annotations

import json
import random
import statistics
import sys
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

from growthbook import GrowthBook

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "engines" / "src"))
sys.path.insert(0, str(ROOT))

from roadbed_engines.flags import compiling, definitions, reading  # noqa: E402 - the path comes first

USERS, ROUNDS = 20_000, 7
LEAST_RATIO, BULK_MS = 20.0, 0.3


def compiled(count: int) -> compiling.Compiled:
    """Return `count` flags with the same rule."""
    flag = {
        "type": "boolean",
        "default": "off",
        "rules": [{"id": "r1", "condition": {"country": "CA"}, "variant": "on", "share": 0.5, "unit": "id"}],
    }
    flags = {f"flag-{number}": flag for number in range(count)}
    return compiling.compile_definitions(
        reading.read_definitions({"format": definitions.FORMAT, "flags": flags})
    )


def growthbook(count: int) -> GrowthBook:
    """Return GrowthBook's client with the same rule."""
    rule = {"condition": {"country": "CA"}, "force": True, "coverage": 0.5, "hashAttribute": "id"}
    features = {f"flag-{number}": {"defaultValue": False, "rules": [rule]} for number in range(count)}
    return GrowthBook(features=features)


def people(kind: str) -> list[dict[str, Any]]:
    """Return contexts: short ids all in Canada (the worst for us), or UUIDs in four countries."""
    draw = random.Random(7)  # noqa: S311 - test data
    if kind == "short ids, all in CA":
        return [{"id": f"u{number}", "country": "CA"} for number in range(USERS)]
    countries = ["CA", "US", "NL", "DE"]
    return [
        {"id": str(uuid.UUID(int=draw.getrandbits(128))), "country": countries[number % 4]}
        for number in range(USERS)
    ]


def timed(work: Callable[[], int]) -> tuple[float, int]:
    """Return CPU seconds, and what the work counted."""
    began = time.process_time()
    counted = work()
    return time.process_time() - began, counted


def one_flag(kind: str) -> dict[str, Any]:
    """Measure one flag for many users, both alternating."""
    ours, theirs, users = compiled(1), growthbook(1), people(kind)

    def ask_ours() -> int:
        ask = ours.ask
        return sum(1 for user in users if ask("flag-0", user).value)

    def ask_theirs() -> int:
        on = 0
        for user in users:
            theirs.set_attributes(user)
            on += theirs.is_on("flag-0")
        return on

    rounds = [(timed(ask_ours), timed(ask_theirs)) for _ in range(ROUNDS)]
    mine = statistics.median(own[0] for own, _ in rounds)
    other = statistics.median(their[0] for _, their in rounds)
    return {
        "case": kind,
        "roadbed_per_s": USERS / mine,
        "growthbook_per_s": USERS / other,
        "ratio": statistics.median(their[0] / own[0] for own, their in rounds),
        "roadbed_on": rounds[0][0][1] / USERS,
        "growthbook_on": rounds[0][1][1] / USERS,
    }


def bulk() -> dict[str, Any]:
    """Measure 200 flags for one user."""
    ours, theirs = compiled(200), growthbook(200)
    user = {"id": str(uuid.UUID(int=1)), "country": "CA"}
    theirs.set_attributes(user)
    for _ in range(50):
        ours.ask_all(user)
    mine = statistics.median(timed(lambda: len(ours.ask_all(user)))[0] for _ in range(500))
    keys = list(ours.flags)
    other = statistics.median(timed(lambda: sum(theirs.is_on(key) for key in keys))[0] for _ in range(30))
    return {"roadbed_ms": mine * 1_000, "growthbook_ms": other * 1_000, "ratio": other / mine}


def main() -> int:
    """Measure, print and judge."""
    rows = [one_flag("short ids, all in CA"), one_flag("UUIDs in four countries")]
    found: dict[str, Any] = {"one_flag": rows, "bulk_200": bulk()}
    print(f"{'one flag':28}{'roadbed/s':>14}{'growthbook/s':>14}{'ratio':>8}{'on':>16}")
    for row in rows:
        shares = f"{row['roadbed_on']:.1%} / {row['growthbook_on']:.1%}"
        print(
            f"{row['case']:28}{row['roadbed_per_s']:14,.0f}{row['growthbook_per_s']:14,.0f}"
            f"{row['ratio']:8.1f}{shares:>16}"
        )
    many = found["bulk_200"]
    print(
        f"\n200 flags at once: {many['roadbed_ms']:.3f} ms; growthbook {many['growthbook_ms']:.2f} ms "
        f"(ratio {many['ratio']:.1f})"
    )
    holds = all(row["ratio"] >= LEAST_RATIO for row in rows) and many["roadbed_ms"] < BULK_MS
    print(f"at least {LEAST_RATIO:.0f}× and under {BULK_MS} ms: {'holds' if holds else 'DOES NOT HOLD'}")
    results = ROOT / "benchmarks" / "results"
    results.mkdir(exist_ok=True)
    (results / "flags.json").write_text(json.dumps(found, indent=2), encoding="utf-8")
    return 0 if holds else 1


if __name__ == "__main__":
    sys.exit(main())
