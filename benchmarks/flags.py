"""Claim: a flag is asked at least 20 times as often a second as GrowthBook's client asks it, in one process and run.

    python benchmarks/flags.py

What is compared: from a flag's key and a user's attributes to the answer, both with one object that is used again, as
their documentation has it: `flags.ask(key, user)` here; `set_attributes(user)`, then `is_on(key)` there. Neither keeps
an answer from one user to the next. The rule is country == CA and half of the users by id; beside it a split of
everybody into two variants. Hashes differ (theirs is FNV-1a in Python, ours MurmurHash3 in C), so the same share of
users is on, but not the same users; theirs may call back on each experiment, and no callback is set.

Rounds of both alternate, in CPU time, so that what else the machine does counts little; users are few enough to stay
in the processor's cache, since a server has just read what it asks about. A ratio is the best round of one over the
best of the other; beside it stands the middle half of what the rounds gave one by one. Then 200 flags are asked at once
for one user. Writes benchmarks/results/flags.json, and ends with 1 where a claim does not hold.
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

USERS, ROUNDS = 2_000, 60
LEAST_RATIO, BULK_MS = 20.0, 0.3


SHORT, LONG = "short ids, all in CA", "UUIDs in four countries"
RULE, SPLIT = "country is CA, half", "everybody, two variants"


def compiled(count: int, kind: str = RULE) -> compiling.Compiled:
    """Return `count` flags with the same rule."""
    rule: dict[str, Any] = {"id": "r1", "condition": {"country": "CA"}, "variant": "on", "share": 0.5}
    if kind == SPLIT:
        rule = {"id": "r1", "experiment": "map", "split": {"on": 1, "off": 1}}
    flag = {"type": "boolean", "default": "off", "rules": [{**rule, "unit": "id"}]}
    flags = {f"flag-{number}": flag for number in range(count)}
    return compiling.compile_definitions(
        reading.read_definitions({"format": definitions.FORMAT, "flags": flags})
    )


def growthbook(count: int, kind: str = RULE) -> GrowthBook:
    """Return GrowthBook's client with the same rule."""
    rule: dict[str, Any] = {"condition": {"country": "CA"}, "force": True, "coverage": 0.5}
    if kind == SPLIT:
        rule = {"key": "map", "variations": [True, False], "weights": [0.5, 0.5], "hashVersion": 2}
    flag = {"defaultValue": False, "rules": [{**rule, "hashAttribute": "id"}]}
    return GrowthBook(features={f"flag-{number}": flag for number in range(count)})


def people(kind: str) -> list[dict[str, Any]]:
    """Return contexts: short ids all in Canada (the worst for us), or UUIDs in four countries."""
    draw = random.Random(7)  # noqa: S311 - test data
    if kind == SHORT:
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


def one_flag(rule: str, ids: str) -> dict[str, Any]:
    """Measure one flag for many users, both alternating."""
    ours, theirs, users = compiled(1, rule), growthbook(1, rule), people(ids)

    def ask_ours() -> int:
        on, ask = 0, ours.ask
        for user in users:
            if ask("flag-0", user).value:
                on += 1
        return on

    def ask_theirs() -> int:
        on, give, ask = 0, theirs.set_attributes, theirs.is_on
        for user in users:
            give(user)
            if ask("flag-0"):
                on += 1
        return on

    rounds = [(timed(ask_ours), timed(ask_theirs)) for _ in range(ROUNDS)]
    mine, other = min(own[0] for own, _ in rounds), min(their[0] for _, their in rounds)
    low, _, high = statistics.quantiles((their[0] / own[0] for own, their in rounds), n=4)
    return {
        "rule": rule,
        "ids": ids,
        "roadbed_per_s": USERS / mine,
        "growthbook_per_s": USERS / other,
        "ratio": other / mine,
        "ratio_middle_half": [low, high],
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
    rows = [one_flag(rule, ids) for rule, ids in ((RULE, SHORT), (RULE, LONG), (SPLIT, LONG))]
    found: dict[str, Any] = {"one_flag": rows, "bulk_200": bulk()}
    print(f"{'one flag':52}{'roadbed/s':>12}{'growthbook/s':>14}{'ratio':>7}{'middle half':>14}{'on':>16}")
    for row in rows:
        low, high = row["ratio_middle_half"]
        print(
            f"{row['rule'] + '; ' + row['ids']:52}{row['roadbed_per_s']:12,.0f}{row['growthbook_per_s']:14,.0f}"
            f"{row['ratio']:7.1f}{f'{low:.1f} to {high:.1f}':>14}"
            f"{row['roadbed_on']:9.1%} / {row['growthbook_on']:.1%}"
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
