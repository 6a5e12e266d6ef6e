"""Claim: an import killed at any moment, 50 times, loses nothing, doubles nothing and leaves no half row.

    python benchmarks/import_kills.py [--imports 50] [--rows 4000] [--migrated FILE]

Each import runs as `roadbed import` in a process of its own, is killed with SIGKILL at a random moment, and is resumed
(some several times) until it is done. After each kill: every batch that was reported on standard error is in the
database, counts add up, every piece of feedback has its search entry, and the history's chain holds.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
from benchmarks.import_feedback import ROOT, environment, install, write_file


class Killed:
    """What one killed run had acknowledged."""

    def __init__(self, data: Path, arguments: list[str], after: float | None) -> None:
        code = "from roadbed.cli import main; main()"
        self.acknowledged = 0
        self.process = subprocess.Popen(  # noqa: S603 - our own
            [sys.executable, "-c", code, "import", *arguments, "--json"],
            env=environment(data),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.began = threading.Event()
        reader = threading.Thread(target=self._read)
        reader.start()
        if after is not None:
            self.began.wait(120)
            time.sleep(after)
            self.process.send_signal(signal.SIGKILL)
        self.code = self.process.wait()
        reader.join()

    def _read(self) -> None:
        for line in self.process.stderr or ():
            if line.startswith("{"):
                self.acknowledged = max(self.acknowledged, json.loads(line)["rows_done"])
                self.began.set()
        self.began.set()


def check(database: Path, number: int, killed: Killed) -> tuple[int, str]:
    """Return how many rows are in, and the import's state; raise where something is not as it must be."""
    with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as base:

        def one(statement: str, *values: object) -> int:
            return int(base.execute(statement, values).fetchone()[0])

        done, state = base.execute(
            "SELECT rows_done, state FROM tables_import WHERE id = ?", [number]
        ).fetchone()
        assert done >= killed.acknowledged, f"{killed.acknowledged} rows were acknowledged, {done} are there"
        written = one("SELECT COALESCE(SUM(rows), 0) FROM tables_importbatch WHERE run_id = ?", number)
        assert written == done, f"{written} rows in batches, {done} noted"
        source = base.execute("SELECT external_source FROM tables_import WHERE id = ?", [number]).fetchone()[
            0
        ]
        pieces = "FROM records_record WHERE kind = 'feedback' AND external_source = ?"
        assert one(f"SELECT COUNT(*) {pieces}", source) == done
        assert one(f"SELECT COUNT(DISTINCT external_id) {pieces}", source) == done
        assert one("SELECT COUNT(*) FROM records_record r LEFT JOIN insights_feedback f ON f.record_id = r.id "
                   "WHERE r.kind = 'feedback' AND f.record_id IS NULL") == 0  # fmt: skip
        assert one("SELECT COUNT(*) FROM records_record r LEFT JOIN search_searchentry s ON s.record_id = r.id "
                   "WHERE s.id IS NULL") == 0  # fmt: skip
    return int(done), str(state)


CHAIN = """
import django; django.setup()
from roadbed.core.records import services
from roadbed.core.workspaces.models import Workspace
print([str(fault) for place in Workspace.objects.all() for fault in services.verify_chain(workspace_id=place.pk)])
"""


def main() -> int:
    """Kill, resume, check, count."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--imports", type=int, default=50)
    parser.add_argument("--rows", type=int, default=4000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--migrated", type=Path, help="a database with its tables made, to begin with a copy of"
    )
    asked = parser.parse_args()
    chance = random.Random(asked.seed)  # noqa: S311 - the same moments each time
    kills = mid = 0
    with tempfile.TemporaryDirectory(prefix="roadbed-kills-") as folder:
        data, file = Path(folder) / "data", Path(folder) / "feedback.csv"
        install(data, migrated=asked.migrated)
        write_file(file, asked.rows)
        base = data / "roadbed.sqlite3"
        for number in range(1, asked.imports + 1):
            arguments = [str(file), "--into", "feedback", "--source", f"run-{number}"]
            for attempt in range(20):
                after = None if attempt == 4 else chance.uniform(0.0, 1.6)
                killed = Killed(data, arguments, after)
                kills += killed.code == -signal.SIGKILL
                done, state = check(base, number, killed)
                mid += killed.code == -signal.SIGKILL and 0 < done < asked.rows
                if state == "done":
                    break
                arguments = ["--resume", str(number)]
            assert done == asked.rows, f"import {number}: {done} of {asked.rows} rows"
            print(f"import {number}: whole after {attempt} kills", flush=True)
        chain = subprocess.run(  # noqa: S603 - our own
            [sys.executable, "-c", CHAIN], env=environment(data), check=True, capture_output=True, text=True
        ).stdout.strip()
    assert chain == "[]", chain
    print(
        f"{asked.imports} imports of {asked.rows:,} rows, {kills} kills, {mid} of them in mid-file: all whole."
    )
    results = ROOT / "benchmarks" / "results"
    results.mkdir(exist_ok=True)
    (results / "import_kills.json").write_text(
        json.dumps(
            {
                "imports": asked.imports,
                "rows": asked.rows,
                "kills": kills,
                "in_mid_file": mid,
                "chain": "holds",
            }
        )
        + "\n"
    )
    return 0


if __name__ == "__main__":
    os.nice(5)
    sys.exit(main())
