"""Claim: importing 100,000 pieces of feedback takes at most 6 times what a bare executemany takes, in under 400 MB.

    python benchmarks/import_feedback.py [--rows 100000]

Both write the same rows into the same tables of a database of the same kind, in the same run: records, feedback,
accounts, people, tags and the search entries with their full-text triggers. The bare one gets them ready-made, in one
transaction; the import reads a CSV, understands every cell, looks for duplicates, and commits batch by batch.
Prints a table, writes benchmarks/results/import_feedback.json, and ends with 1 where the claim does not hold.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import platform
import random
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
TABLES = (
    "records_record",
    "insights_account",
    "insights_person",
    "insights_feedback",
    "records_tag",
    "records_recordtag",
    "search_searchentry",
)
WORDS = [
    "the",
    "driver",
    "route",
    "map",
    "order",
    "late",
    "customer",
    "invoice",
    "slow",
    "export",
    "parcel",
    "address",
    "screen",
    "button",
    "search",
    "report",
    "filter",
    "update",
    "crash",
    "sync",
    "mobile",
    "phone",
    "price",
    "plan",
    "delivery",
    "window",
    "tariff",
    "zone",
    "depot",
    "shift",
    "weekend",
    "morning",
    "label",
    "scanner",
]
RATIO, MEMORY = 6.0, 400


def write_file(path: Path, rows: int) -> None:
    """Write feedback as a help desk would export it: 5,000 accounts, 40,000 people, texts of 10 to 90 words."""
    chance = random.Random(7)  # noqa: S311 - the same file each time
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(
            ["id", "created", "name", "email", "company", "arr", "plan", "rating", "subject", "description", "channel",
             "locale", "tags", "browser", "os"]
        )  # fmt: skip
        for number in range(rows):
            person = chance.randrange(40_000)
            account = person % 5_000
            text = " ".join(chance.choice(WORDS) for _ in range(chance.randrange(10, 90)))
            day = f"2025-{1 + number % 12:02}-{1 + number % 28:02}T{number % 24:02}:00:00Z"
            writer.writerow(
                [f"T-{number}", day, f"Person {person}", f"p{person}@a{account}.example", f"Account {account}",
                 1000 + account, ("free", "team", "pro")[account % 3], number % 11,
                 text[:60].capitalize(), text,
                 ("e-mail", "call", "chat")[number % 3], ("en", "de", "fr")[number % 3],
                 WORDS[number % len(WORDS)],
                 "Firefox", "Linux"]
            )  # fmt: skip


def environment(data: Path) -> dict[str, str]:
    """Return the environment of a fresh installation."""
    path = f"{ROOT / 'src'}{os.pathsep}{ROOT / 'engines' / 'src'}"
    kept = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    return {
        **kept,
        "ROADBED_DATA": str(data),
        "PYTHONPATH": path,
        "DJANGO_SETTINGS_MODULE": "roadbed.config.settings",
    }


def install(data: Path, *, migrated: Path | None = None) -> None:
    """Make a database with one workspace, from nothing or from a copy that has its tables."""
    data.mkdir()
    if migrated:
        shutil.copyfile(migrated, data / "roadbed.sqlite3")
    else:
        run = [sys.executable, "-m", "django", "migrate", "--verbosity", "0"]
        subprocess.run(run, env=environment(data), check=True)  # noqa: S603 - our own
    with sqlite3.connect(data / "roadbed.sqlite3") as database:
        database.execute(
            "INSERT INTO workspaces_workspace (id, slug, name, currency, created_at, is_demo) "
            "VALUES (1, 'bench', 'Bench', 'EUR', '2026-01-01', 0)"
        )


def import_file(data: Path, file: Path) -> tuple[float, float, dict[str, Any]]:
    """Run the command, and return its seconds, its peak memory in MB, and what it says."""
    # Its own peak, said at its end: the highest of all children would be that of making the tables.
    code = (
        "import atexit, resource, sys; from roadbed.cli import main; "
        "atexit.register(lambda: print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, file=sys.stderr)); main()"
    )
    command = [sys.executable, "-c", code, "import", str(file), "--into", "feedback", "--json"]
    began = time.perf_counter()
    done = subprocess.run(command, env=environment(data), check=True, capture_output=True, text=True)  # noqa: S603 - our own
    seconds = time.perf_counter() - began
    peak = int(done.stderr.split()[-1]) / 1024
    return seconds, peak, json.loads(done.stdout)


def insert_bare(full: Path, empty: Path) -> tuple[float, int]:
    """Copy the rows with executemany, and return the seconds of the writing alone, and how many rows."""
    source = sqlite3.connect(full / "roadbed.sqlite3")
    rows: list[tuple[str, list[Any]]] = []
    for table in TABLES:
        names = [row[1] for row in source.execute(f"PRAGMA table_info({table})")]
        marks = ", ".join("?" for _ in names)
        statement = f"INSERT INTO {table} ({', '.join(names)}) VALUES ({marks})"  # noqa: S608 - our own tables
        rows.append((statement, source.execute(f"SELECT * FROM {table}").fetchall()))  # noqa: S608 - our own tables
    source.close()
    target = sqlite3.connect(empty / "roadbed.sqlite3", isolation_level=None)
    target.executescript(
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA cache_size=-32000; PRAGMA mmap_size=268435456;"
        "PRAGMA temp_store=MEMORY; PRAGMA foreign_keys=ON;"
    )
    began = time.perf_counter()
    target.execute("BEGIN IMMEDIATE")
    for statement, values in rows:
        target.executemany(statement, values)
    target.execute("COMMIT")
    seconds = time.perf_counter() - began
    target.close()
    return seconds, sum(len(values) for _, values in rows)


def main() -> int:
    """Measure, print, write down."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    rows = parser.parse_args().rows
    with tempfile.TemporaryDirectory(prefix="roadbed-bench-") as folder:
        place = Path(folder)
        file = place / "feedback.csv"
        write_file(file, rows)
        install(place / "import")
        install(place / "bare")
        seconds, peak, result = import_file(place / "import", file)
        bare, count = insert_bare(place / "import", place / "bare")
        again, _, second = import_file(place / "import", file)
        size = file.stat().st_size
    ratio = seconds / bare
    print(
        f"{rows:,} rows, {size / 1e6:.1f} MB; Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}"
    )
    print(f"{'bare executemany':<34}{bare:>9.2f} s   {count:,} rows in {len(TABLES)} tables")
    print(
        f"{'roadbed import':<34}{seconds:>9.2f} s   {rows / seconds:,.0f} rows a second, {result['created']:,} new"
    )
    print(f"{'ratio (at most ' + str(RATIO) + ')':<34}{ratio:>9.2f}")
    print(f"{'peak memory (under ' + str(MEMORY) + ' MB)':<34}{peak:>9.0f} MB")
    print(f"{'the same file again':<34}{again:>9.2f} s   {second['unchanged']:,} as they were")
    holds = ratio <= RATIO and peak < MEMORY and result["created"] == rows and second["unchanged"] == rows
    results = ROOT / "benchmarks" / "results"
    results.mkdir(exist_ok=True)
    (results / "import_feedback.json").write_text(
        json.dumps(
            {
                "rows": rows,
                "file_bytes": size,
                "bare_seconds": round(bare, 2),
                "import_seconds": round(seconds, 2),
                "ratio": round(ratio, 2),
                "peak_mb": round(peak),
                "again_seconds": round(again, 2),
                "holds": holds,
                "python": platform.python_version(),
                "sqlite": sqlite3.sqlite_version,
            },
            indent=2,
        )
        + "\n"
    )
    print("The claim holds." if holds else "The claim does NOT hold.")
    return 0 if holds else 1


if __name__ == "__main__":
    sys.exit(main())
